"""What Stripe says about what a hint is about, before anything is written."""

from dataclasses import dataclass

from donations.stripe_facts import (
    DisputeFacts,
    IntentFacts,
    InvoiceFacts,
    RefundFacts,
    SessionFacts,
    SubscriptionFacts,
)


class NotBooked(Exception):
    """Nothing was written; says why, in words for staff."""


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
