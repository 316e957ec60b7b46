"""The list of corrections and its feed: all that readers should know, nothing that was removed."""

from datetime import timedelta
from xml.etree import ElementTree

import pytest

from .factories import (
    BEGIN,
    a_managing_editor,
    an_editor,
    approved,
    published,
    reinstated,
    republish,
    retracted,
    scheduled,
)

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
SITE = "http://127.0.0.1:8000"


def page(client, path="/corrections/"):
    answer = client.get(path)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().replace("&nbsp;", " ").split())


def items(client):
    answer = client.get("/corrections/feed/rss.xml")
    assert answer.status_code == 200
    return list(ElementTree.fromstring(answer.content).iter("item"))


def a_corrected_story(*, at=BEGIN + DAY, note="The day was wrong.", kind="correction", **changes):
    story = published(**changes)
    republish(story, at=at, kind=kind, public_note=note, kicker="Corrected")
    return story


def in_order(text, *parts):
    places = [text.find(part) for part in parts]
    assert -1 not in places, parts[places.index(-1)]
    return places == sorted(places)


def test_corrections_clarifications_and_retractions_are_listed_the_newest_first(client):
    story = a_corrected_story(headline="Pier closes")
    a_corrected_story(headline="Tide rises", kind="clarification", note="By the old chart.", at=BEGIN + 2 * DAY)
    retracted(headline="Mayor sails", notice="It was forged.", at=BEGIN + 3 * DAY)
    html = page(client)
    assert in_order(
        html,
        "<strong>Retraction</strong>",
        "Mayor sails",
        "It was forged.",
        "<strong>Clarification</strong>",
        "Tide rises",
        "By the old chart.",
        "October 2, 2026, 5:00 a.m. EDT",
        "<strong>Correction</strong>",
        f'<a href="{story.live.get_absolute_url()}">Pier closes</a>',
        "The day was wrong.",
        f'<a href="{story.live.get_absolute_url()}versions/"',
    )


def test_updates_and_typing_errors_are_no_corrections(client):
    story = published(headline="Pier closes")
    republish(story, at=BEGIN + DAY, kind="typo", headline="Pier closed")
    republish(story, at=BEGIN + 2 * DAY, kind="update", public_note="The council has met.", kicker="Council")
    assert "Nothing so far." in page(client)
    assert items(client) == []


def test_a_correction_stands_under_the_headline_of_today(client):
    story = a_corrected_story(headline="Pier closes")
    republish(story, at=BEGIN + 2 * DAY, kind="update", headline="Pier is open again")
    html = page(client)
    assert "Pier is open again" in html
    assert "Pier closes" not in html
    assert [item.findtext("title") for item in items(client)] == ["Correction: Pier is open again"]


def test_what_is_down_is_on_no_list_of_corrections(client):
    story = a_corrected_story(headline="Pier closes", note="It was not the mayor.")
    assert "It was not the mayor." in page(client)
    story.take_down(by=a_managing_editor(), now=BEGIN + 2 * DAY, reason="Danger to a person")
    assert "Nothing so far." in page(client)
    assert items(client) == []
    reinstated(story, at=BEGIN + 3 * DAY)
    assert "It was not the mayor." not in page(client)
    assert items(client) == []


def test_a_correction_under_way_is_on_no_list(client, now):
    story = published(headline="Pier closes")
    words = {**story.content(), "kicker": "Corrected"}
    story.save_content(words, by=story.creator, now=BEGIN + DAY, lock_version=story.lock_version)
    story.submit(by=story.creator, now=BEGIN + DAY, kind="correction", public_note="Not yet told.")
    story.approve(by=an_editor(), now=BEGIN + DAY, sha256=story.latest_review.sha256)
    story.schedule(by=an_editor(), now=BEGIN + DAY, at=now + timedelta(days=90))
    scheduled(at=now + timedelta(days=90), headline="To come")
    approved(headline="Approved alone")
    assert "Nothing so far." in page(client)
    assert items(client) == []


def test_an_item_of_the_feed_names_kind_story_note_and_time(client):
    story = a_corrected_story(headline="Ships & ferries", note="Two <b>ships</b>, not three.")
    (item,) = items(client)
    assert item.findtext("title") == "Correction: Ships & ferries"
    assert item.findtext("link") == SITE + story.live.get_absolute_url()
    assert item.findtext("description") == "Two <b>ships</b>, not three."
    encoded = item.findtext("{http://purl.org/rss/1.0/modules/content/}encoded")
    assert encoded == "<p>Two &lt;b&gt;ships&lt;/b&gt;, not three.</p>"
    assert item.findtext("pubDate") == "Fri, 02 Oct 2026 09:00:00 +0000"
    assert item.find("guid").get("isPermaLink") == "false"


def test_two_corrections_of_one_story_are_two_items(client):
    story = a_corrected_story()
    republish(story, at=BEGIN + 2 * DAY, kind="correction", public_note="The month too.", kicker="Again")
    found = items(client)
    assert [item.findtext("description") for item in found] == ["The month too.", "The day was wrong."]
    assert len({item.findtext("guid") for item in found}) == 2


def test_a_long_list_is_turned_page_by_page(client, monkeypatch):
    monkeypatch.setattr("articles.views.PER_PAGE", 1)
    a_corrected_story(note="The first.")
    a_corrected_story(note="The second.", at=BEGIN + 2 * DAY)
    assert "The second." in page(client)
    assert "The first." in page(client, "/corrections/?page=2")
    assert client.get("/corrections/?page=3").status_code == 404


def test_the_list_costs_the_same_for_one_correction_and_for_many(client, django_assert_max_num_queries):
    for number in range(4):
        a_corrected_story(note=f"Note {number}.")
    page(client)
    for path, most in (("/corrections/", 3), ("/corrections/feed/rss.xml", 2)):
        with django_assert_max_num_queries(most):
            assert b"Note 3." in client.get(path).content


def test_the_list_is_found_from_the_foot_of_every_page_and_from_our_promise(client):
    for path in ("/", "/about/corrections/"):
        assert 'href="/corrections/"' in page(client, path)
    assert 'href="http://127.0.0.1:8000/corrections/feed/rss.xml"' in page(client)
