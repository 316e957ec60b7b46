"""What was written, reviewed and done. Rows are added; of a review only its decision is filled in, once."""

import hashlib
import json
from datetime import UTC

from django.conf import settings
from django.db import models
from django.db.models import Q

from articles import content
from articles.workflow import VERBS, Kind

from .kept import WORDS_GONE, Kept, KeptQuerySet


class RevisionQuerySet(KeptQuerySet):
    def blank(self):
        """Remove the words for good; their hash, who wrote them and when stay (R22)."""
        return self._change(content=None)


class Revision(Kept):
    """The whole content as it stood after one save."""

    may_still = "Two people can blank its words: `propose_blank`, `confirm_blank`."

    article = models.ForeignKey("articles.Article", models.PROTECT, related_name="revisions")
    number = models.PositiveIntegerField()
    content = models.JSONField(null=True, help_text="Null once blanked; hash, person and time stay.")
    sha256 = models.CharField(max_length=64)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    restored_from = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="+")

    objects = RevisionQuerySet.as_manager()

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["article", "number"], name="revision_number_once")]

    def __str__(self):
        return f"revision {self.number} of article {self.article_id}"

    @property
    def is_blanked(self):
        return self.content is None

    def is_intact(self):
        return self.is_blanked or content.digest(self.content) == self.sha256


class ReviewQuerySet(KeptQuerySet):
    def open(self):
        return self.filter(outcome__isnull=True)

    def decide(self, outcome, *, by, now, comment=""):
        """Close those that are open, for good. Returns how many there were."""
        return self.open()._change(outcome=outcome, decided_by=by, decided_at=now, comment=comment)

    def blank(self):
        """Remove what was said beside the words: the comment and the note to readers (R22)."""
        return self._change(comment="", public_note="")

    def blank_comments(self):
        """Remove the comments alone: the notes to readers are signed with words that stay (R22)."""
        return self._change(comment="")


class Review(Kept):
    """One request for a second pair of eyes, and what came of it."""

    may_still = "`decide` fills in its decision once, `blank` removes comment and note, `blank_comments` the comment."

    class Subject(models.TextChoices):
        CONTENT = "content"
        RETRACTION = "retraction"
        EMERGENCY = "emergency"  # what went out without review, until somebody else has read it

    class Outcome(models.TextChoices):
        APPROVED = "approved"
        CHANGES_REQUESTED = "changes_requested"
        WITHDRAWN = "withdrawn"
        SUPERSEDED = "superseded"
        OBJECTED = "objected"

    article = models.ForeignKey("articles.Article", models.PROTECT, related_name="reviews")
    subject = models.CharField(max_length=12, choices=Subject, default=Subject.CONTENT)
    revision = models.ForeignKey(Revision, models.PROTECT, related_name="reviews")
    kind = models.CharField(max_length=16, choices=[(k.value, k.label) for k in Kind])
    public_note = models.TextField(blank=True, help_text="What readers are told about the change.")
    sha256 = models.CharField(max_length=64, help_text="Over the content, the kind and the note to readers.")
    submitted_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    submitted_at = models.DateTimeField()
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=20, choices=Outcome, null=True)
    comment = models.TextField(blank=True)

    objects = ReviewQuerySet.as_manager()

    class Meta:
        ordering = ["submitted_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["article", "subject"], condition=Q(outcome__isnull=True), name="one_open_review_per_subject"
            ),
            models.CheckConstraint(
                condition=Q(outcome__isnull=True, decided_by__isnull=True, decided_at__isnull=True)
                | Q(outcome__isnull=False, decided_by__isnull=False, decided_at__isnull=False),
                name="review_decided_by_someone_at_some_time",
            ),
            models.CheckConstraint(
                condition=~Q(outcome="approved") | ~Q(decided_by=models.F("submitted_by")),
                name="review_approved_by_another",
            ),
        ]

    def __str__(self):
        return f"review of {self.revision}"


# What happens to a story besides the verbs of its people.
OTHER_EVENTS = {
    "start": "began it",
    "switch_appeal": "switched the appeal",
    "restore": "brought an earlier revision back",
    "assign": "changed who works on it",
    "send_to_sign": "asked for a signature",
    "waive": "waived a point of the checklist",
    "unwaive": "took a waiver back",
    "legal_check": "recorded the legal check",
    "share_preview": "made a preview link",
    "revoke_preview": "revoked a preview link",
    "withdraw_picture": "withdrew a picture",
}


