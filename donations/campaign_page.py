"""What a campaign's page for everyone tells besides how it stands: its months, and who agreed to be named."""

from datetime import datetime
from typing import Any
from unicodedata import combining, normalize

from django.conf import settings
from django.core.paginator import InvalidPage, Paginator
from django.db.models import Exists, OuterRef
from django.http import Http404

from .course import days, months
from .models import Campaign, Gift, Payment
from .sheets import sheet_of_months
from .totals import STAYS, chain, with_reversals

NAMES_PER_PAGE = 200


def besides(campaign: Campaign, now: datetime, asked: str) -> dict[str, Any]:
    """For the page's template; `asked` is the page of names. Raises Http404 where there is none of that number."""
    by_month = sheet_of_months(campaign, months(campaign, days(campaign, now), now))
    named = page_of_names(campaign, asked)
    together = sum(row[3] for row in by_month.rows)
    return {
        "months": by_month,
        "month_rows": by_month.newest(),
        "months_together": f"{together:,}",
        "named": named,
        "named_count": f"{named.paginator.count:,}",
        "more_names": f"{named.paginator.count - named.end_index():,}",
    }


def page_of_names(campaign: Campaign, asked: str) -> Any:
    try:
        return Paginator(names(campaign), NAMES_PER_PAGE).page(asked)
    except InvalidPage as invalid:
        raise Http404("There is no such page of names.") from invalid


def names(campaign: Campaign) -> list[str]:
    """Who asked to be named and of whose gift something has stayed, by the alphabet; each of a person's names once.

    R18: whoever gave without a name, took it back or was removed is not among them.
    """
    came = Payment.objects.filter(gift=OuterRef("pk"), currency=campaign.currency).of_mode(settings.STRIPE_LIVE)
    stays = with_reversals(came.given_in(*campaign.window())).filter(STAYS)
    agreed = Gift.objects.filter(campaign__in=chain(campaign), visibility=Gift.Visibility.NAMED).exclude(name="")
    people = agreed.filter(Exists(stays), donor__scrubbed_at=None).values_list("donor", "name").order_by().distinct()
    return sorted((name for _, name in people), key=by_the_alphabet)


def by_the_alphabet(name: str) -> tuple[str, str]:
    """Capitals and accents make no difference, in either database."""
    if name.isascii():
        return name.casefold(), name
    plain = "".join(sign for sign in normalize("NFKD", name) if not combining(sign))
    return plain.casefold(), name
