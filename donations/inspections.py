"""Each look at whether our books and Stripe agree is kept for staff to read: when it was, and what it found."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.utils import timezone

from .models import Inspection
from .stripe_gateway import StripeTrouble

KEPT: Final = timedelta(days=90)
LINES: Final = 100  # of what one look found; whoever runs it by hand reads them all


@contextmanager
def look(
    kind: Inspection.Kind, *, now: datetime, since: datetime | None = None, fixed: bool = False
) -> Iterator[Inspection]:
    """Put what is found into `found` and `remaining` of the row. Old rows go.

    Where Stripe cannot be asked the row says so and StripeTrouble goes on; what is cut off leaves it without an end.
    """
    Inspection.objects.filter(begun_at__lt=now - KEPT).delete()
    mine = {"livemode": settings.STRIPE_LIVE, "since": since, "fixed": fixed}
    seen = Inspection.objects.create(kind=kind, begun_at=now, **mine)
    try:
        yield seen
    except StripeTrouble as trouble:
        seen.found, seen.remaining = [*seen.found, not_asked(trouble)], seen.remaining + 1
        end(seen)
        raise
    end(seen)


def end(seen: Inspection) -> None:
    seen.ended_at = max(seen.begun_at, timezone.now())
    more = len(seen.found) - LINES
    if more > 0:
        seen.found = [*seen.found[:LINES], f"And {more} more."]
    seen.save()


def not_asked(trouble: StripeTrouble) -> str:
    return f"Stripe could not be asked, because: {trouble}"
