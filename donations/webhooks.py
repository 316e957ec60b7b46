"""Everything Stripe tells us. An event is a hint that something happened: stored first, then everything is fetched.

Stripe delivers at least once and in no order, so an event that was settled is answered and left alone, and one that
failed is tried again by its next delivery or by the worker. Nothing of a payload is used but ids.
"""

import json
import logging
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import stripe
from django.conf import settings
from django.db import DatabaseError
from django.db.models import F
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from outbox.discreet import and_where, in_brief

from . import attribution, breaker, deeds, ledger, tasks
from .attribution import Hint
from .models import Gift, WebhookEvent
from .stripe_facts import EventFacts
from .stripe_gateway import Gateway, StripeMissing, StripeNotAllowed, StripeRefused, StripeUnavailable

log = logging.getLogger(__name__)
LARGEST: Final = 1024 * 1024  # bytes of a body
SIGNED_WITHIN: Final = 300  # seconds
ID: Final = re.compile(r"[A-Za-z0-9_]{1,255}")
FOUND: Final = "reconcile_stripe"  # in the type of a row that no message made
THIN: Final = "v2.core.event"  # an event with ids alone; its types are those of whole events behind "v1."
TYPE: Final = re.compile(r"[a-z0-9_.]{1,120}")

FINDERS: Final[dict[str, Callable[[str, Gateway], Hint | list[Hint]]]] = {
    "checkout.session.completed": attribution.of_session,
    "checkout.session.async_payment_succeeded": attribution.of_session,
    "checkout.session.async_payment_failed": attribution.of_session,
    "checkout.session.expired": attribution.of_session,
    "payment_intent.succeeded": attribution.of_intent,
    "payment_intent.processing": attribution.of_intent,
    "payment_intent.payment_failed": attribution.of_intent,
    "payment_intent.canceled": attribution.of_intent,
    "charge.updated": attribution.of_charge,
    "refund.created": attribution.of_refund,
    "refund.updated": attribution.of_refund,
    "refund.failed": attribution.of_refund,
    "charge.dispute.created": attribution.of_dispute,
    "charge.dispute.updated": attribution.of_dispute,
    "charge.dispute.closed": attribution.of_dispute,
    "charge.dispute.funds_withdrawn": attribution.of_dispute,
    "charge.dispute.funds_reinstated": attribution.of_dispute,
    "invoice.paid": attribution.of_invoice,
    "invoice.payment_failed": attribution.of_invoice,
    "invoice.payment_action_required": attribution.of_invoice,
    "invoice.voided": attribution.of_invoice,
    "invoice.marked_uncollectible": attribution.of_invoice,
    "customer.subscription.created": attribution.of_subscription,
    "customer.subscription.updated": attribution.of_subscription,
    "customer.subscription.deleted": attribution.of_subscription,
    "customer.updated": attribution.of_customer,
}
"""The types that we ask Stripe to send, and who finds the gift, or the gifts, that each is about."""
BY_THE_WORKER: Final = ("customer.updated",)  # a dozen questions to Stripe, too many for its own request


# --- The endpoint -------------------------------------------------------------------------------------------------


class NotAnEvent(Exception):
    """What was posted is not an event that Stripe signed; the message says what is wrong with it."""


@dataclass(frozen=True)
class Delivery:
    """The little that is used of a payload."""

    id: str
    type: str
    object_id: str
    livemode: bool
    account: str


@csrf_exempt
@require_POST
@never_cache
def webhook(request: HttpRequest) -> HttpResponse:
    """200 for what is settled or left to the worker, 500 for what shall come again, 400 for what is not Stripe's."""
    if not settings.STRIPE_WEBHOOK_SECRET:
        return answer(503, "STRIPE_WEBHOOK_SECRET is not set, so nothing can be checked and nothing is taken.")
    try:
        delivery = read(request)
    except NotAnEvent as wrong:
        return answer(400, str(wrong))
    now = timezone.now()
    event = store(delivery, now)
    if event.state in WebhookEvent.UNSETTLED and event.type in BY_THE_WORKER:
        leave_to_worker(event)
        return answer(200, "left to the worker")
    if event.state in WebhookEvent.UNSETTLED:
        settle(event, now)
        if event.type == breaker.FAILED:
            breaker.look(now)
            breaker.close_pages(now, pk=event.gift_id)
    return answer(500 if event.state in WebhookEvent.UNSETTLED else 200, event.state)


