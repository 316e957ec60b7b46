"""Sums that are kept while money is booked, so that nobody waits for a million rows to be added up.

What counts is said in `totals`, once: a booking carries over what its payments added before and add now, `recount`
adds up all rows. `Tally.objects.hold()` makes them take turns.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import F

from . import inspections
from .models import Campaign, DayTally, Gift, Inspection, Payment, Tally
from .totals import STAYS, SUMS, chain, counted, counted_by_day, payments, with_reversals

Worth = dict[str, Any]
MODES = (False, True)
NOTHING: dict[str, Any] = dict.fromkeys((*SUMS, "supporters"), 0) | {"changed_at": None}


@contextmanager
def kept(gift: Gift) -> Iterator[None]:
    """Around everything that writes payments, refunds or disputes of a gift: its campaigns' sums move with them."""
    with transaction.atomic():
        Gift.objects.select_for_update().get(pk=gift.pk)  # nobody else moves its payments meanwhile
        before = worth(gift)
        yield
        after = worth(gift)
        if after != before:
            carry(gift, before, after)


def worth(gift: Gift) -> list[Worth]:
    """What each payment of a gift adds to the sums of whatever campaign it counts for."""
    rows = with_reversals(Payment.objects.filter(gift=gift)).order_by("pk")
    changed = F("gift__changed_at")
    return list(rows.values("pk", "given_at", "currency", "livemode", changed_at=changed, **SUMS))


def carry(gift: Gift, before: list[Worth], after: list[Worth]) -> None:
    """Moves the sums of a gift's campaign and of those that follow it, by what their windows say now."""
    held = Tally.objects.hold()
    campaign = Campaign.objects.get(pk=gift.campaign_id)
    its_own = [campaign, *campaign.after()]
    if {one.pk for one in its_own} - {key for key, _ in held}:
        held = Tally.objects.hold()  # one was made while we waited; it was counted without what is written here
    for counting in its_own:
        for live in MODES:
            was, stands = of_campaign(before, counting, live), of_campaign(after, counting, live)
            tally = held.get((counting.pk, live))
            if tally and was != stands:
                move_tally(tally, gift, was, stands)
                move_days(tally, gift, was, stands)


def of_campaign(rows: Iterable[Worth], campaign: Campaign, live: bool) -> list[Worth]:
    """What `totals.payments` asks the database for, asked of payments at hand. Each with its `day` in the zone."""
    (start, end), zone = campaign.window(), ZoneInfo(campaign.timezone)
    return [
        row | {"day": row["given_at"].astimezone(zone).date()}
        for row in rows
        if row["currency"] == campaign.currency
        and row["livemode"] in (None, live)
        and start <= row["given_at"]
        and (end is None or row["given_at"] < end)
    ]


def move_tally(tally: Tally, gift: Gift, was: list[Worth], stands: list[Worth]) -> None:
    for name in SUMS:
        moved = sum(row[name] for row in stands) - sum(row[name] for row in was)
        setattr(tally, name, getattr(tally, name) + moved)
    came = any(row["raised"] for row in stands) - any(row["raised"] for row in was)
    if came and not supports_besides(tally, gift):
        tally.supporters += came
    moments = [tally.changed_at, *(row["changed_at"] for row in stands)]
    tally.changed_at = max(filter(None, moments), default=None)
    tally.save()


def supports_besides(tally: Tally, gift: Gift) -> bool:
    """Whether the giver has raised something for the campaign by another gift."""
    theirs = payments(tally.campaign, tally.livemode).filter(gift__donor=gift.donor_id).exclude(gift=gift.pk)
    return with_reversals(theirs).filter(STAYS).exists()


def move_days(tally: Tally, gift: Gift, was: list[Worth], stands: list[Worth]) -> None:
    raised, number = Counter[date](), Counter[date]()
    for sign, rows in ((-1, was), (1, stands)):
        for row in rows:
            raised[row["day"]] += sign * row["raised"]
            number[row["day"]] += sign * bool(row["raised"])
    frequency = "monthly" if gift.is_monthly else "once"
    for day in sorted(day for day in raised if raised[day] or number[day]):
        row, _ = DayTally.objects.get_or_create(campaign=tally.campaign, livemode=tally.livemode, day=day)
        setattr(row, frequency, getattr(row, frequency) + raised[day])
        row.payments += number[day]
        row.save()


# --- Counting anew -----------------------------------------------------------------------------------------------


def recount(campaign: Campaign) -> None:
    """Counts a campaign's sums from the rows: when it is made, when its days change, when a check finds them wrong."""
    with transaction.atomic():
        Tally.objects.hold()
        campaign = Campaign.objects.get(pk=campaign.pk)  # its days as they are stored
        campaign.days.all().delete()
        paid = Payment.objects.filter(gift__campaign__in=chain(campaign)).exists()  # nothing is, to a new one
        for live in MODES:
            sums = counted(campaign, live) if paid else NOTHING
            Tally.objects.update_or_create(campaign=campaign, livemode=live, defaults=sums)
            DayTally.objects.bulk_create(
                DayTally(campaign=campaign, livemode=live, day=day, **sums)
                for day, sums in (counted_by_day(campaign, live) if paid else {}).items()
            )


def count_missing(**kwargs: Any) -> None:
    """After `migrate`: the campaigns that were here before sums were kept."""
    for campaign in Campaign.objects.filter(tallies=None):
        recount(campaign)


def inspect(now: datetime, *, fix: bool) -> dict[Campaign, list[str]]:
    """What is wrong with the kept sums of each campaign, kept for staff to read; with `fix` they are counted anew."""
    with inspections.look(Inspection.Kind.TALLIES, now=now, fixed=fix) as seen:
        wrong: dict[Campaign, list[str]] = {}
        for campaign in Campaign.objects.all():
            if found := differences(campaign):
                wrong[campaign] = found
                if fix:
                    recount(campaign)
        seen.found = [line for found in wrong.values() for line in found]
        seen.remaining = 0 if fix else len(seen.found)
    return wrong


def differences(campaign: Campaign) -> list[str]:
    """Where kept sums are not what the rows say, in words. Only what differs is looked at while bookings wait."""
    if not list(compare(campaign)):
        return []
    with transaction.atomic():  # a booking may have come between the two readings
        Tally.objects.hold()
        return list(compare(campaign))


def compare(campaign: Campaign) -> Iterator[str]:
    for live in MODES:
        tally = campaign.tallies.filter(livemode=live).first()
        if tally is None:
            yield f"{campaign}: nothing is kept for {'live' if live else 'test'} mode."
            continue
        yield from compare_sums(tally)
        yield from compare_days(tally)


def compare_sums(tally: Tally) -> Iterator[str]:
    rows = counted(tally.campaign, tally.livemode)
    changed_at = rows.pop("changed_at")
    for name, told in rows.items():
        if getattr(tally, name) != told:
            yield f"{tally}: {name} is kept as {getattr(tally, name)}, the rows say {told}."
    if changed_at and (tally.changed_at is None or tally.changed_at < changed_at):
        yield f"{tally}: kept as of {tally.changed_at}, money changed at {changed_at}."


def compare_days(tally: Tally) -> Iterator[str]:
    none = {"once": 0, "monthly": 0, "payments": 0}
    rows = counted_by_day(tally.campaign, tally.livemode)
    kept_days = {row.day: row.figures() for row in tally.campaign.days.filter(livemode=tally.livemode)}
    for day in sorted(rows.keys() | kept_days.keys()):
        is_kept, told = kept_days.get(day, none), rows.get(day, none)
        if is_kept != told:
            yield f"{tally}, {day}: kept are {is_kept}, the rows say {told}."
