"""From what Stripe says to our rows: the only writer of money, with `offline` beside it.

Whatever arrives, in any order and however often, is only a hint: everything is fetched afresh and written as it stands
now, by Stripe's ids. A gift's version tells whether another booking came between the fetching and the writing.
"""

from .booking import GiftKeptMoving, ask, book, book_session, compare, write
from .changes import Change
from .doing import book_again, book_done, complete_fees, refund, refund_was_made, stop
from .gifts import LATE
from .money import owe_receipt
from .strangers import attribute, attribute_to_new
from .told import Money, NotBooked, Told

__all__ = [
    "LATE",
    "Change",
    "GiftKeptMoving",
    "Money",
    "NotBooked",
    "Told",
    "ask",
    "attribute",
    "attribute_to_new",
    "book",
    "book_again",
    "book_done",
    "book_session",
    "compare",
    "complete_fees",
    "owe_receipt",
    "refund",
    "refund_was_made",
    "stop",
    "write",
]
