from typing import Self, TypeVar

from django.db import models
from django.db.models import Q

Row = TypeVar("Row", bound=models.Model)


class OfModeQuerySet(models.QuerySet[Row]):
    """For rows that know their mode: test money never counts in a live newsroom, nor live money in a test (R16)."""

    def of_mode(self, live: bool) -> Self:
        """Those of the installation's mode; what was given offline has none and always counts."""
        return self.filter(Q(livemode=None) | Q(livemode=live))
