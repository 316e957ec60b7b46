"""The page on which a campaign's keepers see how it stands and how it came there; the same to take home, and fresh."""

import json
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from hashlib import sha256

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.urls import path
from django.utils import timezone
from django.utils.cache import get_conditional_response

from donations.closing import as_json, by_whom, report_of, state
from donations.models import Campaign
from donations.sheets import as_csv, as_xlsx, course_sheets, money
from donations.totals import by_status, kept_sums, totals

from .figures import figures, figures_sheet, in_report, pace

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
ON_THE_PAGE = 366  # days; the sheets have all


@dataclass(frozen=True)
class Standing:
    """Everything that the page tells of a campaign at `now`, read once."""

    campaign: Campaign
    now: datetime

    @cached_property
    def totals(self):
        return totals(self.campaign, self.now)

    @cached_property
    def course(self):
        return course_sheets(self.campaign, self.now)

    def sheets(self):
        """The figures, then the course, by their names."""
        every = [figures_sheet(self.campaign, self.totals), *self.course]
        return {sheet.name: sheet for sheet in every}

    def told(self):
        """What the page's templates print."""
        tag, sums, end = self.tag, self.totals, report_of(self.campaign)
        return {
            "campaign": self.campaign,
            "totals": sums,
            "groups": figures(self.campaign, sums),
            "now": self.now,
            "state": state(self.campaign, sums, self.now),
            "pace": pace(self.campaign, sums, self.now),
            "tables": [in_report(self.campaign, end, sums)] if end else [],
            "course": [(sheet, sheet.newest(ON_THE_PAGE)) for sheet in self.course],
            "fewer": len(self.course[0].rows) > ON_THE_PAGE,
            "goal": "" if sums.goal is None else money(sums.goal, self.campaign),
            "tag": tag,
            "said": by_whom(self.campaign, sums),
        }

    def fresh(self):
        """What an open page puts in its places, by their ids, in the page's own words; and the bare figures."""
        told = self.told()
        parts = {f"rows-{sheet.name}": part("_course_rows.html", rows=rows) for sheet, rows in told["course"]}
        parts |= {f"part-{name}": part(f"_part_{name}.html", **told) for name in ("standing", "figures")}
        return {
            "figures": as_json(self.totals),
            "said": by_whom(self.campaign, self.totals),
            "parts": parts,
        }

    @cached_property
    def tag(self):
        """Moves at once with money, a gift's status and the campaign, and every ten minutes for what else there is.

        Open pages ask for it all day, so it reads no figures. What moves while they are read has a later tag.
        """
        columns = [getattr(self.campaign, field.attname) for field in Campaign._meta.concrete_fields]
        minutes = f"{self.now:%Y-%m-%d %H:%M}"[:-1]
        words = [kept_sums(self.campaign), sorted(by_status(self.campaign)), columns, minutes]
        return f'"{sha256(json.dumps(words, default=str).encode()).hexdigest()[:32]}"'


def part(template, **told):
    return render_to_string(f"admin/donations/{template}", told)


class CoursePages:
    """The pages of a campaign's figures: for people, for an open page that asks again, and for spreadsheets."""

    def course_urls(self):
        pages = {"figures": self.figures_view, "figures_fresh": self.fresh_view, "figures_xlsx": self.xlsx_view}
        pages |= {f"{name}_csv": self.csv_view(name) for name in ("figures", "days", "months", "members")}
        ends = {"figures": "", "figures_fresh": "fresh.json", "figures_xlsx": "all.xlsx"}
        return [
            path(
                f"<path:object_id>/figures/{ends.get(name, name.replace('_', '.'))}",
                self.admin_site.admin_view(page),
                name=self.url_name(name),
            )
            for name, page in pages.items()
        ]

    def standing_of(self, request, object_id):
        """How a campaign stands, for whoever may see it."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        campaign = self.get_object(request, object_id)
        if campaign is None:
            raise Http404
        return Standing(campaign, timezone.now())

    def figures_view(self, request, object_id):
        told = self.standing_of(request, object_id).told()
        return self.page(request, "figures.html", title=told["campaign"].title, **told)

    def fresh_view(self, request, object_id):
        standing = self.standing_of(request, object_id)
        tag = standing.tag
        kept = get_conditional_response(request, etag=tag)
        response = kept if kept and kept.status_code == 304 else JsonResponse(standing.fresh())
        response["ETag"] = tag
        return response

    def csv_view(self, name):
        def view(request, object_id):
            standing = self.standing_of(request, object_id)
            return download(as_csv(standing.sheets()[name]), "text/csv", f"{standing.campaign.slug}-{name}.csv")

        return view

    def xlsx_view(self, request, object_id):
        standing = self.standing_of(request, object_id)
        return download(as_xlsx(standing.sheets().values()), XLSX, f"{standing.campaign.slug}.xlsx")


def download(content, content_type, name):
    response = HttpResponse(content, content_type=content_type)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
