"""One comparison: what there is to look at, and each of it looked at."""

import logging
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Final, TypeVar
from uuid import UUID

from django.conf import settings
from django.db import DatabaseError, transaction

from donations import attribution, ledger, webhooks
from donations.attribution import Hint
from donations.models import Dispute, Gift, Payment, Refund, WebhookEvent
from donations.stripe_facts import BalanceFacts, EventFacts
from donations.stripe_gateway import Listing, StripeMissing, StripeNotAllowed, StripeTrouble, StripeUnavailable

from .report import Drift, Report, of_change
from .sums import CHARGE, DEBIT_FAILED, DISPUTE, KINDS, REFUND, Ours, Sums, by_source, unplaced

log = logging.getLogger(__name__)
T = TypeVar("T")
STILL_TRIED: Final = timedelta(days=90)  # Stripe tries a renewal again for two months, a page lives for a day
ON_ITS_WAY: Final = timedelta(minutes=5)  # an event this young may be on its way to us
EVENTS_KEPT: Final = timedelta(days=30)
UNDECIDED: Final = (Refund.Status.PENDING, Refund.Status.REQUIRES_ACTION, Refund.Status.OTHER)
CHARGES: Final = ("ch_", "py_")  # how Stripe's ids of charges begin
SILENT_TIMES: Final = 5  # unanswered questions in a row, after which Stripe is down


class Run:
    def __init__(self, since: datetime, *, fix: bool, now: datetime) -> None:
        self.since, self.fix, self.now = since, fix, now
        self.stripe = Listing(retries=2)
        self.report = Report()
        self.silent = 0
        self.strangers: set[str] = set()  # PaymentIntents

    def go(self) -> Report:
        ours = Ours.since(self.since)
        movements = self.listed("balance transactions", partial(self.stripe.movements, self.since))
        sources = self.intents_of(movements or [])
        self.compare_intents([*self.listed_intents(), *sources.values(), *open_intents(ours, sources, self.now)])
        self.compare_subscriptions()
        self.compare_sessions()
        self.take_in_events()
        if movements is not None:
            self.compare_sums(movements, sources, ours)
        return self.report

    # --- asking

    def listed(self, what: str, ask: Callable[[], list[T]]) -> list[T] | None:
        """A list of Stripe's; None, and a note, where this key or this Stripe does not have it."""
        try:
            found = ask()
        except (StripeMissing, StripeNotAllowed) as trouble:
            if trouble.status == 401:  # then nothing at all may be asked
                raise
            self.report.unasked[what] = f"Stripe's list of {what} cannot be had, so it was not compared: {trouble}"
            return None
        self.report.looked_at[what] = len(found)
        return found

    def tried(self, about: str, work: Callable[[], T]) -> T | None:
        """The answer; None where there was none, which is a difference that remains."""
        try:
            answer = work()
        except (StripeTrouble, ledger.NotBooked, DatabaseError) as trouble:
            self.silent = self.silent + 1 if isinstance(trouble, StripeUnavailable) else 0
            if self.silent == SILENT_TIMES:
                raise
            self.report.drift.append(Drift(about, "", "", f"not compared: {webhooks.for_staff(trouble)}", True))
            return None
        self.silent = 0
        return answer

    # --- what there is to look at

    def intents_of(self, movements: list[BalanceFacts]) -> dict[str, str]:
        """The PaymentIntent behind each thing that moved the balance; empty where there is none."""
        found: dict[str, str] = {}
        others: dict[str, int] = {}
        for row in movements:
            kind = KINDS.get(row.category)
            if kind is None or not row.source:
                others[row.category] = others.get(row.category, 0) + 1
            elif row.source not in found:
                ask = self.intent_of_failure if row.category == DEBIT_FAILED else partial(self.intent_of, kind)
                intent = self.tried(row.source, partial(ask, row.source))
                if intent is not None:
                    found[row.source] = intent
        for category, number in others.items():
            self.report.notes.append(f"Left alone, for they are no gifts: {number} of {category.replace('_', ' ')}.")
        return found

    def intent_of(self, kind: str, source: str) -> str:
        if kind == CHARGE:
            return attribution.intent_of_charge(source, self.stripe)
        find = attribution.intent_of_dispute if kind == DISPUTE else attribution.intent_of_refund
        return find(source, self.stripe)

    def intent_of_failure(self, source: str) -> str | None:
        """Stripe names the charge, or a refund by which it went back; None where it has no such thing."""
        try:
            return self.intent_of(CHARGE if source.startswith(CHARGES) else REFUND, source)
        except StripeMissing:
            self.report.notes.append(f"Left alone, for Stripe does not say which debit failed: {source}.")
            return None

    def listed_intents(self) -> Iterable[str]:
        for what, ask in (
            ("PaymentIntents", self.stripe.tried_intents),
            ("refunds", self.stripe.refunded_intents),
            ("disputes", self.stripe.disputed_intents),
        ):
            yield from self.listed(what, partial(ask, self.since)) or []

    # --- looking

    def compare(self, about: str, find: Callable[[], Hint]) -> Hint | None:
        """Whose it is, and what of it differs."""
        hint = self.tried(about, find)
        if hint and hint.gift:
            changes = self.tried(about, lambda: ledger.compare(hint, gateway=self.stripe, now=self.now, fix=self.fix))
            for change in changes or []:
                self.report.add(of_change(change, fix=self.fix))
        return hint

    def compare_intents(self, intents: Iterable[str]) -> None:
        for intent in filter(None, dict.fromkeys(intents)):
            hint = self.compare(intent, partial(attribution.of_intent, intent, self.stripe))
            if hint and hint.gift is None:
                self.strangers.add(intent)
                if hint.intents:
                    self.list_stranger(intent)

    def list_stranger(self, intent: str) -> None:
        """Money that staff do not see yet is a difference; once they do, it waits for them."""
        self.find("money that names no gift of ours", intent, partial(webhooks.list_stranger, intent))
        self.report.looked_at["payments that name no gift"] += 1

    def compare_subscriptions(self) -> None:
        theirs = self.listed("subscriptions", self.stripe.subscriptions) or []
        for key in dict.fromkeys([*going_on(), *theirs]):
            hint = self.compare(key, partial(self.of_subscription, key))
            if hint and hint.gift and is_second(key, hint.gift):
                self.find("a second subscription of its gift", key, partial(webhooks.list_second, key, hint.gift))
        for event in WebhookEvent.objects.second_subscriptions().filter(livemode=settings.STRIPE_LIVE):
            given = self.tried(event.object_id, partial(self.stripe.subscription, event.object_id))
            if given and given.ended_at and event.gift_id:
                self.find("ended", given.id, partial(webhooks.end_second, given.id, event.gift_id))

    def of_subscription(self, key: str) -> Hint:
        """With its last invoice where Stripe's lists do not tell of all payments: so a lost renewal is found."""
        hint = attribution.of_subscription(key, self.stripe)
        if hint.gift is None or not self.report.is_blind:
            return hint
        return replace(hint, invoice=self.stripe.subscription(key).latest_invoice)

    def find(self, says: str, about: str, put: Callable[[datetime], bool]) -> None:
        """Something for staff's lists, which they do not see yet."""
        with transaction.atomic():
            new = put(self.now)
            if not self.fix:
                transaction.set_rollback(True)
        if new:
            self.report.add(Drift(about, says, "", "listed for staff" if self.fix else "not listed", not self.fix))

    def compare_sessions(self) -> None:
        listed = self.listed("sessions", partial(self.stripe.sessions, self.since)) or []
        paid = [session.id for session in listed if session.status == "complete" and session.gift]
        known = set(
            Gift.objects.filter(session_status="complete", session_id__in=paid).values_list("session_id", flat=True)
        )
        for key in dict.fromkeys([*open_pages(), *(key for key in paid if key not in known)]):
            self.compare(key, partial(attribution.of_session, key, self.stripe))

    # --- what was never delivered

    def take_in_events(self) -> None:
        since = max(self.since, self.now - EVENTS_KEPT)
        events = self.listed("undelivered events", partial(self.stripe.undelivered, webhooks.FINDERS, since)) or []
        keys = [event.id for event in events]
        known = set(WebhookEvent.objects.filter(event_id__in=keys).values_list("event_id", flat=True))
        for event in events:
            if event.id not in known and event.object_id and event.created <= self.now - ON_ITS_WAY:
                self.take_in(event)

    def take_in(self, event: EventFacts) -> None:
        done, remains = "not taken in", True
        if self.fix:
            taken = webhooks.take_in(event, self.now)
            done, remains = f"taken in: {taken.get_state_display().lower()}", taken.state in WebhookEvent.UNSETTLED
        self.report.drift.append(
            Drift(event.id, f"{event.type} of {event.object_id}, not delivered", "", done, remains)
        )

    # --- the sums

    def compare_sums(self, movements: list[BalanceFacts], sources: dict[str, str], ours: Ours) -> None:
        strangers = {source for source, intent in sources.items() if not intent or intent in self.strangers}
        sums = Sums(self.since, strangers, unplaced(movements, sources))
        sums.take(by_source(movements, sources), ours)
        self.report.sums = sums.rows()
        self.report.notes += sums.notes()


