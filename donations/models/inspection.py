from django.db import models
from django.db.models import F, Q


class InspectionQuerySet(models.QuerySet["Inspection"]):
    def latest_of(self, kind: str, live: bool) -> "Inspection | None":
        """The newest look of this kind in this mode that came to an end."""
        return self.filter(kind=kind, livemode=live, ended_at__isnull=False).order_by("-ended_at", "-id").first()


class Inspection(models.Model):
    """One look at whether the books and Stripe agree, and what it found: for staff; a final report waits for one."""

    class Kind(models.TextChoices):
        RECONCILE = "reconcile", "Our books against Stripe's"
        ENDPOINT = "endpoint", "Where Stripe sends its messages"
        TALLIES = "tallies", "The kept sums against the payments"

    kind = models.CharField(max_length=9, choices=Kind)
    livemode = models.BooleanField("live")
    begun_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True, help_text="Empty: it runs, or it was cut off.")
    since = models.DateTimeField(null=True, blank=True, help_text="From when on things were compared.")
    fixed = models.BooleanField(default=False, help_text="Whether what was found was put right, too.")
    found = models.JSONField(default=list, blank=True, help_text="A line for each thing; nothing about a person.")
    remaining = models.PositiveIntegerField(default=0, help_text="How many of them still stand.")
    blind = models.BooleanField(default=False, help_text="Whether a payment may be missing that it could not see.")

    objects = InspectionQuerySet.as_manager()

    class Meta:
        ordering = ["-begun_at", "-id"]
        indexes = [models.Index(fields=["kind", "livemode", "-ended_at"], name="inspection_latest")]
        constraints = [
            models.CheckConstraint(
                name="inspection_kind_known", condition=Q(kind__in=["reconcile", "endpoint", "tallies"])
            ),
            models.CheckConstraint(
                name="inspection_ends_after_it_began", condition=Q(ended_at=None) | Q(ended_at__gte=F("begun_at"))
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}, {self.begun_at:%Y-%m-%d %H:%M}"
