"""Where Stripe sends its messages: whether it is here, and whether it sends all that we book. Asked daily and by hand.

Nothing that is booked waits for this: where the key may not ask, that is noted and all goes on.
"""

import logging
from collections.abc import Iterator
from datetime import datetime
from typing import Final

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from outbox.discreet import in_brief

from . import inspections
from .models import Inspection
from .stripe_facts import EndpointFacts
from .stripe_gateway import API_VERSION, Listing, StripeMissing, StripeNotAllowed, StripeTrouble
from .webhooks import FINDERS

log = logging.getLogger(__name__)
EVERY_TYPE: Final = "*"
NOT_FOR_US: Final = (403, 404, 405, 501)  # the key lacks the right, or this Stripe the endpoint


def inspect(now: datetime) -> Inspection:
    """Asks Stripe, and keeps what was found. Raises StripeTrouble where Stripe does not answer or the key is wrong."""
    with inspections.look(Inspection.Kind.ENDPOINT, now=now) as seen:
        try:
            seen.found = list(findings(Listing(retries=2).endpoints()))
            seen.remaining = len(seen.found)
        except (StripeMissing, StripeNotAllowed) as trouble:
            if trouble.status not in NOT_FOR_US:
                raise
            seen.found = [inspections.not_asked(trouble)]
    return seen


def nightly() -> Inspection | None:
    """What the worker does once a day; None where giving is switched off or Stripe cannot be asked: then tomorrow."""
    if not settings.STRIPE_SECRET_KEY:
        return None
    try:
        seen = inspect(timezone.now())
    except StripeTrouble as trouble:
        log.error("Stripe could not be asked where it sends its messages: %s", in_brief(trouble))
        return None
    for line in seen.found:
        log.log(logging.ERROR if seen.remaining else logging.WARNING, "Stripe's messages: %s", line)
    return seen


def address() -> str:
    """Where Stripe's messages are taken."""
    return str(settings.SITE_URL) + reverse("donations:webhook")


def findings(endpoints: list[EndpointFacts]) -> Iterator[str]:
    """What is wrong, and what to do about it, a line for each thing."""
    if not settings.STRIPE_WEBHOOK_SECRET:
        yield "STRIPE_WEBHOOK_SECRET is not set, so every message is refused: set it to the endpoint's signing secret."
    ours = [each for each in endpoints if each.livemode == settings.STRIPE_LIVE and is_ours(each.url)]
    on = [each for each in ours if each.is_on]
    if not ours:
        yield f"No endpoint of this account sends to {address()}: add one in Stripe's dashboard, with its secret here."
    elif not on:
        yield f"The endpoint {ours[0].id} is disabled, so no message comes: enable it in Stripe's dashboard."
    if len(on) > 1:
        ids = ", ".join(each.id for each in on)
        yield (
            f"{len(on)} endpoints send to {address()}: {ids}. Each signs with a secret of its own, and only one "
            "fits STRIPE_WEBHOOK_SECRET: delete the others."
        )
    for each in on or ours[:1]:
        yield from of_one(each)


def is_ours(url: str) -> bool:
    return url.rstrip("/") == address().rstrip("/")


def of_one(endpoint: EndpointFacts) -> Iterator[str]:
    """What it sends, and in which shape; whatever it sends beyond what we book is ignored and does no harm."""
    if endpoint.version != API_VERSION:
        says = endpoint.version or "the account's own version, whatever that is"
        yield (
            f"The endpoint {endpoint.id} sends in the shape of {says}; we speak {API_VERSION}. A version cannot "
            "be changed: make a new endpoint with this one, set its secret here, and delete the old one."
        )
    missing = [] if EVERY_TYPE in endpoint.types else [each for each in FINDERS if each not in endpoint.types]
    if missing:
        yield f"The endpoint {endpoint.id} does not send {', '.join(missing)}: add these in Stripe's dashboard."
