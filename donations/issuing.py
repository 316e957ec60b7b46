"""Statements of a year that go out by mail: one to each giver of whose gifts something stayed, and copies later."""

from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from .models import Donor, SentMail
from .owed import owe
from .statements import givers_of, is_over, issues


class YearNotOver(ValueError):
    """The statement of a running year is no statement of the year; says when it can go out."""


def to_be_issued(year: int) -> QuerySet[Donor]:
    """Whose statement of that year is still to be mailed: they have an address, and did not refuse such mails."""
    issued = SentMail.objects.filter(kind=SentMail.Kind.STATEMENT, about__year=year, donor__isnull=False)
    reachable = givers_of(year).filter(email__isnull=False, mails_refused_at=None, scrubbed_at=None)
    return reachable.exclude(pk__in=issued.values("donor"))


def issue(year: int, now: datetime) -> int:
    """Owes everybody their statement of a year that is over, once. Says how many are new."""
    if not is_over(year, now):
        raise YearNotOver(f"{year} is not over, so its statements would be wrong. Run this in {year + 1}.")
    return sum(issue_to(donor, year, now) for donor in to_be_issued(year).iterator())


def issue_to(donor: Donor, year: int, now: datetime) -> bool:
    """Owes one giver their first statement of a year. False where it was owed before, or is not wanted."""
    return owe(SentMail.Kind.STATEMENT, f"{donor.pk}:{year}:1", now, donor=donor, about={"year": year}) is not None


@transaction.atomic
def issue_copy(donor: Donor, year: int, now: datetime) -> SentMail | None:
    """Owes a giver another one, because a person decided so; it is marked as a copy where it is not the first."""
    Donor.objects.select_for_update().get(pk=donor.pk)  # two people who press at once owe two, numbered
    copy = issues(donor, year).count() + 1
    return owe(SentMail.Kind.STATEMENT, f"{donor.pk}:{year}:{copy}", now, donor=donor, about={"year": year})
