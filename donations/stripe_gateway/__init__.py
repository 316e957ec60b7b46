"""Everything we ask of Stripe. What comes back are plain facts, so that no other module knows Stripe's shapes.

Amounts are minor units, currencies three capitals, times aware (UTC). Every call may raise StripeTrouble.
"""

from .dashboard import stripe_url
from .gateway import API_VERSION, TIMEOUT, Gateway, session_params
from .listing import Listing
from .monthly import PRODUCT
from .trouble import StripeMissing, StripeNotAllowed, StripeRefused, StripeTrouble, StripeUnavailable

__all__ = [
    "API_VERSION",
    "PRODUCT",
    "TIMEOUT",
    "Gateway",
    "Listing",
    "StripeMissing",
    "StripeNotAllowed",
    "StripeRefused",
    "StripeTrouble",
    "StripeUnavailable",
    "session_params",
    "stripe_url",
]
