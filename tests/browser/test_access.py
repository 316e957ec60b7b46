"""WCAG 2.2 A and AA on the pages that people meet daily, light and dark, as narrow as a telephone.

`test_access_everywhere` looks at all the others, each in one of the two looks.
"""

import re
from contextlib import contextmanager

import pytest

from .conftest import violations
from .people import follow, give, mails, press, sign_in, until

LOOKS = pytest.mark.parametrize(
    ("width", "dark"), [(1280, False), (360, True)], ids=["wide and light", "narrow and dark"]
)

# Stories of the demo newsroom by their first words: lists begin with whatever another test has left in them.
UNDER_REVIEW = "The crossing guard who stopped a cement truck"
A_DRAFT = "Three sites for a bus station"
APPROVED = "At the Ice House, a “Tempest”"
PUBLISHED = "In the Ice House, a hand press"
RETRACTED = "The town band asked for tuba players"  # proposed, and dropped again


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


def change_page(page, status, headline):
    """The address of that story's own page, from the list of the stories of its status."""
    page.goto(f"/admin/articles/article/?status={status}")
    link = page.locator("#result_list").get_by_role("link", name=headline).first
    return link.get_attribute("href").split("?")[0]


def mailed_link(parts, email):
    """The path of the link to a giver's own page, once it was mailed."""

    def links():
        texts = [mail.get_body(("plain",)).get_content() for mail in mails(parts, email)]
        return [found[0] for text in texts if (found := re.search(r"/giving/in/[^/\s]+/", text))]

    return until(links)[-1]


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
def test_what_readers_see_of_a_story_that_changed(visitor, width, dark):
    page = visitor(width=width, dark=dark)
    page.goto("/corrections/")
    retracted = address(page, ".version:has(.change-kind--retraction) h2 a")
    versions = address(page, '.version:has(.change-kind--correction) a[href$="/versions/"]')
    check(page, "/corrections/", retracted, f"{retracted}versions/", f"{retracted}versions/1/")
    check(page, versions, f"{versions}1/")


@LOOKS
def test_thanks_and_a_givers_own_pages(parts, visitor, width, dark):
    page, email = visitor(width=width, dark=dark), f"own{width}@example.org"
    page.goto("/donate/")
    give(page, amount="5", email=email, monthly=True)
    assert violations(page) == []
    page.goto("/giving/in/changed/")
    assert violations(page) == []
    check(page, "/giving/")
    page.get_by_label("Your e-mail address").fill(email)
    press(page, "Mail me the link")
    assert violations(page) == []
    page.goto(mailed_link(parts, email))
    assert violations(page) == []
    press(page, "Open my page")
    mine = [address(page, f'main a[href$="/{deed}/"]') for deed in ("name", "amount", "pause", "card", "stop")]
    receipt = address(page, 'main a[href*="/giving/receipts/"]')
    check(page, "/giving/", receipt, "/giving/mails/", *mine, "/giving/erase/")
    press(page, "Remove me")
    assert violations(page) == []


@LOOKS
def test_the_journalists_desk(visitor, width, dark):
    page = visitor(width=width, dark=dark)
    sign_in(page, "journalist")
    check(page, "/admin/", "/admin/articles/article/", "/admin/articles/article/add/", "/admin/moved/?by=month")
    story = change_page(page, "draft", A_DRAFT)
    check(page, story, story.replace("/change/", "/preview/"), story.replace("/change/", "/read/"))
    revisions = story.replace("/change/", "/revisions/")
    check(page, revisions, f"{revisions}1/", f"{revisions}compare/?from=1&to=1")


@LOOKS
def test_the_editors_desk(visitor, width, dark):
    page = visitor(width=width, dark=dark)
    sign_in(page, "editor")
    check(page, "/admin/", "/admin/articles/article/")
    page.goto("/admin/articles/topic/")
    topic = address(page, 'main a[href*="/admin/articles/topic/"][href$="/change/"]')
    check(page, topic, topic.replace("/change/", "/merge/"))
    page.goto("/admin/")
    check(page, page.get_by_role("link", name=UNDER_REVIEW).first.get_attribute("href"))


@LOOKS
def test_the_fundraisers_desk(visitor, width, dark):
    page = visitor(width=width, dark=dark)
    sign_in(page, "fundraiser")
    check(page, "/admin/", "/admin/donations/gift/", "/admin/donations/moved/?by=month")
    page.goto("/admin/donations/campaign/")
    check(page, address(page, 'main a[href$="/figures/"]'))
    assert page.locator("canvas").count() == 3


@LOOKS
def test_the_pages_of_weighty_verbs(visitor, width, dark):
    page = visitor(width=width, dark=dark)
    sign_in(page, "managing")
    story = change_page(page, "published", PUBLISHED)
    check(
        page,
        *(story.replace("/change/", f"/{verb}/") for verb in ("propose_retraction", "take_down", "propose_blank")),
    )
    approved = change_page(page, "approved", APPROVED)
    check(page, *(approved.replace("/change/", f"/{verb}/") for verb in ("read", "embargo", "publish_unreviewed")))


@contextmanager
def proposed_retraction(proposer, editor, headline, notice):
    """Link at the editor's desk to the notice; dropped in any case, or the tests that follow would find it there."""
    proposer.goto(change_page(proposer, "published", headline))
    proposer.locator("details.more summary").click()
    follow(proposer, "Propose a retraction")
    proposer.get_by_label("Notice to readers").fill(notice)
    press(proposer, "Propose a retraction")
    link = editor.get_by_role("link").filter(has_text=f"Read the notice, then confirm or drop it: {headline}")
    try:
        yield link
    finally:
        editor.goto("/admin/")
        link.click()
        press(editor, "Drop the proposal")


@LOOKS
def test_a_retraction_is_read_before_it_is_confirmed_and_can_be_dropped(visitor, width, dark):
    proposer, page = visitor(width=width, dark=dark), visitor(width=width, dark=dark)
    sign_in(proposer, "managing")
    sign_in(page, "editor")
    with proposed_retraction(proposer, page, RETRACTED, "This report named the wrong harbor.") as link:
        check(page, "/admin/")
        link.click()
        assert page.get_by_text("This report named the wrong harbor.").is_visible()
        assert violations(page) == []
    page.goto("/admin/")
    assert link.count() == 0
