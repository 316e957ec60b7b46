from django.db import models


class AppealShown(models.Model):
    """How often the appeal of one story was shown on one day, to whomever: nothing about a person or a browser."""

    article_id = models.PositiveBigIntegerField("article")
    day = models.DateField(help_text="In the newsroom's zone.")
    times = models.PositiveBigIntegerField(default=0)

    class Meta:
        ordering = ["day"]
        verbose_name_plural = "appeals shown"
        constraints = [models.UniqueConstraint(name="appeal_shown_once_per_day", fields=["article_id", "day"])]

    def __str__(self) -> str:
        return f"Story {self.article_id}, {self.day:%Y-%m-%d}: {self.times}"
