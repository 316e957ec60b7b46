from django.conf import settings
from django.db import models
from django.db.models import Q

from .kept import WORDS_GONE, Kept, KeptQuerySet


class TakedownQuerySet(KeptQuerySet):
    def lift(self, *, by, now):
        """End what stands, for good: a story that comes down again gets a row of its own."""
        return self.filter(lifted_at__isnull=True)._change(lifted_by=by, lifted_at=now)

    def blank(self):
        """Remove the reasons; who took it down, when and with which code stays (R22)."""
        return self._change(reason=WORDS_GONE)


class Takedown(Kept):
    """A story answers 410 (gone) or 451 (a legal order) at once, its old versions too."""

    may_still = "`lift` ends it, once; `blank` removes its reason."

    class Code(models.IntegerChoices):
        GONE = 410, "410: taken down by the newsroom"
        LEGAL = 451, "451: unavailable for legal reasons"

    article = models.ForeignKey("articles.Article", models.PROTECT, related_name="takedowns")
    code = models.PositiveSmallIntegerField(choices=Code)
    reason = models.TextField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    lifted_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    lifted_at = models.DateTimeField(null=True)

    objects = TakedownQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["article"], condition=Q(lifted_at__isnull=True), name="one_open_takedown_per_article"
            ),
            models.CheckConstraint(condition=Q(code__in=[410, 451]), name="takedown_code_410_or_451"),
            models.CheckConstraint(
                condition=Q(lifted_at__isnull=True, lifted_by__isnull=True)
                | Q(lifted_at__isnull=False, lifted_by__isnull=False),
                name="takedown_lifted_by_someone",
            ),
        ]

    def __str__(self):
        return f"{self.code} for article {self.article_id}"
