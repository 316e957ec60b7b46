"""WCAG 2.2 A and AA wherever the resolver leads: a page that is added tomorrow is looked at without being named here."""

from itertools import cycle

import pytest

from tests.cms.routes import routes

from .conftest import violations
from .people import sign_in

OURS = ("articles", "donations", "auth")


def without_a_key():
    """Addresses that name no row; two that end the visit are left out."""
    plain = {route for route in routes() if "<" not in route and "^" not in route and not route.startswith("healthz")}
    return sorted(f"/{route}" for route in plain - {"readyz", "admin/logout/", "giving/out/"})


def lists():
    """The lists of the desk, whose first row stands for the others."""
    return [
        path
        for path in without_a_key()
        if path.startswith("/admin/") and path.split("/")[2] in OURS and path.count("/") == 4
    ]


def is_a_page(page, path):
    """Whether a GET answers with a page of its own; what redirects, downloads, or wants a POST is none."""
    answer = page.request.get(path, max_redirects=0)
    return answer.status == 200 and answer.headers.get("content-type", "").startswith("text/html")


@pytest.fixture
def looks(visitor):
    """A wide light page and a narrow dark one, by turns, each signed in as one who may do everything."""
    pages = [visitor(), visitor(width=360, dark=True)]
    for page in pages:
        sign_in(page, "admin")
    return cycle(pages)


def seen(looks, paths):
    """What axe finds on those of `paths` that are pages, and how many are."""
    found, number = {}, 0
    for path, page in zip(paths, looks, strict=False):
        if is_a_page(page, path):
            page.goto(path)
            number += 1
            found |= {path: wrong} if (wrong := violations(page)) else {}
    return found, number


def test_every_page_without_a_key(looks):
    found, number = seen(looks, without_a_key())
    assert found == {}
    assert number >= 40


def test_the_first_row_of_every_list(looks):
    page = next(looks)
    rows = []
    for path in lists():
        page.goto(path)
        link = page.locator(f'#result_list a[href^="{path}"][href*="/change/"]')
        rows += [link.first.get_attribute("href").split("?")[0]] if link.count() else []
    found, number = seen(looks, rows)
    assert found == {}
    assert number > 12
    found, number = seen(looks, [row.replace("/change/", "/delete/") for row in rows])
    assert found == {}
    assert number > 0
