"""The fundraiser's desk: campaigns to keep, facts to read, and a few verbs that move money."""

from .campaigns import CampaignAdmin
from .gifts import DonorAdmin, GiftAdmin
from .inbox import SentMailAdmin, WebhookEventAdmin
from .payments import DisputeAdmin, PaymentAdmin, RefundAdmin
from .statements import StatementWordsAdmin

__all__ = [
    "CampaignAdmin",
    "DisputeAdmin",
    "DonorAdmin",
    "GiftAdmin",
    "PaymentAdmin",
    "RefundAdmin",
    "SentMailAdmin",
    "StatementWordsAdmin",
    "WebhookEventAdmin",
]
