"""From what Stripe says to our rows: the only writer of money, with `offline` beside it.

Whatever arrives, in any order and however often, is only a hint: everything is fetched afresh and written as it stands
now, by Stripe's ids. A gift's version tells whether another booking came between the fetching and the writing.
"""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.db import transaction
from django.db.models import F

from .attribution import Hint
from .discreet import and_where, in_brief
from .models import Dispute, Gift, Payment, Refund, SentMail, WebhookEvent
from .money import format_money
from .stripe_facts import (
    DisputeFacts,
    IntentFacts,
    InvoiceFacts,
    RefundFacts,
    SessionFacts,
    SubscriptionFacts,
)
from .stripe_gateway import Gateway, StripeTrouble
from .tasks import send_soon

log = logging.getLogger(__name__)
ROUNDS: Final = 5
FEES_COME_WITHIN: Final = timedelta(days=30)
FEES_AT_ONCE: Final = 100


class NotBooked(Exception):
    """Nothing was written; says why, in words for staff."""


class GiftKeptMoving(NotBooked):
    """Others booked the same gift again and again while Stripe was asked; a later try will find it quiet."""


# --- Booking ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Money:
    """One PaymentIntent with all that happened to it; `invoice` is empty for a gift given once.

    A monthly gift's first payment is no renewal, even where a later one was booked before it.
    """

    intent: IntentFacts
    refunds: list[RefundFacts]
    disputes: list[DisputeFacts]
    invoice: str
    is_renewal: bool


@dataclass(frozen=True)
class Told:
    """All that Stripe says about what a hint is about."""

    money: list[Money]
    session: SessionFacts | None
    subscription: SubscriptionFacts | None
    latest_invoice: InvoiceFacts | None


def book(hint: Hint, *, gateway: Gateway, now: datetime) -> Gift:
    """Writes what Stripe says now about a gift's money. Call it outside any transaction: Stripe is asked meanwhile.

    Raises StripeTrouble where Stripe does not answer, GiftKeptMoving after five rounds.
    """
    if hint.gift is None:
        raise NotBooked("This money names no gift of ours. Choose a gift for it.")
    for _ in range(ROUNDS):
        gift = Gift.objects.get(pk=hint.gift)  # its version must be older than what is fetched
        told = ask(hint, gateway)
        if write(gift, told, now):
            return gift
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


def write(gift: Gift, told: Told, now: datetime) -> bool:
    """Writes all that was told, or nothing and False where the gift moved since its version was read."""
    with transaction.atomic():
        mine = Gift.objects.filter(pk=gift.pk, version=gift.version)
        if not mine.update(version=F("version") + 1):
            return False
        gift.refresh_from_db()
        changed = [write_money(gift, money, now) for money in told.money]
        take_over(gift, told)
        gift.status = status_of(gift)
        if any(changed):
            gift.changed_at = now
        gift.save(update_fields=GIFT_FIELDS)
    return True


# --- Payments, refunds, disputes ----------------------------------------------------------------------------------

PAYMENT_STATUS: Final = {
    "succeeded": Payment.Status.SUCCEEDED,
    "processing": Payment.Status.PENDING,
    "canceled": Payment.Status.CANCELED,
}
REFUND_STATUS: Final = set(Refund.Status.values)


def write_money(gift: Gift, money: Money, now: datetime) -> bool:
    """Writes a payment and its reversals; True where any row is not what it was."""
    payment = Payment.objects.filter(remote_id=money.intent.id).first()
    if payment and payment.gift_id != gift.pk:
        raise NotBooked(f"{money.intent.id} is booked for gift {payment.gift_id}, so it cannot be for {gift.pk} too.")
    if payment is None and not is_money(money.intent):
        return False
    payment, changed = write_payment(gift, payment, money, now)
    refunds = [put(Refund, refund.id, refund_row(payment, refund)) for refund in money.refunds]
    disputes = [put(Dispute, dispute.id, dispute_row(payment, dispute)) for dispute in money.disputes]
    return any([changed, *refunds, *disputes])