class Event(Kept):
    """What happened, numbered without gaps within a story."""

    may_still = "`blank` takes typed words out of its data."
    SAID = ("comment", "reason", "note", "public_note")  # where `data` keeps what somebody wrote to go with it
    # What of `data` repeats somebody's words.
    TYPED = frozenset({*SAID, "says", "title"})
    UNSEALED = TYPED | {"blanked", "seal"}

    article = models.ForeignKey("articles.Article", models.PROTECT, related_name="events")
    number = models.PositiveIntegerField()
    verb = models.CharField(max_length=40)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")  # null: the clock
    at = models.DateTimeField()
    data = models.JSONField(default=dict)

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["article", "number"], name="event_number_once")]

    def __str__(self):
        return f"{self.number}. {self.words}"

    @property
    def words(self):
        if self.verb in VERBS:
            return VERBS[self.verb].past
        return OTHER_EVENTS.get(self.verb, self.verb.replace("_", " "))

    @property
    def said(self):
        """What somebody wrote to go with it, in the order in which it is asked."""
        return [self.data[name] for name in self.SAID if self.data.get(name)]

    @property
    def seal(self):
        return self.data.get("seal", "") if isinstance(self.data, dict) else ""

    def seal_after(self, seal):
        """The hash of all that this event tells, typed words aside, and by `seal` of every event before it."""
        told = {name: value for name, value in self.data.items() if name not in self.UNSEALED}
        at = self.at.astimezone(UTC).isoformat()
        row = [seal, self.article_id, self.number, self.verb, self.actor_id, at, told]
        return hashlib.sha256(json.dumps(row, sort_keys=True).encode()).hexdigest()

    def blank(self):
        """Take the typed words out, if there are any, and say so (R22)."""
        kept = {name: value for name, value in self.data.items() if name not in self.TYPED}
        if kept != self.data:
            Event.objects.filter(pk=self.pk)._change(data=kept | {"blanked": True})


class BlankingQuerySet(KeptQuerySet):
    def open(self):
        return self.filter(is_done__isnull=True)

    def decide(self, is_done, *, by, now):
        return self.open()._change(is_done=is_done, decided_by=by, decided_at=now)

    def blank(self):
        """Remove the reasons of those that are decided, which may repeat what had to go (R22)."""
        return self.filter(is_done__isnull=False)._change(reason=WORDS_GONE)


class Blanking(Kept):
    """Words to be removed from the history for good: proposed by a managing editor, confirmed by another editor."""

    may_still = "`decide` confirms or drops it, once; `blank` removes its reason."

    article = models.ForeignKey("articles.Article", models.PROTECT, related_name="blankings")
    revisions = models.JSONField(help_text="The numbers of the revisions whose words go.")
    code = models.PositiveSmallIntegerField(help_text="What readers' pages of these words answer: 410 or 451.")
    reason = models.TextField()
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField()
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    is_done = models.BooleanField(null=True, help_text="Null while open; false where the proposal was dropped.")

    objects = BlankingQuerySet.as_manager()

    class Meta:
        ordering = ["proposed_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["article"], condition=Q(is_done__isnull=True), name="one_open_blanking_per_article"
            ),
            models.CheckConstraint(condition=Q(code__in=[410, 451]), name="blanking_code_410_or_451"),
            models.CheckConstraint(
                condition=Q(is_done__isnull=True, decided_by__isnull=True, decided_at__isnull=True)
                | Q(is_done__isnull=False, decided_by__isnull=False, decided_at__isnull=False),
                name="blanking_decided_by_someone_at_some_time",
            ),
            models.CheckConstraint(
                condition=Q(is_done__isnull=True) | Q(is_done=False) | ~Q(decided_by=models.F("proposed_by")),
                name="blanking_done_by_two",
            ),
        ]

    def __str__(self):
        return f"blanking of article {self.article_id}"


class Note(models.Model):
    """A remark beside the text. It quotes the words it is about; nothing is ever written into the body."""

    article = models.ForeignKey("articles.Article", models.PROTECT, related_name="notes")
    quote = models.TextField(blank=True)
    text = models.TextField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    resolved_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    resolved_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["at", "pk"]

    def __str__(self):
        return self.text[:60]

    @property
    def is_blanked(self):
        return not self.text

    def resolve(self, *, by, now):
        """It is dealt with. Who said so first stays."""
        Note.objects.filter(pk=self.pk, resolved_by__isnull=True).update(resolved_by=by, resolved_at=now)
