"""Stripe's lists, walked to their ends: what happened in the account since a moment, whoever it belongs to."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Final, Protocol, TypeVar

from donations.stripe_facts import BalanceFacts, EndpointFacts, EventFacts, SessionFacts

from .gateway import Gateway
from .reading import balance_facts, endpoint_facts, event_facts, reversed_intent, session_facts, was_tried
from .trouble import in_our_words

PAGE: Final = 100
TYPES_AT_ONCE: Final = 20  # Stripe takes no more in one question for events


class Dated(Protocol):
    created: int


Row = TypeVar("Row", bound=Dated)


class Listing(Gateway):
    """Stripe, asked for whole lists. `since` (aware) is the earliest moment at which a row may have been made.

    Each needs its own right of a key, and none is needed for a gift to be booked.
    """

    def movements(self, since: datetime) -> list[BalanceFacts]:
        """Everything that moved the balance, payouts too."""
        with in_our_words():
            rows = self.v1.balance_transactions.list({"created": {"gte": seconds(since)}, "limit": PAGE})
            return [balance_facts(row) for row in made_since(since, rows.auto_paging_iter())]

    def sessions(self, since: datetime) -> list[SessionFacts]:
        with in_our_words():
            rows = self.v1.checkout.sessions.list({"created": {"gte": seconds(since)}, "limit": PAGE})
            return [session_facts(row) for row in made_since(since, rows.auto_paging_iter())]

    def tried_intents(self, since: datetime) -> list[str]:
        """The PaymentIntents by which somebody tried to pay, however that ended."""
        with in_our_words():
            rows = self.v1.payment_intents.list({"created": {"gte": seconds(since)}, "limit": PAGE})
            made = made_since(since, rows.auto_paging_iter())
            return [row.id for row in made if was_tried(row)]

    def refunded_intents(self, since: datetime) -> list[str]:
        """The PaymentIntents of all refunds: one that is pending has moved no balance yet."""
        with in_our_words():
            rows = self.v1.refunds.list({"created": {"gte": seconds(since)}, "limit": PAGE})
            made = made_since(since, rows.auto_paging_iter())
            return without_empty(map(reversed_intent, made))

    def disputed_intents(self, since: datetime) -> list[str]:
        """The PaymentIntents of all disputes: an inquiry moves no balance."""
        with in_our_words():
            rows = self.v1.disputes.list({"created": {"gte": seconds(since)}, "limit": PAGE})
            made = made_since(since, rows.auto_paging_iter())
            return without_empty(map(reversed_intent, made))

    def subscriptions(self) -> list[str]:
        """All that have not been cancelled, whoever made them."""
        with in_our_words():
            rows = self.v1.subscriptions.list({"limit": PAGE}).auto_paging_iter()
            return [row.id for row in rows if row.status != "canceled"]

    def endpoints(self) -> list[EndpointFacts]:
        """Where Stripe sends what happens in this account, to us and to others."""
        with in_our_words():
            rows = self.v1.webhook_endpoints.list({"limit": PAGE}).auto_paging_iter()
            return [endpoint_facts(row) for row in rows]

    def undelivered(self, types: Iterable[str], since: datetime) -> list[EventFacts]:
        """Events of these types that no endpoint has taken. Stripe keeps them for thirty days."""
        found: list[EventFacts] = []
        for some in in_parts(list(types)):
            with in_our_words():
                rows = self.v1.events.list(
                    {"created": {"gte": seconds(since)}, "delivery_success": False, "types": some, "limit": PAGE}
                )
                found += [event_facts(row) for row in made_since(since, rows.auto_paging_iter()) if row.type in some]
        return sorted(found, key=lambda event: (event.created, event.id))


def without_empty(intents: Iterable[str]) -> list[str]:
    """Each once, without what was charged outside any PaymentIntent."""
    return list(dict.fromkeys(filter(None, intents)))


def seconds(since: datetime) -> int:
    return int(since.timestamp())


def made_since(since: datetime, rows: Iterable[Row]) -> Iterator[Row]:
    """Only what was asked for, whatever came."""
    return (row for row in rows if row.created >= seconds(since))


def in_parts(types: list[str]) -> Iterator[list[str]]:
    for start in range(0, len(types), TYPES_AT_ONCE):
        yield types[start : start + TYPES_AT_ONCE]
