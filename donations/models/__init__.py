"""Who gives, to what, and what happened to the money. Amounts are whole minor units, times are aware (UTC)."""

from .campaign import Campaign
from .gift import Donor, Gift
from .inbox import SentMail, WebhookEvent
from .inspection import Inspection
from .payment import Dispute, Payment, Refund
from .report import CampaignReport
from .tally import DayTally, Tally

__all__ = [
    "Campaign",
    "CampaignReport",
    "DayTally",
    "Dispute",
    "Donor",
    "Gift",
    "Inspection",
    "Payment",
    "Refund",
    "SentMail",
    "Tally",
    "WebhookEvent",
]