# --- what of ours is not final


def open_intents(ours: Ours, sources: dict[str, str], now: datetime) -> list[str]:
    """Payments, refunds and disputes that may still change, and what moved by our books but not by Stripe's list."""
    mine = Payment.objects.filter(channel=Payment.Channel.STRIPE, livemode=settings.STRIPE_LIVE)
    rows = [
        mine.filter(status__in=[Payment.Status.OPEN, Payment.Status.PENDING]),
        mine.filter(status=Payment.Status.FAILED, given_at__gte=now - STILL_TRIED),
        mine.fee_unknown(),
        mine.filter(refunds__in=Refund.objects.filter(status__in=UNDECIDED)),
        mine.filter(disputes__in=Dispute.objects.open()),
        mine.filter(charge_id__in=ours.charges - sources.keys()).exclude(charge_id=""),
        mine.filter(refunds__remote_id__in=ours.refunds - sources.keys()),
        mine.filter(disputes__remote_id__in=ours.disputes - sources.keys()),
    ]
    return [key for found in rows for key in found.values_list("remote_id", flat=True) if key]


def going_on() -> list[str]:
    """The subscriptions that may still charge, as far as we know."""
    mine = Gift.objects.filter(livemode=settings.STRIPE_LIVE, stripe_subscription__isnull=False, ended_at=None)
    over = mine.exclude(status=Gift.Status.ENDED).exclude(subscription_status="incomplete_expired")
    return [key for key in over.values_list("stripe_subscription", flat=True) if key]


def is_second(subscription: str, gift: UUID) -> bool:
    """Whether a gift charges by another subscription than this one."""
    return (
        Gift.objects.filter(pk=gift, stripe_subscription__isnull=False)
        .exclude(stripe_subscription=subscription)
        .exists()
    )


def open_pages() -> list[str]:
    """The pages of which we do not know an end; Stripe closes each within a day."""
    mine = Gift.objects.filter(livemode=settings.STRIPE_LIVE, session_id__isnull=False)
    ended = mine.exclude(session_status__in=["complete", "expired"])
    return [key for key in ended.values_list("session_id", flat=True) if key]
