"""A giver erases themselves: what may still ask for money is ended at Stripe first, then the rows are scrubbed."""

import logging
from datetime import datetime
from typing import Final

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet

from donations import deeds, ledger
from donations.ledger import NotBooked
from donations.models import Donor, Gift
from donations.scrubbing import scrub
from donations.stripe_gateway import Gateway, StripeNotAllowed, StripeRefused
from outbox.discreet import in_brief

log = logging.getLogger(__name__)
ROUNDS: Final = 3
KEEPS_MOVING: Final = "A gift of this giver is being begun or paid at this moment; try again in a minute"


def still_asking(giver: Donor) -> list[Gift]:
    """The monthly gifts that may still be charged. A live one counts also where the installation is in test mode."""
    real = Q(livemode=True) | Q(livemode=settings.STRIPE_LIVE)
    gifts = Gift.objects.filter(real, donor=giver).monthly().select_related("campaign").order_by("begun_at")
    return [gift for gift in gifts if gift.can_be_stopped]


def erase(giver: Donor, now: datetime) -> None:
    """Closes payment pages that are open, stops what still asks for money, and removes the person.

    Raises StripeTrouble where Stripe does not do it, NotBooked where something may ask for money still: then nobody
    is removed, and it can be asked again. Call it outside any transaction.
    """
    ended = set[str]()
    for _ in range(ROUNDS):
        ended |= close_open_pages(giver, now) | stop_monthly_gifts(giver, now)
        if scrubbed_at_rest(giver, ended, now):
            return
    raise NotBooked(KEEPS_MOVING)


@transaction.atomic
def scrubbed_at_rest(giver: Donor, ended: set[str], now: datetime) -> bool:
    """Removes the person while nobody can begin or book a gift of theirs; False where one was meanwhile.

    `ended` are Stripe's ids of pages and subscriptions that were ended just now; our books may follow later.
    """
    Donor.objects.select_for_update().get(pk=giver.pk)  # PostgreSQL then keeps new gifts of theirs waiting
    list(Gift.objects.select_for_update().filter(donor=giver).order_by("pk").values_list("pk"))
    pages = {gift.session_id for gift in open_pages(giver)}
    if (pages | {gift.stripe_subscription for gift in still_asking(giver)}) - ended:
        return False
    scrub(giver, now)
    return True


def open_pages(giver: Donor) -> QuerySet[Gift]:
    waiting = Gift.objects.filter(donor=giver, session_status="open", livemode=settings.STRIPE_LIVE)
    return waiting.exclude(session_id=None)


def stop_monthly_gifts(giver: Donor, now: datetime) -> set[str]:
    """Nothing more is charged. Returns the subscriptions; `stop` raises where one goes on."""
    asking = still_asking(giver)
    for gift in asking:
        deeds.stop(gift, "", now=now)
    return {gift.stripe_subscription or "" for gift in asking}


def close_open_pages(giver: Donor, now: datetime) -> set[str]:
    """Nobody pays on them later, for a gift that its giver could not see any more. One that was paid meanwhile is
    booked, so that a monthly gift which began a moment ago is stopped like the others. Returns the sessions.
    """
    waiting = list(open_pages(giver))
    for gift in waiting:
        try:
            Gateway(retries=2).expire_session(gift.session_id or "")
        except (StripeRefused, StripeNotAllowed) as trouble:  # paid or expired already, or this key may not
            log.info("The payment page of gift %s was not closed: %s", gift.pk, in_brief(trouble))
            ledger.book_session(gift, now=now)
    return {gift.session_id or "" for gift in waiting}
