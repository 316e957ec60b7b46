"""How a campaign came to where it stands: what each day and month brought, and which monthly gifts joined and left.

All amounts are whole minor units of the campaign's currency; days and months are those of its own zone.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

from django.db.models.functions import Coalesce

from .charging import alike
from .models import Campaign, Gift
from .models.campaign import midnight
from .models.gift import GiftQuerySet
from .totals import gifts_of, on_track, raised_by_day


@dataclass(frozen=True)
class Brought:
    """What gifts given once and monthly gifts brought in some time, by how many payments."""

    once: int
    monthly: int
    payments: int

    @property
    def together(self) -> int:
        return self.once + self.monthly


@dataclass(frozen=True)
class Day(Brought):
    """`so_far` is what was raised by its end; `on_track` what an even pace would have raised by then, or by now."""

    day: date
    so_far: int
    on_track: int | None


@dataclass(frozen=True)
class Month(Brought):
    """A month by its `first` day, of which only the days of the campaign count."""

    first: date


@dataclass(frozen=True)
class Membership:
    """How many monthly gifts joined and left in a month, and how many went on at its end, or at the campaign's."""

    first: date
    joined: int
    left: int
    going_on: int


def days(campaign: Campaign, now: datetime) -> list[Day]:
    """The days on which something was raised, and today or the last day; the latest has all that is raised."""
    brought, so_far, rows = raised_by_day(campaign), 0, []
    for day in sorted({*brought, *latest_day(campaign, now)}):
        sums = brought.get(day, {"once": 0, "monthly": 0, "payments": 0})
        so_far += sums["once"] + sums["monthly"]
        evening = midnight(day + timedelta(days=1), ZoneInfo(campaign.timezone))
        rows.append(Day(**sums, day=day, so_far=so_far, on_track=on_track(campaign, min(evening, now))))
    return rows


def latest_day(campaign: Campaign, now: datetime) -> list[date]:
    """Today, or the last day of a campaign that is over; none before the first."""
    today = min(now.astimezone(ZoneInfo(campaign.timezone)).date(), campaign.ends or date.max)
    return [today] if today >= campaign.starts else []


def months(campaign: Campaign, rows: list[Day], now: datetime) -> list[Month]:
    """What each month brought, from the campaign's first until this one or its last; `rows` are its days."""
    sums = {first: list(of_month) for first, of_month in groupby(rows, key=lambda row: row.day.replace(day=1))}
    firsts = sorted({*sums, *months_until(campaign, now)})
    return [of_month(first, sums.get(first, [])) for first in firsts]


def of_month(first: date, rows: list[Day]) -> Month:
    return Month(
        first=first,
        once=sum(row.once for row in rows),
        monthly=sum(row.monthly for row in rows),
        payments=sum(row.payments for row in rows),
    )


# --- Who joined and left ------------------------------------------------------------------------------------------


def membership(campaign: Campaign, now: datetime) -> list[Membership]:
    """Month by month from the first day until now or the last; who joined before goes on from there."""
    firsts = months_until(campaign, now)
    joined = by_month(came_about(campaign), "anchor", campaign, firsts)
    left = by_month(ended(campaign), "left_at", campaign, firsts)
    going_on, rows = joined[None] - left[None], []
    for first in firsts:
        going_on += joined[first] - left[first]
        rows.append(Membership(first, joined[first], left[first], going_on))
    return rows


def months_until(campaign: Campaign, now: datetime) -> list[date]:
    """The first days of the campaign's months, up to this one or its last."""
    found: list[date] = []
    for last in latest_day(campaign, now):
        first = campaign.starts.replace(day=1)
        while first <= last:
            found.append(first)
            first = (first + timedelta(days=31)).replace(day=1)
    return found


def came_about(campaign: Campaign) -> GiftQuerySet:
    """Monthly gifts that are charged, or were: their first charge came in, or a bank debit was on its way."""
    return gifts_of(campaign).filter(status__in=[*Gift.GOING_ON, Gift.Status.ENDED])


def ended(campaign: Campaign) -> GiftQuerySet:
    """Those of them that go on no more, with the moment from which they do not."""
    over = gifts_of(campaign).filter(status=Gift.Status.ENDED)
    return over.annotate(left_at=Coalesce("ended_at", "anchor"))


def by_month(gifts: GiftQuerySet, moment: str, campaign: Campaign, firsts: list[date]) -> Counter[date | None]:
    """How many of the gifts have their moment in each month of the campaign; None: before its first day."""
    zone, (start, end) = ZoneInfo(campaign.timezone), campaign.window()
    edges = [start, *([end] if end else []), *(midnight(first, zone) for first in firsts)]
    found: Counter[date | None] = Counter()
    for group in alike(gifts, moment, edges):
        if end is None or group["first"] < end:
            first = group["first"].astimezone(zone).date().replace(day=1)
            found[first if group["first"] >= start else None] += group["number"]
    return found
