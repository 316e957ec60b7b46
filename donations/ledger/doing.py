"""What staff and the worker do through Stripe, and what is booked of it."""

import logging
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings

from donations.attribution import Hint
from donations.models import Gift, Payment, WebhookEvent
from donations.money import format_money
from donations.stripe_gateway import Gateway, StripeTrouble
from outbox.discreet import and_where, in_brief

from .booking import book
from .told import NotBooked

log = logging.getLogger(__name__)
FEES_COME_WITHIN: Final = timedelta(days=30)
FEES_AT_ONCE: Final = 100


def refund(payment: Payment, *, amount: int, reason: str, key: str, now: datetime) -> bool:
    """Gives money back through Stripe and books it; False where it goes back and is booked later.

    `key` comes from the form, so that a second press does nothing. Raises only where nothing is known to go back.
    """
    left = payment.refundable()
    if not payment.remote_id or not 0 < amount <= left:
        can = f"Up to {format_money(left, payment.currency)} can be given back." if left else "Nothing is left of it."
        raise NotBooked(f"{format_money(amount, payment.currency)} of {payment} cannot be given back. {can}")
    gateway = Gateway(retries=2)
    gateway.create_refund(payment, amount, reason, key)
    return book_done(Hint(payment.gift_id, intents=(payment.remote_id,)), gateway=gateway, now=now)


def refund_was_made(payment: Payment, key: str) -> bool:
    """Whether Stripe made the refund of a form, though its answer was an error."""
    return any(refund.form == key for refund in Gateway(retries=2).refunds(payment.remote_id or ""))


def book_again(payment: Payment, *, now: datetime) -> bool:
    """Books a payment as Stripe has it now; False where that has to wait."""
    return book_done(Hint(payment.gift_id, intents=(payment.remote_id or "",)), gateway=Gateway(retries=2), now=now)


def stop(gift: Gift, *, now: datetime) -> bool:
    """Stops a monthly gift at once: nothing more is charged. What was given stays given.

    False where it is stopped and booked later; raises only where it is not stopped.
    """
    if not gift.stripe_subscription:
        raise NotBooked(f"{gift} has not begun at Stripe, so there is nothing to stop.")
    gateway = Gateway(retries=2)
    for second in WebhookEvent.objects.second_subscriptions().filter(gift=gift):
        gateway.cancel_subscription(second.object_id)
    gateway.cancel_subscription(gift.stripe_subscription)
    return book_done(Hint(gift.pk, subscription=gift.stripe_subscription), gateway=gateway, now=now)


def book_done(hint: Hint, *, gateway: Gateway, now: datetime) -> bool:
    """Books what was just done. Trouble is no reason to do it again: Stripe's message about it books it later."""
    try:
        book(hint, gateway=gateway, now=now)
    except Exception as error:
        log.error("What was done at Stripe for gift %s is not booked yet: %s", hint.gift, and_where(error))
        return False
    return True


def complete_fees(now: datetime) -> int:
    """Asks again for the fees that Stripe did not know when a payment succeeded; says how many are known now.

    New payments are asked about each time, and once an hour those of the last thirty days.
    """
    asked_since = now - (FEES_COME_WITHIN if now.minute == 0 else timedelta(hours=1))
    late = Payment.objects.fee_unknown().filter(livemode=settings.STRIPE_LIVE, confirmed_at__gt=asked_since)
    completed = 0
    for payment in late.order_by("-confirmed_at")[:FEES_AT_ONCE]:
        try:
            book(Hint(payment.gift_id, intents=(payment.remote_id or "",)), gateway=Gateway(retries=2), now=now)
        except (StripeTrouble, NotBooked) as trouble:
            log.warning("The fee of %s is still not known: %s", payment.remote_id, in_brief(trouble))
        completed += Payment.objects.filter(pk=payment.pk, fee__isnull=False).exists()
    return completed
