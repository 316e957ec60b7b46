"""Booking: everything is fetched afresh and written as it stands now, by Stripe's ids, if the gift has not moved."""

from collections.abc import Callable
from datetime import datetime
from typing import Final

from django.db import transaction
from django.db.models import F

from donations.attribution import Hint
from donations.models import Gift, Payment
from donations.stripe_facts import InvoiceFacts, SubscriptionFacts
from donations.stripe_gateway import Gateway
from donations.tallies import kept

from .changes import Change, difference
from .gifts import GIFT_FIELDS, LATE, state_of, status_of, take_over
from .money import write_money
from .telling import tell_giver
from .told import Money, NotBooked, Told

ROUNDS: Final = 5


class GiftKeptMoving(NotBooked):
    """Others booked the same gift again and again while Stripe was asked; a later try will find it quiet."""


def book(hint: Hint, *, gateway: Gateway, now: datetime) -> Gift:
    """Writes what Stripe says now about a gift's money. Call it outside any transaction: Stripe is asked meanwhile.

    Raises StripeTrouble where Stripe does not answer, GiftKeptMoving after five rounds.
    """
    return in_rounds(hint, gateway, now, whatever_changes)[0]


def compare(hint: Hint, *, gateway: Gateway, now: datetime, fix: bool) -> list[Change]:
    """What of a gift is not as Stripe says now, booked only with `fix`. Where all is as it is, no row is written.

    Everything is written and, where it shall not stay, taken back: so there is one account of what a row should be,
    and it is compared under the gift's lock. Raises what `book` raises.
    """
    return in_rounds(hint, gateway, now, lambda changes: fix and bool(changes))[1]


Keeps = Callable[[list[Change]], bool]  # whether changes are to stay


def whatever_changes(changes: list[Change]) -> bool:
    """A message is always booked, for its version tells those who are at work that something has happened."""
    return True


def in_rounds(hint: Hint, gateway: Gateway, now: datetime, keeps: Keeps) -> tuple[Gift, list[Change]]:
    if hint.gift is None:
        raise NotBooked("This money names no gift of ours. Choose a gift for it.")
    for _ in range(ROUNDS):
        gift = Gift.objects.get(pk=hint.gift)  # its version must be older than what is fetched
        told = ask(hint, gateway)
        changes = write(gift, told, now, keeps)
        if changes is not None:
            return gift, changes
    raise GiftKeptMoving(f"Gift {hint.gift} was booked by others {ROUNDS} times meanwhile. Try again in a minute.")


def book_session(gift: Gift, *, now: datetime) -> Gift:
    """What the thank-you page asks for: the state of the session that we stored with the gift."""
    return book(Hint(gift.pk, session=gift.session_id or ""), gateway=Gateway(), now=now)


def ask(hint: Hint, gateway: Gateway) -> Told:
    """Fetches all that a hint is about."""
    session = gateway.session(hint.session) if hint.session else None
    subscription_id = hint.subscription or (session.subscription if session else "")
    subscription = gateway.subscription(subscription_id) if subscription_id else None
    invoices = {hint.invoice}
    if session and subscription:
        invoices.add(subscription.latest_invoice)
    intents = dict.fromkeys([*hint.intents, session.payment_intent if session else ""], "")
    for invoice_id in filter(None, invoices):
        intents |= dict.fromkeys(gateway.intents_of_invoice(invoice_id), invoice_id)
    return Told(
        money=[ask_money(intent_id, invoice_id, gateway) for intent_id, invoice_id in intents.items() if intent_id],
        session=session,
        subscription=subscription,
        latest_invoice=ask_open_invoice(subscription, gateway),
    )


def ask_money(intent_id: str, invoice_id: str, gateway: Gateway) -> Money:
    intent = gateway.intent(intent_id)
    invoice_id = invoice_id or invoice_before(intent_id)
    is_renewal = bool(invoice_id) and intent.status == "succeeded" and gateway.invoice(invoice_id).is_renewal
    if intent.charge is None:  # nothing was charged, so nothing went back
        return Money(intent, [], [], invoice_id, is_renewal)
    return Money(intent, gateway.refunds(intent_id), gateway.disputes(intent_id), invoice_id, is_renewal)


def invoice_before(intent_id: str) -> str:
    """The invoice that a payment was booked with while it was on its way."""
    return Payment.objects.filter(remote_id=intent_id).values_list("invoice_id", flat=True).first() or ""


def ask_open_invoice(subscription: SubscriptionFacts | None, gateway: Gateway) -> InvoiceFacts | None:
    """The invoice that a late monthly gift has not paid."""
    if subscription and subscription.status in LATE and subscription.latest_invoice:
        return gateway.invoice(subscription.latest_invoice)
    return None


def write(gift: Gift, told: Told, now: datetime, keeps: Keeps = whatever_changes) -> list[Change] | None:
    """Writes all that was told and says what it changed; nothing and None where the gift moved since it was read."""
    with transaction.atomic():
        mine = Gift.objects.filter(pk=gift.pk, version=gift.version)
        if not mine.update(version=F("version") + 1):
            return None
        gift.refresh_from_db()
        with kept(gift):
            changes = [change for money in told.money for change in write_money(gift, money, now)]
            if changes:
                gift.changed_at = now
            changes += write_gift(gift, told, now)
        if not keeps(changes):
            transaction.set_rollback(True)
    return changes


def write_gift(gift: Gift, told: Told, now: datetime) -> list[Change]:
    before = state_of(gift)
    take_over(gift, told)
    gift.status = status_of(gift)
    gift.save(update_fields=[*GIFT_FIELDS, "changed_at"])
    tell_giver(gift, before, told, now)
    return difference(f"gift {gift.pk}", before, state_of(gift))
