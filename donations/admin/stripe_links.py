"""An id of Stripe's as a link to the page that shows it."""

from django.conf import settings
from django.utils.html import format_html

from donations.stripe_gateway import stripe_url

from .facts import NONE


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
