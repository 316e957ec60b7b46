"""What may be done to a story. Each verb locks the row, settles it, judges, changes and records, in one transaction.

`by` is the person, `now` an aware datetime. A verb that is refused raises `MoveNotAllowed` and leaves every row alone.
`lock_version` is what the person's page showed: when the story has moved on since, `ArticleChanged` is raised instead.
None is for programs that have just read the row.
"""

from contextlib import contextmanager
from functools import partial

from django.db import models, transaction
from django.utils.dateformat import format as date_format
from django.utils.timezone import get_default_timezone, localtime

from articles import content
from articles.checklist import problems
from articles.workflow import (
    CHANGES_TO_A_LIVE_STORY,
    NEEDS_A_NOTE_TO_READERS,
    VERBS,
    Kind,
    MoveNotAllowed,
    PublicState,
    Status,
    judge,
)

from .content import columns
from .history import Review, Revision
from .publication import Publication


class ArticleChanged(Exception):
    """The story moved on since the form was opened. Nothing was stored; `article` is what stands there now.

    `meanwhile` says who did what: "Tomas Lindqvist requested changes".
    """

    def __init__(self, article):
        self.article, self.meanwhile = article, _done_last(article)
        super().__init__(f"{self.meanwhile} after you opened it. Your text was not saved and is still below.")


def _done_last(article):
    last = article.events.select_related("actor").exclude(verb="switch_appeal").last()  # that leaves the words alone
    return f"{last.actor.get_full_name() or last.actor} {last.words}" if last.actor else last.words


class _Move:
    """What a verb's body learns (the facts it was judged by) and leaves (what the Event keeps)."""

    def __init__(self, facts):
        self.facts, self.data, self.cancelled = facts, {}, False


def _ask_for_renditions(picture_id):
    """A hint to the worker; the sweep finds the picture if the hint is lost, so a queue that is down stops nobody."""
    from articles.tasks import make_renditions

    make_renditions(picture_id)


