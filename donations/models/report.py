from typing import Any

from django.db import models

from .campaign import Campaign


class CampaignReport(models.Model):
    """What a campaign had come to when it was final: written once, and never again."""

    class Settled(models.TextChoices):
        NOTHING_PENDING = "settled", "Everything that was on its way has come or failed"
        WAITED = "waited", "Fourteen days have passed"

    campaign = models.ForeignKey(Campaign, models.PROTECT, related_name="reports")
    livemode = models.BooleanField("live")
    made_at = models.DateTimeField(help_text="From when the figures are.")
    because = models.CharField(max_length=7, choices=Settled)
    figures = models.JSONField(help_text="Every figure of `totals`, in minor units, as it stood.")

    class Meta:
        ordering = ["-made_at"]
        constraints = [
            models.UniqueConstraint(name="report_one_per_campaign_and_mode", fields=["campaign", "livemode"]),
            models.CheckConstraint(name="report_says_why", condition=models.Q(because__in=["settled", "waited"])),
        ]

    def __str__(self) -> str:
        return f"{self.campaign}, {self.made_at:%Y-%m-%d}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise ValueError("A report is frozen: later figures are on the campaign's page.")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> Any:
        raise ValueError("A report is frozen, and stays.")
