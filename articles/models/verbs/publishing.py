"""Publishing: what makes words public, at once, at a time, or in an emergency by one person alone."""

from datetime import timedelta
from functools import partial

from django.db import models, transaction

from articles import content
from articles.checklist import minimum
from articles.models.history import Review
from articles.models.publication import Publication
from articles.moments import in_words
from articles.workflow import LAST_SECONDS, SHORTEST_EMERGENCY_REASON, MoveNotAllowed, Status

from .moving import Moving, pictures_of, tend_pictures


class Publishing(Moving):
    def publish(self, *, by, now, lock_version=None):
        """Make the approved words public, and no others. Takes no words. Returns the Publication."""
        with self._verb("publish", by, now, lock_version) as move:
            now = move.now
            return self._publish_signed(move, now, at=now)

    def schedule(self, *, by, now, at, lock_version=None):
        """Make the approved words public from `at` (UTC) on. Returns the Publication, which nobody sees before.

        The present version, if any, ends at that instant. `at` lies in the future and not before the embargo.
        """
        with self._verb("schedule", by, now, lock_version) as move:
            now = move.now
            if at <= now:
                raise MoveNotAllowed(f"{in_words(at)} is past. Choose a time to come, or publish it now.")
            publication = self._publish_signed(move, now, at=at)
            move.data["at"] = at.isoformat()
            transaction.on_commit(partial(_fire_in_time, self.pk, at), robust=True)
            return publication

    def unschedule(self, *, by, now, lock_version=None):
        """Take the waiting version back. Refused in its last seconds, when readers may see it already."""
        with self._verb("unschedule", by, now, lock_version) as move:
            now = move.now
            self._unschedule(now)

    def fire(self, *, now):
        """Book what readers see by time alone: the scheduled version whose time has come. Nothing else happens.

        True when this call booked it; false when it was booked, stopped or is not due.
        """
        with transaction.atomic():
            self._lock()
            return self._settle(now)

    def set_embargo(self, *, by, now, until, reason="", lock_version=None):
        """Let nothing of this story out before `until` (UTC; None lifts the embargo).

        Lifting or shortening needs a reason. An embargo past a scheduled version takes it off the schedule.
        """
        with self._verb("embargo", by, now, lock_version) as move:
            now = move.now
            self._refuse_embargo(until, reason, now)
            move.data = {"from": _iso(self.embargo), "until": _iso(until), "reason": reason.strip()}
            waiting = self.scheduled_version
            if waiting and until and until > waiting.visible_from:
                self._unschedule(now)
                move.target, move.data["unscheduled"] = Status.APPROVED, True
            self.embargo = until
            self.save(update_fields=["embargo"])

    def publish_unreviewed(self, *, by, now, reason, kind=None, public_note="", lock_version=None):
        """In an emergency: make the words public as they were last saved, on one person's word (R1).

        `reason` has 20 characters or more. An open review is superseded; the embargo binds here too. It stays marked
        until another editor confirms or objects. Returns the Publication.
        """
        with self._verb("publish_unreviewed", by, now, lock_version) as move:
            now = move.now
            reason = reason.strip()
            if len(reason) < SHORTEST_EMERGENCY_REASON:
                raise MoveNotAllowed(
                    f"Say in at least {SHORTEST_EMERGENCY_REASON} characters why nobody could read it first."
                )
            self._refuse_embargoed(now)
            revision = self.latest_revision
            self._refuse_unprintable(revision)
            kind = self._kind_for(kind, public_note, move.facts.public)
            self._unschedule(now)
            self._supersede(Review.Subject.CONTENT, by, now)
            self._supersede(Review.Subject.EMERGENCY, by, now)
            publication = self._write(
                move,
                revision.content,
                now=now,
                at=now,
                kind=kind,
                public_note=public_note,
                revision=revision,
                emergency_by=by,
                emergency_reason=reason,
            )
            move.data |= {"reason": reason, "revision": revision.number}
            self.reviews.create(
                subject=Review.Subject.EMERGENCY,
                revision=revision,
                kind=kind,
                public_note=public_note,
                sha256=publication.sha256,
                submitted_by=by,
                submitted_at=now,
            )
            return publication

    def confirm_emergency(self, *, by, now, lock_version=None):
        """A second person has read what went out without review and stands by it."""
        with self._verb("confirm_emergency", by, now, lock_version) as move:
            now = move.now
            self._decide(Review.Outcome.APPROVED, by, now, subject=Review.Subject.EMERGENCY)

    def object_to_emergency(self, *, by, now, comment, lock_version=None):
        """A second person has read it and does not stand by it: said and mailed, nothing is changed by itself."""
        with self._verb("object_to_emergency", by, now, lock_version) as move:
            now = move.now
            if not comment.strip():
                raise MoveNotAllowed("Say what is wrong with it, so that the others know what to change.")
            move.data = {"comment": comment.strip()}
            self._decide(Review.Outcome.OBJECTED, by, now, comment.strip(), subject=Review.Subject.EMERGENCY)

    # --- What they have in common ----------------------------------------------------------------------------------

    def _publish_signed(self, move, now, *, at):
        review = self.latest_review
        self._refuse_unsigned(review)
        self._refuse_embargoed(at)
        return self._write(
            move,
            review.revision.content,
            now=now,
            at=at,
            kind=review.kind,
            public_note=review.public_note,
            revision=review.revision,
            submitted_by=review.submitted_by,
            approved_by=review.decided_by,
            approved_sha256=review.sha256,
        )

    def _write(self, move, words, *, now, at, **about):
        """End the present version at `at` and write the next one."""
        previous = self._seen_last()
        at = begins(at, previous)
        self.publications.open().end(at)
        publication = Publication.write(self, words, at=at, previous=previous, **about)
        move.data |= {"version": publication.version, "kind": publication.kind, "sha256": publication.sha256}
        if at <= now:  # what waits for its time is private till then
            tend_pictures(pictures_of(publication.pictures))
        return publication

    def _seen_last(self):
        """The latest version that was not taken off the schedule before anybody saw it."""
        return self.publications.exclude(visible_until=models.F("visible_from")).order_by("-version").first()

    def _unschedule(self, now, *, at_any_time=False):
        """Close the version that waits at its own start and reopen the present one, if any."""
        waiting = self.scheduled_version
        if waiting is None:
            return
        left = (waiting.visible_from - now).total_seconds()
        if left <= LAST_SECONDS and not at_any_time:
            raise MoveNotAllowed(
                f"It goes public in {max(1, round(left))} seconds, which is too late to stop it. Act once it is up."
            )
        self.publications.filter(pk=waiting.pk).end(waiting.visible_from)
        present = self.publications.filter(visible_until=waiting.visible_from).exclude(pk=waiting.pk)
        present.exclude(visible_until=models.F("visible_from")).reopen()

    def _refuse_unsigned(self, review):
        if review is None or review.outcome != Review.Outcome.APPROVED:
            raise MoveNotAllowed("Nobody has approved these words. Submit them for review first.")
        signed = {"kind": review.kind, "public_note": review.public_note}
        if content.digest(self.content(), **signed) != review.sha256:
            raise MoveNotAllowed("These are not the words that were approved. Reopen the story and submit it again.")

    def _refuse_embargoed(self, at):
        if self.embargo and at < self.embargo:
            raise MoveNotAllowed(f"The embargo holds until {in_words(self.embargo)}. Publish after that.")

    def _refuse_embargo(self, until, reason, now):
        if until is not None and until <= now:
            raise MoveNotAllowed(f"{in_words(until)} is past. An embargo ends at a time to come.")
        if until == self.embargo:
            raise MoveNotAllowed("That is the embargo it has already." if until else "The story has no embargo.")
        is_earlier = self.embargo and self.embargo > now and (until is None or until < self.embargo)
        if is_earlier and not reason.strip():
            raise MoveNotAllowed("Say why the embargo is lifted or shortened: somebody was promised it.")

    def _refuse_unprintable(self, revision):
        if revision is None or revision.is_blanked:
            raise MoveNotAllowed("There is nothing to publish: save the story first.")
        if missing := minimum(revision.content):
            raise MoveNotAllowed(" ".join(missing))


def begins(at, previous):
    """When a version made public `at` begins: after `previous`, though clocks differ, for what was seen stays seen."""
    return max(at, previous.visible_from + timedelta(microseconds=1)) if previous else at


def _iso(moment):
    return moment and moment.isoformat()


def _fire_in_time(article_id, at):
    """A hint to the worker to be there at that second; the sweep finds what is due if the hint is lost."""
    from articles.tasks import fire

    fire.schedule(args=[article_id], eta=at)
