"""The breaker: where many attempts to pay fail, somebody is trying cards, and new gifts rest for a while.

Card testers send the gift form with stolen cards and look which of them are taken. The newsroom pays for every dispute
that comes of it, and may lose its account at Stripe. One-off gifts and new monthly ones are measured apart and rest
apart. Monthly gifts that have begun go on, and what is on Stripe's page can be paid.
"""

import logging
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import IntegrityError, transaction
from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from outbox.discreet import in_brief

from .models import Breaker, BreakerRule, Campaign, Gift, Payment, SentMail, WebhookEvent
from .owed import owe
from .stripe_gateway import Gateway, StripeTrouble

log = logging.getLogger(__name__)
ONCE, MONTHLY = Gift.Frequency.ONCE, Gift.Frequency.MONTHLY

FAILED: Final = "payment_intent.payment_failed"
CAME: Final = ("payment_intent.succeeded", "invoice.paid")
PERMISSION: Final = "donations.switch_breaker"

MINUTE: Final = timedelta(minutes=1)
WINDOW: Final = 15 * MINUTE  # what is looked at
FAILURES: Final = 12  # how many attempts must have failed in it
SHARE: Final = 50  # percent of all attempts that must have failed
OF_ONE_GIFT: Final = 3  # failures that count of one gift: a giver with a bad card must not stop everybody
TOO_MANY_CARDS: Final = 10  # failures of one gift that are no giver's: in a window all count; its page is closed

TIME_TO_PAY: Final = 10 * MINUTE  # a form sent later than that ago may still be paid
FORMS: Final = 60  # how many forms sent in a window, before that time, must have led to nothing
FORMS_SHARE: Final = 95  # percent of them; givers leave about every second page, not nearly all

QUIET: Final = 30 * MINUTE  # after which it closes by itself; twice as long each time that it opens in a day
LONGEST_QUIET: Final = timedelta(hours=8)
CALM: Final = 3  # failures within a quiet time that are nothing unusual


# --- What happens --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Figures:
    """New gifts since a moment: attempts to pay and how many failed, forms sent and how many led to nothing."""

    failed: int
    attempts: int
    left: int
    forms: int

    @property
    def share(self) -> int:
        """Percent of the attempts that failed, rounded down."""
        return 100 * self.failed // self.attempts if self.attempts else 0

    @property
    def many_fail(self) -> bool:
        return self.failed >= FAILURES and self.failed * 100 >= SHARE * self.attempts

    @property
    def many_are_left(self) -> bool:
        return self.left >= FORMS and self.left * 100 >= FORMS_SHARE * self.forms

    @property
    def look_like_testing(self) -> bool:
        return self.many_fail or self.many_are_left

    def reason(self) -> dict[str, int]:
        """What the row of a breaker keeps: failures, or forms that came to nothing where those gave the reason."""
        if self.many_are_left and not self.many_fail:
            return {"failed": self.left, "attempts": self.forms}
        return {"failed": self.failed, "attempts": self.attempts}


def measured(now: datetime, *, of: str = ONCE, since: datetime | None = None) -> Figures:
    """The figures of the last quarter of an hour, or since a later moment; of gifts once, or of first monthly ones."""
    begun = now - WINDOW
    failed, came = attempts(max(begun, since or begun), now, of=of)
    left, forms = sent(max(begun - TIME_TO_PAY, since or begun - TIME_TO_PAY), now - TIME_TO_PAY, of=of)
    return Figures(failed=failed, attempts=failed + came, left=left, forms=forms)


def attempts(since: datetime, until: datetime, *, of: str = ONCE) -> tuple[int, int]:
    """How many attempts to begin a gift failed, and how many came, as Stripe has told us.

    What is charged of a gift after its first payment is no attempt, whether it fails or comes. What a comparison found
    and Stripe never brought happened at another time.
    """
    settled = [WebhookEvent.State.PROCESSED, WebhookEvent.State.IGNORED]  # for the index
    told = WebhookEvent.objects.filter(state__in=settled, received_at__gt=since, received_at__lte=until)
    ours = told.filter(begins(of), type__in=[FAILED, *CAME], livemode=settings.STRIPE_LIVE, undelivered=False)
    rows = list(ours.order_by().values_list("type", "gift", "object_id"))
    of_each = Counter(gift or intent for kind, gift, intent in rows if kind == FAILED)
    return sum(map(counted, of_each.values())), len({gift for kind, gift, _ in rows if kind in CAME})


