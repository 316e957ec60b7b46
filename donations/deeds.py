"""What a giver does to a monthly gift of theirs: asked of Stripe, then booked as it stands there.

Each raises StripeTrouble where Stripe did not do it, and NotBooked, in words for the giver, where it cannot be done.
`key` is the form's: the same press twice is one request to Stripe. False means that it is done, and that Stripe's
message about it will book it.
"""

import logging
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from babel.dates import format_date
from django.db import transaction

from outbox.discreet import in_brief

from . import ledger
from .attribution import Hint
from .ledger import NotBooked
from .models import Donor, Gift
from .money import format_money
from .stripe_facts import SubscriptionFacts
from .stripe_gateway import Gateway, StripeRefused, StripeTrouble

log = logging.getLogger(__name__)
LONGEST_PAUSE: Final = timedelta(days=366)
HAS_ENDED: Final = "This gift has ended, so nothing about it can be changed. You can give again."
NO_MONTHLY_PRICE: Final = (
    "This gift is not charged by one monthly price, so its amount cannot be changed here. Write to us, and we do it."
)


# --- Amount, pause, end -------------------------------------------------------------------------------------------


def refuse_amount(gift: Gift, amount: int) -> None:
    """Raises NotBooked where `amount` (minor units) is less than the campaign takes; the most is Stripe's own."""
    if amount < gift.campaign.minimum:
        smallest = format_money(gift.campaign.minimum, gift.currency)
        raise NotBooked(f"The smallest gift is {smallest}. Type that or more, or stop the gift.")


def change_amount(gift: Gift, amount: int, *, key: str, now: datetime) -> bool:
    """From the next charge on `amount` (minor units of the gift's currency) a month; what is open stays as it is."""
    refuse_amount(gift, amount)
    gateway, given = with_subscription(gift, now)
    if not given.item:
        raise NotBooked(NO_MONTHLY_PRICE)
    if given.monthly_amount != amount:
        gateway.change_amount(given, amount, gift.currency, key)
    return booked(gift, gateway, now)


def refuse_pause(gift: Gift, last_day: date, now: datetime) -> None:
    """Raises NotBooked where this day has come already in the campaign's zone, or is further off than a year."""
    today = now.astimezone(ZoneInfo(gift.campaign.timezone)).date()
    if last_day <= today:
        raise NotBooked(f"{in_full(last_day)} is not to come any more. Choose a later day.")
    if last_day - today > LONGEST_PAUSE:
        furthest = in_full(today + LONGEST_PAUSE)
        raise NotBooked(
            f"A gift can be paused for a year at most, until {furthest}. Or stop it, and begin again later."
        )


def in_full(day: date) -> str:
    return str(format_date(day, format="long", locale="en_US"))


def pause(gift: Gift, last_day: date, *, key: str, now: datetime) -> bool:
    """Nothing is charged up to and with `last_day`, in the campaign's zone; then it goes on by itself.

    A charge that has failed is not tried any more either.
    """
    refuse_pause(gift, last_day, now)
    gateway, given = with_subscription(gift, now)
    until = datetime.combine(last_day + timedelta(days=1), time(), ZoneInfo(gift.campaign.timezone))
    if not given.paused or given.paused_until != until:
        gateway.pause(given.id, until, key)
    if given.status in ledger.LATE:
        give_up_all(given.id, gateway)
    return booked(gift, gateway, now)


def resume(gift: Gift, *, key: str, now: datetime) -> bool:
    """It is charged again from its next date on; what was left out meanwhile is not asked for."""
    gateway, given = with_subscription(gift, now)
    if given.paused:
        gateway.resume(given.id, key)
    return booked(gift, gateway, now)


def stop(gift: Gift, reason: str, *, now: datetime) -> bool:
    """Nothing more is charged. `reason` is kept in the giver's words, where they gave one."""
    done = ledger.stop(gift, now=now)
    with transaction.atomic():
        if reason and Donor.objects.held_if_there(gift.donor_id):  # not removed while Stripe was asked
            Gift.objects.filter(pk=gift.pk).update(stop_reason=reason[:300])
    return done


def with_subscription(gift: Gift, now: datetime) -> tuple[Gateway, SubscriptionFacts]:
    """Stripe, and the gift's subscription while it goes on."""
    if not gift.can_be_stopped:
        raise NotBooked(HAS_ENDED)
    gateway = Gateway(retries=2)
    given = gateway.subscription(gift.stripe_subscription or "")
    if given.ended_at:
        booked(gift, gateway, now)
        raise NotBooked(HAS_ENDED)
    return gateway, given


def booked(gift: Gift, gateway: Gateway, now: datetime, *, invoice: str = "") -> bool:
    hint = Hint(gift.pk, subscription=gift.stripe_subscription or "", invoice=invoice)
    return ledger.book_done(hint, gateway=gateway, now=now)


