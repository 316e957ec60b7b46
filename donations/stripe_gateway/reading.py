"""From Stripe's objects to facts, so that no other module knows Stripe's shapes.

Amounts are minor units, currencies three capitals, times aware (UTC).
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final, TypeVar

import stripe

from donations.stripe_facts import (
    BalanceFacts,
    ChargeFacts,
    DisputeFacts,
    EndpointFacts,
    EventFacts,
    IntentFacts,
    InvoiceFacts,
    Movement,
    RefundFacts,
    SessionFacts,
    SubscriptionFacts,
)

OURS: Final = "gift"  # the metadata key that names our gift
REASON: Final = "reason"  # and the one with which staff say why they give money back
FORM: Final = "form"  # and the one by which a refund is found again whose answer got lost
T = TypeVar("T")


def utc(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def maybe(read: Callable[[], T]) -> T | None:
    """A field that Stripe may leave out: the library raises where it is absent."""
    try:
        return read()
    except AttributeError:
        return None


def text(read: Callable[[], str | None]) -> str:
    return maybe(read) or ""


def maybe_utc(read: Callable[[], int | None]) -> datetime | None:
    seconds = maybe(read)
    return utc(seconds) if seconds else None


def ref(read: Callable[[], object]) -> str:
    """The id of what arrives as an id, as an object, or not at all."""
    thing = maybe(read)
    return thing if isinstance(thing, str) else str(getattr(thing, "id", ""))


def gift_in(metadata: object) -> str:
    return str(getattr(metadata, OURS, ""))


def session_facts(session: stripe.checkout.Session) -> SessionFacts:
    return SessionFacts(
        id=session.id,
        url=text(lambda: session.url),
        status=text(lambda: session.status),
        gift=gift_in(maybe(lambda: session.metadata)) or text(lambda: session.client_reference_id),
        payment_intent=ref(lambda: session.payment_intent),
        subscription=ref(lambda: session.subscription),
        customer=ref(lambda: session.customer),
    )


def intent_facts(intent: stripe.PaymentIntent, charge: ChargeFacts | None) -> IntentFacts:
    return IntentFacts(
        id=intent.id,
        status=intent.status,
        amount=intent.amount,
        amount_received=intent.amount_received,
        currency=intent.currency.upper(),
        livemode=intent.livemode,
        created=utc(intent.created),
        gift=gift_in(maybe(lambda: intent.metadata)),
        charge=charge,
        customer=ref(lambda: intent.customer),
    )


def charge_facts(charge: stripe.Charge, movement: stripe.BalanceTransaction | None) -> ChargeFacts:
    return ChargeFacts(
        id=charge.id,
        payment_intent=ref(lambda: charge.payment_intent),
        created=utc(charge.created),
        method=str(getattr(maybe(lambda: charge.payment_method_details), "type", "")),
        statement_descriptor=text(lambda: charge.calculated_statement_descriptor),
        failed=charge.status == "failed",
        movement=movement_facts(movement) if movement else None,
    )


def movement_facts(row: stripe.BalanceTransaction) -> Movement:
    return Movement(amount=row.amount, fee=row.fee, currency=row.currency.upper())


def balance_facts(row: stripe.BalanceTransaction) -> BalanceFacts:
    return BalanceFacts(
        id=row.id,
        category=row.reporting_category,
        source=ref(lambda: row.source),
        moved=movement_facts(row),
        created=utc(row.created),
    )


def event_facts(event: stripe.Event) -> EventFacts:
    return EventFacts(
        id=event.id,
        type=event.type,
        object_id=str(getattr(event.data.object, "id", "")),
        livemode=event.livemode,
        account=text(lambda: event.account),
        created=utc(event.created),
    )


def endpoint_facts(row: stripe.WebhookEndpoint) -> EndpointFacts:
    return EndpointFacts(
        id=row.id,
        url=row.url,
        is_on=row.status == "enabled",
        version=text(lambda: row.api_version),
        types=tuple(row.enabled_events),
        livemode=row.livemode,
    )


def refund_facts(refund: stripe.Refund) -> RefundFacts:
    ours = maybe(lambda: refund.metadata)
    told = str(getattr(ours, REASON, ""))
    return RefundFacts(
        id=refund.id,
        payment_intent=ref(lambda: refund.payment_intent),
        amount=refund.amount,
        currency=refund.currency.upper(),
        status=text(lambda: refund.status),
        reason=told or text(lambda: refund.reason),
        form=str(getattr(ours, FORM, "")),
        created=utc(refund.created),
    )


def reversed_intent(row: stripe.Refund | stripe.Dispute) -> str:
    return ref(lambda: row.payment_intent)


def was_tried(intent: stripe.PaymentIntent) -> bool:
    """Whether somebody tried to pay with it; an open page, or one that was left, is no try."""
    return bool(ref(lambda: intent.latest_charge)) or intent.status == "processing"


def dispute_facts(dispute: stripe.Dispute, movements: tuple[Movement, ...]) -> DisputeFacts:
    return DisputeFacts(
        id=dispute.id,
        payment_intent=ref(lambda: dispute.payment_intent),
        amount=dispute.amount,
        currency=dispute.currency.upper(),
        status=dispute.status,
        reason=text(lambda: dispute.reason),
        created=utc(dispute.created),
        due_by=maybe_utc(lambda: dispute.evidence_details.due_by),
        movements=movements,
    )


def invoice_and_intent(row: stripe.InvoicePayment) -> tuple[str, str]:
    return ref(lambda: row.invoice), ref(lambda: row.payment.payment_intent)


def subscription_facts(given: stripe.Subscription) -> SubscriptionFacts:
    return SubscriptionFacts(
        id=given.id,
        status=given.status,
        gift=gift_in(maybe(lambda: given.metadata)),
        customer=ref(lambda: given.customer),
        monthly_amount=monthly_amount(given),
        anchor=utc(given.billing_cycle_anchor),
        cancel_at=maybe_utc(lambda: given.cancel_at),
        ended_at=maybe_utc(lambda: given.ended_at),
        paused=maybe(lambda: given.pause_collection) is not None,
        paused_until=maybe_utc(lambda: resumes_at(given)),
        latest_invoice=ref(lambda: given.latest_invoice),
        item=given.items.data[0].id if monthly_amount(given) else "",
        card=ref(lambda: given.default_payment_method),
    )


def resumes_at(given: stripe.Subscription) -> int | None:
    pause = given.pause_collection
    return pause.resumes_at if pause else None


def monthly_amount(given: stripe.Subscription) -> int | None:
    """What is charged each month, where there is one price of exactly one month."""
    if len(given.items.data) != 1:
        return None
    item = given.items.data[0]
    rhythm, amount = item.price.recurring, item.price.unit_amount
    if rhythm is None or rhythm.interval != "month" or rhythm.interval_count != 1 or not amount:
        return None
    return amount * (item.quantity or 1)


def invoice_facts(invoice: stripe.Invoice) -> InvoiceFacts:
    details = maybe(lambda: invoice.parent and invoice.parent.subscription_details)
    return InvoiceFacts(
        id=invoice.id,
        subscription=ref(lambda: details and details.subscription),
        is_renewal=text(lambda: invoice.billing_reason) != "subscription_create",
        remaining=invoice.amount_remaining if text(lambda: invoice.status) == "open" else 0,
        tries=maybe(lambda: invoice.attempt_count) or 0,
    )
