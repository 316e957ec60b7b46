"""A campaign's page for its keepers: one set of figures on the page, for its charts, in files, and fresh while it is open."""

import csv
import re
from dataclasses import asdict
from datetime import UTC, date, datetime
from decimal import Decimal
from io import BytesIO, StringIO

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from openpyxl import load_workbook

from donations.admin.figures import pace
from donations.course import days, membership, months
from donations.totals import totals
from tests.donations.factories import make_campaign, make_gift, make_payment, make_refund
from tests.donations.fundraisers import a_fundraiser, a_person

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 10, 14, tzinfo=UTC)  # where the clock of these tests stands
FILES = ("days.csv", "months.csv", "members.csv", "figures.csv", "all.xlsx")


@pytest.fixture
def priya(client, time_machine):
    time_machine.move_to(NOW, tick=False)
    client.force_login(a_fundraiser())
    return client


@pytest.fixture
def costs():
    """A campaign with something of everything."""
    campaign = make_campaign(slug="costs", title="Publishing costs")
    once = make_gift(campaign=campaign, status="given")
    make_refund(payment=make_payment(gift=once, amount=123_456, fee=None), amount=3_456)
    member = {"campaign": campaign, "frequency": "monthly", "monthly_amount": 1500}
    gift = make_gift(status="active", anchor=datetime(2026, 9, 10, 13, tzinfo=UTC), **member)
    for month in (9, 10):
        make_payment(gift=gift, amount=1500, given_at=datetime(2026, month, 10, 13, tzinfo=UTC))
    late = datetime(2026, 8, 31, 13, tzinfo=UTC)
    make_gift(status="past_due", anchor=late, open_amount=1500, **member)
    make_gift(status="ended", anchor=late, ended_at=datetime(2026, 10, 1, 3, 59, tzinfo=UTC), **member)
    make_payment(gift=once, channel="cheque", amount=75_000, status="pending")
    return campaign


def figures_url(campaign, end=""):
    return reverse("admin:donations_campaign_figures", args=[campaign.pk]) + end


def page(client, campaign):
    answer = client.get(figures_url(campaign))
    assert answer.status_code == 200
    return answer.content.decode()


def table(html, name):
    """The rows of a table on the page as its chart reads them, the oldest first."""
    body = re.search(rf'<tbody id="rows-{name}">(.*?)</tbody>', html, re.S)[1]
    rows = [re.findall(r'data-value="([^"]*)"', row) for row in re.findall(r"<tr>(.*?)</tr>", body, re.S)]
    return rows[::-1]


def sheet(client, campaign, name):
    answer = client.get(figures_url(campaign, name))
    return list(csv.reader(StringIO(answer.content.decode("utf-8-sig"))))


def workbook(client, campaign):
    return load_workbook(BytesIO(client.get(figures_url(campaign, "all.xlsx")).content))


def as_text(cell):
    return "" if cell is None else f"{cell:%Y-%m-%d}" if isinstance(cell, datetime) else str(cell)


def dollars(minor):
    return f"{Decimal(minor).scaleb(-2)}"


# --- The same everywhere ----------------------------------------------------------------------------------------------


def test_page_charts_files_and_totals_tell_the_same(priya, costs):
    html, figures = page(priya, costs), totals(costs, NOW)
    course = days(costs, NOW)
    expected = {
        "days": [[str(row.day), *map(dollars, (row.once, row.monthly, row.so_far, row.on_track))] for row in course],
        "months": [
            [str(row.first), *map(dollars, (row.once, row.monthly, row.together))]
            for row in months(costs, course, NOW)
        ],
        "members": [
            [str(row.first), *map(str, (row.joined, row.left, row.going_on))] for row in membership(costs, NOW)
        ],
    }
    leaves = {leaf.title: leaf for leaf in workbook(priya, costs)}
    titles = {"days": "Day by day", "months": "Once and monthly", "members": "Monthly gifts"}
    for name, rows in expected.items():
        assert table(html, name) == rows
        assert sheet(priya, costs, f"{name}.csv")[1:] == rows
        cells = [
            [as_text(cell) for cell in row] for row in leaves[titles[name]].iter_rows(min_row=2, values_only=True)
        ]
        assert [[plain(cell) for cell in row] for row in cells] == [[plain(cell) for cell in row] for row in rows]
    assert expected["days"][-1][3:] == [dollars(figures.raised), dollars(figures.on_track)]
    assert sum(Decimal(row[3]) for row in expected["months"]) == Decimal(dollars(figures.raised))
    assert int(expected["members"][-1][3]) == figures.active + 1  # the late one goes on