def begins(of: str) -> Q:
    """Messages about attempts to begin a gift. Stripe makes a subscription only when its first charge came, so a first
    charge that was refused names no gift: whatever was refused and names none is taken for that of a monthly one.
    """
    before = Payment.objects.filter(gift=OuterRef("gift"), confirmed_at__lt=OuterRef("received_at"))
    another = before.exclude(Q(remote_id=OuterRef("object_id")) | Q(invoice_id=OuterRef("object_id")))
    ours = Q(state=WebhookEvent.State.PROCESSED, gift__frequency=of) & ~Q(Exists(another))
    nameless = Q(state=WebhookEvent.State.IGNORED, reason=WebhookEvent.REFUSED_UNNAMED)
    return ours | nameless if of == MONTHLY else ours


def counted(failures: int) -> int:
    """How many of one gift's failures in a window count: a few of a giver's, all of a thief's."""
    return failures if failures >= TOO_MANY_CARDS else min(failures, OF_ONE_GIFT)


def sent(since: datetime, until: datetime, *, of: str = ONCE) -> tuple[int, int]:
    """Of the forms that were sent, how many led to nothing, and how many there were."""
    ours = Gift.objects.filter(livemode=settings.STRIPE_LIVE, frequency=of, form_key__isnull=False)
    forms = ours.filter(begun_at__gt=since, begun_at__lte=until).order_by()
    told = forms.aggregate(
        forms=Count("form_key", distinct=True),
        paid=Count("form_key", distinct=True, filter=~Q(status__in=Gift.UNPAID)),
    )
    return told["forms"] - told["paid"], told["forms"]


# --- What holds ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Hold:
    """What holds for new gifts to one campaign: those given once are paused, or not smaller than `minimum` (minor
    units); monthly ones are paused. Where staff have said so, no clock ends it.
    """

    is_paused: bool = False
    minimum: int = 0
    is_monthly_paused: bool = False
    is_by_hand: bool = False

    def pauses(self, frequency: str) -> bool:
        return (frequency == ONCE and self.is_paused) or (frequency == MONTHLY and self.is_monthly_paused)


def hold_on(campaign: Campaign) -> Hold:
    """A raised minimum is an amount of the newsroom's currency; where a campaign has another, gifts rest meanwhile."""
    rows = list(Breaker.objects.open())
    raised = [row.minimum or 0 for row in rows if row.does == Breaker.Does.RAISE]
    elsewhere = bool(raised) and campaign.currency != settings.CURRENCY
    return Hold(
        is_paused=elsewhere or any(row.does == Breaker.Does.PAUSE for row in rows if row.frequency == ONCE),
        minimum=0 if elsewhere else max(raised, default=0),
        is_monthly_paused=any(row.frequency == MONTHLY for row in rows),
        is_by_hand=any(row.opened_by_id for row in rows),
    )


# --- By itself -----------------------------------------------------------------------------------------------------


def look(now: datetime) -> None:
    """Opens where many attempts fail, and closes what opened by itself once it was quiet. For every minute, and for
    every failure that we are told of: a few queries of one index each.
    """
    close_quiet(now)
    for frequency in Gift.Frequency.values:
        look_at(frequency, now)


def look_at(frequency: str, now: datetime) -> None:
    ours = Breaker.objects.of(frequency)
    holds = set(ours.open().values_list("does", flat=True))  # as it was when measured: others look meanwhile
    if Breaker.Does.PAUSE in holds:
        return
    figures = measured(now, of=frequency, since=ours.last_switched())
    if figures.look_like_testing:
        open_by_itself(figures, now, of=frequency, is_raised=Breaker.Does.RAISE in holds)


def open_by_itself(figures: Figures, now: datetime, *, of: str = ONCE, is_raised: bool = False) -> Breaker | None:
    """As staff have decided of one-off gifts; where raising the smallest did not help, they are paused too."""
    rule = BreakerRule.objects.first()
    if of == ONCE and rule and rule.does == Breaker.Does.RAISE and not is_raised:
        return opened(Breaker.Does.RAISE, now, minimum=rule.minimum, figures=figures)
    return opened(Breaker.Does.PAUSE, now, of=of, figures=figures)


