"""Stripe's test cards, and what the sandbox does with each."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Card:
    number: str
    says: str  # for the list on the hosted page
    code: str | None = None  # Stripe's error code, when it is declined at once
    decline_code: str | None = None
    message: str = ""
    needs_authentication: bool = False
    disputed: bool = False
    refund_ends: str | None = None  # refunds of it change later, to this status
    fails_later: bool = False
    always_asks: bool = False  # at every renewal too, when nobody is there to answer

    @property
    def spaced(self):
        return " ".join(self.number[i : i + 4] for i in range(0, 16, 4))


DECLINED = "Your card was declined."
CARDS = (
    Card("4242424242424242", "succeeds"),
    Card("4000000000000002", "is declined", "card_declined", "generic_decline", DECLINED),
    Card(
        "4000000000009995",
        "is declined: insufficient funds",
        "card_declined",
        "insufficient_funds",
        "Your card has insufficient funds.",
    ),
    Card("4000002500003155", "asks for authentication", needs_authentication=True),
    Card(
        "4000002760003184",
        "asks for authentication, and again at every renewal",
        needs_authentication=True,
        always_asks=True,
    ),
    Card("4000000000000259", "succeeds, then is disputed as fraudulent", disputed=True),
    Card("4000000000007726", "succeeds; a refund of it stays pending, then succeeds", refund_ends="succeeded"),
    Card("4000000000005126", "succeeds; a refund of it fails later", refund_ends="failed"),
    # Stripe's own 0341 declines every charge on a customer. A story about renewals needs a first month that worked,
    # so here it pays once, on the hosted page, and declines whatever comes after.
    Card("4000000000000341", "pays now, then declines every renewal (a rule of this sandbox)", fails_later=True),
)
BY_NUMBER = {card.number: card for card in CARDS}
SUCCEEDS = CARDS[0]
AUTHENTICATION_FAILED = Card(
    "",
    "fails its authentication",
    "payment_intent_authentication_failure",
    None,
    "We are unable to authenticate your payment method. Please choose a different payment method and try again.",
)
RENEWAL_DECLINED = Card("", "is declined", "card_declined", "generic_decline", DECLINED)
DEBIT_RETURNED = Card(
    "", "is returned by the bank", "payment_method_provider_decline", None, "The bank returned the debit: no funds."
)


class Declined(Exception):
    """The payment did not go through; the words are for the person who pays."""

    def __init__(self, card):
        super().__init__(card.message)
        self.code = card.code
        self.decline_code = card.decline_code


class WrongCard(Exception):
    """What was typed is not one of the test cards; nothing was tried."""


def card_of(typed):
    number = "".join(typed.split()).replace("-", "")
    if number not in BY_NUMBER:
        raise WrongCard(f"“{typed}” is not a test card. Type one from the list below, such as {SUCCEEDS.spaced}.")
    return BY_NUMBER[number]
