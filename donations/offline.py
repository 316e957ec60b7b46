"""Cheques, bank transfers and cash: what came, and what went back, counts once a second person has confirmed it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.formats import date_format

from .ledger import NotBooked, owe_receipt
from .models import Campaign, Donor, Gift, Payment, Refund
from .money import MAX_AMOUNT, format_money
from .tallies import kept


@dataclass(frozen=True, kw_only=True)
class Entry:
    """What was typed of a payment, or read from a bank's file.

    `amount` is in minor units, `given_on` the date on the cheque or bank statement, `import_key` the line of a bank's
    file by which it is known again.
    """

    amount: int
    channel: str
    given_on: date
    email: str = ""
    name: str = ""
    visibility: str = Gift.Visibility.ANONYMOUS
    reference: str = ""
    import_key: str | None = None


def enter(campaign: Campaign, entry: Entry, *, by: User, now: datetime) -> Payment:
    """Enters a payment made offline, in the campaign's currency; it is promised until a second person confirms it.

    Raises NotBooked, in words.
    """
    refuse(campaign, entry, now)
    with transaction.atomic():
        gift = promised_gift(campaign, entry, now)
        with kept(gift):
            return gift.payments.create(
                channel=entry.channel,
                amount=entry.amount,
                currency=campaign.currency,
                status=Payment.Status.PENDING,
                fee=0,
                reference=entry.reference,
                import_key=entry.import_key,
                given_at=noon(entry.given_on, campaign),
                entered_by=by,
                entered_at=now,
            )


def refuse(campaign: Campaign, entry: Entry, now: datetime) -> None:
    if is_to_come(entry.given_on, campaign, now):
        raise NotBooked(f"{entry.given_on:%d %B %Y} is still to come. Enter the date on the cheque or statement.")
    if entry.channel == Payment.Channel.STRIPE or entry.channel not in Payment.Channel.values:
        raise NotBooked(f"{entry.channel!r} is no way to pay offline. Choose cheque, bank or cash.")
    if not 0 < entry.amount <= MAX_AMOUNT:
        raise NotBooked(f"The amount must be between 1 and {MAX_AMOUNT} minor units of {campaign.currency}.")


def promised_gift(campaign: Campaign, entry: Entry, now: datetime) -> Gift:
    return Gift.objects.create(
        campaign=campaign,
        donor=Donor.objects.for_email(entry.email) if entry.email else Donor.objects.create(),
        frequency=Gift.Frequency.ONCE,
        amount=entry.amount,
        currency=campaign.currency,
        status=Gift.Status.PROMISED,
        name=entry.name,
        visibility=entry.visibility,
        livemode=None,
        begun_at=now,
        changed_at=now,
    )


def is_to_come(day: date, campaign: Campaign, now: datetime) -> bool:
    return day > now.astimezone(ZoneInfo(campaign.timezone)).date()


def noon(day: date, campaign: Campaign) -> datetime:
    """Paper knows no hour: a payment is given at noon of its day, in the campaign's zone."""
    return datetime.combine(day, time(12), ZoneInfo(campaign.timezone))


def why_not_on(day: date, campaigns: Sequence[Campaign]) -> str:
    """A sentence where a gift of this day would never count, else nothing.

    `campaigns` are the one that the gift is for, which the sentence names, and those that follow it.
    """
    if any(counts_on(one, day) for one in campaigns):
        return ""
    campaign = campaigns[0]
    until = f"to {in_words(campaign.ends)}" if campaign.ends else "on"
    return f"“{campaign}” counts gifts from {in_words(campaign.starts)} {until}."


def counts_on(campaign: Campaign, day: date) -> bool:
    return campaign.starts <= day and (campaign.ends is None or day <= campaign.ends)


def in_words(day: date) -> str:
    return date_format(day, "DATE_FORMAT")


def confirm(payment: Payment, *, by: User, now: datetime) -> None:
    """A second person has seen the money: from now on it counts. Raises NotBooked, in words."""
    if payment.entered_by_id == by.pk:
        raise NotBooked("You entered this payment yourself. Another person has to confirm it.")
    with transaction.atomic():
        settle(payment, Gift.Status.GIVEN, now, status=Payment.Status.SUCCEEDED, confirmed_by=by, confirmed_at=now)
        payment.refresh_from_db()
        owe_receipt(payment.gift, payment, now, is_renewal=False)


def withdraw(payment: Payment, *, now: datetime) -> None:
    """A promise that was entered wrongly, or that never came. Raises NotBooked, in words."""
    with transaction.atomic():
        settle(payment, Gift.Status.FAILED, now, status=Payment.Status.CANCELED)
        payment.refresh_from_db()


def settle(payment: Payment, gift_status: str, now: datetime, **fields: Any) -> None:
    """Of two people who press at once, one wins and the other is told."""
    with kept(payment.gift):
        if not Payment.objects.promised().filter(pk=payment.pk).update(**fields):
            raise NotBooked("This payment is not waiting for a confirmation any more. Reload the page to see it.")
        Gift.objects.filter(pk=payment.gift_id).update(status=gift_status, changed_at=now)


def propose_reversal(payment: Payment, *, amount: int, seen: int, reason: str, by: User, now: datetime) -> Refund:
    """A cheque that bounced, or cash handed back, as one person says; it counts once a second one has confirmed it.

    `amount` is in minor units, `seen` what was left of the payment when the form was opened: a second press finds
    less, and proposes nothing. Raises NotBooked, in words.
    """
    with kept(payment.gift):
        payment.refresh_from_db()
        refuse_reversal(payment, amount, seen)
        return payment.refunds.create(
            amount=amount,
            currency=payment.currency,
            status=Refund.Status.PROPOSED,
            reason=reason[:300],
            made_at=now,
            entered_by=by,
        )


def refuse_reversal(payment: Payment, amount: int, seen: int) -> None:
    left = payment.unspoken_for()
    if payment.channel == Payment.Channel.STRIPE:
        raise NotBooked("This payment came through Stripe: refund it there, and it is booked by itself.")
    if left != seen:
        still = format_money(left, payment.currency)
        raise NotBooked(
            f"The reversals of this payment have changed since you opened this page; {still} is left of it. "
            "Look at them, and enter this again only if more went back."
        )
    if not 0 < amount <= left:
        wanted, can = format_money(amount, payment.currency), format_money(left, payment.currency)
        raise NotBooked(f"{wanted} is not between nothing and what is left of this payment, {can}.")


def confirm_reversal(refund: Refund, *, by: User, now: datetime) -> None:
    """A second person has seen that it went back: from now on it is taken off. Raises NotBooked, in words."""
    if refund.entered_by_id == by.pk:
        raise NotBooked("You entered this reversal yourself. Another person has to confirm it.")
    gift = refund.payment.gift
    with kept(gift):
        settle_reversal(refund, status=Refund.Status.SUCCEEDED, confirmed_by=by, confirmed_at=now)
        Gift.objects.filter(pk=gift.pk).update(changed_at=now)


def drop_reversal(refund: Refund) -> None:
    """A reversal that was entered wrongly; whoever entered it may drop it too. Raises NotBooked, in words."""
    settle_reversal(refund, status=Refund.Status.CANCELED)


def settle_reversal(refund: Refund, **fields: Any) -> None:
    """Of two people who press at once, one wins and the other is told."""
    if not Refund.objects.proposed().filter(pk=refund.pk).update(**fields):
        raise NotBooked("This reversal is not waiting for a confirmation any more. Reload the page to see it.")
    refund.refresh_from_db()
