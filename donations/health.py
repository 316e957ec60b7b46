"""Whether all that Stripe told us is booked, and whether it tells us everything: what staff see before a giver writes.

Nothing here asks Stripe, and nothing says who gave.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from .attention import unattributed
from .models import Gift, Inspection, Payment, WebhookEvent
from .models.inspection import InspectionQuerySet
from .reconcile import EVERY_NIGHT
from .webhooks import IN_WORK

WELL, WAITS, WRONG = "well", "waits", "wrong"
A_NIGHT: Final = timedelta(hours=26)  # after which last night's look did not happen
LONGEST_LOOK: Final = timedelta(hours=2)  # what began longer ago and has not ended was cut off
OF_LATE: Final = timedelta(days=3)  # for as long Stripe tries to deliver a message
SOON: Final = timedelta(minutes=15)  # within which a payment is told of
CLOCKS: Final = timedelta(minutes=5)  # by which Stripe's and ours may differ
RUNS_THE_SERVER: Final = "Tell whoever runs the server"


@dataclass(frozen=True)
class Sign:
    """One thing that was looked at: how it stands in a sentence, and where it is not well, what to do.

    `at` is the moment that `when` names; `lines` are what a look found.
    """

    name: str
    title: str
    tone: str
    says: str
    advice: str = ""
    when: str = ""
    at: datetime | None = None
    lines: tuple[str, ...] = ()

    @property
    def is_wrong(self) -> bool:
        return self.tone == WRONG

    @property
    def in_a_word(self) -> str:
        return {WELL: "All right", WAITS: "To look at", WRONG: "Wrong"}[self.tone]


def signs(now: datetime) -> list[Sign]:
    """Everything there is to know, always in this order; nothing where giving is switched off."""
    if not settings.STRIPE_SECRET_KEY:
        return []
    looks: tuple[Callable[[datetime], Sign], ...] = (
        heard, failing, late, silent, strangers, parked, endpoint, compared, sums,
    )  # fmt: skip
    return [look(now) for look in looks]


def in_a_line(found: Iterable[Sign]) -> str:
    """How it stands altogether."""
    every = list(found)
    if not every:
        return "Giving is switched off, so Stripe has nothing to tell us."
    wrong = ", ".join(sign.title[0].lower() + sign.title[1:] for sign in every if sign.is_wrong)
    if wrong:
        return f"Not all is well between Stripe and us. Look at: {wrong}."
    if any(sign.name == "unattributed" and sign.tone == WAITS for sign in every):
        return "Everything that Stripe told us is booked, but for money that names no gift of ours."
    return "Everything that Stripe told us is booked."


def counted(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


# --- What came -----------------------------------------------------------------------------------------------------


def delivered() -> QuerySet[WebhookEvent]:
    """What Stripe itself brought, in our mode; not what a comparison found and put beside it."""
    return WebhookEvent.objects.filter(livemode=settings.STRIPE_LIVE, undelivered=False)


def heard(now: datetime) -> Sign:
    last = delivered().order_by("-received_at").first()
    says = f"{last.type}: {last.get_state_display().lower()}." if last else "None has come yet."
    return Sign("heard", "The last message", WELL, says, when="Came", at=last.received_at if last else None)


def failing(now: datetime) -> Sign:
    rows = WebhookEvent.objects.filter(state=WebhookEvent.State.FAILED).order_by("received_at")
    oldest, number = rows.first(), rows.count()
    if oldest is None:
        return Sign("failing", "Messages that failed", WELL, "None.")
    last = rows.order_by("-attempted_at", "-pk")[0]
    return Sign(
        "failing",
        "Messages that failed",
        WRONG,
        f"{counted(number, 'message')} could not be booked. The last reason: {last.reason}",
        "They are tried again by themselves, at ever longer pauses of up to six hours. If the oldest is older than a "
        f"day: {RUNS_THE_SERVER.lower()}, and show them the reason.",
        "Oldest",
        oldest.received_at,
    )


def late(now: datetime) -> Sign:
    rows = WebhookEvent.objects.filter(state=WebhookEvent.State.RECEIVED, received_at__lt=now - IN_WORK)
    oldest, number = rows.order_by("received_at").first(), rows.count()
    if oldest is None:
        return Sign("late", "Messages that wait to be booked", WELL, "None for longer than five minutes.")
    return Sign(
        "late",
        "Messages that wait to be booked",
        WRONG,
        f"{counted(number, 'message')} came more than five minutes ago and nobody took it up.",
        f"The worker does so every minute, so it is not running. {RUNS_THE_SERVER}: manage.py run_worker.",
        "Oldest",
        oldest.received_at,
    )


def strangers(now: datetime) -> Sign:
    rows = unattributed(now)
    number, title = rows.count(), "Money that names no gift of ours"
    if not number:
        return Sign("unattributed", title, WELL, "None.")
    oldest = rows.order_by("received_at")[0].received_at
    says = f"{counted(number, 'payment')} from outside our form, in no figure yet."
    advice = "Look at Stripe who paid and what for, then give it its gift. Money of another shop may stay here."
    return Sign("unattributed", title, WAITS, says, advice, "Oldest", oldest)


def parked(now: datetime) -> Sign:
    rows = WebhookEvent.objects.filter(state=WebhookEvent.State.PARKED)
    number, title = rows.count(), "Messages of the other mode"
    if not number:
        return Sign("parked", title, WELL, "None.")
    oldest = rows.order_by("received_at")[0].received_at
    ours = "live" if settings.STRIPE_LIVE else "test"
    tell, count = ("does not tell", "counts") if number == 1 else ("do not tell", "count")
    says = f"{counted(number, 'message')} that {tell} of {ours} money, and {count} for nothing."
    advice = f"If you expected them to count, the wrong key is set: {RUNS_THE_SERVER.lower()}."
    return Sign("parked", title, WAITS, says, advice, "Oldest", oldest)


# --- What should have come -----------------------------------------------------------------------------------------


def silent(now: datetime) -> Sign:
    """Payments of which we learnt without a message, or long before it: by the thank-you page, or in the night."""
    title = "Payments and their messages"
    paid = with_messages(now)
    number = paid.count()
    untold = paid.filter(told=False, failed=False)
    last = delivered().order_by("-received_at").first()
    unheard = untold.filter(given_at__gt=last.received_at) if last else untold
    if first := unheard.order_by("given_at").first():
        return Sign(
            "silent",
            title,
            WRONG,
            f"{counted(unheard.count(), 'payment')} came since Stripe's last message, and it told us of none.",
            "They are booked, by the thank-you page or in the night; others may be missing until tomorrow. "
            f"{RUNS_THE_SERVER}: manage.py check_endpoint says why, reconcile_stripe --fix books what is lost.",
            "Since",
            first.given_at,
        )
    missed, slow = untold.count(), paid.filter(told=True, in_time=False).count()
    if missed or slow:
        says = f"Of {counted(number, 'payment')} in three days {missed} came without a message, {slow} long before it."
        advice = f"They are booked. If there are more tomorrow: {RUNS_THE_SERVER.lower()}, who finds in its log why."
        return Sign("silent", title, WAITS, says, advice)
    if not number:
        return Sign("silent", title, WELL, "No payment in three days, so none was missed.")
    return Sign("silent", title, WELL, f"Stripe told us of each payment in three days ({number}) within minutes.")


def with_messages(now: datetime) -> QuerySet[Any]:
    """The payments of late that had time to be told of, each with whether it was, in time, or by one that failed.

    A message of money that named no gift when it came has none to this day: it names the payment alone.
    """
    paid = Payment.objects.succeeded().filter(channel=Payment.Channel.STRIPE, livemode=settings.STRIPE_LIVE)
    since = delivered().filter(received_at__gte=OuterRef("given_at") - CLOCKS)
    of_gift = since.filter(gift=OuterRef("gift"))
    of_money = since.filter(state=WebhookEvent.State.IGNORED, payment_intent_id=OuterRef("remote_id"))
    in_time = Q(received_at__lte=OuterRef("given_at") + SOON)
    failed = WebhookEvent.objects.filter(state__in=WebhookEvent.UNSETTLED, object_id=OuterRef("remote_id"))
    return paid.given_in(now - OF_LATE, now - SOON).annotate(
        told=Exists(of_gift) | Exists(of_money),
        in_time=Exists(of_gift.filter(in_time)) | Exists(of_money.filter(in_time)),
        failed=Exists(failed),
    )


# --- What was looked at --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Look:
    """How one kind of look is told: what it says when all is well, and what to do when not."""

    kind: Inspection.Kind
    title: str
    command: str
    well: str
    noted: str
    remains: str


COMPARED: Final = Look(
    Inspection.Kind.RECONCILE,
    "Our books against Stripe's",
    "manage.py reconcile_stripe --since 35d --fix",
    "Our books say what Stripe's say.",
    "What was found has been put right already, or could not be compared.",
    f"{RUNS_THE_SERVER}: manage.py reconcile_stripe --since 35d --fix puts right what can be, and prints the rest.",
)
SUMS: Final = Look(
    Inspection.Kind.TALLIES,
    "The sums that are kept",
    "manage.py check_tallies --fix",
    "The sums that pages show are what the payments say.",
    "Sums were wrong and have been counted anew. That is this program's mistake: tell whoever runs the server.",
    f"{RUNS_THE_SERVER}: manage.py check_tallies --fix counts them anew.",
)
ENDPOINT: Final = Look(
    Inspection.Kind.ENDPOINT,
    "Where Stripe sends its messages",
    "manage.py check_endpoint",
    "Stripe sends us all that we book.",
    "It can be seen in Stripe's dashboard alone; everything else goes on.",
    "Each line says what to do in Stripe's dashboard. Then manage.py check_endpoint looks again.",
)


WHOLE: Final = Q(since__lte=F("begun_at") - EVERY_NIGHT + timedelta(days=1))


def compared(now: datetime) -> Sign:
    """A look by hand at a few hours is not one at the books, but what it left open is."""
    left = still_open()
    return of_look(COMPARED, left if left.exists() else Inspection.objects.filter(WHOLE), now)


def still_open() -> InspectionQuerySet:
    """Looks that left something open and after which none saw as much: what a later one left is its own to tell."""
    mine = Inspection.objects.filter(kind=COMPARED.kind, livemode=settings.STRIPE_LIVE, ended_at__isnull=False)
    as_far = WHOLE | Q(since__lte=OuterRef("since"))
    as_clearly = Q(blind=False) | Q(blind=OuterRef("blind"))
    later = mine.filter(as_far, as_clearly, begun_at__gt=OuterRef("begun_at"))
    return mine.filter(remaining__gt=0).exclude(Exists(later))


def sums(now: datetime) -> Sign:
    return of_look(SUMS, Inspection.objects.all(), now)


def endpoint(now: datetime) -> Sign:
    return of_look(ENDPOINT, Inspection.objects.all(), now)


def of_look(look: Look, rows: InspectionQuerySet, now: datetime) -> Sign:
    """What the last look of `rows` that came to its end found, unless a later one was cut off or should have been."""
    seen = rows.latest_of(look.kind, live=settings.STRIPE_LIVE)
    open_ones = rows.filter(kind=look.kind, livemode=settings.STRIPE_LIVE, ended_at__isnull=True)
    begun = open_ones.filter(begun_at__lt=now - LONGEST_LOOK).order_by("-begun_at").first()
    tone, says, advice = WELL, look.well, ""
    if seen and seen.remaining:
        tone, says, advice = WRONG, f"{counted(seen.remaining, 'thing')} to put right.", look.remains
    elif begun and (seen is None or begun.begun_at > seen.begun_at):
        tone, says, advice = WRONG, "The last look was cut off.", f"{RUNS_THE_SERVER}: its log says why."
    elif seen is None and is_new(now):
        tone, says = WAITS, "Nobody has looked yet; the worker does it at night."
    elif seen is None or seen.begun_at < now - A_NIGHT:
        tone, says = WRONG, "Nobody has looked for more than a day."
        advice = f"The worker does it every night, so it did not run. {RUNS_THE_SERVER}; {look.command} does it now."
    elif seen.found:
        tone, says = WAITS, look.noted
    lines = tuple(map(str, seen.found)) if seen else ()
    return Sign(look.kind.value, look.title, tone, says, advice, "Last look", seen.ended_at if seen else None, lines)


def is_new(now: datetime) -> bool:
    """Whether no night has passed since there is anything to look at: a gift, a message, or another look."""
    before = now - A_NIGHT
    return not (
        Gift.objects.filter(begun_at__lt=before).exists()
        or WebhookEvent.objects.filter(received_at__lt=before).exists()
        or Inspection.objects.filter(begun_at__lt=before).exists()
    )
