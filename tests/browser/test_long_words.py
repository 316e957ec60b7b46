"""Words and addresses without a place to break make no page wider than a telephone."""

from urllib.parse import urlsplit

import pytest
from django.contrib.staticfiles import finders

from articles import renditions
from articles.models import Section, Topic
from tests.articles.factories import (
    BEGIN,
    a_managing_editor,
    a_picture,
    a_section,
    a_topic,
    an_author,
    published,
    republish,
)

SITE = "http://127.0.0.1:8000"
WORD = "Donaudampfschifffahrtsgesellschaft"
ADDRESS = "https://example.org/" + "minutes-of-the-harbour-commission" * 3
DEEP = "<blockquote>" * 12 + f"<p>{WORD} {ADDRESS}</p>" + "</blockquote>" * 12
LISTS = "<ul><li>" * 8 + f"<p>{WORD}</p>" + "</li></ul>" * 8
BODY = f'<p>{WORD * 3} {ADDRESS}</p><h2>{WORD * 2}</h2><p><a href="{ADDRESS}">{ADDRESS}</a></p>{DEEP}{LISTS}'
WIDER = """() => innerWidth >= document.documentElement.scrollWidth ? [] :
    [...document.querySelectorAll("body *")].filter((one) => one.getBoundingClientRect().right > innerWidth + 1)
    .map((one) => `${one.tagName}.${one.className}`).slice(0, 12)"""


def from_disk(route):
    """Style sheets, fonts and scripts; there is no server, and pictures stay missing."""
    path = urlsplit(route.request.url).path
    found = finders.find(path.removeprefix("/static/")) if path.startswith("/static/") else None
    return route.fulfill(path=found) if found else route.fulfill(status=404)


@pytest.fixture
def open_page(browser, client):
    """`open_page(width, path)`: a page of this test's own rows, asked of Django in this very transaction."""
    context = browser.new_context()

    def open_it(width, path):
        answer = client.get(path)
        assert answer.status_code == 200, path
        page = context.new_page()
        page.route("**/*", from_disk)
        told = {"headers": dict(answer.headers), "body": answer.content}
        page.route(f"{SITE}{path}", lambda route: route.fulfill(**told))
        page.set_viewport_size({"width": width, "height": 800})
        page.goto(f"{SITE}{path}")
        return page

    yield open_it
    context.close()


@pytest.fixture
def story(db):
    """The worst that the fields take."""
    picture = a_picture()
    author = an_author(name=f"Ana {WORD * 2}", slug="ana", bio=f"{WORD * 3} {ADDRESS}", photo=picture)
    section = a_section(name=WORD, slug="coast")
    Section.objects.update(description=ADDRESS)
    topic = a_topic(name=f"{WORD} {WORD}"[:80])
    Topic.objects.update(slug="harbour", description=ADDRESS)
    words = {
        "kicker": (WORD * 2)[:60],
        "headline": f"{WORD} tagt {WORD * 3}",
        "standfirst": f"{WORD * 3} {ADDRESS}",
        "body": BODY,
        "section": section.pk,
        "topics": [topic.pk],
        "lead_picture": picture.pk,
        "lead_alt": WORD,
        "lead_caption": f"{WORD * 3} {ADDRESS}",
        "lead_credit": (WORD * 4)[:120],
        "byline": [{"author": author.pk, "role": WORD}],
    }
    for number in range(6):
        made = published(**words | {"headline": f"{number} {words['headline']}"})
    republish(
        made, at=BEGIN.replace(day=2), kind="correction", public_note=f"{WORD * 3} {ADDRESS}", body="<p>x</p>" + BODY
    )
    renditions.make(picture)
    return made


@pytest.mark.parametrize("width", [320, 1280])
def test_no_page_of_readers_grows_wider_than_its_window(open_page, story, width):
    paths = ["/", "/coast/", "/topics/harbour/", "/authors/ana/", story.live.get_absolute_url()]
    found = {path: open_page(width, path).evaluate(WIDER) for path in paths}
    assert not {path: wider for path, wider in found.items() if wider}


@pytest.mark.parametrize("width", [320])
def test_no_page_of_the_desk_grows_wider_than_its_window(open_page, client, story, width):
    client.force_login(a_managing_editor())
    change = f"/admin/articles/article/{story.pk}/change/"
    paths = ["/admin/", "/admin/articles/article/", change, "/admin/articles/picture/", "/admin/articles/author/"]
    found = {path: open_page(width, path).evaluate(WIDER) for path in paths}
    assert not {path: wider for path, wider in found.items() if wider}
