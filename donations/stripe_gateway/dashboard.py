"""From an id of Stripe's to the page that shows it to a person. Asks Stripe nothing."""

from typing import Final

from django.conf import settings

DASHBOARD: Final = "https://dashboard.stripe.com"
PLACES: Final = {
    "pi": "payments",
    "ch": "payments",
    "py": "payments",
    "sub": "subscriptions",
    "cus": "customers",
    "in": "invoices",
    "du": "disputes",
    "dp": "disputes",
    "evt": "events",
}


def stripe_url(remote_id: str | None, *, live: bool | None) -> str | None:
    """Where Stripe's dashboard shows the object; the sandbox's control page where one stands in for Stripe."""
    place = PLACES.get((remote_id or "").partition("_")[0])
    if not place:
        return None
    if settings.STRIPE_API_BASE:
        return f"{settings.STRIPE_API_BASE}/?q={remote_id}"
    return f"{DASHBOARD}/{'' if live else 'test/'}{place}/{remote_id}"