def answer(status: int, words: str) -> HttpResponse:
    return HttpResponse(words, content_type="text/plain; charset=utf-8", status=status)


def read(request: HttpRequest) -> Delivery:
    """The signed event in a request's body; raises NotAnEvent."""
    body = request.read(LARGEST + 1)
    if len(body) > LARGEST:
        raise NotAnEvent("The body is larger than 1 MiB.")
    try:
        text = body.decode()
        stripe.WebhookSignature.verify_header(
            text, request.headers.get("Stripe-Signature"), settings.STRIPE_WEBHOOK_SECRET, SIGNED_WITHIN
        )
        return delivery_in(json.loads(text))
    except UnicodeDecodeError as wrong:
        raise NotAnEvent("The body is not UTF-8.") from wrong
    except (stripe.SignatureVerificationError, TypeError) as wrong:  # a signature with other letters is a TypeError
        raise NotAnEvent("The Stripe-Signature header does not fit the body, the secret or the time.") from wrong
    except (ValueError, RecursionError) as wrong:
        raise NotAnEvent("The body is not JSON.") from wrong


def delivery_in(payload: object) -> Delivery:
    """Checks the shape of what was signed, be it a whole event or a thin one: Stripe's library does not."""
    if not isinstance(payload, dict) or not isinstance(payload.get("livemode"), bool):
        raise NotAnEvent("The body is not an event with a livemode.")
    is_thin = payload.get("object") == THIN
    thing = payload.get("related_object") if is_thin else named(payload.get("data"), "object")
    if not isinstance(thing, dict) and not (is_thin and thing is None):
        raise NotAnEvent("The body is not an event with a data.object, nor a thin one with a related_object.")
    event_id, kind = word(payload.get("id")), word(payload.get("type")).removeprefix("v1." if is_thin else "")
    object_id = word(named(thing, "id"))
    if not ID.fullmatch(event_id) or not TYPE.fullmatch(kind):
        raise NotAnEvent("The event has no usable id or type.")
    if not ID.fullmatch(object_id):
        if kind in FINDERS:
            raise NotAnEvent(f"The event {kind} names no object.")
        object_id = ""
    account = payload.get("context" if is_thin else "account")
    return Delivery(event_id, kind, object_id, payload["livemode"], str(account or ""))


def named(value: object, name: str) -> object:
    return value.get(name) if isinstance(value, dict) else None


def word(value: object) -> str:
    return value if isinstance(value, str) else ""


# --- The inbox ----------------------------------------------------------------------------------------------------


def store(delivery: Delivery, now: datetime, *, undelivered: bool = False) -> WebhookEvent:
    """The inbox's row of an event, committed before anything is asked or booked."""
    row = {"type": delivery.type, "object_id": delivery.object_id, "livemode": delivery.livemode}
    row |= {"received_at": now, "undelivered": undelivered}
    if delivery.account:
        row |= ignored("It is of a connected account, and none is ours.", now)
    elif delivery.type not in FINDERS:
        row |= ignored("Its type is none that we book.", now)
    event, _ = WebhookEvent.objects.get_or_create(event_id=delivery.id, defaults=row)
    return event


def take_in(told: EventFacts, now: datetime) -> WebhookEvent:
    """An event that was never delivered, booked as if it were delivered now. It may tell of what is days ago."""
    event = store(Delivery(told.id, told.type, told.object_id, told.livemode, told.account), now, undelivered=True)
    if event.state in WebhookEvent.UNSETTLED:
        settle(event, now, retries=2)
    return event


