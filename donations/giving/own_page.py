"""What a giver sees of what they give: monthly gifts, those given once, and all that was paid, year by year."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import QuerySet
from django.urls import reverse

from donations.forms import plain
from donations.models import Donor, Gift, Payment
from donations.models.gift import GiftQuerySet
from donations.money import any_money, format_money
from donations.monthly import next_charge
from donations.totals import with_reversals

CAME = (Payment.Status.SUCCEEDED, Payment.Status.PENDING)
SAYS_OF_ONCE = {
    Gift.Status.PROCESSING: "On its way. A bank debit takes some days.",
    Gift.Status.PROMISED: "Noted; it counts as soon as a second person here has seen the money.",
    Gift.Status.UNCLEAR: "We cannot tell yet whether it came in.",
}


@dataclass
class Year:
    """What was paid in one year of the newsroom's zone, newest first."""

    number: int
    rows: list[dict[str, Any]] = field(default_factory=list)
    kept: Counter[str] = field(default_factory=Counter)  # by currency, in minor units

    def together(self) -> str:
        return in_words(self.kept)


def gifts_of(giver: Donor) -> GiftQuerySet:
    """The gifts that came about, of the installation's mode; a form that was sent and never paid is none."""
    begun = Gift.objects.filter(donor=giver).of_mode(settings.STRIPE_LIVE)
    return begun.exclude(status__in=Gift.UNPAID).select_related("campaign")


def payments_of(giver: Donor) -> QuerySet[Payment]:
    """What came in or is on its way, each with what went `back` of it."""
    came = Payment.objects.filter(gift__donor=giver, status__in=CAME).of_mode(settings.STRIPE_LIVE)
    return with_reversals(came).select_related("gift__campaign")


def own_page(giver: Donor, now: datetime) -> dict[str, Any]:
    gifts, by_year = list(gifts_of(giver)), years(payments_of(giver))
    together = sum((year.kept for year in by_year), Counter[str]())
    monthly = sorted((gift for gift in gifts if gift.is_monthly), key=lambda gift: gift.is_over)
    return {
        "giver": giver,
        "monthly": [as_monthly(gift, now) for gift in monthly],
        "once": [as_once(gift) for gift in gifts if not gift.is_monthly],
        "years": by_year,
        "together": in_words(together),
        "has_gifts": bool(gifts),
    }


def as_monthly(gift: Gift, now: datetime) -> dict[str, Any]:
    return {
        "gift": gift,
        "amount": gift.each_month(),
        "says": says_of_monthly(gift, now),
        "since": gift.anchor and gift.campaign.day(gift.anchor),
        "is_late": gift.status == Gift.Status.PAST_DUE,
        "is_paused": gift.status == Gift.Status.PAUSED,
        "again": again_url(gift),
    }


def as_once(gift: Gift) -> dict[str, Any]:
    return {
        "gift": gift,
        "amount": gift.money(),
        "day": gift.campaign.day(gift.begun_at),
        "says": SAYS_OF_ONCE.get(Gift.Status(gift.status), ""),
        "again": again_url(gift),
    }


def says_of_monthly(gift: Gift, now: datetime) -> str:
    """How a monthly gift stands, in words."""
    day = gift.campaign.day
    if gift.is_over:
        return f"Stopped on {day(gift.ended_at)}." if gift.ended_at else "It has been stopped."
    if gift.status == Gift.Status.PAUSED:
        return says_of_pause(gift, now)
    if gift.status == Gift.Status.PAST_DUE:
        missed = format_money(gift.open_amount, gift.currency) if gift.open_amount else "The last charge"
        return f"{missed} could not be charged. Stripe tries again by itself, or you use another card."
    if gift.status == Gift.Status.PROCESSING:
        return "The first charge is on its way. A bank debit takes some days."
    charge = next_charge(gift, now)
    if gift.status != Gift.Status.ACTIVE:
        return "It is not charged as usual, and we cannot tell when it will be charged again."
    if charge is None:
        return f"It ends on {day(gift.cancel_at)}; nothing more is charged." if gift.cancel_at else ""
    ends = f" It ends on {day(gift.cancel_at)}." if gift.cancel_at else ""
    return f"The next charge is on {day(charge)}.{ends}"


def says_of_pause(gift: Gift, now: datetime) -> str:
    if gift.paused_until is None:
        return "Paused. Nothing is charged until you let it go on."
    charge = next_charge(gift, max(now, gift.paused_until))
    then = f"; the next charge is on {gift.campaign.day(charge)}" if charge else ""
    return f"Paused. It goes on by itself on {gift.campaign.day(gift.paused_until)}{then}."


def again_url(gift: Gift) -> str:
    """The form, filled with what this gift was."""
    amount = plain(gift.monthly_amount or gift.amount, gift.currency)
    asked = {"campaign": gift.campaign.slug, "frequency": gift.frequency, "amount": amount}
    asked["appeal"] = Gift.Appeal.GIVING.value
    return f"{reverse('donations:donate')}?{urlencode(asked)}"


def years(payments: Iterable[Payment]) -> list[Year]:
    """The payments by the year in which they were given where the newsroom is at home, newest first."""
    zone, found = ZoneInfo(settings.TIME_ZONE), dict[int, Year]()
    for payment in payments:
        number = payment.given_at.astimezone(zone).year
        year = found.setdefault(number, Year(number))
        year.rows.append(as_row(payment))
        if payment.status == Payment.Status.SUCCEEDED:
            year.kept[payment.currency] += payment.amount - went_back(payment)
    return [found[number] for number in sorted(found, reverse=True)]


def went_back(payment: Payment) -> int:
    """Never more than came in, in minor units."""
    back: int = payment.back  # type: ignore[attr-defined]  # of `payments_of`
    return min(back, payment.amount)


def as_row(payment: Payment) -> dict[str, Any]:
    back = went_back(payment)
    return {
        "payment": payment,
        "day": payment.gift.campaign.day(payment.given_at),
        "amount": payment.money(),
        "back": any_money(back, payment.currency) if back else "",
        "came": payment.status == Payment.Status.SUCCEEDED,
    }


def in_words(sums: Counter[str]) -> str:
    """Sums in one or more currencies: "$40.00", "$40.00 and €15.00"."""
    return " and ".join(any_money(minor, currency) for currency, minor in sorted(sums.items()) if minor)


# --- One receipt ----------------------------------------------------------------------------------------------------


def receipt_of(payment: Payment) -> dict[str, Any]:
    """What the receipt's mail says of a payment, and what went back since."""
    day = payment.gift.campaign.day
    refunds = payment.refunds.counting().order_by("made_at", "id")
    went = [("Refunded", refund.amount, refund.made_at) for refund in refunds]
    went += [
        ("Taken back by the bank", dispute.moved, dispute.opened_at)
        for dispute in payment.disputes.filter(moved__gt=0).order_by("opened_at", "id")
    ]
    stays = max(0, payment.amount - payment.reversed())
    return {
        "payment": payment,
        "gift": payment.gift,
        "amount": payment.money(),
        "date": day(payment.given_at),
        "reference": payment.remote_id or payment.reference,
        "went_back": [(words, any_money(minor, payment.currency), day(moment)) for words, minor, moment in went],
        "stays": any_money(stays, payment.currency),
    }