def is_money(intent: IntentFacts) -> bool:
    """Whether there is something to write: a try to charge an amount, however it ended."""
    return intent.amount > 0 and (intent.charge is not None or intent.status in {"succeeded", "processing"})


def write_payment(gift: Gift, payment: Payment | None, money: Money, now: datetime) -> tuple[Payment, bool]:
    """A payment as it stands. One that has succeeded stays so, and is the moment when its receipt is owed."""
    row = payment_row(money)
    came = row["status"] == Payment.Status.SUCCEEDED
    if payment is None:
        row |= {"gift": gift, "channel": Payment.Channel.STRIPE, "entered_at": now}
    elif payment.confirmed_at and not came:
        return payment, False
    first_came = came and (payment is None or payment.confirmed_at is None)
    changed = put(Payment, money.intent.id, row | ({"confirmed_at": now} if first_came else {}))
    payment = Payment.objects.get(remote_id=money.intent.id)
    if first_came:
        owe_receipt(gift, payment, now, is_renewal=money.is_renewal)
    return payment, changed


def payment_row(money: Money) -> dict[str, Any]:
    """A payment's columns; what Stripe does not know (yet) is left out, so that it never unsays what it once said."""
    intent, charge = money.intent, money.intent.charge
    row: dict[str, Any] = {
        "amount": intent.amount_received if intent.status == "succeeded" else intent.amount,
        "currency": intent.currency,
        "livemode": intent.livemode,
        "status": payment_status(intent),
        "given_at": charge.created if charge else intent.created,
    }
    if money.invoice:
        row["invoice_id"] = money.invoice
    if charge:
        row |= {"charge_id": charge.id, "method": charge.method, "statement_descriptor": charge.statement_descriptor}
    if charge and charge.movement:
        row |= {"fee": charge.movement.fee, "fee_currency": charge.movement.currency}
    return row


def payment_status(intent: IntentFacts) -> str:
    """Our word for a PaymentIntent's status; what we do not know is an open payment, which counts for nothing."""
    if intent.status == "requires_payment_method" and intent.charge and intent.charge.failed:
        return Payment.Status.FAILED
    return PAYMENT_STATUS.get(intent.status, Payment.Status.OPEN)


def refund_row(payment: Payment, refund: RefundFacts) -> dict[str, Any]:
    status = refund.status or Refund.Status.PENDING
    return {
        "payment": payment,
        "amount": refund.amount,
        "currency": refund.currency,
        "status": status if status in REFUND_STATUS else Refund.Status.OTHER,
        "reason": refund.reason[:300],
        "made_at": refund.created,
    }


def dispute_row(payment: Payment, dispute: DisputeFacts) -> dict[str, Any]:
    fees = sum(movement.fee for movement in dispute.movements)
    return {
        "payment": payment,
        "amount": dispute.amount,
        "currency": dispute.currency,
        "status": dispute.status,
        "reason": dispute.reason,
        "moved": moved(payment, dispute),
        "fee": fees,
        "fee_currency": dispute.movements[0].currency if fees else "",
        "opened_at": dispute.created,
        "due_by": dispute.due_by,
    }


def moved(payment: Payment, dispute: DisputeFacts) -> int:
    """What a dispute took and has not given back, in the payment's currency.

    Stripe moves it in the currency that it settles in. Where that is another one, a dispute is taken or it is not.
    """
    amounts = [movement.amount for movement in dispute.movements]
    if all(movement.currency == payment.currency for movement in dispute.movements):
        return max(0, -sum(amounts))
    taken, returned = sum(amount < 0 for amount in amounts), sum(amount > 0 for amount in amounts)
    return dispute.amount if taken > returned else 0