def list_stranger(intent_id: str, now: datetime) -> bool:
    """Has staff see money that names no gift of ours and of which no message told; False where they see it already.

    The inbox's row has the PaymentIntent in an event's place, for there was none.
    """
    if WebhookEvent.objects.filter(payment_intent_id=intent_id, reason=WebhookEvent.UNATTRIBUTED).exists():
        return False
    row = {"object_id": intent_id, "payment_intent_id": intent_id} | ignored(WebhookEvent.UNATTRIBUTED, now)
    return put_in_inbox(intent_id, FOUND, row, now)


def list_second(subscription_id: str, gift: UUID, now: datetime) -> bool:
    """The same for a subscription that charges beside a gift's own, so that stopping the gift stops it too."""
    about = WebhookEvent.objects.filter(object_id=subscription_id, gift=gift)
    if about.filter(type__startswith="customer.subscription.").exists():
        return False
    return put_in_inbox(subscription_id, f"customer.subscription.{FOUND}", of_second(subscription_id, gift, now), now)


def end_second(subscription_id: str, gift: UUID, now: datetime) -> bool:
    """And where it has ended, and no message told, it is listed no longer."""
    key = f"{subscription_id}_{FOUND}"
    return put_in_inbox(key, "customer.subscription.deleted", of_second(subscription_id, gift, now), now)


def of_second(subscription_id: str, gift: UUID, now: datetime) -> dict[str, object]:
    settled = {"state": WebhookEvent.State.PROCESSED, "settled_at": now}
    return settled | {"object_id": subscription_id, "gift_id": gift}


def put_in_inbox(key: str, kind: str, row: dict[str, object], now: datetime) -> bool:
    """A row that no message made; False where it is there."""
    mine = {"type": kind, "received_at": now, "livemode": settings.STRIPE_LIVE, "undelivered": True}
    _, made = WebhookEvent.objects.get_or_create(event_id=key, defaults=mine | row)
    return made


def leave_to_worker(event: WebhookEvent) -> None:
    """A hint: the event's row is committed, so where the queue fails or loses it, the sweep settles it in minutes."""
    try:
        tasks.settle_event(event.pk)
    except Exception as trouble:
        log.warning("%s waits for the sweep, for the queue does not take it: %s", event, in_brief(trouble))


def ignored(reason: str, now: datetime) -> dict[str, object]:
    return {"state": WebhookEvent.State.IGNORED, "reason": reason, "settled_at": now}


def settle(event: WebhookEvent, now: datetime, *, retries: int = 0) -> Exception | None:
    """Books what an event hints at and writes down what became of it. Returns the trouble where there was one."""
    trouble: Exception | None = None
    verdict: Verdict
    try:
        verdict = judge(event, Gateway(retries=retries), now)
    except Exception as error:  # whatever it is, the next delivery tries again, and staff can read why
        log.error("%s could not be booked: %s", event, and_where(error))
        trouble, verdict = error, Verdict(WebhookEvent.State.FAILED, for_staff(error))
    write_down(event, verdict, now)
    return trouble


def for_staff(error: Exception) -> str:
    """Why an event was not booked. A database's words may hold the whole row that it refused, name and all."""
    return in_brief(error) if isinstance(error, DatabaseError) else f"{type(error).__name__}: {error}"


@dataclass(frozen=True)
class Verdict:
    """What became of an event, why, and what it was about."""

    state: WebhookEvent.State
    reason: str = ""
    gift: UUID | None = None
    intent: str = ""


