"""Who gives, to what, and what happened to the money. Amounts are whole minor units, times are aware (UTC)."""

from .campaign import Campaign
from .gift import Donor, Gift
from .inbox import SentMail, WebhookEvent
from .payment import Dispute, Payment, Refund
from .tally import DayTally, Tally

__all__ = [
    "Campaign",
    "DayTally",
    "Dispute",
    "Donor",
    "Gift",
    "Payment",
    "Refund",
    "SentMail",
    "Tally",
    "WebhookEvent",
]
