"""What was written, reviewed and done. Rows are added; of a review only its decision is filled in, once."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from articles import content
from articles.workflow import VERBS, Kind


class Revision(models.Model):
    """The whole content as it stood after one save."""

    article = models.ForeignKey("articles.Article", models.PROTECT, related_name="revisions")
    number = models.PositiveIntegerField()
    content = models.JSONField(null=True, help_text="Null once blanked; hash, person and time stay.")
    sha256 = models.CharField(max_length=64)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    restored_from = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["article", "number"], name="revision_number_once")]

    def __str__(self):
        return f"revision {self.number} of article {self.article_id}"

    def is_intact(self):
        return self.content is None or content.digest(self.content) == self.sha256


class ReviewQuerySet(models.QuerySet):
    def open(self):
        return self.filter(outcome__isnull=True)


class Review(models.Model):
    """One request for a second pair of eyes, and what came of it."""

    class Subject(models.TextChoices):
        CONTENT = "content"
        RETRACTION = "retraction"

    class Outcome(models.TextChoices):
        APPROVED = "approved"
        CHANGES_REQUESTED = "changes_requested"
        WITHDRAWN = "withdrawn"
        SUPERSEDED = "superseded"

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
OTHER_EVENTS = {"start": "began it", "fire": "It went public at its time", "switch_appeal": "switched the appeal"}


class Event(models.Model):
    """What happened, numbered without gaps within a story."""

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


class Autosave(models.Model):
    """What somebody has typed and not saved yet. One row per person and story; never history."""

    article = models.ForeignKey("articles.Article", models.CASCADE, related_name="autosaves")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    content = models.JSONField()
    lock_version = models.PositiveIntegerField(help_text="The version of the story it was typed over.")
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["article", "by"], name="one_autosave_per_person_and_story")]

    def __str__(self):
        return f"autosave of article {self.article_id} by {self.by}"
