"""From an id of Stripe's to the page that shows it to a person."""

from django.conf import settings
from django.utils.html import format_html

from .facts import NONE

DASHBOARD = "https://dashboard.stripe.com"
PLACES = {
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


def stripe_url(remote_id, *, live):
    """Where Stripe's dashboard shows the object; the sandbox's control page where one stands in for Stripe."""
    place = PLACES.get((remote_id or "").partition("_")[0])
    if not place:
        return None
    if settings.STRIPE_API_BASE:
        return f"{settings.STRIPE_API_BASE}/?q={remote_id}"
    return f"{DASHBOARD}/{'' if live else 'test/'}{place}/{remote_id}"


def stripe_link(remote_id, *, live):
    """The id as a link that tells Stripe nothing of the desk; the bare id where it has no page, a dash without one."""
    url = stripe_url(remote_id, live=live)
    if not url:
        return remote_id or NONE
    where = "the sandbox" if settings.STRIPE_API_BASE else "Stripe"
    return format_html(
        '<a class="stripe-link" href="{}" target="_blank" rel="noopener noreferrer">{}'
        '<span class="visually-hidden"> (opens in {})</span></a>',
        url,
        remote_id,
        where,
    )
