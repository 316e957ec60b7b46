"""When monthly gifts are charged, and how many of them are looked at together: by the moment from which they count.

A hundred thousand gifts have as many moments. What is asked of a moment is only between which others it lies, so the
database groups the gifts of which all would answer the same.
"""

from calendar import monthrange
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import count
from typing import Any

from django.db.models import (
    Case,
    CharField,
    Count,
    DateTimeField,
    F,
    Func,
    IntegerField,
    Min,
    QuerySet,
    Sum,
    TimeField,
    Value,
    When,
)
from django.db.models.lookups import LessThan

from .models import Gift

INSTANT = datetime.resolution


def charges(anchor: datetime, until: datetime, since: datetime | None = None) -> Iterator[datetime]:
    """The dates on which a monthly gift is charged, before `until`: the anchor and every month after it, in UTC.

    Each is counted from the anchor, so that one clipped to the end of a short month does not clip the next. Those
    before the month of `since` are left out.
    """
    first = anchor.astimezone(UTC)
    for months in count(months_between(first, since) if since else 0):
        year, month = divmod(first.month - 1 + months, 12)
        year, month = first.year + year, month + 1
        date = first.replace(year=year, month=month, day=min(first.day, monthrange(year, month)[1]))
        if date >= until:
            return
        yield date


def months_between(first: datetime, since: datetime) -> int:
    """How many months of UTC lie between; 0 where `since` is the earlier one."""
    since = since.astimezone(UTC)
    return max(0, 12 * (since.year - first.year) + since.month - first.month)


def number_of_charges(anchor: datetime, since: datetime, until: datetime) -> int:
    """How often a monthly gift is charged from `since` on, before `until`."""
    return sum(date >= since for date in charges(anchor, until, since))


# --- Many gifts at once ---------------------------------------------------------------------------------------------


class DayInUTC(Func):
    """The day of a moment in UTC, as text.

    On SQLite a moment is text already, and Django's own functions would call Python for each.
    """

    output_field = CharField()

    def as_sqlite(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        return self.as_sql(compiler, connection, template="substr(%(expressions)s, 1, 10)", **extra)

    def as_postgresql(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        return self.as_sql(
            compiler, connection, template="to_char(%(expressions)s AT TIME ZONE 'UTC', 'YYYY-MM-DD')", **extra
        )


class TimeInUTC(Func):
    """The time of day of a moment in UTC."""

    output_field = TimeField()

    def as_sqlite(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        return self.as_sql(compiler, connection, template="substr(%(expressions)s, 12)", **extra)

    def as_postgresql(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        return self.as_sql(compiler, connection, template="(%(expressions)s AT TIME ZONE 'UTC')::time", **extra)


def alike(gifts: QuerySet[Gift], moment: str, edges: Iterable[datetime], *apart: Any) -> QuerySet[Any, Any]:
    """Gifts in groups with a `first` moment that stands for all of a group, and the `number` of its gifts.

    All have their moment on one day in UTC and, counted in whole months too, on the same side of every edge. `apart`
    names columns that are the same in a group, besides.
    """
    times = sorted({edge.astimezone(UTC).time() for edge in edges})
    slots = [When(LessThan(TimeInUTC(moment), Value(time, TimeField())), then=slot) for slot, time in enumerate(times)]
    slot = Case(*slots, default=len(times), output_field=IntegerField())
    groups = gifts.order_by().annotate(of_day=DayInUTC(moment), slot=slot).values("of_day", "slot", *apart)
    counted: QuerySet[Any, Any] = groups.annotate(first=Min(moment), number=Count("pk"))
    return counted


def promises(gifts: QuerySet[Gift], edges: Iterable[datetime]) -> QuerySet[Any, Any]:
    """Monthly gifts in groups of which all are charged equally often between the edges, with their sums.

    Gifts that will stop on a date have an edge of their own, so they are grouped only with those of the same moment.
    """
    stops = Case(When(cancel_at__isnull=False, then=F("anchor")), output_field=DateTimeField())
    groups = alike(gifts.annotate(stops=stops), "anchor", edges, "status", "cancel_at", "stops")
    summed: QuerySet[Any, Any] = groups.annotate(amount=Sum("monthly_amount", default=0), open=Sum("open_amount"))
    return summed


def to_come(group: dict[str, Any], since: datetime, until: datetime) -> int:
    """What a group of `promises` brings from `since` on, before `until` or before it stops, in minor units."""
    stops: datetime = group["cancel_at"] or until
    return int(group["amount"]) * number_of_charges(group["first"], since, min(until, stops))
