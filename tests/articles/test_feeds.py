"""RSS: whole, valid, with the text that was signed and nothing else."""

from datetime import timedelta
from email.utils import parsedate_to_datetime
from xml.etree import ElementTree

import pytest

from articles.models import FormerSlug, Publication

from .bending import bend
from .factories import (
    BEGIN,
    a_draft,
    a_managing_editor,
    a_picture,
    a_section,
    a_topic,
    an_author,
    published,
    republish,
)

pytestmark = pytest.mark.django_db
CONTENT = "{http://purl.org/rss/1.0/modules/content/}encoded"
CREATOR = "{http://purl.org/dc/elements/1.1/}creator"
SITE = "http://127.0.0.1:8000"
GIVING = "is paid for by its readers. You can help at"


def feed(client, path="/feed/rss.xml"):
    answer = client.get(path)
    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/rss+xml; charset=utf-8"
    return ElementTree.fromstring(answer.content).find("channel")


def titles(channel):
    return [item.findtext("title") for item in channel.iter("item")]


def test_a_feed_names_itself_and_holds_the_newest_first(client):
    published(headline="Older")
    published(headline="Newer", at=BEGIN + timedelta(days=1))
    channel = feed(client)
    assert titles(channel) == ["Newer", "Older"]
    assert channel.findtext("title") == "The Merrow Bay Record"
    assert channel.findtext("link") == f"{SITE}/"
    assert channel.findtext("language") == "en"
    assert channel.find("{http://www.w3.org/2005/Atom}link").get("href") == f"{SITE}/feed/rss.xml"


def test_an_item_holds_the_whole_story(client):
    picture = a_picture()
    jpeg = {"name": "pictures/pier-1200.jpg", "width": 1200, "height": 800, "type": "image/jpeg"}
    type(picture).objects.update(renditions=[jpeg])
    story = published(
        headline="Ships & ferries",
        body="<p>Read <a href='/coast/'>more</a> and <a href='https://example.org/'>this</a>.</p>",
        topics=[a_topic().pk],
        lead_picture=picture.pk,
        lead_alt="The pier",
        lead_credit="Photo: Ana",
    )
    item = next(feed(client).iter("item"))
    text = item.findtext(CONTENT)
    assert item.findtext("title") == "Ships & ferries"
    assert item.findtext("link") == SITE + story.live.get_absolute_url()
    assert item.findtext("description") == "Nobody fishes there until spring."
    assert item.findtext(CREATOR) == "Ana Reyes"
    assert parsedate_to_datetime(item.findtext("pubDate")) == story.live.first_published
    assert {category.text for category in item.iter("category")} == {"Coast", "Harbour"}
    assert f'<a href="{SITE}/coast/">more</a> and <a href="https://example.org/">this</a>' in text
    assert f'src="{SITE}/media/pictures/pier-1200.jpg"' in text
    assert "Photo: Ana" in text


def test_an_item_keeps_its_identity_when_its_address_changes(client):
    story = published(headline="Before")
    before = next(feed(client).iter("item"))
    republish(story, at=BEGIN + timedelta(hours=2), kind="update", headline="After", slug="after")
    after = next(feed(client).iter("item"))
    assert before.findtext("link") != after.findtext("link")
    assert before.findtext("guid") == after.findtext("guid")
    assert after.find("guid").get("isPermaLink") == "false"


def test_a_line_about_giving_stands_for_the_appeal_and_only_where_one_may(client):
    published(headline="Ordinary")
    published(headline="Grave", sensitivity="sensitive", at=BEGIN + timedelta(days=1))
    grave, ordinary = (item.findtext(CONTENT) for item in feed(client).iter("item"))
    assert GIVING in ordinary
    assert f"{SITE}/donate/" in ordinary
    assert GIVING not in grave
    assert "leads-down" not in ordinary
    assert "appeal" not in ordinary


def test_a_retracted_story_is_a_notice_in_feeds_too(client):
    story = published(headline="Pier closes")
    bend(Publication.objects.filter(article=story), kind="retraction", public_note="Forged.")
    item = next(feed(client).iter("item"))
    assert item.findtext("title") == "Retracted: Pier closes"
    assert "Forged." in item.findtext(CONTENT)
    assert "The pier will close" not in item.findtext(CONTENT)


