"""The desk's page of the stories that moved readers to give: the newsroom's, and the fundraisers' in full."""

from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone

from articles.models.article import roles_of
from donations.admin.course import download
from donations.admin.dashboard import is_for
from donations.sheets import as_csv

from .movers import BY, ORDERS, as_sheet, for_the_newsroom, in_full, in_order

ON_THE_PAGE = 200  # rows; the sheet has all
HEADS = [("name", ""), ("gifts", "Gifts"), ("monthly", "Monthly"), ("at_first", "At first")]
HEADS += [("shown", "Shown"), ("rate", "Per 1,000 showings")]
IN_FULL = [*HEADS[:3], ("givers", "Givers"), HEADS[3], ("raised", "Raised so far"), *HEADS[4:]]


def asked_by(request):
    """What the figures are told by, and in which order."""
    by, order = request.GET.get("by", ""), request.GET.get("order", "")
    by = by if by in BY else "story"
    return by, order if order in {*ORDERS, "name"} else "name" if by == "month" else "raised"


def newsroom_rows(request, by):
    if not roles_of(request.user):
        raise PermissionDenied
    return for_the_newsroom(request.user, by, timezone.now())


def fundraisers_rows(request, by):
    if not is_for(request.user):
        raise PermissionDenied
    return in_full(by, timezone.now())


def page(site, rows_for, *, full):
    def view(request):
        by, order = asked_by(request)
        rows = in_order(rows_for(request, by), by, order)
        heads = [(name, head or BY[by]) for name, head in (IN_FULL if full else HEADS)]
        told = {"by": by, "order": order, "kinds": BY.items(), "heads": heads, "full": full, "number": len(rows)}
        told |= {"rows": rows[:ON_THE_PAGE], "fewer": len(rows) > ON_THE_PAGE, "title": "What moved readers to give"}
        told["many_currencies"] = len({row.currency for row in rows if row.currency}) > 1
        return TemplateResponse(request, "admin/moved.html", site.each_context(request) | told)

    return view


def sheet(rows_for, *, full):
    def view(request) -> HttpResponse:
        by, order = asked_by(request)
        rows = in_order(rows_for(request, by), by, order)
        return download(as_csv(as_sheet(rows, by, full=full)), "text/csv", f"moved-by-{by}.csv")

    return view
