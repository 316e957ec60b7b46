"""A giver erases themselves: what may still ask for money is ended at Stripe first, then the rows are scrubbed."""

import logging
from datetime import datetime

from django.conf import settings
from django.db.models import Q

from donations import deeds, ledger
from donations.models import Donor, Gift
from donations.scrubbing import scrub
from donations.stripe_gateway import Gateway, StripeNotAllowed, StripeRefused
from outbox.discreet import in_brief

log = logging.getLogger(__name__)


def still_asking(giver: Donor) -> list[Gift]:
    """The monthly gifts that may still be charged. A live one counts also where the installation is in test mode."""
    real = Q(livemode=True) | Q(livemode=settings.STRIPE_LIVE)
    gifts = Gift.objects.filter(real, donor=giver).monthly().select_related("campaign").order_by("begun_at")
    return [gift for gift in gifts if gift.can_be_stopped]


def erase(giver: Donor, now: datetime) -> None:
    """Closes payment pages that are open, stops what still asks for money, and removes the person.

    Raises StripeTrouble where Stripe does not answer: then nobody is removed, and it can be asked again.
    """
    close_open_pages(giver, now)
    for gift in still_asking(giver):
        deeds.stop(gift, "", now=now)
    scrub(giver, now)


def close_open_pages(giver: Donor, now: datetime) -> None:
    """Nobody pays on them later, for a gift that its giver could not see any more. One that was paid meanwhile is
    booked, so that a monthly gift which began a moment ago is stopped like the others.
    """
    waiting = Gift.objects.filter(donor=giver, session_status="open", livemode=settings.STRIPE_LIVE)
    for gift in waiting.exclude(session_id=None):
        try:
            Gateway(retries=2).expire_session(gift.session_id or "")
        except (StripeRefused, StripeNotAllowed) as trouble:  # paid or expired already, or this key may not
            log.info("The payment page of gift %s was not closed: %s", gift.pk, in_brief(trouble))
            ledger.book_session(gift, now=now)
