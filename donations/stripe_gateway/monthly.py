"""What a giver changes about a monthly gift, asked of Stripe. Nothing here is billed or credited in between."""

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Final

import stripe
from django.conf import settings

from donations.stripe_facts import SubscriptionFacts

from .ids import an_id
from .reading import ref, subscription_facts, utc
from .trouble import StripeMissing, StripeNotAllowed, StripeRefused, in_our_words

if TYPE_CHECKING:
    from stripe import V1Services
    from stripe.params import InvoiceListParams, SubscriptionItemUpdateParams, SubscriptionUpdateParams
    from stripe.params.billing_portal import ConfigurationCreateParams, SessionCreateParams

PORTAL: Final = "newsroom_cards"  # in the metadata of the one configuration that we make
NOTHING_IN_BETWEEN: Final = "none"  # no part of a month is billed or credited


class MonthlyGifts:
    """The part of the gateway that changes subscriptions; each answers with the subscription as it is then."""

    v1: "V1Services"

    def subscription(self, subscription_id: str) -> SubscriptionFacts:
        with in_our_words():
            return subscription_facts(self.v1.subscriptions.retrieve(an_id(subscription_id)))

    def change_amount(self, given: SubscriptionFacts, amount: int, currency: str, product: str, key: str) -> None:
        """From the next charge on, `amount` (minor units) a month. `key` makes asking twice the same change."""
        params: SubscriptionItemUpdateParams = {
            "price_data": {
                "currency": currency.lower(),
                "product": product,
                "unit_amount": amount,
                "recurring": {"interval": "month"},
            },
            "quantity": 1,
            "proration_behavior": NOTHING_IN_BETWEEN,
        }
        with in_our_words():
            self.v1.subscription_items.update(an_id(given.item), params, {"idempotency_key": f"amount:{key}"})

    def pause(self, subscription_id: str, until: datetime) -> SubscriptionFacts:
        """Asks for nothing until `until` (aware), and then goes on by itself; what falls due meanwhile is voided."""
        resumes_at = int(until.timestamp())
        return self.change(subscription_id, {"pause_collection": {"behavior": "void", "resumes_at": resumes_at}})

    def resume(self, subscription_id: str) -> SubscriptionFacts:
        return self.change(subscription_id, {"pause_collection": ""})

    def use_card(self, subscription_id: str, method_id: str) -> SubscriptionFacts:
        """Charges this payment method from now on: Checkout pinned another on the subscription, and that one wins."""
        return self.change(subscription_id, {"default_payment_method": an_id(method_id)})

    def change(self, subscription_id: str, params: "SubscriptionUpdateParams") -> SubscriptionFacts:
        with in_our_words():
            return subscription_facts(self.v1.subscriptions.update(an_id(subscription_id), params))

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

    # --- cards

    def default_card(self, customer_id: str) -> str:
        """The payment method that a customer chose on Stripe's own page; empty where they never did."""
        with in_our_words():
            customer = self.v1.customers.retrieve(an_id(customer_id))
        return ref(lambda: customer.invoice_settings and customer.invoice_settings.default_payment_method)

    def card_page(self, customer_id: str, back_to: str) -> str:
        """The address of Stripe's own page on which a customer types another card; it leads back to `back_to`."""
        params: SessionCreateParams = {
            "customer": an_id(customer_id),
            "configuration": self.card_configuration(),
            "return_url": back_to,
            "flow_data": {
                "type": "payment_method_update",
                "after_completion": {"type": "redirect", "redirect": {"return_url": back_to}},
            },
        }
        with in_our_words():
            return str(self.v1.billing_portal.sessions.create(params).url)

    def card_configuration(self) -> str:
        """The portal's configuration on which nothing but a card can be changed; made where there is none yet."""
        with in_our_words():
            rows: Iterable[stripe.billing_portal.Configuration] = self.v1.billing_portal.configurations.list(
                {"active": True, "limit": 100}
            ).auto_paging_iter()
            ours = next((row.id for row in rows if getattr(row.metadata, "use", "") == PORTAL), "")
            return ours or self.new_configuration()

    def new_configuration(self) -> str:
        params: ConfigurationCreateParams = {
            "features": {"payment_method_update": {"enabled": True}},
            "business_profile": {"headline": settings.NEWSROOM_NAME[:60]},
            "metadata": {"use": PORTAL},
        }
        made: stripe.billing_portal.Configuration = self.v1.billing_portal.configurations.create(
            params, {"idempotency_key": f"portal:{PORTAL}:1"}
        )
        return made.id

    # --- invoices

    def open_invoices(self, subscription_id: str) -> list[tuple[str, datetime]]:
        """The open invoices of a subscription with the time of each, oldest first."""
        with in_our_words():
            params: InvoiceListParams = {"subscription": an_id(subscription_id), "status": "open", "limit": 100}
            rows = list(self.v1.invoices.list(params).auto_paging_iter())
        return sorted(((row.id, utc(row.created)) for row in rows), key=lambda row: row[1])

    def pay_invoice(self, invoice_id: str) -> None:
        """Tries to collect an open invoice once more. StripeRefused where the card is declined."""
        with in_our_words():
            self.v1.invoices.pay(an_id(invoice_id))

    def void_invoice(self, invoice_id: str) -> bool:
        """Asks for this invoice never again; False where it may not be voided (paid meanwhile, or on its way)."""
        try:
            with in_our_words():
                self.v1.invoices.void_invoice(an_id(invoice_id))
        except (StripeRefused, StripeMissing, StripeNotAllowed):
            return False
        return True
