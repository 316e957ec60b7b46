"""Every figure about a campaign, public or for staff, from one set of definitions: docs/money.md in code.

All amounts are whole minor units of the campaign's currency.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import (
    Aggregate,
    BigIntegerField,
    Case,
    Count,
    Exists,
    F,
    Max,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    When,
)
from django.db.models.expressions import RawSQL
from django.db.models.functions import Coalesce, TruncDate

from .charging import INSTANT, promises, to_come
from .models import Campaign, Dispute, Gift, Payment, Refund, Tally
from .models.gift import GiftQuerySet
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
    """The figures of an appeal, in one query for one row."""
    sums = kept_sums(campaign)
    public = {name: sums[name] for name in ("raised", "pending", "supporters", "changed_at")}
    return PublicTotals(**of_campaign(campaign, sums["raised"]), **public)


def totals(campaign: Campaign, now: datetime) -> Totals:
    """Every figure of a campaign at `now` (aware), in two queries: for its sums and over its monthly gifts."""
    sums = kept_sums(campaign)
    return Totals(
        **of_campaign(campaign, sums["raised"]),
        **sums,
        **monthly_figures(campaign, sums["raised"], now),
        on_track=on_track(campaign, now),
    )


def kept_sums(campaign: Campaign) -> dict[str, Any]:
    """The sums that every booking keeps (`tallies`); where none are kept yet, the rows are counted."""
    kept = Tally.objects.filter(campaign=campaign, livemode=settings.STRIPE_LIVE)
    return kept.values(*SUMS, "supporters", "changed_at").first() or counted(campaign, settings.STRIPE_LIVE)


def by_status(campaign: Campaign) -> QuerySet[Gift, tuple[str, int]]:
    """How many gifts of a campaign's chain have each status, in any mode and currency: read from an index alone."""
    gifts = Gift.objects.filter(campaign__in=chain(campaign)).order_by()
    return gifts.values_list("status").annotate(number=Count("*"))


def raised_by_day(campaign: Campaign) -> dict[date, dict[str, int]]:
    """What each day on which something was raised brought `once` and `monthly`, by how many `payments`."""
    days = campaign.days.filter(livemode=settings.STRIPE_LIVE, payments__gt=0)
    return {row.day: row.figures() for row in days}


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


def payments(campaign: Campaign, live: bool) -> QuerySet[Payment]:
    """The payments of a campaign's window, currency and of a mode, whatever became of them."""
    given = Payment.objects.filter(gift__campaign__in=chain(campaign), currency=campaign.currency)
    return given.of_mode(live).given_in(*campaign.window())


def with_reversals(rows: QuerySet[Payment]) -> QuerySet[Payment]:
    """Each with what went back, and what its disputes cost in its own currency; fees in another are not known here."""
    refunded = per_payment(Refund.objects.counting(), Sum("amount"))
    disputed = per_payment(Dispute.objects.all(), Sum("moved"))
    dear, same = Dispute.objects.exclude(fee=0), Q(fee_currency=OuterRef("currency"))
    return rows.annotate(
        back=refunded + disputed,
        dispute_fee=per_payment(dear.filter(same), Sum("fee")),
        unknown_fees=per_payment(dear.exclude(same), Count("pk")),
    )


def per_payment(rows: QuerySet[Any], what: Aggregate) -> Case:
    """A sum or count over the rows that belong to each payment; most have none, and are 0 without adding up."""
    of_this = rows.filter(payment=OuterRef("pk")).order_by()
    figure = Subquery(of_this.values("payment").annotate(figure=what).values("figure"))
    return Case(When(Exists(of_this), then=figure), default=0, output_field=BIG)


def of_those(condition: Q, amount: Any) -> Case:
    return Case(When(condition, then=amount), default=0, output_field=BIG)


BIG = BigIntegerField()
ALL = 10**15  # limits nothing; but behind a limit PostgreSQL adds up a payment's reversals once, not for each sum
SUCCEEDED = Q(status=Payment.Status.SUCCEEDED)
PENDING = Q(status=Payment.Status.PENDING)
BY_STRIPE = Q(channel=Payment.Channel.STRIPE)
FEE_KNOWN = Q(fee=0) | Q(fee__isnull=False, fee_currency=F("currency"))
STAYS = SUCCEEDED & Q(amount__gt=F("back"))

