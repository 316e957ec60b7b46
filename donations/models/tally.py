from typing import Any

from django.db import models

from .campaign import Campaign


class TallyQuerySet(models.QuerySet["Tally"]):
    def hold(self) -> dict[tuple[int, bool], "Tally"]:
        """All of them by campaign and mode, held until the transaction ends: whoever moves a sum comes through here.

        They are a few dozen rows, always taken in the same order, so two who book at once wait but never deadlock.
        """
        return {(tally.campaign_id, tally.livemode): tally for tally in self.select_for_update().order_by("pk")}


class Tally(models.Model):
    """The sums of one campaign in one mode, in minor units, as `totals.SUMS` defines them; offline is in both."""

    campaign = models.ForeignKey(Campaign, models.CASCADE, related_name="tallies")
    livemode = models.BooleanField("live")
    raised = models.BigIntegerField(default=0)
    pending = models.BigIntegerField(default=0)
    received = models.BigIntegerField(default=0)
    reversed = models.BigIntegerField(default=0)
    fees = models.BigIntegerField(default=0)
    dispute_fees = models.BigIntegerField(default=0)
    fees_unknown = models.BigIntegerField(default=0)
    promised = models.BigIntegerField(default=0)
    supporters = models.BigIntegerField(default=0)
    changed_at = models.DateTimeField(null=True, help_text="When money of one of its gifts last changed.")

    objects = TallyQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "tallies"
        constraints = [models.UniqueConstraint(name="tally_one_per_mode", fields=["campaign", "livemode"])]

    def __str__(self) -> str:
        return f"{self.campaign}, {'live' if self.livemode else 'test'} mode"


class DayTally(models.Model):
    """What one day raised in a campaign's zone, in minor units, by the payments of which something has stayed."""

    campaign = models.ForeignKey(Campaign, models.CASCADE, related_name="days")
    livemode = models.BooleanField("live")
    day = models.DateField()
    once = models.BigIntegerField(default=0)
    monthly = models.BigIntegerField(default=0)
    payments = models.BigIntegerField(default=0)

    class Meta:
        ordering = ["day"]
        verbose_name_plural = "day tallies"
        constraints = [models.UniqueConstraint(name="tally_one_per_day", fields=["campaign", "livemode", "day"])]

    def __str__(self) -> str:
        return f"{self.campaign}, {self.day:%Y-%m-%d}"

    def figures(self) -> dict[str, Any]:
        return {"once": self.once, "monthly": self.monthly, "payments": self.payments}
