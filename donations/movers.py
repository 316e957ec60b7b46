"""Which stories moved readers to give: the gifts that came from each, and how often its appeal was shown.

A gift stands on the day on which it was begun, with the story that it came from, as long as something of it stays.
Fundraisers may know each (`moved`); the newsroom is told of gifts in company alone (`in_company`).
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import CharField, F, Q, QuerySet, Sum
from django.db.models.functions import Cast, Substr

from .models import AppealShown, Dispute, Gift, Payment, Refund
from .totals import SUCCEEDED, SUMS, total, with_reversals

COMPANY = 3  # different givers, of whom the newsroom may know a sum (R17)
KNOWN = [f"gift__{name}" for name in ("article_id", "article_title", "donor_id", "begun_at", "frequency")]
FIRST = timedelta(days=14)  # a gift's first charge comes within days, a renewal after a month


@dataclass(frozen=True)
class Moved:
    """One gift that came from a story and of which something stays; sums in minor units of its currency.

    `at_first` is what its first charge brought, `raised` includes the months since.
    """

    gift: UUID
    article: int
    title: str
    giver: UUID | None
    at: datetime
    currency: str
    monthly: bool
    at_first: int
    raised: int


def moved(articles: Any = None) -> list[Moved]:
    """Every gift of the installation's mode that came from a story, or from `articles` (keys), in two queries."""
    came = Payment.objects.of_mode(settings.STRIPE_LIVE).filter(currency=F("gift__currency")).order_by()
    came = came.filter(Q(gift__article_id__isnull=False) if articles is None else Q(gift__article_id__in=articles))
    early = Q(given_at__lt=F("gift__begun_at") + FIRST)
    sums = came.values("gift_id", "currency", *KNOWN).annotate(
        at_first=total("amount", filter=SUCCEEDED & early), raised=total("amount", filter=SUCCEEDED)
    )
    back = went_back(came)
    gifts = (gift_in(row, *back[row["gift_id"]]) for row in sums)
    return [gift for gift in gifts if gift.raised > 0]


def went_back(came: QuerySet[Payment]) -> dict[UUID, tuple[int, int]]:
    """What of each gift does not count, of its first charge and of all: only few payments are asked about."""
    some = Q(pk__in=Refund.objects.values("payment")) | Q(pk__in=Dispute.objects.values("payment"))
    rows = with_reversals(came.filter(some)).filter(SUCCEEDED).annotate(stays=SUMS["raised"])
    found: dict[UUID, tuple[int, int]] = defaultdict(lambda: (0, 0))
    for gift, given_at, begun_at, amount, stays in rows.values_list(
        "gift_id", "given_at", "gift__begun_at", "amount", "stays"
    ):
        at_first, in_all = found[gift]
        lost = amount - stays
        found[gift] = at_first + (lost if given_at < begun_at + FIRST else 0), in_all + lost
    return found


def gift_in(row: dict[str, Any], lost_at_first: int, lost: int) -> Moved:
    return Moved(
        gift=row["gift_id"],
        article=row["gift__article_id"],
        title=row["gift__article_title"],
        giver=row["gift__donor_id"],
        at=row["gift__begun_at"],
        currency=row["currency"],
        monthly=row["gift__frequency"] == Gift.Frequency.MONTHLY,
        at_first=row["at_first"] - lost_at_first,
        raised=row["raised"] - lost,
    )


def in_company(gifts: Iterable[Moved]) -> list[Moved]:
    """`gifts` as the newsroom may know of them, without their givers, and no later charges.

    The gifts of a story wait until three different people have given, and are told together, as of the third; then
    the next ones wait for each other. Whatever is added up of what is told, and whatever is taken from it again, by
    story, section, author, month or from one day to the next, is always about three people or more.
    """
    told: list[Moved] = []
    waiting: dict[tuple[int, str], list[Moved]] = defaultdict(list)
    known = (gift for gift in gifts if gift.at_first)
    for gift in sorted(known, key=lambda gift: (gift.at, str(gift.gift))):
        group = waiting[gift.article, gift.currency]
        group.append(gift)
        if len({one.giver for one in group}) == COMPANY:
            told += [replace(one, giver=None, at=gift.at, raised=one.at_first) for one in group]
            group.clear()
    return told


@dataclass(frozen=True)
class Shown:
    """How often the appeal of a story was shown in the month that begins with `month`."""

    article: int
    month: date
    times: int


def shown(articles: Any = None) -> list[Shown]:
    """The showings of each story and month, or those of `articles` (keys), in one query."""
    rows = AppealShown.objects.all() if articles is None else AppealShown.objects.filter(article_id__in=articles)
    month = Substr(Cast("day", CharField()), 1, 7)  # on SQLite Django would call Python for each row's month
    months = rows.order_by().values("article_id", month=month).annotate(times=Sum("times"))
    return [Shown(row["article_id"], date.fromisoformat(f"{row['month']}-01"), row["times"]) for row in months]
