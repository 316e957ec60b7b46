"""The mails that are owed, rows of SentMail, and what they say. How they are sent is the outbox's matter."""

from collections.abc import Callable
from datetime import datetime
from typing import Final

from django.core.mail import EmailMessage

from donations.models import SentMail
from outbox.sending import Outbox

from . import of_a_year, of_gifts, of_the_door, receipts, to_staff

Kind = SentMail.Kind
COMPOSERS: Final[dict[str, Callable[[SentMail, datetime], EmailMessage]]] = {
    Kind.RECEIPT: receipts.compose_receipt,
    Kind.RENEWAL_RECEIPT: receipts.compose_receipt,
    Kind.SIGN_IN: of_the_door.compose_link,
    Kind.FAILING: of_gifts.compose_failing,
    Kind.PAUSED: of_gifts.compose_paused,
    Kind.RESUMED: of_gifts.compose_resumed,
    Kind.CHANGED: of_gifts.compose_changed,
    Kind.STOPPED: of_gifts.compose_stopped,
    Kind.STATEMENT: of_a_year.compose_statement,
    Kind.BREAKER: to_staff.compose_breaker,
}
"""Who says each kind of mail."""


def compose(mail: SentMail, now: datetime) -> EmailMessage:
    return COMPOSERS[mail.kind](mail, now)


OUTBOX = Outbox(SentMail, compose, related=("gift__campaign", "gift__donor", "payment", "donor", "staff"))
send, send_due, send_again = OUTBOX.send, OUTBOX.send_due, OUTBOX.send_again
