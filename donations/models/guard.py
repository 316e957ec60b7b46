from datetime import datetime, timedelta

from django.conf import settings
from django.db import models
from django.db.models import Max, Q

from donations.money import MAX_AMOUNT

from .gift import Gift

RAISES_TO_AN_AMOUNT = Q(does="pause", minimum__isnull=True) | Q(
    does="raise", minimum__isnull=False, minimum__gt=0, minimum__lte=MAX_AMOUNT
)


class BreakerQuerySet(models.QuerySet["Breaker"]):
    def open(self) -> "BreakerQuerySet":
        """What holds now: nobody has switched it off."""
        return self.filter(closed_at=None)

    def of(self, frequency: str) -> "BreakerQuerySet":
        """For gifts once, or for new monthly ones."""
        return self.filter(frequency=frequency)

    def last_switched(self) -> datetime | None:
        """What was before the last switch has had its answer, also where staff said that gifts go on."""
        found = self.aggregate(opened=Max("opened_at"), closed=Max("closed_at"))
        return max((moment for moment in found.values() if moment), default=None)


class Breaker(models.Model):
    """Many attempts to pay failed, or staff say so: new gifts rest, or must be larger, until it is closed.

    New monthly gifts are measured and switched by themselves. They are paused and never raised.
    """

    class Does(models.TextChoices):
        PAUSE = "pause", "One-off gifts are paused"
        RAISE = "raise", "The smallest gift is raised"

    frequency = models.CharField(
        max_length=7, choices=Gift.Frequency, default=Gift.Frequency.ONCE, help_text="Of which new gifts it is."
    )
    does = models.CharField(max_length=5, choices=Does)
    minimum = models.PositiveIntegerField(null=True, blank=True, help_text="In minor units, where it is raised.")
    opened_at = models.DateTimeField()
    opened_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="Empty: by itself.",
    )
    failed = models.PositiveIntegerField(default=0, help_text="How many attempts had failed.")
    attempts = models.PositiveIntegerField(default=0, help_text="Of how many.")
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="Empty: by itself.",
    )

    objects = BreakerQuerySet.as_manager()

    class Meta:
        ordering = ["-opened_at"]
        permissions = [("switch_breaker", "Can pause one-off gifts, and let them go on")]
        constraints = [
            models.UniqueConstraint(
                name="breaker_one_open", fields=["frequency", "does"], condition=Q(closed_at=None)
            ),
            models.CheckConstraint(name="breaker_raises_to_an_amount", condition=RAISES_TO_AN_AMOUNT),
            models.CheckConstraint(
                name="breaker_of_monthly_gifts_pauses",
                condition=Q(frequency="once") | Q(frequency="monthly", does="pause"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.what}, {self.opened_at:%Y-%m-%d %H:%M}"

    @property
    def is_monthly(self) -> bool:
        return self.frequency == Gift.Frequency.MONTHLY

    @property
    def what(self) -> str:
        """What it does, in words."""
        return "New monthly gifts are paused" if self.is_monthly else self.get_does_display()


class BreakerRule(models.Model):
    """What the breaker of one-off gifts does when it opens by itself, as staff have decided; the latest row holds."""

    does = models.CharField(max_length=5, choices=Breaker.Does)
    minimum = models.PositiveIntegerField(null=True, blank=True, help_text="In minor units, where it is raised.")
    set_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    set_at = models.DateTimeField()

    class Meta:
        ordering = ["-set_at", "-id"]
        constraints = [models.CheckConstraint(name="breakerrule_raises_to_an_amount", condition=RAISES_TO_AN_AMOUNT)]

    def __str__(self) -> str:
        return f"{self.get_does_display()}, since {self.set_at:%Y-%m-%d %H:%M}"


class GivingLinkQuerySet(models.QuerySet["GivingLink"]):
    def usable(self, now: datetime) -> "GivingLinkQuerySet":
        """Links that open a giver's page at `now`: not used, and not too old."""
        return self.filter(used_at=None, made_at__gt=now - GivingLink.OPENS_FOR, made_at__lte=now)


class GivingLink(models.Model):
    """A link that was mailed to a giver and opens their own page, once. Its address is signed, and not kept."""

    OPENS_FOR = timedelta(minutes=30)

    donor = models.ForeignKey("Donor", models.CASCADE, related_name="links")
    made_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)

    objects = GivingLinkQuerySet.as_manager()

    class Meta:
        ordering = ["-made_at", "-id"]

    def __str__(self) -> str:
        return f"Link of {self.made_at:%Y-%m-%d %H:%M}"
