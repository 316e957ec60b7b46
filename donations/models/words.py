from typing import Final

from django.db import models
from django.db.models import Q

BEFORE: Final = "Thank you. This is what you gave to {newsroom} in {year}, and what of it went back to you."
AFTER: Final = (
    "This statement lists payments. It makes no statement about tax, and is no promise that a gift can be deducted. "
    "If something here is wrong, answer any mail of ours."
)


class StatementWords(models.Model):
    """What staff may word on every statement of a year; the figures are none of it. There is one row at most."""

    heading = models.CharField(max_length=120, default="Your gifts in {year}")
    letterhead = models.TextField(
        max_length=400,
        blank=True,
        help_text="Under the newsroom's name: its address, and whatever number or status it may rightly state.",
    )
    before = models.TextField("before the payments", max_length=1500, blank=True, default=BEFORE)
    after = models.TextField(
        "after the payments",
        max_length=3000,
        blank=True,
        default=AFTER,
        help_text="Say something about tax only where somebody who knows the law has agreed to the words.",
    )

    class Meta:
        verbose_name = "words of the statements"
        verbose_name_plural = "statements"
        constraints = [models.CheckConstraint(name="statement_words_once", condition=Q(id=1))]

    def __str__(self) -> str:
        return "Words of the statements"

    @classmethod
    def now(cls) -> "StatementWords":
        """The words as they stand; those of this program until somebody has changed them."""
        return cls.objects.first() or cls(pk=1)
