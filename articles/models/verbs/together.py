"""Working together: who writes a story and until when, who sees it, whose signature is asked for, what is noted.

None of it is a word of the story: forms that are open stay good, and readers see nothing of it.
"""

from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import Q

from articles.models.mail import editors_and_own_people, own_people
from articles.workflow import EDITORS, VERBS, MoveNotAllowed

from .moving import BEING_WRITTEN, ArticleChanged, Moving


def name_of(person):
    return person.get_full_name() or person.get_username()


class WorkingTogether(Moving):
    # --- Who works on it, until when, and who else sees it ---------------------------------------------------------

    def assign(self, *, by, now, **wanted):
        """Set some of `assignee`, `due` (a date), `restricted`, `named_editors`; returns what changed, in words.

        Editors may set all of them; a journalist may restrict an own story, and no more. Restricting revokes the
        preview links that are open: who has them is not known.
        """
        with transaction.atomic():
            self._lock()
            changed = {name: value for name, value in wanted.items() if not self._is_so(name, value)}
            self._refuse_assigning(by, changed)
            said = [_said(name, value) for name, value in changed.items()]
            if changed:
                self._put_people(changed)
                if changed.get("restricted"):
                    said += self._revoke_previews(by, now)
                self.record("assign", by, now, **_as_data(changed), says="; ".join(said))
            return said

    def may_assign(self, user):
        return user.has_perm("articles.assign_article")

    def may_restrict(self, user):
        """Whether `user` may switch the restriction on; only editors lift it."""
        return self.may_assign(user) or (user.has_perm("articles.save_article") and self.is_own(user))

    def _is_so(self, name, value):
        if name == "named_editors":
            return set(self.named_editors.all()) == set(value)
        return getattr(self, name) == value

    def _refuse_assigning(self, by, changed):
        if self.may_assign(by) or not changed:
            return
        if set(changed) != {"restricted"}:
            raise MoveNotAllowed("Who works on a story, until when, and which editors see it, is set by editors.")
        if not changed["restricted"]:
            raise MoveNotAllowed("A restriction is lifted by editors. Ask one of those who see this story.")
        if not self.may_restrict(by):
            raise MoveNotAllowed("A story is restricted by its own people and by editors.")

    def _put_people(self, changed):
        columns = [name for name in changed if name != "named_editors"]
        for name in columns:
            setattr(self, name, changed[name])
        self.save(update_fields=columns)
        if "named_editors" in changed:
            self.named_editors.set(changed["named_editors"])

    def _revoke_previews(self, by, now):
        count = self.preview_links.revoke(by=by, now=now)
        return [f"{count} preview link{'s' if count > 1 else ''} revoked"] if count else []

    # --- A signature that is asked for -----------------------------------------------------------------------------

    def signers(self, by):
        """Whom `by` may ask to sign these words: the story's other people."""
        return own_people(self).exclude(pk=by.pk).distinct()

    def send_to_sign(self, to, *, by, now, lock_version=None):
        """Ask `to` to read what editors changed and to submit it; whoever was asked before no longer is."""
        with transaction.atomic():
            self._lock()
            self._settle(now)
            self._refuse_sending(to, by, now)
            if lock_version is not None and lock_version != self.lock_version:
                raise ArticleChanged(self)
            self.to_sign = to
            self.save(update_fields=["to_sign"])
            number = self.latest_revision.number
            self.record("send_to_sign", by, now, to=to.pk, revision=number, says=f"from {name_of(to)}")

    def may_send(self, user, facts):
        """Whether `user` may ask somebody to sign: an editor, while the story is being written."""
        return facts.status in BEING_WRITTEN and bool(facts.roles & EDITORS) and user.has_perm("articles.save_article")

    def _refuse_sending(self, to, by, now):
        if not self.may_send(by, self.facts(by, now)):
            raise MoveNotAllowed("A signature is asked for by editors, while the story is a draft.")
        if to not in self.signers(by) or not to.has_perm(VERBS["submit"].permission):
            raise MoveNotAllowed("Choose another one of this story's people: its creator, its assignee, its byline.")
        latest, theirs = self.latest_revision, self.last_version_of(to)
        if latest is None:
            raise MoveNotAllowed("There is nothing to sign yet: save the story first.")
        if theirs and theirs.sha256 == latest.sha256:
            raise MoveNotAllowed(f"These are the words that {name_of(to)} wrote last. There is nothing new to sign.")

    def last_version_of(self, user):
        """The revision that holds the last words of `user`: saved or submitted by them; None where there is none."""
        theirs = Q(by=user) | Q(reviews__submitted_by=user)
        return self.revisions.filter(theirs, content__isnull=False).order_by("-number").first()

    # --- Who could approve it --------------------------------------------------------------------------------------

    def could_approve(self, submitter):
        """Active people who may approve this story, see it, and are not `submitter`."""
        may = get_user_model().objects.with_perm(VERBS["approve"].permission)
        sees = Q(is_superuser=True) | Q(pk__in=editors_and_own_people(self).values("pk"))
        return may.filter(sees).exclude(pk=submitter.pk)

    def approval_problem(self, submitter):
        """Why nobody else could approve what `submitter` submits, and what to do about it; "" where somebody could."""
        able = self.could_approve(submitter)
        writers = Q(pk=self.creator_id) | Q(author__in=self.bylines.values("author"))
        if able.exclude(writers).exists():
            return ""
        own = [name_of(person) for person in able.distinct()]
        if own:
            return f"Only {' or '.join(own)} could approve it, who wrote it too. {self._remedy(submitter)}"
        return f"Nobody but you could approve it, and two people sign what goes out. {self._remedy(submitter)}"

    def _remedy(self, submitter):
        other = self.signers(submitter).first()
        if other and submitter.has_perm(VERBS["approve"].permission):
            send = "Send it" if self.status in BEING_WRITTEN else "Withdraw it and send it"
            return f"{send} to {name_of(other)} to sign, under “People and dates”: then you can approve it."
        if self.restricted:
            return "It is restricted: name another editor under “People and dates”, or ask a managing editor."
        return "Ask a managing editor to find a second editor before you rely on its date."

    # --- Notes -----------------------------------------------------------------------------------------------------

    def note(self, *, by, now, text, quote=""):
        """Add a remark beside the text. Returns the Note."""
        text = text.strip()
        if not text:
            raise MoveNotAllowed("Write what you want to say; the quoted words alone are no note.")
        return self.notes.create(text=text, quote=" ".join(quote.split()), by=by, at=now)


def _said(name, value):
    """One change as the history tells it."""
    if name == "assignee":
        return f"assigned to {name_of(value)}" if value else "assigned to nobody"
    if name == "due":
        return f"due on {value:%B} {value.day}, {value.year}" if value else "no date"
    if name == "restricted":
        return "restricted" if value else "no longer restricted"
    return f"named editors: {', '.join(sorted(map(name_of, value))) or 'none'}"


def _as_data(changed):
    """`changed` as JSON for the event: people by their keys."""
    data = {name: value for name, value in changed.items() if name == "restricted"}
    if "assignee" in changed:
        data["assignee"] = changed["assignee"] and changed["assignee"].pk
    if "due" in changed:
        data["due"] = changed["due"] and changed["due"].isoformat()
    if "named_editors" in changed:
        data["named_editors"] = sorted(person.pk for person in changed["named_editors"])
    return data
