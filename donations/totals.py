"""Every figure about a campaign, public or for staff, from one set of definitions: docs/money.md in code.

All amounts are whole minor units of the campaign's currency.
"""

from calendar import monthrange
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from django.conf import settings
from django.db.models import Aggregate, BigIntegerField, Count, F, Max, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.expressions import RawSQL
from django.db.models.functions import Coalesce, Greatest

from .models import Campaign, Dispute, Gift, Payment, Refund
from .money import percent


@dataclass(frozen=True)
class PublicTotals:
    """What readers may know. `changed_at` (UTC) is null while nothing was ever booked."""

    currency: str
    goal: int | None
    percent: int | None
    raised: int
    pending: int
    supporters: int
    changed_at: datetime | None


@dataclass(frozen=True)
class Totals(PublicTotals):
    """What staff know besides. Without an end there is no `projected` and `on_track`, without a goal no `on_track`."""

    received: int
    reversed: int
    fees: int
    dispute_fees: int
    fees_unknown: int
    promised: int
    active: int
    run_rate: int
    projected: int | None
    at_risk: int
    on_track: int | None

    @property
    def net(self) -> int:
        """What is left of what came in, without a floor; fees that are not known yet are missing from it."""
        return self.received - self.reversed - self.fees - self.dispute_fees


def public_totals(campaign: Campaign) -> PublicTotals:
    """The figures of an appeal, in one query."""
    sums = payments(campaign).aggregate(**PUBLIC)
    return PublicTotals(**of_campaign(campaign, sums["raised"]), **sums)


def totals(campaign: Campaign, now: datetime) -> Totals:
    """Every figure of a campaign at `now` (aware), in two queries: over its payments and over its monthly gifts."""
    sums = staff_sums(campaign)
    return Totals(
        **of_campaign(campaign, sums["raised"]),
        **sums,
        **monthly_figures(campaign, sums["raised"], now),
        on_track=on_track(campaign, now),
    )


def of_campaign(campaign: Campaign, raised: int) -> dict[str, Any]:
    return {"currency": campaign.currency, "goal": campaign.goal, "percent": percent(raised, campaign.goal)}


