"""Which stories moved readers to give: the gifts that came from each, and how often its appeal was shown.

Fundraisers know what stays of every gift, in the month in which it was begun (`moved`). The newsroom is told of gifts
in company alone, as they first counted: of what was given, whatever went back later (`in_company`).
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import chain, count
from typing import Any, NamedTuple

from django.conf import settings
from django.db.models import CharField, F, Max, Min, Q, QuerySet, Sum
from django.db.models.functions import Cast, Substr
from django.utils.timezone import localdate

from .models import AppealShown, Dispute, Gift, Payment, Refund
from .totals import SUMS, total, with_reversals

COMPANY = 3  # different givers, of whom the newsroom may know a sum (R17)
A_DAY = timedelta(days=1)  # no booking takes as long, so none comes in among those that are told already
MONTHLY = Gift.Frequency.MONTHLY
# What is the same for all payments of a gift; keys as text, of which the database makes no objects.
OF_THE_GIFT = {
    "article": Min("gift__article_id"),
    "of": Min("currency"),
    "giver": Min(Cast("gift__donor_id", CharField())),
    "frequency": Min("gift__frequency"),
    "asked": Min("gift__amount"),
}


@dataclass(slots=True)
class Came:
    """What came from one story in one month and currency; sums in minor units.

    `at_first` is what the forms said, `raised` has the months since; `givers` are numbers, and none for the newsroom.
    """

    article: int
    currency: str
    month: date
    gifts: int = 0
    monthly: int = 0
    at_first: int = 0
    raised: int = 0
    givers: frozenset[int] = frozenset()

    def add(self, frequency: str, at_first: int, raised: int) -> None:
        self.gifts += 1
        self.monthly += frequency == MONTHLY
        self.at_first += at_first
        self.raised += raised


def from_stories() -> QuerySet[Payment]:
    """The payments of the installation's mode that came in for gifts from stories, in the gifts' currencies."""
    came = Payment.objects.of_mode(settings.STRIPE_LIVE).succeeded().order_by()
    return came.filter(gift__article_id__isnull=False, currency=F("gift__currency"))


# --- In full -----------------------------------------------------------------------------------------------------


def moved() -> list[Came]:
    """What came from each story and stays, in two queries: for few gifts it is asked what went back."""
    found: dict[tuple[int, str, date], Came] = {}
    givers: dict[Any, set[int]] = defaultdict(set)
    numbers: dict[str, int] = defaultdict(count().__next__)
    for article, currency, giver, frequency, asked, begun_at, stays in what_stays():
        key = article, currency, localdate(begun_at).replace(day=1)
        if key not in found:
            found[key] = Came(*key)
        found[key].add(frequency, min(asked, stays), stays)
        givers[key].add(numbers[giver])
    for key, came in found.items():
        came.givers = frozenset(givers[key])
    return list(found.values())


def what_stays() -> Iterator[tuple[Any, ...]]:
    """One row per gift of which something stays."""
    refunded, disputed = (each.objects.values("payment__gift") for each in (Refund, Dispute))
    touched = Q(gift__in=refunded) | Q(gift__in=disputed)
    whole = by_gift(from_stories().exclude(touched), F("amount"))
    return chain(whole, by_gift(with_reversals(from_stories().filter(touched)), SUMS["raised"]))


def by_gift(payments: QuerySet[Payment], amount: Any) -> Iterable[tuple[Any, ...]]:
    known = OF_THE_GIFT | {"begun": Min("gift__begun_at")}
    gifts = payments.values("gift_id").annotate(**known, stays=total(amount)).filter(stays__gt=0)
    return gifts.values_list(*known, "stays")


def titles(articles: Iterable[int]) -> dict[int, str]:
    """What the last gift from each of these stories keeps as its headline; two people may blank it at any time."""
    kept = Gift.objects.filter(article_id__in=articles).values_list("article_id", "article_title")
    return {article: title for article, title, _ in kept.annotate(last=Max("begun_at")).order_by("last")}


# --- In company --------------------------------------------------------------------------------------------------


class Given(NamedTuple):
    """A gift as it first counted, which nothing that happens later changes."""

    article: int
    currency: str
    giver: str
    frequency: str
    amount: int
    at: datetime


def told(now: datetime) -> list[Came]:
    """What the newsroom may know at `now` of all stories."""
    return in_company(given(now))


def given(now: datetime) -> Iterator[Given]:
    """The gifts that have counted for a day, in the order in which they came to."""
    booked = from_stories().filter(confirmed_at__lt=now - A_DAY)
    gifts = booked.values("gift_id").annotate(at=Min("confirmed_at"), **OF_THE_GIFT).order_by("at", "gift_id")
    return map(Given._make, gifts.values_list(*OF_THE_GIFT, "at"))


def in_company(gifts: Iterable[Given]) -> list[Came]:
    """`gifts`, in the order in which they first counted, as the newsroom may know of them.

    The gifts of a story wait until three different people have given, and are told together, in the month of the
    third; then the next ones wait for each other. A gift that comes later is added at the end, and nothing that is
    told changes. So whatever is added up, and whatever is taken from it again, by story, section, author, month or
    from one day to the next, is always about three people or more.
    """
    found: dict[tuple[int, str, date], Came] = {}
    waiting: dict[tuple[int, str], list[Given]] = defaultdict(list)
    for gift in gifts:
        group = waiting[gift.article, gift.currency]
        group.append(gift)
        if len({one.giver for one in group}) == COMPANY:
            key = gift.article, gift.currency, localdate(gift.at).replace(day=1)
            came = found.setdefault(key, Came(*key))
            for one in group:
                came.add(one.frequency, one.amount, one.amount)
            group.clear()
    return list(found.values())


# --- Showings ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Shown:
    """How often the appeal of a story was shown in the month that begins with `month`."""

    article: int
    month: date
    times: int


def shown() -> list[Shown]:
    """The showings of each story and month, in one query."""
    month = Substr(Cast("day", CharField()), 1, 7)  # on SQLite Django would call Python for each row's month
    months = AppealShown.objects.order_by().values("article_id", month=month).annotate(times=Sum("times"))
    return [Shown(row["article_id"], date.fromisoformat(f"{row['month']}-01"), row["times"]) for row in months]