def judge(event: WebhookEvent, gateway: Gateway, now: datetime) -> Verdict:
    """Finds the gift and books it, unless the event is none of ours. Raises whatever keeps it from being booked."""
    if event.livemode != settings.STRIPE_LIVE:
        theirs, ours = ("live", "test") if event.livemode else ("test", "live")
        return Verdict(WebhookEvent.State.PARKED, f"It is of {theirs} mode, and this installation of {ours} mode.")
    try:
        found = FINDERS[event.type](event.object_id, gateway)
        hints = found if isinstance(found, list) else [found]
        booked = [ledger.book(hint, gateway=gateway, now=now) for hint in hints if hint.gift]
        follow_up(event.type, booked, gateway, now)
    except StripeMissing as missing:
        if missing.code != "resource_missing":
            raise
        return Verdict(WebhookEvent.State.IGNORED, f"resource_missing: {missing}")
    intent = next((intent for hint in hints for intent in hint.intents), "")
    gifts = {gift.pk for gift in booked}
    if not gifts:
        return Verdict(WebhookEvent.State.IGNORED, why_nobodys(event, hints), intent=intent)
    return Verdict(WebhookEvent.State.PROCESSED, gift=gifts.pop() if len(gifts) == 1 else None, intent=intent)


def why_nobodys(event: WebhookEvent, hints: list[Hint]) -> str:
    """What the inbox says of a message that leads to no gift. The breaker counts first tries that were refused."""
    if any(hint.intents for hint in hints):
        return WebhookEvent.UNATTRIBUTED
    is_renewal = any(hint.of_a_giver for hint in hints)  # and this key may not ask for its invoice
    if event.type == breaker.FAILED and not is_renewal:
        return WebhookEvent.REFUSED_UNNAMED
    return "It names no gift of ours."


def follow_up(kind: str, booked: list[Gift], gateway: Gateway, now: datetime) -> None:
    """What is done at Stripe after an event was booked: a new card is used, and arrears are given up.

    Where this key may not do it, or Stripe says no, booking goes on all the same.
    """
    for gift in booked:
        if kind == "customer.updated":
            try:
                deeds.use_new_card(gift, now=now, gateway=gateway)
            except (StripeNotAllowed, StripeRefused) as trouble:
                log.warning("The card of gift %s was left as it is: %s", gift.pk, in_brief(trouble))
        elif gift.status == Gift.Status.PAST_DUE or (kind == "invoice.paid" and gift.has_left_a_month_out):
            deeds.give_up_arrears(gift, gateway)


def write_down(event: WebhookEvent, verdict: Verdict, now: datetime) -> None:
    """What another delivery of the same event has settled meanwhile stays settled."""
    settled_at = None if verdict.state in WebhookEvent.UNSETTLED else now
    open_states = [*WebhookEvent.UNSETTLED, WebhookEvent.State.PARKED]
    WebhookEvent.objects.filter(pk=event.pk, state__in=open_states).update(
        state=verdict.state,
        reason=verdict.reason[:500],
        gift=verdict.gift,
        payment_intent_id=verdict.intent,
        attempts=F("attempts") + 1,
        attempted_at=now,
        settled_at=settled_at,
    )
    event.refresh_from_db()


# --- The worker ---------------------------------------------------------------------------------------------------

AT_ONCE: Final = 200
IN_WORK: Final = timedelta(minutes=5)  # what was received may still be in work for as long, and no process is longer
LONGEST_WAIT: Final = timedelta(hours=6)


def process_inbox(now: datetime) -> int:
    """Settles what was not: failed events, those that a killed process left, and parked ones that are now ours.

    Stops where Stripe does not answer. Returns how many were settled.
    """
    settled = 0
    waiting = WebhookEvent.objects.waiting(settings.STRIPE_LIVE)
    for event in [event for event in waiting if is_due(event, now)][:AT_ONCE]:
        trouble = settle(event, now, retries=2)
        settled += trouble is None
        if isinstance(trouble, StripeUnavailable):
            break
    return settled


def is_due(event: WebhookEvent, now: datetime) -> bool:
    """A failed event after ever longer pauses; a received one when nobody can still be at work on it."""
    if event.state == WebhookEvent.State.RECEIVED:
        return event.received_at + IN_WORK <= now
    wait = min(timedelta(minutes=1 << min(event.attempts, 10)), LONGEST_WAIT)
    last: datetime = event.attempted_at or event.received_at
    return last + wait <= now
