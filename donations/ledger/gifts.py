"""A gift as its session, its subscription and its payments make it."""

import logging
from typing import Any, Final

from donations.models import Gift, Payment
from donations.stripe_facts import SessionFacts, SubscriptionFacts

from .told import Told

log = logging.getLogger(__name__)

LATE: Final = frozenset({"past_due", "unpaid"})
OTHERWISE: Final = {
    "incomplete": Gift.Status.BEGUN,
    "incomplete_expired": Gift.Status.FAILED,
    "canceled": Gift.Status.ENDED,
    "paused": Gift.Status.PAUSED,
}
GIFT_FIELDS: Final = (
    "status",
    "session_id",
    "session_status",
    "stripe_customer",
    "stripe_subscription",
    "subscription_status",
    "monthly_amount",
    "anchor",
    "cancel_at",
    "ended_at",
    "paused_until",
    "open_invoice",
    "open_amount",
)


def state_of(gift: Gift) -> dict[str, Any]:
    return {name: getattr(gift, name) for name in GIFT_FIELDS}


def take_over(gift: Gift, told: Told) -> None:
    """What Stripe says about the gift itself: its session, its customer, its subscription."""
    if told.session:
        take_over_page(gift, told.session)
    given = told.subscription
    if given is None or not gift.is_monthly:
        return
    if gift.stripe_subscription not in {None, given.id}:
        log.warning("Gift %s has subscription %s, and %s as well.", gift.pk, gift.stripe_subscription, given.id)
        return  # staff find it under what needs attention
    gift.stripe_subscription, gift.subscription_status = given.id, given.status
    gift.stripe_customer = given.customer or gift.stripe_customer
    gift.monthly_amount, gift.anchor = given.monthly_amount, given.anchor
    gift.cancel_at, gift.ended_at = given.cancel_at, given.ended_at
    gift.paused_until = given.paused_until if given.paused else None
    still_open = told.latest_invoice if told.latest_invoice and told.latest_invoice.remaining else None
    gift.open_invoice, gift.open_amount = (still_open.id, still_open.remaining) if still_open else ("", 0)
    gift.status = monthly_status(given, is_owing=bool(still_open))


def take_over_page(gift: Gift, session: SessionFacts) -> None:
    """The page that a gift was paid on, else the last one opened; one that expired is never gone back to."""
    is_paid_instead = session.status == "complete" and gift.session_status != "complete"
    if gift.session_id == session.id or (gift.session_id is None and session.status != "expired") or is_paid_instead:
        gift.session_id, gift.session_status = session.id, session.status
        gift.stripe_customer = gift.stripe_customer or session.customer or None
    elif gift.session_id is None:
        gift.session_status = session.status


def monthly_status(given: SubscriptionFacts, *, is_owing: bool) -> str:
    """A late gift that was paused, and of which nothing is open any more, waits like every other paused one."""
    if given.status in LATE:
        return Gift.Status.PAUSED if given.paused and not is_owing else Gift.Status.PAST_DUE
    if given.status == "active":
        return Gift.Status.PAUSED if given.paused else Gift.Status.ACTIVE
    return OTHERWISE.get(given.status, Gift.Status.UNCLEAR)


def status_of(gift: Gift) -> str:
    """A monthly gift's status is its subscription's; before there is one, and for others, the payments decide."""
    if gift.subscription_status:
        return gift.status
    came = set(gift.payments.values_list("status", flat=True))
    if Payment.Status.SUCCEEDED in came and not gift.is_monthly:
        return Gift.Status.GIVEN
    if Payment.Status.PENDING in came:
        return Gift.Status.PROCESSING
    if gift.session_status == "expired":
        return Gift.Status.EXPIRED
    return Gift.Status.FAILED if gift.session_status == "complete" and came else Gift.Status.BEGUN