# --- Another card -------------------------------------------------------------------------------------------------


class Tried(StrEnum):
    """What became of the charge that was open when another card was chosen."""

    NOTHING = "nothing"  # none was open, or the card was pinned before
    PAID = "paid"
    DECLINED = "declined"
    WAITING = "waiting"  # Stripe takes it and needs time, or nobody knows


@dataclass(frozen=True)
class NewCard:
    """`chosen` is false where the giver came back without another card; `booked` as for every deed."""

    chosen: bool
    tried: Tried
    booked: bool


def card_page(gift: Gift, back_to: str) -> str:
    """The address of Stripe's page on which the giver types another card. It leads to `back_to`, an absolute URL."""
    if not gift.stripe_customer or not gift.can_be_stopped:
        raise NotBooked(HAS_ENDED)
    return Gateway(retries=2).card_page(gift.stripe_customer, back_to)


def use_new_card(gift: Gift, *, now: datetime, gateway: Gateway | None = None) -> NewCard:
    """Charges the card that the customer chose last, and tries the newest open invoice once with it.

    Stripe's page sets the customer's card, but the one pinned on the subscription wins. Called by `customer.updated`,
    and when the giver has come back, whichever is first: the other finds it done. Nothing is tried with a card that
    is pinned already, however often that is loaded. A card that is declined leaves the gift as late as it was.
    """
    gateway = gateway or Gateway(retries=2)
    given = gateway.subscription(gift.stripe_subscription or "")
    card = "" if given.ended_at else gateway.default_card(given.customer)
    is_new = bool(card) and card != given.card
    if is_new:
        gateway.use_card(given.id, card)
    tried, newest = try_newest_invoice(given.id, card, gateway) if is_new else (Tried.NOTHING, "")
    return NewCard(bool(card), tried, booked(gift, gateway, now, invoice=newest))


def try_newest_invoice(subscription_id: str, card: str, gateway: Gateway) -> tuple[Tried, str]:
    """Once with each card, and which invoice. Trouble takes no card back: Stripe's own tries will use it."""
    newest = ""
    try:
        newest, older = open_invoices(subscription_id, gateway)
        for invoice_id in older:
            give_up(invoice_id, gateway)
        if not newest:
            return Tried.NOTHING, ""
        return Tried.PAID if gateway.pay_invoice(newest, card) else Tried.WAITING, newest
    except StripeRefused as refused:
        log.info("Subscription %s: nothing was paid with the new card: %s", subscription_id, in_brief(refused))
        return Tried.DECLINED, newest
    except StripeTrouble as trouble:
        log.warning("Subscription %s: the new card could not be tried: %s", subscription_id, in_brief(trouble))
        return Tried.WAITING, newest


# --- Never arrears ------------------------------------------------------------------------------------------------


def open_invoices(subscription_id: str, gateway: Gateway) -> tuple[str, list[str]]:
    """The open invoice of the present month, empty where it is none, and those of the months before.

    They are listed before the subscription is asked which is its latest, so that one that comes in between is never
    taken for an old one.
    """
    waiting = gateway.open_invoices(subscription_id)
    given = gateway.subscription(subscription_id)
    newest = given.latest_invoice if given.latest_invoice in waiting else ""
    if waiting and not newest and given.status == "unpaid":  # what comes after is only drafted
        newest = waiting[-1]
    return newest, [invoice_id for invoice_id in waiting if invoice_id != newest]


def give_up_arrears(gift: Gift, gateway: Gateway) -> None:
    """Voids the open invoices of months that are over. Whatever goes wrong here fails nothing else."""
    if not gift.stripe_subscription:
        return
    try:
        _, older = open_invoices(gift.stripe_subscription, gateway)
    except StripeTrouble as trouble:
        log.warning("Older open invoices of gift %s were left: %s", gift.pk, in_brief(trouble))
        return
    for invoice_id in older:
        give_up(invoice_id, gateway)


def give_up_all(subscription_id: str, gateway: Gateway) -> None:
    """Voids all that is open; what fails is left to Stripe's own tries."""
    try:
        for invoice_id in gateway.open_invoices(subscription_id):
            give_up(invoice_id, gateway)
    except StripeTrouble as trouble:
        log.warning("Open invoices of subscription %s were left: %s", subscription_id, in_brief(trouble))


def give_up(invoice_id: str, gateway: Gateway) -> None:
    """Asks for this invoice never again, unless its money is on its way. Raises nothing."""
    try:
        intents = [gateway.intent(intent_id) for intent_id in gateway.intents_of_invoice(invoice_id)]
        if any(intent.status == "processing" for intent in intents):
            log.info("Invoice %s was not voided: its money is on its way.", invoice_id)
        else:
            gateway.void_invoice(invoice_id)
    except StripeTrouble as trouble:
        log.warning("Invoice %s was not voided: %s", invoice_id, in_brief(trouble))
