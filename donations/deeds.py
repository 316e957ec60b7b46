"""What a giver does to a monthly gift of theirs: asked of Stripe, then booked as it stands there.

Each raises StripeTrouble where Stripe did not do it, and NotBooked, in words, where it cannot be done. False means
that it is done and will be booked by Stripe's message about it.
"""

import logging
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from babel.dates import format_date
from django.conf import settings
from django.urls import reverse

from outbox.discreet import in_brief

from . import ledger
from .attribution import Hint
from .ledger import NotBooked
from .models import Gift
from .stripe_facts import SubscriptionFacts
from .stripe_gateway import PRODUCT, Gateway, StripeRefused, StripeTrouble

log = logging.getLogger(__name__)
LONGEST_PAUSE = timedelta(days=366)


def change_amount(gift: Gift, amount: int, *, key: str, now: datetime) -> bool:
    """From the next charge on `amount` (minor units of the gift's currency) a month; `key` is the form's."""
    gateway, given = with_subscription(gift, now)
    if not given.item:
        raise NotBooked("This gift is not charged by one monthly price, so its amount can only be changed by us.")
    if given.monthly_amount != amount:
        gateway.change_amount(given, amount, gift.currency, PRODUCT, key)
    return booked(gift, gateway, now)


def pause(gift: Gift, last_day: date, *, now: datetime) -> bool:
    """Nothing is charged up to and with `last_day`, in the campaign's zone; then it goes on by itself."""
    zone = ZoneInfo(gift.campaign.timezone)
    today = now.astimezone(zone).date()
    if last_day <= today:
        raise NotBooked("Choose a day that is still to come.")
    if last_day - today > LONGEST_PAUSE:
        furthest = format_date(today + LONGEST_PAUSE, format="long", locale="en_US")
        raise NotBooked(
            f"A gift can be paused for a year at most, until {furthest}. Or stop it, and begin again later."
        )
    gateway, given = with_subscription(gift, now)
    gateway.pause(given.id, datetime.combine(last_day + timedelta(days=1), time(), zone))
    return booked(gift, gateway, now)


def resume(gift: Gift, *, now: datetime) -> bool:
    """It is charged again from its next date on; what was left out meanwhile is not asked for."""
    gateway, given = with_subscription(gift, now)
    gateway.resume(given.id)
    return booked(gift, gateway, now)


def stop(gift: Gift, reason: str, *, now: datetime) -> bool:
    """Nothing more is charged. `reason` is kept in the giver's words, where they gave one."""
    done = ledger.stop(gift, now=now)
    if reason:
        Gift.objects.filter(pk=gift.pk).update(stop_reason=reason[:300])
    return done


def card_page(gift: Gift) -> str:
    """The address of Stripe's page on which the giver types another card."""
    if not gift.stripe_customer or not gift.can_be_stopped:
        raise NotBooked("This gift is not charged to a card any more.")
    back_to = settings.SITE_URL + reverse("donations:giving_card_back", args=[gift.pk])
    return Gateway(retries=2).card_page(gift.stripe_customer, back_to)


def use_new_card(gift: Gift, *, now: datetime, gateway: Gateway | None = None) -> bool:
    """Charges the card that the customer chose last, and tries the newest open invoice once with it.

    Stripe's page sets the customer's card, but the one pinned on the subscription wins. Called when the giver comes
    back, and by `customer.updated`. A card that is declined leaves the gift as late as it was.
    """
    gateway = gateway or Gateway(retries=2)
    given = gateway.subscription(gift.stripe_subscription or "")
    card = gateway.default_card(given.customer)
    if not card or given.ended_at:
        return booked(gift, gateway, now)
    if card != given.card:
        gateway.use_card(given.id, card)
        try_newest_invoice(given, gateway)
    return booked(gift, gateway, now)


def try_newest_invoice(given: SubscriptionFacts, gateway: Gateway) -> None:
    """Once, with the new card; older ones that are open are given up, for arrears are never collected."""
    waiting = gateway.open_invoices(given.id)
    if not waiting:
        return
    *older, (newest, _) = waiting
    for invoice_id, _ in older:
        give_up(invoice_id, gateway)
    try:
        gateway.pay_invoice(newest)
    except StripeRefused as refused:
        log.info("Invoice %s was not paid with the new card: %s", newest, in_brief(refused))


def give_up(invoice_id: str, gateway: Gateway) -> None:
    if not gateway.void_invoice(invoice_id):
        log.info("Invoice %s was not voided: it is paid, on its way, or this key may not.", invoice_id)


def give_up_arrears(gift: Gift, gateway: Gateway) -> None:
    """Voids all open invoices of a gift but the newest. Whatever goes wrong here fails nothing else."""
    if not gift.stripe_subscription:
        return
    try:
        for invoice_id, _ in gateway.open_invoices(gift.stripe_subscription)[:-1]:
            give_up(invoice_id, gateway)
    except StripeTrouble as trouble:
        log.warning("Older open invoices of gift %s were left: %s", gift.pk, in_brief(trouble))


def with_subscription(gift: Gift, now: datetime) -> tuple[Gateway, SubscriptionFacts]:
    """Stripe, and the gift's subscription while it goes on."""
    if not gift.can_be_stopped:
        raise NotBooked("This gift has ended, so nothing about it can be changed. You can give again.")
    gateway = Gateway(retries=2)
    given = gateway.subscription(gift.stripe_subscription or "")
    if given.ended_at:
        booked(gift, gateway, now)
        raise NotBooked("This gift has ended, so nothing about it can be changed. You can give again.")
    return gateway, given


def booked(gift: Gift, gateway: Gateway, now: datetime) -> bool:
    hint = Hint(gift.pk, subscription=gift.stripe_subscription or "")
    return ledger.book_done(hint, gateway=gateway, now=now)