def plain(text):
    """A workbook keeps numbers, not their decimals."""
    try:
        return Decimal(text).normalize()
    except ArithmeticError:
        return text


def test_the_figures_to_take_home_are_those_of_totals(priya, costs):
    figures = totals(costs, NOW)
    told = {row[0]: row[1] for row in sheet(priya, costs, "figures.csv")}
    assert told == {
        "Figure": "Value",
        "Campaign": "Publishing costs",
        "Currency": "USD",
        "Goal": "10000.00",
        "Percent": "12",
        "Raised": dollars(figures.raised),
        "Supporters": "2",
        "Pending": "0.00",
        "Received": dollars(figures.received),
        "Reversed": "34.56",
        "Stripe's fees": dollars(figures.fees),
        "Dispute fees": "0.00",
        "Net": dollars(figures.net),
        "Promised": "750.00",
        "Run rate": "15.00",
        "Projected": dollars(figures.projected),
        "At risk": dollars(figures.at_risk),
        "On track": dollars(figures.on_track),
        "Fees unknown": "1",
        "Active monthly gifts": "1",
    }


def test_how_far_from_an_even_pace_is_said(priya, costs):
    figures = totals(costs, NOW)
    behind = f"${Decimal(figures.on_track - figures.raised).scaleb(-2):,} behind an even pace to the goal."
    assert behind in page(priya, costs)
    assert "an even pace" not in page(priya, make_campaign(goal=None))
    over = make_campaign(ends=date(2026, 1, 31))
    assert pace(over, totals(over, NOW), NOW) == ""


def test_a_page_has_the_latest_year_of_days_and_the_sheet_all(priya, costs, monkeypatch):
    monkeypatch.setattr("donations.admin.course.ON_THE_PAGE", 2)
    html = page(priya, costs)
    assert [row[0] for row in table(html, "days")] == ["2026-10-10", "2026-11-10"]
    assert "Here are the latest 2 days on which something came; the sheet has all." in html
    assert len(sheet(priya, costs, "days.csv")) == 5


# --- Files ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("typed", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\x0b=1"])
def test_a_title_that_is_a_formula_arrives_as_text(priya, typed):
    campaign = make_campaign(title=typed)
    (cell,) = (row[1] for row in sheet(priya, campaign, "figures.csv") if row[0] == "Campaign")
    leaf = workbook(priya, campaign)["Figures"]
    assert cell.startswith("'")
    assert leaf["B2"].data_type == "s"
    assert leaf["B2"].value.startswith("'")


def test_a_sum_below_zero_stays_a_number(priya):
    campaign = make_campaign()
    payment = make_payment(gift=make_gift(campaign=campaign, status="given"), amount=1000, fee=59)
    make_refund(payment=payment)
    assert ["Net", "-0.59"] in [row[:2] for row in sheet(priya, campaign, "figures.csv")]
    (net,) = [row[1] for row in workbook(priya, campaign)["Figures"].iter_rows() if row[0].value == "Net"]
    assert (net.value, net.number_format) == (-0.59, "#,##0.00")


def test_yen_have_no_decimals(priya):
    campaign = make_campaign(currency="JPY", goal=50_000)
    make_payment(gift=make_gift(campaign=campaign, currency="JPY", status="given"), amount=2500, currency="JPY")
    assert table(page(priya, campaign), "months")[-2][1] == "2500"
    assert ["Goal", "50000"] in [row[:2] for row in sheet(priya, campaign, "figures.csv")]


def test_files_are_named_after_the_campaign_and_kept_by_nobody(priya, costs):
    for name in FILES:
        answer = priya.get(figures_url(costs, name))
        assert answer["Content-Disposition"].startswith('attachment; filename="costs')
        assert "no-store" in answer["Cache-Control"]


# --- Fresh while it is open ---------------------------------------------------------------------------------------------


def test_an_open_page_is_told_only_what_is_new(priya, costs):
    asked = figures_url(costs, "fresh.json")
    tag = re.search(r'data-fresh-tag="([^"]*)"', page(priya, costs))[1].replace("&quot;", '"')
    assert priya.get(asked, headers={"If-None-Match": tag}).status_code == 304

    make_payment(gift=make_gift(campaign=costs, status="given"), amount=5000)
    fresh = priya.get(asked, headers={"If-None-Match": tag})
    assert fresh.status_code == 200
    assert priya.get(asked, headers={"If-None-Match": fresh["ETag"]}).status_code == 304


