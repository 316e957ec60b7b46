"""Payments, refunds and disputes as rows: absolute state, by Stripe's ids."""

from datetime import datetime
from typing import Any, Final

from donations.models import Dispute, Gift, Payment, Refund, SentMail
from donations.stripe_facts import DisputeFacts, IntentFacts, RefundFacts
from donations.tasks import send_soon

from .changes import Change, difference
from .told import Money, NotBooked

PAYMENT_STATUS: Final = {
    "succeeded": Payment.Status.SUCCEEDED,
    "processing": Payment.Status.PENDING,
    "canceled": Payment.Status.CANCELED,
}
REFUND_STATUS: Final = set(Refund.Status.values) - {Refund.Status.PROPOSED}  # a word of ours, not of Stripe's


def write_money(gift: Gift, money: Money, now: datetime) -> list[Change]:
    """Writes a payment and its reversals; what is not as it was."""
    payment = Payment.objects.filter(remote_id=money.intent.id).first()
    if payment and payment.gift_id != gift.pk:
        raise NotBooked(f"{money.intent.id} is booked for gift {payment.gift_id}, so it cannot be for {gift.pk} too.")
    if payment is None and not is_money(money.intent):
        return []
    payment, changes = write_payment(gift, payment, money, now)
    for refund in money.refunds:
        changes += put(Refund, refund.id, refund_row(payment, refund))
    for dispute in money.disputes:
        changes += put(Dispute, dispute.id, dispute_row(payment, dispute))
    return changes


def is_money(intent: IntentFacts) -> bool:
    """Whether there is something to write: a try to charge an amount, however it ended."""
    return intent.amount > 0 and (intent.charge is not None or intent.status in {"succeeded", "processing"})


def write_payment(gift: Gift, payment: Payment | None, money: Money, now: datetime) -> tuple[Payment, list[Change]]:
    """A payment as it stands. One that has succeeded stays so, and is the moment when its receipt is owed."""
    row = payment_row(money)
    came = row["status"] == Payment.Status.SUCCEEDED
    if payment is None:
        row |= {"gift": gift, "channel": Payment.Channel.STRIPE, "entered_at": now}
    elif payment.confirmed_at and not came:
        return payment, []
    first_came = came and (payment is None or payment.confirmed_at is None)
    changes = put(Payment, money.intent.id, row | ({"confirmed_at": now} if first_came else {}))
    payment = Payment.objects.get(remote_id=money.intent.id)
    if first_came:
        owe_receipt(gift, payment, now, is_renewal=money.is_renewal)
    return payment, changes


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


def put(model: type[Payment] | type[Refund] | type[Dispute], remote_id: str, row: dict[str, Any]) -> list[Change]:
    """Makes the row of this id, or brings it up to date; what had to be written."""
    found = model.objects.filter(remote_id=remote_id).first()
    if found is None:
        model.objects.create(remote_id=remote_id, **row)
        return [Change(remote_id, row)]
    changes = difference(remote_id, {name: getattr(found, name) for name in row}, row)
    for change in changes:
        model.objects.filter(pk=found.pk).update(**change.says)
    return changes


def owe_receipt(gift: Gift, payment: Payment, now: datetime, *, is_renewal: bool) -> None:
    """One receipt for one payment, written with it; a giver without an address gets none."""
    if not gift.donor.email:
        return
    kind = SentMail.Kind.RENEWAL_RECEIPT if is_renewal else SentMail.Kind.RECEIPT
    mail = SentMail.objects.create(kind=kind, key=str(payment.pk), gift=gift, payment=payment, queued_at=now)
    send_soon(mail.pk)
