"""What a person has to look at: money or mails that will not put themselves right, and what to do about each."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from .models import Campaign, Dispute, Gift, Payment, Refund, SentMail, WebhookEvent

OLD_NEWS: Final = timedelta(days=60)  # a failure that nobody followed up by then is left to the lists
SLOW: Final = timedelta(minutes=10)  # what the worker has not done by then, it is not doing


@dataclass(frozen=True)
class Concern:
    """One kind of trouble. `find` asks the database for its rows at an instant; `advice` says what to do."""

    name: str
    title: str
    advice: str
    find: Callable[[datetime], QuerySet[Any]]


def unattributed(now: datetime) -> QuerySet[WebhookEvent]:
    """The first message about each PaymentIntent that names no gift."""
    ours = WebhookEvent.objects.unattributed().filter(livemode=settings.STRIPE_LIVE)
    same = Q(payment_intent_id=OuterRef("payment_intent_id")) & ~Q(payment_intent_id="")
    return ours.exclude(Exists(ours.filter(same, pk__lt=OuterRef("pk"))))


def failed_events(now: datetime) -> QuerySet[WebhookEvent]:
    late = Q(state=WebhookEvent.State.RECEIVED, received_at__lt=now - SLOW)
    return WebhookEvent.objects.filter(Q(state=WebhookEvent.State.FAILED) | late)


def parked_events(now: datetime) -> QuerySet[WebhookEvent]:
    return WebhookEvent.objects.filter(state=WebhookEvent.State.PARKED)


def open_disputes(now: datetime) -> QuerySet[Dispute]:
    """The one that has to be answered first comes first."""
    ours = Dispute.objects.open().filter(payment__livemode=settings.STRIPE_LIVE)
    return ours.select_related("payment__gift__donor").order_by(F("due_by").asc(nulls_last=True), "opened_at")


def failed_payments(now: datetime) -> QuerySet[Payment]:
    """The last try of each gift that is late, or that failed for good of late."""
    later = Payment.objects.filter(gift=OuterRef("gift"), given_at__gt=OuterRef("given_at"))
    later = later.exclude(status=Payment.Status.OPEN)
    tried = Payment.objects.of_mode(settings.STRIPE_LIVE).filter(status=Payment.Status.FAILED)
    late = Q(gift__status=Gift.Status.PAST_DUE)
    of_late = Q(given_at__gte=now - OLD_NEWS) & ~Q(gift__status=Gift.Status.ENDED)
    return tried.filter(late | of_late).exclude(Exists(later)).select_related("gift__donor", "gift__campaign")


def failed_refunds(now: datetime) -> QuerySet[Refund]:
    """Refunds that did not reach the giver and were not followed by another of the same payment."""
    stuck = [Refund.Status.FAILED, Refund.Status.REQUIRES_ACTION]
    again = Refund.objects.counting().filter(payment=OuterRef("payment"), made_at__gt=OuterRef("made_at"))
    rows = Refund.objects.filter(status__in=stuck, made_at__gte=now - OLD_NEWS).exclude(Exists(again))
    return rows.filter(payment__livemode=settings.STRIPE_LIVE).select_related("payment__gift__donor")


def duplicates(now: datetime) -> QuerySet[Gift]:
    return Gift.objects.duplicates().of_mode(settings.STRIPE_LIVE).select_related("donor", "campaign")


def second_subscriptions(now: datetime) -> QuerySet[WebhookEvent]:
    rows = WebhookEvent.objects.second_subscriptions().filter(livemode=settings.STRIPE_LIVE)
    return rows.select_related("gift__campaign")


def unclear(now: datetime) -> QuerySet[Gift]:
    rows = Gift.objects.of_mode(settings.STRIPE_LIVE).filter(status=Gift.Status.UNCLEAR)
    return rows.select_related("donor", "campaign")


def stuck_mails(now: datetime) -> QuerySet[SentMail]:
    waiting = Q(status=SentMail.Status.QUEUED, queued_at__lt=now - SLOW)
    unfinished = Q(pk__in=SentMail.objects.unfinished(now).values("pk"))
    return SentMail.objects.filter(waiting | unfinished).select_related("gift__donor", "donor", "staff")


def silent_default(now: datetime) -> QuerySet[Campaign]:
    """The campaign that every appeal asks for, where neither it nor what follows it takes gifts now."""
    shown = Campaign.objects.filter(is_default=True)
    return shown.none() if Campaign.objects.default(now) else shown


CONCERNS: Final = (
    Concern(
        "silent-default",
        "Articles that ask for nothing",
        "Their campaign takes no gifts now: it is not live, or today is none of its days. Give it another last day, "
        "or make another campaign the default.",
        silent_default,
    ),
    Concern(
        "unattributed",
        "Money that names no gift of ours",
        "Look at it at Stripe: who paid, and what for. Open the message to give the money its gift, or a new one; "
        "until then it is in no figure.",
        unattributed,
    ),
    Concern(
        "disputes",
        "Open disputes",
        "Answer at Stripe before the date; after it the bank decides alone. "
        "Do not refund what is in dispute, or it may go back twice.",
        open_disputes,
    ),
    Concern(
        "failed-refunds",
        "Refunds that did not arrive",
        "The giver still waits for this money: write to them, and pay it back another way or refund again.",
        failed_refunds,
    ),
    Concern(
        "failed-payments",
        "Payments that failed",
        "Stripe tries a monthly gift again by itself. After a bank debit that failed, write the giver a kind line.",
        failed_payments,
    ),
    Concern(
        "duplicates",
        "Second monthly gifts of one person",
        "Often a mistake: ask the giver, then stop the one that was not meant and refund what it took.",
        duplicates,
    ),
    Concern(
        "second-subscriptions",
        "Second subscriptions of one gift",
        "The giver is charged twice a month for one gift. Open the subscription at Stripe and cancel it there, then "
        "refund here what it took. It leaves this list by itself.",
        second_subscriptions,
    ),
    Concern(
        "failed-events",
        "Messages of Stripe that were not booked",
        "They are tried again by themselves. If one stays here for a day, show it to whoever runs the server.",
        failed_events,
    ),
    Concern(
        "parked-events",
        "Messages of the other mode",
        "They tell of test money on a live installation, or the reverse, and count for nothing. If you expected them "
        "to count, the wrong key is set: tell whoever runs the server.",
        parked_events,
    ),
    Concern(
        "unclear",
        "Gifts whose state is unclear",
        "Stripe says something that this version does not know. Look at Stripe, and tell whoever runs the server.",
        unclear,
    ),
    Concern(
        "mails",
        "Mails that got stuck",
        "A mail that is being sent for long may or may not have arrived: ask the giver, or send it again. "
        "If mails wait in the queue, the worker is not running: tell whoever runs the server.",
        stuck_mails,
    ),
)


def counts(now: datetime) -> list[tuple[Concern, int]]:
    """How much there is of each trouble; kinds of which there is none are left out."""
    found = ((concern, concern.find(now).count()) for concern in CONCERNS)
    return [(concern, number) for concern, number in found if number]
