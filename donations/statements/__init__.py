"""What a giver gave in one year: which payments, in whose words, and how they lie on paper."""

from django.db.models import QuerySet

from donations.models import Donor, SentMail

from .of_a_year import Line, Part, Statement, example, given_in, givers_of, is_over, statement_of, years_of
from .on_paper import printed

__all__ = [
    "Line",
    "Part",
    "Statement",
    "example",
    "file_name",
    "given_in",
    "givers_of",
    "is_over",
    "issues",
    "printed",
    "statement_of",
    "years_of",
]


def file_name(year: int) -> str:
    return f"gifts-{year}.pdf"


def issues(donor: Donor, year: int) -> QuerySet[SentMail]:
    """The mails by which this giver's statement of that year went out, or is about to. The first is no copy."""
    return SentMail.objects.filter(kind=SentMail.Kind.STATEMENT, donor=donor, about__year=year)
