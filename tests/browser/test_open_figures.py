"""A page of figures that stays open while the desk fails. It is the least that the script needs."""

from urllib.parse import urlsplit

import pytest
from django.contrib.staticfiles import finders
from playwright.sync_api import expect

SITE = "http://127.0.0.1:8000"
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
