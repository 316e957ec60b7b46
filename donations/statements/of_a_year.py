"""What a giver gave in one year by the newsroom's calendar, as their statement lists it.

A payment belongs to the year in which it was given, and so does whatever went back of it, in whichever year that
happened: a statement says what of the gifts of a year stayed. So a refund of last year's gift changes last year's.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from zoneinfo import ZoneInfo

from babel.dates import format_date
from django.conf import settings
from django.db.models import QuerySet

from donations.models import Donor, Payment
from donations.models.campaign import midnight
from donations.money import exponent
from donations.totals import STAYS, with_reversals


@dataclass(frozen=True)
class Line:
    """One payment: `amount`, and what of it went `back`, never more than it; in minor units of its currency."""

    day: str
    campaign: str
    how: str
    amount: int
    back: int
    currency: str

    @property
    def stays(self) -> int:
        return self.amount - self.back


@dataclass(frozen=True)
class Part:
    """All of one currency: sums of different ones are never added up."""

    currency: str
    lines: list[Line]

    @property
    def given(self) -> int:
        return sum(line.amount for line in self.lines)

    @property
    def stays(self) -> int:
        return sum(line.stays for line in self.lines)


@dataclass(frozen=True)
class Statement:
    """`name` is what came with most of its payments, `so_far` the day up to which a running year is told."""

    year: int
    name: str
    email: str
    parts: list[Part]
    issued: str
    so_far: bool
    is_test: bool

    @property
    def has_something(self) -> bool:
        """Whether something of that year stayed."""
        return any(line.stays for part in self.parts for line in part.lines)


def home() -> ZoneInfo:
    return ZoneInfo(settings.TIME_ZONE)


def window(year: int) -> tuple[datetime, datetime]:
    """From the first midnight of the year to that of the next, half-open, in the newsroom's zone."""
    return midnight(date(year, 1, 1), home()), midnight(date(year + 1, 1, 1), home())


def is_over(year: int, now: datetime) -> bool:
    return window(year)[1] <= now


def day(moment: datetime) -> str:
    return format_date(moment.astimezone(home()), format="long", locale="en_US")


def given_in(year: int) -> QuerySet[Payment]:
    """The payments of a year that came in, in the installation's mode, each with what went `back` of it."""
    came = Payment.objects.of_mode(settings.STRIPE_LIVE).succeeded().given_in(*window(year))
    return with_reversals(came)


def givers_of(year: int) -> QuerySet[Donor]:
    """Everybody of whose gifts of that year something stayed."""
    return Donor.objects.filter(pk__in=given_in(year).filter(STAYS).order_by().values("gift__donor"))


def years_of(donor: Donor) -> list[int]:
    """The years in which this giver gave something, by the newsroom's calendar, the latest first."""
    came = Payment.objects.of_mode(settings.STRIPE_LIVE).succeeded().filter(gift__donor=donor)
    moments = came.order_by().values_list("given_at", flat=True)
    return sorted({moment.astimezone(home()).year for moment in moments}, reverse=True)


def statement_of(donor: Donor, year: int, now: datetime) -> Statement:
    """What this giver gave in that year, as it stands at `now`; without parts where it was nothing."""
    payments = list(
        given_in(year)
        .filter(gift__donor=donor)
        .select_related("gift__campaign")
        .order_by("currency", "given_at", "pk")
    )
    return Statement(
        year=year,
        name=name_of(payments),
        email=donor.email or "",
        parts=[Part(currency, list(lines)) for currency, lines in groupby(map(line_of, payments), by_currency)],
        issued=day(now),
        so_far=not is_over(year, now),
        is_test=any(payment.livemode is False for payment in payments),
    )


def example(year: int, now: datetime) -> Statement:
    """A statement of nobody's, to see the words of staff on paper."""
    currency, month = settings.CURRENCY, 1500 if exponent(settings.CURRENCY) else 15
    once = Line(f"March 3, {year}", "An example", "Bank transfer", 10 * month, 0, currency)
    monthly = [Line(f"{name} 31, {year}", "An example", "Card", month, 0, currency) for name in ("July", "August")]
    back = Line(f"October 31, {year}", "An example", "Card", month, month, currency)
    parts = [Part(currency, [once, *monthly, back])]
    return Statement(year, "Alex Example", "alex@example.org", parts, day(now), so_far=False, is_test=False)


def by_currency(line: Line) -> str:
    return line.currency


def name_of(payments: Iterable[Payment]) -> str:
    """The name with which most of these payments came, of equals the latest: others may type this address too."""
    latest_first = sorted(payments, key=lambda payment: payment.given_at, reverse=True)
    names = Counter(payment.gift.name for payment in latest_first if payment.gift.name)
    return names.most_common(1)[0][0] if names else ""


def line_of(payment: Payment) -> Line:
    return Line(
        day=day(payment.given_at),
        campaign=str(payment.gift.campaign),
        how=how(payment),
        amount=payment.amount,
        back=min(payment.amount, int(getattr(payment, "back", 0))),
        currency=payment.currency,
    )


def how(payment: Payment) -> str:
    """How it was paid, in a giver's words: "Card", "Bank debit", "Cheque"."""
    if payment.channel != Payment.Channel.STRIPE:
        return str(payment.get_channel_display())
    if payment.method.endswith(("_debit", "us_bank_account")):
        return "Bank debit"
    return payment.method.replace("_", " ").capitalize() or "Online"