def test_time_alone_is_news_once_in_ten_minutes(priya, costs, time_machine):
    asked = figures_url(costs, "fresh.json")
    same = {"If-None-Match": priya.get(asked)["ETag"]}
    time_machine.move_to(datetime(2026, 11, 10, 14, 9, 59, tzinfo=UTC), tick=False)
    assert priya.get(asked, headers=same).status_code == 304
    time_machine.move_to(datetime(2026, 11, 10, 14, 10, tzinfo=UTC), tick=False)
    assert priya.get(asked, headers=same).status_code == 200


def test_to_say_that_nothing_is_new_no_figure_is_reckoned(priya, costs):
    asked = figures_url(costs, "fresh.json")
    same = {"If-None-Match": priya.get(asked)["ETag"]}
    with CaptureQueriesContext(connection) as queries:
        assert priya.get(asked, headers=same).status_code == 304
    read = [query["sql"] for query in queries if "donations_" in query["sql"]]
    assert len(read) == 3  # the campaign, its kept sums, its gifts by status
    assert not any("anchor" in sql or "donations_daytally" in sql for sql in read)


def test_money_that_moves_while_figures_are_read_is_told_next_time(priya, costs, monkeypatch):
    def and_money_comes(campaign, now):
        figures = totals(campaign, now)
        make_payment(gift=make_gift(campaign=costs, status="given"), amount=5000)
        return figures

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr("donations.admin.course.totals", and_money_comes)
        tag = re.search(r'data-fresh-tag="([^"]*)"', page(priya, costs))[1].replace("&quot;", '"')
    assert priya.get(figures_url(costs, "fresh.json"), headers={"If-None-Match": tag}).status_code == 200


def test_a_new_goal_is_news(priya, costs):
    asked = figures_url(costs, "fresh.json")
    same = {"If-None-Match": priya.get(asked)["ETag"]}
    type(costs).objects.filter(pk=costs.pk).update(goal=costs.goal + 1)
    assert priya.get(asked, headers=same).status_code == 200


def test_a_monthly_gift_that_stops_is_news(priya, costs):
    asked = figures_url(costs, "fresh.json")
    same = {"If-None-Match": priya.get(asked)["ETag"]}
    costs.gift_set.filter(status="active").update(status="ended", ended_at=NOW)
    assert priya.get(asked, headers=same).status_code == 200


def test_what_is_fresh_is_what_the_page_prints(priya, costs):
    told, html = priya.get(figures_url(costs, "fresh.json")).json(), page(priya, costs)
    figures = totals(costs, NOW)
    assert told["figures"] == asdict(figures) | {"net": figures.net}
    assert told["said"] == "$1,230 raised by 2 supporters"
    assert set(told["parts"]) == {"part-standing", "part-figures", "rows-days", "rows-months", "rows-members"}
    for place, part in told["parts"].items():
        assert f'id="{place}"' in html
        assert "".join(part.split()) in "".join(html.split())


# --- Who and how ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("group", ["Journalists", "Editors", "Managing editors"])
@pytest.mark.parametrize("end", ["", "fresh.json", *FILES])
def test_the_newsroom_sees_none_of_it(client, costs, group, end):
    client.force_login(a_person(username="someone", group=group))
    assert client.get(figures_url(costs, end)).status_code == 404


@pytest.mark.parametrize("end", ["", "fresh.json", *FILES])
def test_there_is_nothing_of_a_campaign_that_is_not_there(priya, end):
    assert priya.get(reverse("admin:donations_campaign_figures", args=[999]) + end).status_code == 404


def test_scripts_and_styles_are_files_of_our_own(priya, costs):
    answer = priya.get(figures_url(costs))
    html, policy = answer.content.decode(), answer["Content-Security-Policy"]
    assert "script-src 'self';" in policy
    assert "connect-src 'self'" in policy
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=", html)
    for file in ("vendor/chartjs/chart.umd.min.js", "js/course.js", "css/course.css"):
        assert f"/static/{file}" in html


def test_without_a_script_the_page_is_complete(priya, costs):
    html = page(priya, costs)
    assert "<canvas" not in html
    assert len(re.findall(r"<table", html)) == 3
    assert html.count('role="region"') == 3