class ArticleVerbs:
    @classmethod
    def start(cls, *, by, now, form_key=None):
        """A new, empty story of `by`. Raises `ArticleChanged` where the form `form_key` has begun one already."""
        begun = {"creator": by, "created_at": now, "saved_at": now}
        if form_key is None:
            article, is_new = cls.objects.create(**begun), True
        else:
            article, is_new = cls.objects.get_or_create(form_key=form_key, creator=by, defaults=begun)
        if not is_new:
            raise ArticleChanged(article)
        article.record("start", by, now)
        return article

    def save_content(self, values, *, by, now, lock_version):
        """Store `values` (a content dict) over `lock_version`; the new Revision, or None where nothing changed.

        Raises `ArticleChanged` when somebody saved in between, `MoveNotAllowed` when the status forbids it.
        """
        with self._verb("save", by, now, lock_version) as move:
            values = content.clean(values)
            if self.revisions.exists() and values == self.content():
                move.cancelled = True
                return None
            self._put(values)
            return self._add_revision(values, by, now)

    def discard(self, *, by, now, lock_version=None):
        """Put the public version's words back into the working copy."""
        with self._verb("discard", by, now, lock_version):
            live = self.live
            self._put(live.content())
            return self._add_revision(live.content(), by, now, restored_from=live.revision)

    def submit(self, *, by, now, kind=None, public_note="", lock_version=None):
        """Ask for review of the latest revision. A change to a live story names its `kind` (update when not said)."""
        with self._verb("submit", by, now, lock_version) as move:
            revision = self.latest_revision
            self._refuse_unfinished(revision)
            kind = self._kind_for(kind, public_note, move.facts.public)
            move.data = {"revision": revision.number, "kind": kind}
            return self.reviews.create(
                revision=revision,
                kind=kind,
                public_note=public_note,
                sha256=content.digest(revision.content, kind=kind, public_note=public_note),
                submitted_by=by,
                submitted_at=now,
            )

    def withdraw(self, *, by, now, lock_version=None):
        with self._verb("withdraw", by, now, lock_version):
            self._decide(Review.Outcome.WITHDRAWN, by, now)

    def request_changes(self, *, by, now, comment, lock_version=None):
        with self._verb("request_changes", by, now, lock_version) as move:
            if not comment.strip():
                raise MoveNotAllowed("Say what should change: the comment is what the author will work from.")
            move.data = {"comment": comment.strip()}
            self._decide(Review.Outcome.CHANGES_REQUESTED, by, now, comment.strip())

    def approve(self, *, by, now, sha256, lock_version=None):
        """Sign the words under review. `sha256` is the hash of what `by` was shown; other words are refused."""
        with self._verb("approve", by, now, lock_version) as move:
            review = self.reviews.open().get(subject=Review.Subject.CONTENT)
            if review.sha256 != sha256:
                raise MoveNotAllowed("These are not the words you read: they were submitted again. Read them again.")
            move.data = {"revision": review.revision.number, "sha256": sha256}
            self._decide(Review.Outcome.APPROVED, by, now)

    def reopen(self, *, by, now, lock_version=None):
        with self._verb("reopen", by, now, lock_version):
            pass

    def publish(self, *, by, now, lock_version=None):
        """Make the approved words public, and no others. Takes no words. Returns the Publication."""
        with self._verb("publish", by, now, lock_version) as move:
            review = self.latest_review
            self._refuse_unsigned(review, now)
            previous = self.publications.order_by("-version").first()
            self.publications.open().update(visible_until=now)
            publication = Publication.write(self, review, now=now, previous=previous)
            move.data = {"version": publication.version, "kind": publication.kind, "sha256": publication.sha256}
            if publication.lead_picture_id:
                transaction.on_commit(partial(_ask_for_renditions, publication.lead_picture_id), robust=True)
            return publication

    def spike(self, *, by, now, lock_version=None):
        with self._verb("spike", by, now, lock_version):
            pass

    def unspike(self, *, by, now, lock_version=None):
        with self._verb("unspike", by, now, lock_version):
            pass

    def switch_appeal(self, *, by, now, on, reason=""):
        """Surroundings, not signed words: changed at once, with an Event. Switching off needs a reason."""
        if not by.has_perm("articles.switch_appeal"):
            raise MoveNotAllowed("The appeal is switched by editors.")
        if not (on or reason.strip()):
            raise MoveNotAllowed("Say why this story carries no appeal.")
        with transaction.atomic():
            self._lock()
            self.appeal_off, self.appeal_off_reason = not on, "" if on else reason.strip()
            self.save(update_fields=["appeal_off", "appeal_off_reason"])
            self.record("switch_appeal", by, now, on=on, reason=self.appeal_off_reason)

    def record(self, verb, by, now, **data):
        """Add to the story's history; `by` is None for the clock. The row is locked, so that numbers have no gaps."""
        number = (self.events.aggregate(last=models.Max("number"))["last"] or 0) + 1
        return self.events.create(number=number, verb=verb, actor=by, at=now, data=data)

    # --- How a verb is done ------------------------------------------------------------------------------------------

    @contextmanager
    def _verb(self, name, by, now, lock_version=None):
        with transaction.atomic():
            self._lock()
            self._settle(now)
            move = _Move(self.facts(by, now))
            target = judge(name, move.facts)  # first: where the story stands says more than that it has moved on
            if lock_version is not None and lock_version != self.lock_version:
                raise ArticleChanged(self)
            if not by.has_perm(VERBS[name].permission):
                raise MoveNotAllowed(f"Your account may not use “{VERBS[name].label}”. Ask a managing editor.")
            yield move
            if not move.cancelled:
                self._move_to(target)
                self.record(name, by, now, **move.data)

    def _lock(self):
        locked = type(self).objects.select_for_update(of=("self",)).get(pk=self.pk)
        self.__dict__.update({field.attname: getattr(locked, field.attname) for field in self._meta.concrete_fields})
        self._state.fields_cache.clear()
        self._prefetched_objects_cache = {}

    def _settle(self, now):
        """A scheduled version whose time has come is already seen by readers: say so before judging anything."""
        due = self.publications.open().filter(visible_from__lte=now)
        if self.status == Status.SCHEDULED and due.exists():
            self._move_to(Status.PUBLISHED)
            self.record("fire", None, now)

    def _move_to(self, status):
        self.status, self.lock_version = status.value, self.lock_version + 1
        self.save(update_fields=["status", "lock_version"])

    def _put(self, values):
        for name, value in columns(values).items():
            setattr(self, name, value)
        self.save()
        self.topics.set(values["topics"])
        self.bylines.all().delete()
        for position, line in enumerate(values["byline"]):
            self.bylines.create(position=position, author_id=line["author"], role=line["role"])

    def _add_revision(self, values, by, now, restored_from=None):
        self.saved_at = now
        self.save(update_fields=["saved_at"])
        last = self.latest_revision
        return Revision.objects.create(
            article=self,
            number=last.number + 1 if last else 1,
            content=values,
            sha256=content.digest(values),
            by=by,
            at=now,
            restored_from=restored_from,
        )

    def _decide(self, outcome, by, now, comment=""):
        review = self.reviews.open().get(subject=Review.Subject.CONTENT)
        review.outcome, review.decided_by, review.decided_at, review.comment = outcome, by, now, comment
        review.save(update_fields=["outcome", "decided_by", "decided_at", "comment"])

    def _refuse_unfinished(self, revision):
        if revision is None:
            raise MoveNotAllowed("There is nothing to submit yet: save the story first.")
        if missing := problems(revision.content):
            raise MoveNotAllowed(" ".join(missing))

    def _kind_for(self, kind, public_note, public):
        if public is PublicState.NEVER:
            return Kind.FIRST.value
        kind = Kind(kind or Kind.UPDATE)
        if kind not in CHANGES_TO_A_LIVE_STORY:
            raise MoveNotAllowed(f"A change to a live story is not of kind “{kind}”. Choose update, typo, … instead.")
        if kind in NEEDS_A_NOTE_TO_READERS and not public_note.strip():
            raise MoveNotAllowed(f"A {kind} needs a note to readers: say what was wrong and what is right.")
        return kind.value

    def _refuse_unsigned(self, review, now):
        if review is None or review.outcome != Review.Outcome.APPROVED:
            raise MoveNotAllowed("Nobody has approved these words. Submit them for review first.")
        signed = {"kind": review.kind, "public_note": review.public_note}
        if content.digest(self.content(), **signed) != review.sha256:
            raise MoveNotAllowed("These are not the words that were approved. Reopen the story and submit it again.")
        if self.embargo and now < self.embargo:
            until = date_format(localtime(self.embargo, get_default_timezone()), "F j, Y, g:i a T")
            raise MoveNotAllowed(f"The embargo holds until {until}. Publish after that.")
