"""What Stripe told us, as plain facts: the gateway makes them, the ledger books them.

Amounts are minor units, currencies three capitals, times aware (UTC). A text or an id that Stripe leaves out is empty.
"""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Movement:
    """A balance transaction: what one event moved on our balance and cost, in the currency that we settle in."""

    amount: int
    fee: int
    currency: str


@dataclass(frozen=True)
class BalanceFacts:
    """A balance transaction in a list: `category` is Stripe's own word for what happened, `source` is to what."""

    id: str
    category: str
    source: str
    moved: Movement
    created: datetime


@dataclass(frozen=True)
class ChargeFacts:
    """`movement` is null until Stripe knows its fee, soon after the charge succeeded."""

    id: str
    payment_intent: str
    created: datetime
    method: str
    statement_descriptor: str
    failed: bool
    movement: Movement | None


@dataclass(frozen=True)
class IntentFacts:
    """A PaymentIntent, with its latest charge where there was one."""

    id: str
    status: str
    amount: int
    amount_received: int
    currency: str
    livemode: bool
    created: datetime
    gift: str
    charge: ChargeFacts | None
    customer: str = ""


@dataclass(frozen=True)
class RefundFacts:
    id: str
    payment_intent: str
    amount: int
    currency: str
    status: str
    reason: str
    form: str  # the key of the form with which staff made it
    created: datetime


@dataclass(frozen=True)
class DisputeFacts:
    id: str
    payment_intent: str
    amount: int
    currency: str
    status: str
    reason: str
    created: datetime
    due_by: datetime | None
    movements: tuple[Movement, ...]


@dataclass(frozen=True)
class SessionFacts:
    """A Checkout Session. `url` is empty once it is complete or expired."""

    id: str
    url: str
    status: str
    gift: str
    payment_intent: str
    subscription: str
    customer: str


@dataclass(frozen=True)
class SubscriptionFacts:
    """`monthly_amount` is null, and `item` empty, unless there is one price of exactly one month.

    `paused_until` is when a paused one goes on by itself; `card` is the payment method that it charges first.
    """

    id: str
    status: str
    gift: str
    customer: str
    monthly_amount: int | None
    anchor: datetime
    cancel_at: datetime | None
    ended_at: datetime | None
    paused: bool
    latest_invoice: str
    paused_until: datetime | None = None
    item: str = ""
    card: str = ""


@dataclass(frozen=True)
class InvoiceFacts:
    """An invoice of a monthly gift. The first one is no renewal, whenever we hear of it.

    `remaining` is what it still asks for: nothing where it was paid, voided or written off. `tries` counts the tries
    to collect it.
    """

    id: str
    subscription: str
    is_renewal: bool
    remaining: int
    tries: int = 0


@dataclass(frozen=True)
class EventFacts:
    """What Stripe wanted to tell. `account` is empty unless it is of a connected account."""

    id: str
    type: str
    object_id: str
    livemode: bool
    account: str
    created: datetime


@dataclass(frozen=True)
class EndpointFacts:
    """Where Stripe sends events. `version` is empty where it is the account's own; a type may be `*` for all."""

    id: str
    url: str
    is_on: bool
    version: str
    types: tuple[str, ...]
    livemode: bool
