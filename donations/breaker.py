"""The breaker: where many attempts to pay fail, somebody is trying cards, and one-off gifts rest for a while.

Card testers send the gift form with stolen cards and look which of them are taken. The newsroom pays for every dispute
that comes of it, and may lose its account at Stripe. Monthly gifts go on, and what is on Stripe's page can be paid.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import IntegrityError, transaction
from django.db.models import Count, Max, Q, QuerySet

from .models import Breaker, BreakerRule, Campaign, Gift, SentMail, WebhookEvent
from .owed import owe

FAILED: Final = "payment_intent.payment_failed"
CAME: Final = "payment_intent.succeeded"
PERMISSION: Final = "donations.switch_breaker"

MINUTE: Final = timedelta(minutes=1)
WINDOW: Final = 15 * MINUTE  # what is looked at
FAILURES: Final = 12  # how many attempts must have failed in it
SHARE: Final = 50  # percent of all attempts that must have failed
OF_ONE_GIFT: Final = 3  # failures that count of one gift: a giver with a bad card must not stop everybody

TIME_TO_PAY: Final = 10 * MINUTE  # a form sent later than that ago may still be paid
FORMS: Final = 60  # how many forms sent in a window, before that time, must have led to nothing
FORMS_SHARE: Final = 95  # percent of them; givers leave about every second page, not nearly all

QUIET: Final = 30 * MINUTE  # after which it closes by itself; twice as long each time that it opens in a day
LONGEST_QUIET: Final = timedelta(hours=8)
CALM: Final = 3  # failures within a quiet time that are nothing unusual


# --- What happens --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Figures:
    """One-off gifts since a moment: attempts to pay and how many failed, forms sent and how many led to nothing."""

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


def measured(now: datetime, since: datetime | None = None) -> Figures:
    """The figures of the last quarter of an hour, or since a later moment."""
    begun = now - WINDOW
    failed, came = attempts(max(begun, since or begun), now)
    left, forms = sent(max(begun - TIME_TO_PAY, since or begun - TIME_TO_PAY), now - TIME_TO_PAY)
    return Figures(failed=failed, attempts=failed + came, left=left, forms=forms)


def attempts(since: datetime, until: datetime) -> tuple[int, int]:
    """How many attempts to pay one-off gifts failed, and how many came, as Stripe has told us."""
    told = WebhookEvent.objects.filter(
        state=WebhookEvent.State.PROCESSED,
        received_at__gt=since,
        received_at__lte=until,
        type__in=[FAILED, CAME],
        livemode=settings.STRIPE_LIVE,
        gift__frequency=Gift.Frequency.ONCE,
    )
    rows = list(told.order_by().values_list("type", "gift").annotate(number=Count("pk")))
    failed = sum(min(number, OF_ONE_GIFT) for kind, _, number in rows if kind == FAILED)
    return failed, sum(kind == CAME for kind, _, _ in rows)


def sent(since: datetime, until: datetime) -> tuple[int, int]:
    """Of the forms that were sent for one-off gifts, how many led to nothing, and how many there were."""
    ours = Gift.objects.filter(livemode=settings.STRIPE_LIVE, frequency=Gift.Frequency.ONCE, form_key__isnull=False)
    forms = ours.filter(begun_at__gt=since, begun_at__lte=until).order_by()
    counted = forms.aggregate(
        forms=Count("form_key", distinct=True),
        paid=Count("form_key", distinct=True, filter=~Q(status__in=Gift.UNPAID)),
    )
    return counted["forms"] - counted["paid"], counted["forms"]


# --- What holds ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Hold:
    """What holds for one-off gifts to one campaign: they are paused, or not smaller than `minimum` (minor units)."""

    is_paused: bool = False
    minimum: int = 0


def hold_on(campaign: Campaign) -> Hold:
    """A raised minimum is an amount of the newsroom's currency; where a campaign has another, gifts rest meanwhile."""
    rows = list(Breaker.objects.open())
    raised = [row.minimum or 0 for row in rows if row.does == Breaker.Does.RAISE]
    elsewhere = bool(raised) and campaign.currency != settings.CURRENCY
    is_paused = elsewhere or any(row.does == Breaker.Does.PAUSE for row in rows)
    return Hold(is_paused, 0 if elsewhere else max(raised, default=0))