def put(model: type[Payment] | type[Refund] | type[Dispute], remote_id: str, row: dict[str, Any]) -> bool:
    """Makes the row of this id, or brings it up to date; True where anything had to be written."""
    found = model.objects.filter(remote_id=remote_id).first()
    if found is None:
        model.objects.create(remote_id=remote_id, **row)
        return True
    news = {name: value for name, value in row.items() if getattr(found, name) != value}
    if news:
        model.objects.filter(pk=found.pk).update(**news)
    return bool(news)


def owe_receipt(gift: Gift, payment: Payment, now: datetime, *, is_renewal: bool) -> None:
    """One receipt for one payment, written with it; a giver without an address gets none."""
    if not gift.donor.email:
        return
    kind = SentMail.Kind.RENEWAL_RECEIPT if is_renewal else SentMail.Kind.RECEIPT
    mail = SentMail.objects.create(kind=kind, key=str(payment.pk), gift=gift, payment=payment, queued_at=now)
    send_soon(mail.pk)


# --- Gifts --------------------------------------------------------------------------------------------------------

LATE: Final = frozenset({"past_due", "unpaid"})
OTHERWISE: Final = {
    "incomplete": Gift.Status.BEGUN,
    "incomplete_expired": Gift.Status.FAILED,
    "canceled": Gift.Status.ENDED,
    "paused": Gift.Status.PAUSED,
}
GIFT_FIELDS: Final = (
    "status",
    "session_id",
    "session_status",
    "stripe_customer",
    "stripe_subscription",
    "subscription_status",
    "monthly_amount",
    "anchor",
    "cancel_at",
    "ended_at",
    "open_amount",
    "changed_at",
)


def take_over(gift: Gift, told: Told) -> None:
    """What Stripe says about the gift itself: its session, its customer, its subscription."""
    if told.session:
        take_over_page(gift, told.session)
    given = told.subscription
    if given is None or not gift.is_monthly:
        return
    if gift.stripe_subscription not in {None, given.id}:
        log.warning("Gift %s has subscription %s, and %s as well.", gift.pk, gift.stripe_subscription, given.id)
        return  # staff find it under what needs attention
    gift.stripe_subscription, gift.subscription_status = given.id, given.status
    gift.stripe_customer = given.customer or gift.stripe_customer
    gift.monthly_amount, gift.anchor = given.monthly_amount, given.anchor
    gift.cancel_at, gift.ended_at = given.cancel_at, given.ended_at
    gift.open_amount = told.latest_invoice.remaining if told.latest_invoice else 0
    gift.status = monthly_status(given)


def take_over_page(gift: Gift, session: SessionFacts) -> None:
    """The page that a gift was paid on, else the last one opened; one that expired is never gone back to."""
    is_paid_instead = session.status == "complete" and gift.session_status != "complete"
    if gift.session_id == session.id or (gift.session_id is None and session.status != "expired") or is_paid_instead:
        gift.session_id, gift.session_status = session.id, session.status
        gift.stripe_customer = gift.stripe_customer or session.customer or None
    elif gift.session_id is None:
        gift.session_status = session.status


def monthly_status(given: SubscriptionFacts) -> str:
    if given.status in LATE:
        return Gift.Status.PAST_DUE
    if given.status == "active":
        return Gift.Status.PAUSED if given.paused else Gift.Status.ACTIVE
    return OTHERWISE.get(given.status, Gift.Status.UNCLEAR)


def status_of(gift: Gift) -> str:
    """A monthly gift's status is its subscription's; before there is one, and for others, the payments decide."""
    if gift.subscription_status:
        return gift.status
    came = set(gift.payments.values_list("status", flat=True))
    if Payment.Status.SUCCEEDED in came and not gift.is_monthly:
        return Gift.Status.GIVEN
    if Payment.Status.PENDING in came:
        return Gift.Status.PROCESSING
    if gift.session_status == "expired":
        return Gift.Status.EXPIRED
    return Gift.Status.FAILED if gift.session_status == "complete" and came else Gift.Status.BEGUN


