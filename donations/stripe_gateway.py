"""Everything we ask of Stripe. What comes back are plain facts, so that no other module knows Stripe's shapes.

Amounts are minor units, currencies three capitals, times aware (UTC). Every call may raise StripeTrouble.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, TypeVar

import stripe
from django.conf import settings
from django.urls import reverse

from .models import Gift, Payment
from .stripe_facts import (
    ChargeFacts,
    DisputeFacts,
    IntentFacts,
    InvoiceFacts,
    Movement,
    RefundFacts,
    SessionFacts,
    SubscriptionFacts,
)

if TYPE_CHECKING:
    from stripe.params import (
        InvoicePaymentListParamsPayment,
        PaymentIntentRetrieveParams,
        RefundCreateParams,
    )
    from stripe.params.checkout import SessionCreateParams, SessionCreateParamsLineItemPriceData

log = logging.getLogger(__name__)

API_VERSION: Final = "2026-10-28.endive"
TIMEOUT: Final = (3, 8)  # seconds to connect, and to wait for an answer
PRODUCT: Final = "newsroom_gift"  # the one product all our prices belong to
PRODUCT_TRIES: Final = 4
OURS: Final = "gift"  # the metadata key that names our gift
REASON: Final = "reason"  # and the one with which staff say why they give money back
FORM: Final = "form"  # and the one by which a refund is found again whose answer got lost
T = TypeVar("T")


# --- What can go wrong ------------------------------------------------------------------------------------------


class StripeTrouble(Exception):
    """Stripe did not do what it was asked; the message says what happened, fit for staff.

    `status` is that of Stripe's answer, 0 where there was none; `code` is Stripe's own word for the reason.
    """

    def __init__(self, words: str, status: int = 0, code: str = "") -> None:
        super().__init__(words)
        self.status, self.code = status, code

    @property
    def is_final(self) -> bool:
        """Whether Stripe answers the same again under the same idempotency key."""
        return self.status >= 400 and self.status not in {409, 429}


class StripeUnavailable(StripeTrouble):
    """No answer, an error on Stripe's side, or too many requests: the same may work later."""


class StripeNotAllowed(StripeTrouble):
    """The key is wrong, or may not do this."""


class StripeRefused(StripeTrouble):
    """Stripe understood, and said no."""


class StripeMissing(StripeRefused):
    """There is no such object in this account and mode; without a code, there is no such endpoint."""


REFUSALS: Final = (stripe.InvalidRequestError, stripe.CardError, stripe.IdempotencyError)


@contextmanager
def in_our_words() -> Iterator[None]:
    """Stripe's many exceptions as ours."""
    try:
        yield
    except stripe.StripeError as error:
        status, code = error.http_status or 0, error.code or ""
        words = f"Stripe answered {status or 'nothing'}: {error.user_message or type(error).__name__}"
        raise kind_of(error, status, code)(words, status, code) from error


def kind_of(error: stripe.StripeError, status: int, code: str) -> type[StripeTrouble]:
    if isinstance(error, stripe.AuthenticationError | stripe.PermissionError):
        return StripeNotAllowed
    if status in {409, 429} or not isinstance(error, REFUSALS):
        return StripeUnavailable
    return StripeMissing if status == 404 or code == "resource_missing" else StripeRefused


# --- Reading Stripe's objects -------------------------------------------------------------------------------------


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


# --- What we ask ------------------------------------------------------------------------------------------------


