"""The statement of a year, for its giver to take home."""

from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from donations.models import Donor, StatementWords
from donations.statements import file_name, issues, printed, statement_of, years_of
from donations.views import kept_by_nobody

from .door import for_the_giver


@kept_by_nobody
@require_safe
@for_the_giver
def giving_statement(request: HttpRequest, year: int, *, giver: Donor) -> HttpResponse:
    """The PDF of a year in which this giver gave something; marked as a copy once it has gone out by mail."""
    if year not in years_of(giver):
        raise Http404(f"You gave nothing in {year}.")
    now = timezone.now()
    statement = statement_of(giver, year, now)
    pdf = printed(statement, StatementWords.now(), now, is_copy=issues(giver, year).exists())
    return HttpResponse(
        pdf,
        content_type="application/pdf",
        headers={"Content-Disposition": f'attachment; filename="{file_name(year)}"'},
    )
