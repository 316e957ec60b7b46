"""Stripe, asked one thing at a time."""

import logging
from typing import TYPE_CHECKING, Final

import stripe
from django.conf import settings
from django.urls import reverse

from donations.models import Gift, Payment
from donations.stripe_facts import (
    ChargeFacts,
    DisputeFacts,
    IntentFacts,
    InvoiceFacts,
    RefundFacts,
    SessionFacts,
)
from outbox.discreet import in_brief

from .ids import an_id
from .monthly import PRODUCT, MonthlyGifts
from .reading import (
    FORM,
    OURS,
    REASON,
    charge_facts,
    dispute_facts,
    intent_facts,
    invoice_and_intent,
    invoice_facts,
    maybe,
    movement_facts,
    refund_facts,
    session_facts,
)
from .trouble import (
    PlainAnswers,
    StripeMissing,
    StripeNotAllowed,
    StripeRefused,
    StripeTrouble,
    in_our_words,
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
PRODUCT_TRIES: Final = 4


class Gateway(MonthlyGifts):
    """Stripe, asked with our key. No `retries` where a page or a webhook's answer waits for it; else two."""

    def __init__(self, *, retries: int = 0) -> None:
        if not settings.STRIPE_SECRET_KEY:
            raise StripeNotAllowed("Giving is switched off: STRIPE_SECRET_KEY is not set.")
        client = stripe.StripeClient(
            settings.STRIPE_SECRET_KEY,
            stripe_version=API_VERSION,
            base_addresses={"api": settings.STRIPE_API_BASE} if settings.STRIPE_API_BASE else {},
            http_client=PlainAnswers(timeout=TIMEOUT),
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
            log.warning("The invoice of %s cannot be looked up: %s", intent_id, in_brief(trouble))
            return []
        return [invoice for invoice, intent in found if intent == intent_id]


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