class Gateway:
    """Stripe, asked with our key. No `retries` where a page or a webhook's answer waits for it; else two."""

    def __init__(self, *, retries: int = 0) -> None:
        if not settings.STRIPE_SECRET_KEY:
            raise StripeNotAllowed("Giving is switched off: STRIPE_SECRET_KEY is not set.")
        client = stripe.StripeClient(
            settings.STRIPE_SECRET_KEY,
            stripe_version=API_VERSION,
            base_addresses={"api": settings.STRIPE_API_BASE} if settings.STRIPE_API_BASE else {},
            http_client=stripe.RequestsClient(timeout=TIMEOUT),
            max_network_retries=retries,
        )
        self.v1 = client.v1

    # --- giving

    def create_session(self, gift: Gift) -> SessionFacts:
        """The Checkout Session of a gift; asked again with the same attempt, the same session.

        An error that Stripe would replay moves the gift to its next attempt, for whoever tries again. The product that
        prices belong to is made where it is missing.
        """
        for _ in range(PRODUCT_TRIES):  # others who begin in the same instant may have spent the next attempt
            try:
                return self.try_session(gift)
            except StripeRefused as refused:
                if refused.code != "resource_missing":
                    raise
                self.create_product()
        return self.try_session(gift)

    def try_session(self, gift: Gift) -> SessionFacts:
        key = f"gift:{gift.pk}:{gift.attempt}"
        try:
            with in_our_words():
                session = self.v1.checkout.sessions.create(session_params(gift), {"idempotency_key": key})
        except StripeTrouble as trouble:
            if trouble.is_final:
                gift.next_attempt()
            raise
        return session_facts(session)

    def create_product(self) -> None:
        with in_our_words():
            try:
                self.v1.products.create({"id": PRODUCT, "name": f"Gift to {settings.NEWSROOM_NAME}"})
            except stripe.InvalidRequestError as error:
                if error.code != "resource_already_exists":  # another process was quicker
                    raise

    def session(self, session_id: str) -> SessionFacts:
        with in_our_words():
            return session_facts(self.v1.checkout.sessions.retrieve(an_id(session_id)))

    def expire_session(self, session_id: str) -> None:
        """Closes an open session, so that nobody can pay on it. Refused where it is complete or expired already."""
        with in_our_words():
            self.v1.checkout.sessions.expire(an_id(session_id))

    # --- one-off money

    def intent(self, intent_id: str) -> IntentFacts:
        """A PaymentIntent with its latest charge and that charge's fee, whether or not Stripe expands them."""
        with in_our_words():
            params: PaymentIntentRetrieveParams = {"expand": ["latest_charge.balance_transaction"]}
            intent = self.v1.payment_intents.retrieve(an_id(intent_id), params)
            latest = maybe(lambda: intent.latest_charge)
        return intent_facts(intent, self.charge_of(latest) if latest else None)

    def charge(self, charge_id: str) -> ChargeFacts:
        return self.charge_of(an_id(charge_id))

    def charge_of(self, charge: stripe.Charge | str) -> ChargeFacts:
        with in_our_words():
            if isinstance(charge, str):
                charge = self.v1.charges.retrieve(charge, {"expand": ["balance_transaction"]})
            whole = charge
            movement = maybe(lambda: whole.balance_transaction)
            if isinstance(movement, str):
                movement = self.v1.balance_transactions.retrieve(movement)
        return charge_facts(whole, movement)

    def refund(self, refund_id: str) -> RefundFacts:
        with in_our_words():
            return refund_facts(self.v1.refunds.retrieve(an_id(refund_id)))

    def refunds(self, intent_id: str) -> list[RefundFacts]:
        """All refunds of a PaymentIntent, none of another."""
        with in_our_words():
            rows = self.v1.refunds.list({"payment_intent": an_id(intent_id), "limit": 100}).auto_paging_iter()
            found = [refund_facts(row) for row in rows]
        return [refund for refund in found if refund.payment_intent == intent_id]

    def dispute(self, dispute_id: str) -> DisputeFacts:
        with in_our_words():
            return self.dispute_of(self.v1.disputes.retrieve(an_id(dispute_id)))

    def disputes(self, intent_id: str) -> list[DisputeFacts]:
        """All disputes of a PaymentIntent, none of another."""
        with in_our_words():
            rows = self.v1.disputes.list({"payment_intent": an_id(intent_id), "limit": 100}).auto_paging_iter()
            found = [self.dispute_of(row) for row in rows]
        return [dispute for dispute in found if dispute.payment_intent == intent_id]

    def dispute_of(self, dispute: stripe.Dispute) -> DisputeFacts:
        rows: list[stripe.BalanceTransaction | str] = list(maybe(lambda: dispute.balance_transactions) or [])
        whole = [self.v1.balance_transactions.retrieve(row) if isinstance(row, str) else row for row in rows]
        return dispute_facts(dispute, tuple(movement_facts(row) for row in whole))

    def create_refund(self, payment: Payment, amount: int, reason: str, key: str) -> RefundFacts:
        """Gives `amount` (minor units) of a payment back. `key` makes asking twice the same refund."""
        params: RefundCreateParams = {
            "payment_intent": an_id(payment.remote_id or ""),
            "amount": amount,
            "reason": "requested_by_customer",
            "metadata": {REASON: reason[:500], FORM: key},
        }
        with in_our_words():
            return refund_facts(self.v1.refunds.create(params, {"idempotency_key": f"refund:{key}"}))

    # --- monthly gifts

    def subscription(self, subscription_id: str) -> SubscriptionFacts:
        with in_our_words():
            return subscription_facts(self.v1.subscriptions.retrieve(an_id(subscription_id)))

    def cancel_subscription(self, subscription_id: str) -> SubscriptionFacts:
        """Stops a monthly gift now; one that has stopped already is no error."""
        try:
            with in_our_words():
                return subscription_facts(self.v1.subscriptions.cancel(an_id(subscription_id)))
        except StripeRefused:
            stopped = self.subscription(subscription_id)
            if stopped.ended_at is None:
                raise
            return stopped

    def invoice(self, invoice_id: str) -> InvoiceFacts:
        with in_our_words():
            return invoice_facts(self.v1.invoices.retrieve(an_id(invoice_id)))

    def intents_of_invoice(self, invoice_id: str) -> list[str]:
        """The PaymentIntents with which an invoice was paid, or was tried to be."""
        with in_our_words():
            rows = self.v1.invoice_payments.list({"invoice": an_id(invoice_id), "limit": 100}).auto_paging_iter()
            found = [invoice_and_intent(row) for row in rows]
        return [intent for invoice, intent in found if intent and invoice == invoice_id]

    def invoices_of_intent(self, intent_id: str) -> list[str]:
        """The invoices that a PaymentIntent pays.

        Empty too where this key may not ask: then the invoice's own events lead to the gift.
        """
        payment: InvoicePaymentListParamsPayment = {"type": "payment_intent", "payment_intent": an_id(intent_id)}
        try:
            with in_our_words():
                rows = self.v1.invoice_payments.list({"payment": payment, "limit": 100}).auto_paging_iter()
                found = [invoice_and_intent(row) for row in rows]
        except (StripeNotAllowed, StripeMissing) as trouble:
            log.warning("The invoice of %s cannot be looked up: %s", intent_id, trouble)
            return []
        return [invoice for invoice, intent in found if intent == intent_id]


