"""Preview links: who else may read a story before it is public, and until when."""

from datetime import timedelta

from django.db import transaction

from articles.models.company import PreviewLink
from articles.workflow import EDITORS, MoveNotAllowed

from .checking import said_briefly
from .moving import Moving

DAYS = (1, 3, 7, 14)  # that a link may lead somewhere
USUAL_DAYS = 3
LONGEST_WHOM = 120  # characters


class Sharing(Moving):
    def share_preview(self, *, by, now, meant_for, days=USUAL_DAYS, revision=None):
        """Make a link for `meant_for` ("the lawyer") that shows revision number `revision`, or the latest words.

        It leads somewhere for `days` days, unless it is revoked. Returns the PreviewLink.
        """
        with transaction.atomic():
            self._lock()
            if not type(self).objects.seen_by(by).filter(pk=self.pk).exists():
                raise MoveNotAllowed("You do not see this story any more. Ask its people for a link.")
            if not self.may_share(by):
                raise MoveNotAllowed("A preview is shared by the people of a story and by editors.")
            if days not in DAYS:
                raise MoveNotAllowed(f"A preview link holds for {', '.join(map(str, DAYS))} days. Choose one.")
            link = self.preview_links.create(
                revision=self._revision_to_share(revision),
                meant_for=said_briefly(meant_for, LONGEST_WHOM, "Say for whom the link is: “the lawyer”, a name."),
                by=by,
                at=now,
                expires_at=now + timedelta(days=days),
            )
            self.record("share_preview", by, now, says=f"for {link.meant_for}", **_which(link))
            return link

    def may_share(self, user):
        """Whether `user`, who sees the story, may show it to others: whoever may save it, whatever its status."""
        return user.has_perm("articles.save_article") and (self._is_editor(user) or self.is_own(user))

    def may_revoke(self, link, user):
        return link.by_id == user.pk or self._is_editor(user)

    def revoke_preview(self, link, *, by, now):
        """Let `link` (a PreviewLink of this story) lead nowhere from now on."""
        with transaction.atomic():
            self._lock()
            link.refresh_from_db()  # for whom it was may have been blanked meanwhile
            if not self.may_revoke(link, by):
                raise MoveNotAllowed("A preview link is revoked by whoever made it, or by an editor.")
            open_ones = PreviewLink.objects.filter(pk=link.pk, article=self, revoked_at__isnull=True)
            if not open_ones.update(revoked_by=by, revoked_at=now):
                raise MoveNotAllowed("This link was revoked already.")
            self.record("revoke_preview", by, now, says=f"for {link.meant_for}", **_which(link))

    def _is_editor(self, user):
        from articles.models.article import roles_of

        return bool(roles_of(user) & EDITORS)

    def _revision_to_share(self, number):
        """The revision of that number; None for the latest words, whichever they will be."""
        latest = self.latest_revision
        if latest is None:
            raise MoveNotAllowed("There is nothing to show yet: save the story first.")
        if number is None:
            return None
        revision = self.revisions.filter(number=number).first()
        if revision is None or revision.is_blanked:
            raise MoveNotAllowed(f"There is no revision {number} to show. Choose the latest words instead.")
        return revision


def _which(link):
    return {"revision": link.revision.number} if link.revision else {}
