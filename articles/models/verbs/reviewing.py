"""Reviewing: a second person reads the words and signs them, or sends them back."""

from articles import content
from articles.models.history import Review
from articles.workflow import CHANGES_TO_A_LIVE_STORY, NEEDS_A_NOTE_TO_READERS, Kind, MoveNotAllowed, PublicState

from .checking import Checking


class Reviewing(Checking):
    def submit(self, *, by, now, kind=None, public_note="", lock_version=None):
        """Ask for review of the latest revision. A change to a live story names its `kind` (update when not said).

        What was retracted or taken down is submitted as a reinstatement. Kind and note are signed with the words.
        """
        with self._verb("submit", by, now, lock_version) as move:
            now = move.now
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
        with self._verb("withdraw", by, now, lock_version) as move:
            now = move.now
            self._decide(Review.Outcome.WITHDRAWN, by, now)

    def request_changes(self, *, by, now, comment, lock_version=None):
        with self._verb("request_changes", by, now, lock_version) as move:
            now = move.now
            if not comment.strip():
                raise MoveNotAllowed("Say what should change: the comment is what the author will work from.")
            move.data = {"comment": comment.strip()}
            self._decide(Review.Outcome.CHANGES_REQUESTED, by, now, comment.strip())

    def approve(self, *, by, now, sha256, lock_version=None):
        """Sign the words under review. `sha256` is the hash of what `by` was shown; other words are refused."""
        with self._verb("approve", by, now, lock_version) as move:
            now = move.now
            review = self.reviews.open().get(subject=Review.Subject.CONTENT)
            if review.sha256 != sha256:
                raise MoveNotAllowed("These are not the words you read: they were submitted again. Read them again.")
            self._refuse_legally_open()
            move.data = {"revision": review.revision.number, "sha256": sha256}
            self._decide(Review.Outcome.APPROVED, by, now)

    def reopen(self, *, by, now, lock_version=None):
        """Take the approval back; a scheduled story also leaves the schedule, but not in its last seconds."""
        with self._verb("reopen", by, now, lock_version) as move:
            now = move.now
            self._unschedule(now)

    def _decide(self, outcome, by, now, comment="", subject=Review.Subject.CONTENT):
        review = self.reviews.open().get(subject=subject)
        self.reviews.filter(pk=review.pk).decide(outcome, by=by, now=now, comment=comment)

    def _supersede(self, subject, by, now, **which):
        """Close the open review of `subject`, if any: what it was about has been overtaken."""
        self.reviews.filter(subject=subject, **which).decide(Review.Outcome.SUPERSEDED, by=by, now=now)

    def _kind_for(self, kind, public_note, public):
        if public is PublicState.NEVER:
            return Kind.FIRST.value
        if public is not PublicState.UP:
            return Kind.REINSTATEMENT.value
        kind = kind or Kind.UPDATE
        if kind not in CHANGES_TO_A_LIVE_STORY:
            kinds = ", ".join(sorted(CHANGES_TO_A_LIVE_STORY))
            raise MoveNotAllowed(f"A change to a live story is not of kind “{kind}”. Choose one of: {kinds}.")
        if kind in NEEDS_A_NOTE_TO_READERS and not public_note.strip():
            raise MoveNotAllowed(f"A {kind} needs a note to readers: say what was wrong and what is right.")
        return Kind(kind).value
