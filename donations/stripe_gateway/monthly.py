"""What a giver changes about a monthly gift, asked of Stripe. Nothing here is billed or credited in between."""

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Final

import stripe
from django.conf import settings

from donations.stripe_facts import SubscriptionFacts

from .ids import an_id
from .reading import invoice_facts, ref, subscription_facts
from .trouble import StripeRefused, in_our_words

if TYPE_CHECKING:
    from stripe import RequestOptions, V1Services
    from stripe.params import InvoiceListParams, SubscriptionItemUpdateParams, SubscriptionUpdateParams
    from stripe.params.billing_portal import ConfigurationCreateParams, SessionCreateParams

PRODUCT: Final = "newsroom_gift"  # the one product all our prices belong to
PORTAL: Final = "newsroom_cards"  # in the metadata of the one configuration that we make
NOTHING_IN_BETWEEN: Final = "none"  # no part of a month is billed or credited


class MonthlyGifts:
    """The part of the gateway that changes subscriptions, customers' cards and invoices."""

    v1: "V1Services"

    def create_product(self) -> None:
        """The one product all our prices belong to, made once with an id of its own."""
        with in_our_words():
            try:
                self.v1.products.create({"id": PRODUCT, "name": f"Gift to {settings.NEWSROOM_NAME}"})
            except stripe.InvalidRequestError as error:
                if error.code != "resource_already_exists":  # another process was quicker
                    raise

    def subscription(self, subscription_id: str) -> SubscriptionFacts:
        with in_our_words():
            return subscription_facts(self.v1.subscriptions.retrieve(an_id(subscription_id)))

    def change_amount(self, given: SubscriptionFacts, amount: int, currency: str, key: str) -> None:
        """From the next charge on, `amount` (minor units) a month. `key` makes asking twice the same change.

        The product that prices belong to is made where it is missing.
        """
        try:
            self.try_amount(given, amount, currency, f"amount:{key}")
        except StripeRefused as refused:
            if refused.code != "resource_missing" or self.subscription(given.id).ended_at:
                raise
            self.create_product()
            self.try_amount(given, amount, currency, f"amount:{key}:2")  # the first key would answer as before

    def try_amount(self, given: SubscriptionFacts, amount: int, currency: str, key: str) -> None:
        params: SubscriptionItemUpdateParams = {
            "price_data": {
                "currency": currency.lower(),
                "product": PRODUCT,
                "unit_amount": amount,
                "recurring": {"interval": "month"},
            },
            "quantity": 1,
            "proration_behavior": NOTHING_IN_BETWEEN,
        }
        with in_our_words():
            self.v1.subscription_items.update(an_id(given.item), params, {"idempotency_key": key})

    def pause(self, subscription_id: str, until: datetime, key: str) -> None:
        """Asks for nothing until `until` (aware), and then goes on by itself; what falls due meanwhile is voided."""
        resumes_at = int(until.timestamp())
        params: SubscriptionUpdateParams = {"pause_collection": {"behavior": "void", "resumes_at": resumes_at}}
        self.change(subscription_id, params, f"pause:{key}")

    def resume(self, subscription_id: str, key: str) -> None:
        self.change(subscription_id, {"pause_collection": ""}, f"resume:{key}")

    def use_card(self, subscription_id: str, method_id: str) -> None:
        """Charges this payment method from now on: Checkout pinned another on the subscription, and that one wins."""
        self.change(subscription_id, {"default_payment_method": an_id(method_id)})

    def change(self, subscription_id: str, params: "SubscriptionUpdateParams", key: str = "") -> None:
        options: RequestOptions = {"idempotency_key": key} if key else {}
        with in_our_words():
            self.v1.subscriptions.update(an_id(subscription_id), params, options)

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

    def open_invoices(self, subscription_id: str) -> list[str]:
        """The open invoices of a subscription, oldest first, none of another."""
        params: InvoiceListParams = {"subscription": an_id(subscription_id), "status": "open", "limit": 100}
        with in_our_words():
            rows = [row for row in self.v1.invoices.list(params).auto_paging_iter() if row.status == "open"]
        mine = [row for row in rows if invoice_facts(row).subscription == subscription_id]
        return [row.id for row in sorted(reversed(mine), key=lambda row: row.created)]  # they come newest first

    def pay_invoice(self, invoice_id: str, card: str) -> bool:
        """Tries to collect an open invoice with the card that is pinned, `card`; whether it is paid now.

        Two who ask at once are one try. Stripe forgets that after a day or more, so ask only for a card that is new.
        StripeRefused where the card is declined.
        """
        key = f"pay:{invoice_id}:{card}"
        with in_our_words():
            invoice = self.v1.invoices.pay(an_id(invoice_id), {}, {"idempotency_key": key})
        return invoice.status == "paid"

    def void_invoice(self, invoice_id: str) -> None:
        """Asks for this invoice never again. Refused where it was paid meanwhile, or is on its way."""
        with in_our_words():
            self.v1.invoices.void_invoice(an_id(invoice_id))