def close_quiet(now: datetime) -> None:
    """What staff opened stays until they close it."""
    for row in Breaker.objects.open().filter(opened_by=None):
        quiet = quiet_time(row)
        if row.opened_at + quiet <= now and attempts(now - QUIET, now, of=row.frequency)[0] <= CALM:
            Breaker.objects.open().filter(pk=row.pk).update(closed_at=now)


def quiet_time(row: Breaker) -> timedelta:
    """Twice as long each time that it opens by itself within a day, so that a tester cannot sit it out."""
    day = Breaker.objects.of(row.frequency).filter(opened_by=None, opened_at__gt=row.opened_at - timedelta(days=1))
    before = day.filter(opened_at__lt=row.opened_at).count()
    return min(QUIET * (1 << min(before, 10)), LONGEST_QUIET)


# --- Pages ---------------------------------------------------------------------------------------------------------


def close_pages(now: datetime, **only: Any) -> None:
    """Closes at Stripe the pages on which card after card was refused. For every minute; and for every failure that
    of its own gift alone, for each page is a question. Where Stripe does not do it, it is asked again as long as cards
    are tried there.
    """
    for gift in worn(now).filter(**only):
        try:
            Gateway().expire_session(gift.session_id or "")
        except StripeTrouble as trouble:  # or it was paid, or closed, a moment ago
            log.warning("Too many cards for gift %s, but its page was not closed: %s", gift.pk, in_brief(trouble))
            continue
        Gift.objects.filter(pk=gift.pk, session_id=gift.session_id).update(session_status="expired")
        log.warning("Too many cards for gift %s, so its page was closed.", gift.pk)


def worn(now: datetime) -> QuerySet[Gift]:
    """Gifts on whose open page too many cards were refused, and one of them lately."""
    lately = {"type": FAILED, "livemode": settings.STRIPE_LIVE, "received_at__gt": now - WINDOW, "undelivered": False}
    tried = WebhookEvent.objects.filter(state=WebhookEvent.State.PROCESSED, **lately).values("gift")
    waiting = Gift.objects.filter(pk__in=tried, session_status="open", status__in=Gift.UNPAID)
    refused = Count("events", filter=Q(events__type=FAILED, events__state=WebhookEvent.State.PROCESSED))
    return waiting.alias(refused=refused).filter(refused__gte=TOO_MANY_CARDS)


# --- By hand -------------------------------------------------------------------------------------------------------


@transaction.atomic
def switch_on(does: str, now: datetime, *, by: Any, of: str = ONCE, minimum: int | None = None) -> Breaker | None:
    """In place of whatever holds, until staff switch it off. None where another person was first in this instant."""
    switch_off(now, by=by, of=of)
    return opened(does, now, minimum=minimum, by=by, of=of, figures=measured(now, of=of))


def switch_off(now: datetime, *, by: Any, of: str = ONCE) -> int:
    """One-off gifts, or new monthly ones, go on as ever. Says how many switches that took."""
    return Breaker.objects.of(of).open().update(closed_at=now, closed_by=by)


def set_rule(does: str, now: datetime, *, by: Any, minimum: int | None = None) -> BreakerRule:
    """What the breaker does with one-off gifts when it next opens by itself."""
    return BreakerRule.objects.create(does=does, minimum=minimum, set_by=by, set_at=now)


def opened(
    does: str, now: datetime, *, figures: Figures, of: str = ONCE, minimum: int | None = None, by: Any = None
) -> Breaker | None:
    """The row and its mails; None where another process opened it in the same instant."""
    try:
        with transaction.atomic():
            says = {"frequency": of, "does": does, "minimum": minimum} | figures.reason()
            row = Breaker.objects.create(opened_at=now, opened_by=by, **says)
            for person in switchers():
                owe(SentMail.Kind.BREAKER, f"{row.pk}:{person.pk}", now, staff=person, about={"breaker": row.pk})
    except IntegrityError:
        return None
    return row


def switchers() -> QuerySet[Any]:
    """Whoever may switch it and can be written to."""
    backend = "django.contrib.auth.backends.ModelBackend"
    return get_user_model().objects.with_perm(PERMISSION, backend=backend).exclude(email="")