# --- What staff do through Stripe ---------------------------------------------------------------------------------


def attribute(intent_id: str, gift: Gift, *, now: datetime) -> Gift:
    """Books money that named no gift of ours for the gift that a person chose, in its currency alone."""
    gateway = Gateway(retries=2)
    currency = gateway.intent(intent_id).currency
    if currency != gift.currency:
        raise NotBooked(
            f"This money is in {currency} and the gift in {gift.currency}, so it would count in no figure. "
            f"Choose a gift in {currency}, or give the money back in Stripe's dashboard."
        )
    return book(Hint(gift.pk, intents=(intent_id,)), gateway=gateway, now=now)


def refund(payment: Payment, *, amount: int, reason: str, key: str, now: datetime) -> bool:
    """Gives money back through Stripe and books it; False where it goes back and is booked later.

    `key` comes from the form, so that a second press does nothing. Raises only where nothing is known to go back.
    """
    left = payment.refundable()
    if not payment.remote_id or not 0 < amount <= left:
        can = f"Up to {format_money(left, payment.currency)} can be given back." if left else "Nothing is left of it."
        raise NotBooked(f"{format_money(amount, payment.currency)} of {payment} cannot be given back. {can}")
    gateway = Gateway(retries=2)
    gateway.create_refund(payment, amount, reason, key)
    return book_done(Hint(payment.gift_id, intents=(payment.remote_id,)), gateway=gateway, now=now)


def refund_was_made(payment: Payment, key: str) -> bool:
    """Whether Stripe made the refund of a form, though its answer was an error."""
    return any(refund.form == key for refund in Gateway(retries=2).refunds(payment.remote_id or ""))


def book_again(payment: Payment, *, now: datetime) -> bool:
    """Books a payment as Stripe has it now; False where that has to wait."""
    return book_done(Hint(payment.gift_id, intents=(payment.remote_id or "",)), gateway=Gateway(retries=2), now=now)


def stop(gift: Gift, *, now: datetime) -> bool:
    """Stops a monthly gift at once: nothing more is charged. What was given stays given.

    False where it is stopped and booked later; raises only where it is not stopped.
    """
    if not gift.stripe_subscription:
        raise NotBooked(f"{gift} has not begun at Stripe, so there is nothing to stop.")
    gateway = Gateway(retries=2)
    for second in WebhookEvent.objects.second_subscriptions().filter(gift=gift):
        gateway.cancel_subscription(second.object_id)
    gateway.cancel_subscription(gift.stripe_subscription)
    return book_done(Hint(gift.pk, subscription=gift.stripe_subscription), gateway=gateway, now=now)


def book_done(hint: Hint, *, gateway: Gateway, now: datetime) -> bool:
    """Books what was just done. Trouble is no reason to do it again: Stripe's message about it books it later."""
    try:
        book(hint, gateway=gateway, now=now)
    except Exception as error:
        log.error("What was done at Stripe for gift %s is not booked yet: %s", hint.gift, and_where(error))
        return False
    return True


def complete_fees(now: datetime) -> int:
    """Asks again for the fees that Stripe did not know when a payment succeeded; says how many are known now.

    New payments are asked about each time, and once an hour those of the last thirty days.
    """
    asked_since = now - (FEES_COME_WITHIN if now.minute == 0 else timedelta(hours=1))
    late = Payment.objects.fee_unknown().filter(livemode=settings.STRIPE_LIVE, confirmed_at__gt=asked_since)
    completed = 0
    for payment in late.order_by("-confirmed_at")[:FEES_AT_ONCE]:
        try:
            book(Hint(payment.gift_id, intents=(payment.remote_id or "",)), gateway=Gateway(retries=2), now=now)
        except (StripeTrouble, NotBooked) as trouble:
            log.warning("The fee of %s is still not known: %s", payment.remote_id, in_brief(trouble))
        completed += Payment.objects.filter(pk=payment.pk, fee__isnull=False).exists()
    return completed
