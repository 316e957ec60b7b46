"""Removing: what takes words back from readers, or out of the history."""

from django.conf import settings
from django.utils.module_loading import import_string

from articles import content
from articles.models.company import Autosave
from articles.models.history import Review
from articles.models.kept import WORDS_GONE
from articles.models.pictures import Picture
from articles.models.takedowns import Takedown
from articles.workflow import Kind, MoveNotAllowed, Status

from .moving import pictures_of, tend_pictures
from .publishing import Publishing

BLANKED = "Words of this version were blanked."  # the proposer's reason may repeat what had to go


# Their events hold what somebody typed beside the words, and nobody signed.
SAID_BESIDE = frozenset(
    "waive legal_check share_preview revoke_preview switch_appeal withdraw_picture embargo take_down reinstate"
    " request_changes object_to_emergency propose_blank".split()
)


class Removing(Publishing):
    # --- Retraction: a notice in place of the story, by two people -------------------------------------------------

    def propose_retraction(self, *, by, now, notice, lock_version=None):
        """Ask another editor to put `notice` in place of the story. Returns the Review."""
        with self._verb("propose_retraction", by, now, lock_version) as move:
            now = move.now
            notice, live = (
                _said(notice, "Write the notice that readers will find in place of the story."),
                self.live_at(now),
            )
            if live.revision is None:
                raise MoveNotAllowed("This version was imported. Publish it once through review, then retract it.")
            move.data = {"note": notice, "version": live.version}
            return self.reviews.create(
                subject=Review.Subject.RETRACTION,
                revision=live.revision,
                kind=Kind.RETRACTION.value,
                public_note=notice,
                sha256=_digest_of_notice(live.content(), notice),
                submitted_by=by,
                submitted_at=now,
            )

    def confirm_retraction(self, *, by, now, sha256, lock_version=None):
        """Sign the notice and put it in place of the story. `sha256` is the hash of what `by` was shown.

        What waited for a time is cancelled, what waited for review is superseded. Returns the Publication.
        """
        with self._verb("confirm_retraction", by, now, lock_version) as move:
            now = move.now
            review = self.reviews.open().get(subject=Review.Subject.RETRACTION)
            words = content.only(self.live_at(now).content(), content.OF_A_NOTICE)
            if review.sha256 != sha256:
                raise MoveNotAllowed(
                    "This is not the proposal you read: it was dropped and made anew. "
                    "Read what stands here now, then decide again."
                )
            if sha256 != _digest_of_notice(words, review.public_note):
                raise MoveNotAllowed("The story is not what was proposed. Drop the proposal and propose it again.")
            self._unschedule(now)
            self._supersede(Review.Subject.CONTENT, by, now)
            self._decide(Review.Outcome.APPROVED, by, now, subject=Review.Subject.RETRACTION)
            tend_pictures(pictures_of(self.pictures))
            return self._write(
                move,
                words,
                now=now,
                at=now,
                kind=review.kind,
                public_note=review.public_note,
                revision=review.revision,
                submitted_by=review.submitted_by,
                approved_by=by,
                approved_sha256=review.sha256,
            )

    def drop_retraction(self, *, by, now, lock_version=None):
        with self._verb("drop_retraction", by, now, lock_version) as move:
            now = move.now
            self._decide(Review.Outcome.WITHDRAWN, by, now, subject=Review.Subject.RETRACTION)

    # --- Takedown, and the only way back ---------------------------------------------------------------------------

    def take_down(self, *, by, now, reason, code=Takedown.Code.GONE, lock_version=None):
        """Answer `code` (410, or 451 for a legal order) at once, for every version. Returns the Takedown."""
        with self._verb("take_down", by, now, lock_version) as move:
            now = move.now
            reason = _said(reason, "Say why it is taken down; readers do not see it.")
            if code not in Takedown.Code.values:
                raise MoveNotAllowed(f"A story is taken down with 410 (gone) or 451 (a legal order), not with {code}.")
            self._unschedule(now, at_any_time=True)
            self._supersede(Review.Subject.RETRACTION, by, now)
            move.data = {"code": int(code), "reason": reason}
            tend_pictures(pictures_of(self.pictures))
            return self.takedowns.create(code=code, reason=reason, by=by, at=now)

    def reinstate(self, *, by, now, reason, lock_version=None):
        """Make the approved words public again, at the story's old address. Returns the Publication.

        They were approved as a reinstatement: what was signed before the story left the public is signed anew.
        """
        with self._verb("reinstate", by, now, lock_version) as move:
            now = move.now
            reason = _said(reason, "Say why it comes back.")
            self._refuse_other_kinds(Kind(self.latest_review.kind))
            publication = self._publish_signed(move, now, at=now)
            self.takedowns.lift(by=by, now=now)
            move.data["reason"] = reason
            return publication

    def _refuse_other_kinds(self, kind):
        if kind != Kind.REINSTATEMENT:
            raise MoveNotAllowed(
                f"These words were approved as “{kind.label}”, when the story was still public. "
                "Reopen it and submit it again."
            )

    # --- Blanking: words out of the history, by two people (R22) ---------------------------------------------------

    def propose_blank(self, *, by, now, revisions, reason, code=Takedown.Code.GONE, lock_version=None):
        """Ask another editor to remove the words of `revisions` (numbers) for good. Returns the Blanking.

        Revisions that hold the very same words go with them.
        """
        with self._verb("propose_blank", by, now, lock_version) as move:
            now = move.now
            reason = _said(reason, "Say why these words have to go, without repeating them.")
            found = self.revisions.filter(number__in=revisions, content__isnull=False)
            numbers = sorted(found.values_list("number", flat=True))
            if not numbers or set(numbers) != set(revisions):
                raise MoveNotAllowed("Choose at least one revision of this story that still has its words.")
            if code not in Takedown.Code.values:
                raise MoveNotAllowed(f"Blanked pages answer 410 (gone) or 451 (a legal order), not {code}.")
            numbers = sorted(self._alike(numbers).values_list("number", flat=True))
            move.data = {"revisions": numbers, "code": int(code), "reason": reason}
            return self.blankings.create(revisions=numbers, code=code, reason=reason, proposed_by=by, proposed_at=now)

    def confirm_blank(self, *, by, now, proposal=None, lock_version=None):
        """Remove the words for good: from revisions, versions, reviews, notes and what is typed and not saved.

        `proposal` is the id of the Blanking that `by` was shown; None is for programs that have just read it.

        Hashes, people and times stay (R22). Where the words stood in the working copy, it becomes an empty draft;
        where they are public, the page answers the code that was proposed.
        """
        with self._verb("confirm_blank", by, now, lock_version) as move:
            now = move.now
            blanking = self.blankings.open().get()
            if proposal not in {None, blanking.pk}:
                raise MoveNotAllowed("This is not the proposal that you read: it was dropped and made anew. Read it.")
            chosen = self._alike(blanking.revisions)
            move.data = {"revisions": sorted(chosen.values_list("number", flat=True)), "code": blanking.code}
            self._blank_versions(move, blanking, chosen, by, now)
            if self.latest_revision in chosen:
                self._blank_working_copy(move, by, now)
            self._blank_reviews(chosen, by, now)
            Picture.objects.blank(self, chosen)
            chosen.blank()
            self._blank_what_was_said(blanking)
            self._forget_what_is_typed(move)
            tend_pictures(pictures_of(self.pictures))
            self.blankings.decide(True, by=by, now=now)

    def drop_blank(self, *, by, now, lock_version=None):
        with self._verb("drop_blank", by, now, lock_version) as move:
            now = move.now
            self.blankings.decide(False, by=by, now=now)

    def _alike(self, numbers):
        """The revisions `numbers`, and those that hold the very same words: saved or brought back again."""
        named = self.revisions.filter(number__in=numbers)
        return self.revisions.filter(sha256__in=named.values("sha256"))

    def _blank_versions(self, move, blanking, chosen, by, now):
        """Where readers lose the present version it is as with a takedown: nothing follows by itself."""
        blanked = self.publications.filter(revision__in=chosen, blanked_at__isnull=True)
        is_shown = self.live_at(now) in blanked
        if is_shown or self.scheduled_version in blanked:
            self._unschedule(now, at_any_time=True)
            move.target = {Status.SCHEDULED: Status.APPROVED, Status.PUBLISHED: Status.DRAFT}.get(self.status)
        headlines = set(blanked.values_list("headline", flat=True))
        for publication in blanked:
            publication.blank(code=blanking.code, now=now)
        import_string(settings.WHEN_HEADLINES_ARE_BLANKED)(self.pk, headlines)
        if is_shown:
            self._supersede(Review.Subject.RETRACTION, by, now)
            self.takedowns.create(code=blanking.code, reason=BLANKED, by=blanking.proposed_by, at=now)
            move.data["taken_down"] = True

    def _blank_working_copy(self, move, by, now):
        self._supersede(Review.Subject.CONTENT, by, now)
        words = content.only(self.content(), content.OF_A_BLANK)
        self._put(words | {"byline": [line | {"role": ""} for line in words["byline"]]})
        move.rewritten = True
        if self.status != Status.SPIKED:
            move.target = Status.DRAFT

    def _blank_reviews(self, chosen, by, now):
        """What was said beside the words: comments and notes to readers, also where the history repeats them."""
        self._supersede(Review.Subject.RETRACTION, by, now, revision__in=chosen)
        reviews = self.reviews.filter(revision__in=chosen)
        moments = {moment for pair in reviews.values_list("submitted_at", "decided_at") for moment in pair if moment}
        reviews.blank()
        for event in self.events.filter(at__in=moments):
            event.blank()

    def _forget_what_is_typed(self, move):
        """The event says which forms are not kept again: opened over an older version, or in these openings."""
        typed = Autosave.objects.into(self)
        goes_on = move.rewritten or move.target not in {None, self.status}
        move.data["lock_version"] = self.lock_version + goes_on
        move.data["openings"] = sorted(map(str, typed.values_list("typing", flat=True)))
        typed.delete()

    def _blank_what_was_said(self, blanking):
        """Of the whole story: what stands beside it is of no single revision, and may repeat the words.

        Only the reason of this blanking stays: a later one takes it, should it repeat them as well.
        """
        self.notes.update(quote="", text="")
        self.waivers.blank()
        self.preview_links.update(meant_for="")
        self.reviews.blank_comments()
        self.takedowns.exclude(reason=BLANKED).blank()
        self.blankings.blank()
        for event in self.events.filter(verb__in=SAID_BESIDE).exclude(verb="propose_blank", at=blanking.proposed_at):
            event.blank()
        self.legal_note = self.legal_note and WORDS_GONE
        self.appeal_off_reason = self.appeal_off_reason and WORDS_GONE
        self.save(update_fields=["legal_note", "appeal_off_reason"])


def _said(words, otherwise):
    words = words.strip()
    if not words:
        raise MoveNotAllowed(otherwise)
    return words


def _digest_of_notice(words, notice):
    kept = content.only(words, content.OF_A_NOTICE)
    return content.digest(kept, kind=Kind.RETRACTION.value, public_note=notice)