def test_signs_that_xml_forbids_do_not_break_a_feed(client):
    published(headline="Bell\x07 rings", standfirst="A\x0b B", body="<p>One\x0c two</p>")
    item = next(feed(client).iter("item"))
    assert item.findtext("title") == "Bell rings"
    assert "One two" in item.findtext(CONTENT)


@pytest.mark.parametrize("path", ["/feed/rss.xml", "/culture/feed/rss.xml", "/topics/harbour/feed/rss.xml"])
def test_signs_that_xml_forbids_in_a_name_do_not_break_a_feed(client, path):
    section, topic = a_section(name="Culture"), a_topic()
    published(section=section.pk, topics=[topic.pk])
    for row in (section, topic):
        type(row).objects.filter(pk=row.pk).update(name=f"{row.name}\x02 desk")
    channel = feed(client, path)
    assert {category.text for category in channel.iter("category")} == {"Culture desk", "Harbour desk"}
    assert "\x02" not in channel.findtext("title")


def test_sections_topics_and_authors_have_their_own_feeds(client):
    dele = an_author(name="Dele Okonkwo")
    published(headline="Everywhere", topics=[a_topic().pk])
    published(headline="Culture only", section=a_section(name="Culture").pk, byline=[{"author": dele.pk, "role": ""}])
    for path, title in (
        ("/culture/feed/rss.xml", "Culture only"),
        ("/topics/harbour/feed/rss.xml", "Everywhere"),
        ("/authors/dele-okonkwo/feed/rss.xml", "Culture only"),
    ):
        channel = feed(client, path)
        assert titles(channel) == [title]
        assert channel.find("{http://www.w3.org/2005/Atom}link").get("href") == SITE + path


def test_the_feed_of_a_former_name_leads_to_todays_in_one_hop(client):
    published(topics=[a_topic().pk])
    for kind, target in (("section", a_section()), ("topic", a_topic()), ("author", an_author())):
        FormerSlug.objects.create(kind=kind, slug="old", target=target.pk)
        today = f"{target.get_absolute_url()}feed/rss.xml"
        answer = client.get(f"{today.replace(target.slug, 'old')}?from=mail")
        assert (answer.status_code, answer["Location"]) == (301, f"{today}?from=mail")
        assert titles(feed(client, today)) == ["Pier closes for repairs"]


def test_the_feed_says_by_whom_in_the_words_of_the_page(client):
    published(byline=[{"author": an_author().pk, "role": "photographs by"}])
    assert next(feed(client).iter("item")).findtext(CREATOR) == "photographs by Ana Reyes"


def test_what_is_not_public_has_no_feed(client):
    a_draft(topics=[a_topic().pk])
    assert titles(feed(client)) == []
    for path in ("/nowhere/feed/rss.xml", "/topics/harbour/feed/rss.xml", "/authors/ana-reyes/feed/rss.xml"):
        assert client.get(path).status_code == 404


def test_a_feed_costs_the_same_for_one_story_and_for_many(client, django_assert_max_num_queries):
    for number in range(10):
        published(headline=f"Story {number}", byline=[{"author": an_author(name=f"Author {number}").pk, "role": ""}])
    with django_assert_max_num_queries(3):
        assert len(titles(feed(client))) == 10


def test_a_feed_that_has_not_changed_is_not_sent_again(client):
    published()
    first = client.get("/feed/rss.xml")
    assert set(first["Cache-Control"].split(", ")) == {"public", "max-age=0", "must-revalidate"}
    assert client.get("/feed/rss.xml", headers={"if-none-match": first["ETag"]}).status_code == 304


def test_the_address_of_a_feed_never_comes_from_the_request(client):
    published()
    answer = client.get("/feed/rss.xml", headers={"host": "localhost"})
    assert (answer.status_code, b"Pier closes" in answer.content) == (200, True)
    assert b"localhost" not in answer.content


def test_a_reader_that_asks_by_date_does_not_keep_what_was_taken_down(client):
    article = published()
    first = client.get("/feed/rss.xml")
    article.take_down(by=a_managing_editor(), now=BEGIN + timedelta(days=1), reason="A mistake.")
    asked = {"If-Modified-Since": "Fri, 01 Jan 2038 00:00:00 GMT"}
    again = client.get("/feed/rss.xml", headers=asked)
    assert "Last-Modified" not in first.headers
    assert (again.status_code, "Pier closes" in again.content.decode()) == (200, False)
