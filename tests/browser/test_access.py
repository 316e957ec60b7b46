"""WCAG 2.2 A and AA on every page that is ours, light and dark, as narrow as a telephone."""

import pytest

from .conftest import violations
from .people import give, sign_in

LOOKS = pytest.mark.parametrize(
    ("width", "dark"), [(1280, False), (360, True)], ids=["wide and light", "narrow and dark"]
)


def check(page, *paths):
    found = {}
    for path in paths:
        answer = page.goto(path)
        assert answer.status == 200, f"{path} answered {answer.status}"
        found[path] = violations(page)
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            found[path].append("scrolls sideways")
    assert not {path: wrong for path, wrong in found.items() if wrong}


def address(page, link):
    return page.locator(link).first.get_attribute("href")


@LOOKS
def test_readers_pages(visitor, width, dark):
    page = visitor(width=width, dark=dark)
    page.goto("/")
    story = address(page, "main h2 a, main h3 a")
    page.goto(story)
    author = address(page, 'main a[href^="/authors/"]')
    topic = "/topics/harbor/"
    check(page, "/", "/coast/", "/culture/", story, author, topic, "/about/corrections/", "/donate/")
    check(page, "/campaigns/publishing-costs/", "/admin/login/")


@LOOKS
def test_the_page_of_thanks(visitor, width, dark):
    page = visitor(width=width, dark=dark)
    page.goto("/donate/")
    give(page, amount="5", email=f"axe{width}@example.org")
    assert violations(page) == []


@LOOKS
def test_the_journalists_desk(visitor, width, dark):
    page = visitor(width=width, dark=dark)
    sign_in(page, "journalist")
    check(page, "/admin/", "/admin/articles/article/", "/admin/articles/article/add/", "/admin/articles/picture/")
    page.goto("/admin/")
    story = address(page, 'main a[href*="/admin/articles/article/"]:not([href*="/add/"])')
    check(page, story, story.replace("/change/", "/preview/"))


@LOOKS
def test_the_editors_desk(visitor, width, dark):
    page = visitor(width=width, dark=dark)
    sign_in(page, "editor")
    check(page, "/admin/", "/admin/articles/article/", "/admin/articles/author/", "/admin/articles/section/")
    page.goto("/admin/")
    under_review = address(page, 'main a[href*="/admin/articles/article/"]:not([href*="/add/"])')
    check(page, under_review)


@LOOKS
def test_the_fundraisers_desk(visitor, width, dark):
    page = visitor(width=width, dark=dark)
    sign_in(page, "fundraiser")
    lists = [f"/admin/donations/{name}/" for name in ("campaign", "gift", "payment", "refund", "dispute", "donor")]
    more = ["campaign/needs-attention/", "payment/enter/", "payment/waiting/"]
    check(page, "/admin/", *lists, *(f"/admin/donations/{path}" for path in more))
    for name in ("campaign", "gift", "payment"):
        page.goto(f"/admin/donations/{name}/")
        check(page, address(page, f'main a[href*="/admin/donations/{name}/"][href$="/change/"]'))
