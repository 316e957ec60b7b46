from typing import Any

from django.db import models

from .campaign import Campaign


class Frozen(ValueError):
    """A program tried to change or delete a report."""

    def __init__(self, *said: object) -> None:
        super().__init__("A report is frozen, and stays: later figures are on the campaign's page.")


class CampaignReportQuerySet(models.QuerySet["CampaignReport"]):
    """Reports are added and read; every other way to write is refused, also to superusers."""

    def update(self, **changes: Any) -> int:
        raise Frozen

    def delete(self) -> tuple[int, dict[str, int]]:
        raise Frozen

    def bulk_update(self, *args: Any, **kwargs: Any) -> int:
        raise Frozen

    def bulk_create(self, *args: Any, **options: Any) -> list["CampaignReport"]:
        if options.get("update_conflicts"):
            raise Frozen
        return super().bulk_create(*args, **options)

    update.alters_data = delete.alters_data = bulk_update.alters_data = True  # type: ignore[attr-defined]
    delete.queryset_only = True  # type: ignore[attr-defined]


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

    objects = CampaignReportQuerySet.as_manager()

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
            raise Frozen
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> Any:
        raise Frozen