def an_id(text: str) -> str:
    """An empty id would ask Stripe for a list of the whole account."""
    if not text:
        raise ValueError("Stripe is never asked about an empty id.")
    return text


def session_params(gift: Gift) -> "SessionCreateParams":
    """What a gift's session is made of: a pure function of the gift, as its idempotency key demands."""
    ours = {OURS: str(gift.pk)}
    price: SessionCreateParamsLineItemPriceData = {
        "currency": gift.currency.lower(),
        "unit_amount": gift.amount,
        "product": PRODUCT,
    }
    params: SessionCreateParams = {
        "mode": "payment",
        "submit_type": "donate",
        "adaptive_pricing": {"enabled": False},
        "line_items": [{"quantity": 1, "price_data": price}],
        "client_reference_id": str(gift.pk),
        "metadata": ours,
        "success_url": settings.SITE_URL + reverse("donations:thanks") + "?session_id={CHECKOUT_SESSION_ID}",
        "cancel_url": settings.SITE_URL + gift.way_back(),
    }
    if gift.donor.email:
        params["customer_email"] = gift.donor.email
    if gift.is_monthly:
        price["recurring"] = {"interval": "month"}
        params |= {"mode": "subscription", "subscription_data": {"metadata": ours}}
    else:
        params["payment_intent_data"] = {"metadata": ours}
    return params


# --- From Stripe's objects to facts -----------------------------------------------------------------------------


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
        gift=gift_in(intent.metadata),
        charge=charge,
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


def dispute_facts(dispute: stripe.Dispute, movements: tuple[Movement, ...]) -> DisputeFacts:
    return DisputeFacts(
        id=dispute.id,
        payment_intent=ref(lambda: dispute.payment_intent),
        amount=dispute.amount,
        currency=dispute.currency.upper(),
        status=dispute.status,
        reason=dispute.reason,
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
        gift=gift_in(given.metadata),
        customer=ref(lambda: given.customer),
        monthly_amount=monthly_amount(given),
        anchor=utc(given.billing_cycle_anchor),
        cancel_at=maybe_utc(lambda: given.cancel_at),
        ended_at=maybe_utc(lambda: given.ended_at),
        paused=maybe(lambda: given.pause_collection) is not None,
        latest_invoice=ref(lambda: given.latest_invoice),
    )


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
        remaining=invoice.amount_remaining,
    )