def on_track(campaign: Campaign, now: datetime) -> int | None:
    """What would be raised by `now` if the goal came in evenly over the window."""
    start, end = campaign.window()
    if campaign.goal is None or end is None:
        return None
    elapsed = min(max(now - start, timedelta()), end - start)
    return campaign.goal * (elapsed // timedelta(microseconds=1)) // ((end - start) // timedelta(microseconds=1))


# --- Payments ----------------------------------------------------------------------------------------------------

CHAIN = """
    WITH RECURSIVE chain (id, follows_id) AS (
        SELECT id, follows_id FROM donations_campaign WHERE id = %s
        UNION
        SELECT earlier.id, earlier.follows_id
        FROM donations_campaign earlier JOIN chain ON earlier.id = chain.follows_id
    )
    SELECT id FROM chain
"""


def chain(campaign: Campaign) -> Any:
    """The keys of the campaign and of all that it follows."""
    if campaign.follows_id is None:
        return [campaign.pk]
    return RawSQL(CHAIN, [campaign.pk])  # noqa: S611 - a constant text; the key is a parameter


def payments(campaign: Campaign) -> QuerySet[Payment]:
    """The payments of a campaign's window, unit and mode, whatever became of them; `back` is what was reversed."""
    given = Payment.objects.filter(gift__campaign__in=chain(campaign), currency=campaign.currency)
    refunded = per_payment(Refund.objects.counting(), Sum("amount"))
    disputed = per_payment(Dispute.objects.all(), Sum("moved"))
    return given.of_mode(settings.STRIPE_LIVE).given_in(*campaign.window()).annotate(back=refunded + disputed)


def per_payment(rows: QuerySet[Any], what: Aggregate) -> Coalesce:
    """A sum or count over the rows that belong to each payment; 0 where there are none."""
    of_this = rows.filter(payment=OuterRef("pk")).order_by().values("payment")
    return Coalesce(Subquery(of_this.annotate(figure=what).values("figure")), 0, output_field=BIG)


def total(amount: Any, of: Q) -> Coalesce:
    return Coalesce(Sum(amount, filter=of, output_field=BIG), 0, output_field=BIG)


BIG = BigIntegerField()
SUCCEEDED = Q(status=Payment.Status.SUCCEEDED)
PENDING = Q(status=Payment.Status.PENDING)
BY_STRIPE = Q(channel=Payment.Channel.STRIPE)
FEE_KNOWN = Q(fee=0) | Q(fee__isnull=False, fee_currency=F("currency"))

PUBLIC: dict[str, Any] = {
    "raised": total(Greatest(F("amount") - F("back"), 0, output_field=BIG), SUCCEEDED),
    "pending": total("amount", PENDING & BY_STRIPE),
    "supporters": Count("gift__donor", filter=SUCCEEDED & Q(amount__gt=F("back")), distinct=True),
    "changed_at": Max("gift__changed_at"),
}
STAFF: dict[str, Any] = {
    "received": total("amount", SUCCEEDED),
    "reversed": total("back", SUCCEEDED),
    "fees": total("fee", SUCCEEDED & FEE_KNOWN),
    "fees_unknown": Count("pk", filter=SUCCEEDED & ~FEE_KNOWN),
    "promised": total("amount", PENDING & ~BY_STRIPE),
}


def staff_sums(campaign: Campaign) -> dict[str, Any]:
    """The public sums and those for staff. A fee in another currency than the payment's is not known here."""
    dear = Dispute.objects.exclude(fee=0)
    rows = payments(campaign).annotate(
        dispute_fee=per_payment(dear.filter(fee_currency=campaign.currency), Sum("fee")),
        unknown=per_payment(dear.exclude(fee_currency=campaign.currency), Count("pk")),
    )
    disputes = {"dispute_fees": total("dispute_fee", SUCCEEDED), "more_unknown": total("unknown", SUCCEEDED)}
    sums = rows.aggregate(**PUBLIC, **STAFF, **disputes)
    sums["fees_unknown"] += sums.pop("more_unknown")
    return sums


# --- Monthly gifts -----------------------------------------------------------------------------------------------


def monthly_figures(campaign: Campaign, raised: int, now: datetime) -> dict[str, Any]:
    """What the monthly gifts to a campaign, and to those that it follows, promise for the rest of its window."""
    start, end = campaign.window()
    gifts = Gift.objects.filter(campaign__in=chain(campaign), currency=campaign.currency).of_mode(settings.STRIPE_LIVE)
    promising = list(gifts.active() | gifts.at_risk())
    active = [gift for gift in promising if gift.status == Gift.Status.ACTIVE]
    late = [gift for gift in promising if gift.status == Gift.Status.PAST_DUE]
    due_now = sum(gift.open_amount for gift in late) if start <= now and (end is None or now < end) else 0
    return {
        "active": len(active),
        "run_rate": sum(gift.monthly_amount or 0 for gift in active),
        "projected": raised + to_come(active, now, start, end) if end else None,
        "at_risk": due_now + (to_come(late, now, start, end) if end else 0),
    }


def to_come(gifts: Iterable[Gift], now: datetime, start: datetime, end: datetime) -> int:
    """The amounts of monthly gifts times their charge dates after `now`, inside the window and before they stop."""
    amount = 0
    for gift in gifts:
        if gift.anchor and gift.monthly_amount:
            until = min(end, gift.cancel_at) if gift.cancel_at else end
            amount += gift.monthly_amount * sum(date > now and date >= start for date in charges(gift.anchor, until))
    return amount


def charges(anchor: datetime, until: datetime) -> Iterator[datetime]:
    """The dates on which a monthly gift is charged, before `until`: the anchor and every month after it, in UTC.

    Each is counted from the anchor, so that one clipped to the end of a short month does not clip the next.
    """
    first = anchor.astimezone(UTC)
    for months in count():
        year, month = divmod(first.month - 1 + months, 12)
        year, month = first.year + year, month + 1
        date = first.replace(year=year, month=month, day=min(first.day, monthrange(year, month)[1]))
        if date >= until:
            return
        yield date
