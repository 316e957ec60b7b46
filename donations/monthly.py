"""What the giver of a monthly gift can know and reach: the next charge, and a page of one's own by a signed link."""

from datetime import UTC, datetime

from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.urls import reverse

from .charging import charges
from .models import Gift

NEVER = datetime.max.replace(tzinfo=UTC)


def signer() -> Signer:
    return Signer(sep=".", salt="donations.monthly")


def page_url(gift: Gift) -> str:
    """The absolute address at which whoever holds it sees this monthly gift and can stop it. It does not grow old."""
    return settings.SITE_URL + reverse("donations:gift_page", args=[signer().sign(gift.pk.hex)])


def gift_of(token: str) -> Gift | None:
    """The monthly gift that a link names; None where the link was changed or the gift never came about."""
    try:
        key = signer().unsign(token)
    except BadSignature:
        return None
    begun = Gift.objects.monthly().exclude(stripe_subscription=None)
    return begun.select_related("campaign", "donor").filter(pk=key).first()


def next_charge(gift: Gift, now: datetime) -> datetime | None:
    """When a monthly gift is charged next, in UTC; None where nothing more will be, or nobody knows when.

    What falls into a pause is left out.
    """
    paused_for_good = gift.status == Gift.Status.PAUSED and gift.paused_until is None
    if gift.status not in Gift.GOING_ON or gift.anchor is None or paused_for_good:
        return None
    to_come = charges(gift.anchor, gift.cancel_at or NEVER, now)
    return next((date for date in to_come if date > now and date >= (gift.paused_until or now)), None)


def masked(email: str | None) -> str:
    """Enough of an address for its owner to know it, and for nobody else to write to it."""
    first, at, host = (email or "").partition("@")
    return f"{first[:1]}…@{host}" if at else ""
