"""Who gives, to what, and what happened to the money. Amounts are whole minor units, times are aware (UTC)."""

from .campaign import Campaign
from .gift import Donor, Gift
from .guard import Breaker, BreakerRule, GivingLink
from .inbox import SentMail, WebhookEvent
from .inspection import Inspection
from .payment import Dispute, Payment, Refund
from .report import CampaignReport
from .shown import AppealShown
from .tally import DayTally, Tally
from .words import StatementWords

__all__ = [
    "AppealShown",
    "Breaker",
    "BreakerRule",
    "Campaign",
    "CampaignReport",
    "DayTally",
    "Dispute",
    "Donor",
    "Gift",
    "GivingLink",
    "Inspection",
    "Payment",
    "Refund",
    "SentMail",
    "StatementWords",
    "Tally",
    "WebhookEvent",
]
