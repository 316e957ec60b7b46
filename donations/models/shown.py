from datetime import date

from django.db import models
from django.db.models import F


class AppealShownQuerySet(models.QuerySet["AppealShown"]):
    def one_more(self, article_id: int, day: date) -> bool:
        """Counts a showing on a day that has a row, in one statement; whether it has one."""
        return bool(self.filter(article_id=article_id, day=day).update(times=F("times") + 1))

    def begin_day(self, article_id: int, day: date) -> None:
        """Counts the first showing of a day; of two at once, each."""
        self.bulk_create([AppealShown(article_id=article_id, day=day)], ignore_conflicts=True)
        self.one_more(article_id, day)


class AppealShown(models.Model):
    """How often the appeal of one story was shown on one day, to whomever: nothing about a person or a browser."""

    article_id = models.PositiveBigIntegerField("article")
    day = models.DateField(help_text="In the newsroom's zone.")
    times = models.PositiveBigIntegerField(default=0)

    objects = AppealShownQuerySet.as_manager()

    class Meta:
        ordering = ["day"]
        verbose_name_plural = "appeals shown"
        constraints = [models.UniqueConstraint(name="appeal_shown_once_per_day", fields=["article_id", "day"])]

    def __str__(self) -> str:
        return f"Story {self.article_id}, {self.day:%Y-%m-%d}: {self.times}"