# What one payment adds to each sum, once it is `with_reversals`.
SUMS: dict[str, Case] = {
    "raised": of_those(STAYS, F("amount") - F("back")),
    "pending": of_those(PENDING & BY_STRIPE, F("amount")),
    "received": of_those(SUCCEEDED, F("amount")),
    "reversed": of_those(SUCCEEDED, F("back")),
    "fees": of_those(SUCCEEDED & FEE_KNOWN, F("fee")),
    "dispute_fees": of_those(SUCCEEDED, F("dispute_fee")),
    "fees_unknown": of_those(SUCCEEDED, F("unknown_fees") + of_those(~FEE_KNOWN, 1)),
    "promised": of_those(PENDING & ~BY_STRIPE, F("amount")),
}


def counted(campaign: Campaign, live: bool) -> dict[str, Any]:
    """The sums over a campaign's payments of a mode, from the rows: what every kept sum has to equal."""
    return with_reversals(payments(campaign, live))[:ALL].aggregate(
        **{name: total(added) for name, added in SUMS.items()},
        supporters=Count("gift__donor", filter=STAYS, distinct=True),
        changed_at=Max("gift__changed_at"),
    )


def counted_by_day(campaign: Campaign, live: bool) -> dict[date, dict[str, int]]:
    """What each day of the campaign's zone raised `once` and `monthly`, and of how many `payments`, from the rows."""
    day = TruncDate("given_at", tzinfo=ZoneInfo(campaign.timezone))
    stays = with_reversals(payments(campaign, live)).filter(STAYS).annotate(day=day).order_by().values("day")
    raised = F("amount") - F("back")
    sums = stays.annotate(
        once=total(raised, filter=Q(gift__frequency=Gift.Frequency.ONCE)),
        monthly=total(raised, filter=Q(gift__frequency=Gift.Frequency.MONTHLY)),
        payments=Count("pk"),
    )
    return {row["day"]: {name: row[name] for name in ("once", "monthly", "payments")} for row in sums}


def total(amount: Any, **only: Any) -> Coalesce:
    return Coalesce(Sum(amount, output_field=BIG, **only), 0, output_field=BIG)


# --- Monthly gifts -----------------------------------------------------------------------------------------------


def monthly_figures(campaign: Campaign, raised: int, now: datetime) -> dict[str, Any]:
    """What the monthly gifts to a campaign, and to those that it follows, promise for the rest of its window."""
    start, end = campaign.window()
    since = max(start, now + INSTANT)
    promised = list(promises(promising(campaign), [since, end or since]))
    active = [group for group in promised if group["status"] == Gift.Status.ACTIVE]
    late = [group for group in promised if group["status"] == Gift.Status.PAST_DUE]
    due_now = sum(group["open"] for group in late) if start <= now and (end is None or now < end) else 0
    return {
        "active": sum(group["number"] for group in active),
        "run_rate": sum(group["amount"] for group in active),
        "projected": raised + sum(to_come(group, since, end) for group in active) if end else None,
        "at_risk": due_now + (sum(to_come(group, since, end) for group in late) if end else 0),
    }


def promising(campaign: Campaign) -> QuerySet[Gift]:
    """The monthly gifts that count for a campaign and whose next charges are awaited."""
    asked = gifts_of(campaign).filter(status__in=[Gift.Status.ACTIVE, Gift.Status.PAST_DUE])
    return asked.exclude(status=Gift.Status.ACTIVE, monthly_amount=None)


def gifts_of(campaign: Campaign) -> GiftQuerySet:
    """The gifts in a campaign's currency and of the installation's mode, to it and to those that it follows."""
    gifts = Gift.objects.filter(campaign__in=chain(campaign), currency=campaign.currency)
    return gifts.of_mode(settings.STRIPE_LIVE)
