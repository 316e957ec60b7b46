"""A page of figures that stays open: while money comes in, and while the desk fails."""

from urllib.parse import urlsplit

import pytest
from django.contrib.staticfiles import finders
from playwright.sync_api import expect

from .people import give, sign_in, totals, until

SITE = "http://127.0.0.1:8000"  # of a page with the least that the script needs
PAGE = """<!doctype html><script src="/static/js/course.js" defer></script>
<main data-fresh="/fresh.json" data-fresh-tag='"one"' data-fresh-said="$1"><p data-fresh-says></p></main>"""


@pytest.mark.parametrize("status", [500, 503])
def test_an_answer_that_is_none_is_told_and_so_is_its_end(page, status):
    answers = {"status": status}

    def answer(route):
        path = urlsplit(route.request.url).path
        if path == "/fresh.json":
            route.fulfill(**answers)
        elif path.startswith("/static/"):
            route.fulfill(path=finders.find(path.removeprefix("/static/")))
        else:
            route.fulfill(body=PAGE, content_type="text/html")

    page.route("**/*", answer)
    page.clock.install()
    page.goto(SITE)
    says = page.locator("[data-fresh-says]")
    for _ in range(3):
        expect(says).to_be_empty()
        with page.expect_response("**/fresh.json"):
            page.clock.run_for(20_000)
    expect(says).to_have_text("The desk cannot be reached at the moment, so these figures stand still.")
    answers["status"] = 304
    page.clock.run_for(20_000)
    expect(says).to_have_text("The desk can be reached again, and these figures are kept fresh.")


CELLS = """(name) => [...document.querySelectorAll(`#rows-${name} tr`)].reverse()
    .map((row) => [...row.cells].map((cell) => cell.dataset.value))"""
DRAWN = """(name) => Object.fromEntries(Chart.getChart(document.querySelector(`[data-chart=${name}] canvas`))
    .data.datasets.map((line) => [line.label, line.data.map((point) => point?.y ?? point)]))"""


def column(desk, name, number):
    """Of a table, the oldest row first; an empty cell is no number."""
    return [float(row[number]) for row in desk.evaluate(CELLS, name) if row[number]]


def charts_are_as_the_tables(desk):
    days, months, members = (desk.evaluate(DRAWN, name) for name in ("days", "months", "members"))
    assert days["Raised so far"] == [0, *column(desk, "days", 3)]
    assert days["On track"][: len(column(desk, "days", 4)) + 1] == [0, *column(desk, "days", 4)]
    for each, name in ((days, "days"), (months, "months")):
        assert [each["Once"], each["Monthly"]] == [column(desk, name, 1), column(desk, name, 2)]
    assert members["Joined"] == column(desk, "members", 1)
    assert members["Left"] == [-number for number in column(desk, "members", 2)]


def test_what_comes_in_is_on_an_open_page_and_in_its_charts_without_a_reload(parts, visitor):
    desk, reader, errors = visitor(), visitor(), []
    desk.on("pageerror", lambda error: errors.append(str(error)))
    sign_in(desk, "fundraiser")
    desk.goto("/admin/donations/campaign/")
    desk.clock.install()
    desk.goto(desk.locator('main a[href$="/figures/"]').first.get_attribute("href"))
    charts_are_as_the_tables(desk)
    desk.evaluate("window.stays = true")
    raised = totals(parts)["raised"]
    assert column(desk, "days", 3)[-1] == raised / 100

    reader.goto("/donate/?campaign=publishing-costs")
    give(reader, amount="33", email="fresh@example.org")
    until(lambda: totals(parts)["raised"] == raised + 3300)
    with desk.expect_response("**/fresh.json") as asked:
        desk.clock.run_for(20_000)
    assert asked.value.status == 200
    expect(desk.locator("[data-fresh-says]")).to_contain_text("raised by")
    assert column(desk, "days", 3)[-1] == (raised + 3300) / 100
    charts_are_as_the_tables(desk)
    assert (desk.evaluate("window.stays"), errors) == (True, [])