# --- By itself -----------------------------------------------------------------------------------------------------


def look(now: datetime) -> None:
    """Opens where many attempts fail, and closes what opened by itself once it was quiet. For every minute, and for
    every failure that we are told of: a few queries of one index each.
    """
    close_quiet(now)
    if Breaker.objects.open().filter(does=Breaker.Does.PAUSE).exists():
        return
    figures = measured(now, last_switched())
    if figures.look_like_testing:
        open_by_itself(figures, now)


def last_switched() -> datetime | None:
    """What was before the last switch has had its answer, also where staff said that gifts go on."""
    found = Breaker.objects.aggregate(opened=Max("opened_at"), closed=Max("closed_at"))
    return max((moment for moment in found.values() if moment), default=None)


def open_by_itself(figures: Figures, now: datetime) -> Breaker | None:
    """As staff have decided; where raising the smallest gift did not help, one-off gifts are paused."""
    rule = BreakerRule.objects.first()
    is_raised = Breaker.objects.open().filter(does=Breaker.Does.RAISE).exists()
    if rule and rule.does == Breaker.Does.RAISE and not is_raised:
        return opened(Breaker.Does.RAISE, now, minimum=rule.minimum, figures=figures)
    return opened(Breaker.Does.PAUSE, now, figures=figures)


def close_quiet(now: datetime) -> None:
    """What staff opened stays until they close it."""
    for row in Breaker.objects.open().filter(opened_by=None):
        quiet = quiet_time(row)
        if row.opened_at + quiet <= now and attempts(now - QUIET, now)[0] <= CALM:
            Breaker.objects.open().filter(pk=row.pk).update(closed_at=now)


def quiet_time(row: Breaker) -> timedelta:
    """Twice as long each time that it opens by itself within a day, so that a tester cannot sit it out."""
    day = Breaker.objects.filter(opened_by=None, opened_at__gt=row.opened_at - timedelta(days=1))
    before = day.filter(opened_at__lt=row.opened_at).count()
    return min(QUIET * (1 << min(before, 10)), LONGEST_QUIET)


# --- By hand -------------------------------------------------------------------------------------------------------


@transaction.atomic
def switch_on(does: str, now: datetime, *, by: Any, minimum: int | None = None) -> Breaker | None:
    """In place of whatever holds, until staff switch it off. None where another person was first in this instant."""
    switch_off(now, by=by)
    return opened(does, now, minimum=minimum, by=by, figures=measured(now))


def switch_off(now: datetime, *, by: Any) -> int:
    """One-off gifts go on as ever. Says how many switches that took."""
    return Breaker.objects.open().update(closed_at=now, closed_by=by)


def set_rule(does: str, now: datetime, *, by: Any, minimum: int | None = None) -> BreakerRule:
    """What the breaker does when it next opens by itself."""
    return BreakerRule.objects.create(does=does, minimum=minimum, set_by=by, set_at=now)


def opened(
    does: str, now: datetime, *, figures: Figures, minimum: int | None = None, by: Any = None
) -> Breaker | None:
    """The row and its mails; None where another process opened it in the same instant."""
    try:
        with transaction.atomic():
            row = Breaker.objects.create(does=does, minimum=minimum, opened_at=now, opened_by=by, **figures.reason())
            for person in switchers():
                owe(SentMail.Kind.BREAKER, f"{row.pk}:{person.pk}", now, staff=person, about={"breaker": row.pk})
    except IntegrityError:
        return None
    return row


def switchers() -> QuerySet[Any]:
    """Whoever may switch it and can be written to."""
    backend = "django.contrib.auth.backends.ModelBackend"
    return get_user_model().objects.with_perm(PERMISSION, backend=backend).exclude(email="")
