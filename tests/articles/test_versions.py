"""How a story changed, as readers are told: every version that was seen, what each changed, and what is gone for good."""

import json
import re
from datetime import timedelta

import pytest

from articles.models import Publication
from articles.versions import versions_of

from .factories import (
    BEGIN,
    a_managing_editor,
    a_picture,
    a_section,
    a_topic,
    an_author,
    an_editor,
    approved,
    published,
    reinstated,
    republish,
    retracted,
    sign,
    taken_down,
)

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
SITE = "http://127.0.0.1:8000"


def address(article):
    return article.live.get_absolute_url()


def page(client, path, status=200):
    answer = client.get(path)
    assert answer.status_code == status, path
    return " ".join(answer.content.decode().replace("&nbsp;", " ").split())


def text_of(html):
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def a_changed_story(**changes):
    """Three versions: as it began, a typing error mended, a correction."""
    story = published(headline="Pier closes for repirs", slug="pier", **changes)
    republish(story, at=BEGIN + DAY, kind="typo", headline="Pier closes for repairs")
    right = "<p>The pier will close for repairs on Tuesday.</p><p>The council votes in May.</p>"
    republish(story, at=BEGIN + 2 * DAY, kind="correction", public_note="The day was wrong.", body=right)
    return story


def blanked(story, *, version, at):
    """The words of one public version removed for good by two people."""
    number = story.publications.get(version=version).revision.number
    story.propose_blank(by=a_managing_editor(), now=at, revisions=[number], reason="It named a source.", code=410)
    story.confirm_blank(by=an_editor(), now=at)


# --- The list ----------------------------------------------------------------------------------------------------------


def test_all_versions_are_listed_the_newest_first_with_time_kind_and_note(client):
    story = a_changed_story()
    told = text_of(page(client, f"{address(story)}versions/"))
    order = [
        "3 versions, the newest first. Times are the newsroom's own (America/New_York).",
        "October 3, 2026, 5:00 a.m. EDT",
        "Version 3: Correction",
        "The day was wrong.",
        "The story as it is today",
        "October 2, 2026, 5:00 a.m. EDT",
        "Version 2: Typing error mended",
        "Read version 2",
        "October 1, 2026, 5:15 a.m. EDT",
        "Version 1: First published",
        "Read version 1",
    ]
    places = [told.find(words) for words in order]
    assert -1 not in places, order[places.index(-1)]
    assert places == sorted(places)


def test_each_step_shows_what_changed_by_paragraph_and_word(client):
    html = page(client, f"{address(a_changed_story())}versions/")
    assert "The pier will close for repairs on <del>Monday</del><ins>Tuesday</ins>." in html
    assert "<del>What comes next</del>" in html
    assert "Pier closes for <del>repirs</del><ins>repairs</ins>" in html


def test_the_difference_speaks_to_readers_and_not_of_the_desk(client):
    picture, dele = a_picture(), an_author(name="Dele Okonkwo")
    story = published(topics=[a_topic().pk])
    republish(
        story,
        at=BEGIN + DAY,
        kind="update",
        section=a_section(name="Culture").pk,
        byline=[{"author": dele.pk, "role": "photographs by"}],
        topics=[a_topic(name="Tide").pk],
        lead_picture=picture.pk,
        lead_alt="The pier at dusk",
        lead_credit="Photo: Marit",
        slug="another-address",
        share_text="For shared links alone",
    )
    told = text_of(page(client, f"{address(story)}versions/"))
    for words in (
        "Section Coast Culture",
        "Byline By Ana Reyes photographs by Dele Okonkwo",
        "Topics Harbour Tide",
        "Picture A picture was added.",
        "Description of the picture The pier at dusk",
        "Credit of the picture Photo: Marit",
    ):
        assert words in told
    for words in ("another-address", "For shared links", "standfirst", "alt text", "revision", str(picture.pk)):
        assert words not in told


def test_pictures_in_the_text_are_told_by_their_words(client):
    kept, added, withdrawn = (a_picture(title=f"Desk title {number}") for number in range(3))
    type(withdrawn).objects.filter(pk=withdrawn.pk).update(
        withdrawn_at=BEGIN, withdrawn_by=an_editor(), withdrawn_reason="Not ours"
    )
    figure = '<figure data-picture="{}" data-alt="{}" data-credit="Photo: M."></figure>'
    before = f"<p>One.</p>{figure.format(kept.pk, 'Boats')}"
    story = published(body=before)
    after = before + figure.format(added.pk, "Gulls") + figure.format(withdrawn.pk, "A face")
    republish(story, at=BEGIN + DAY, kind="update", body=after)
    told = text_of(page(client, f"{address(story)}versions/"))
    assert "Added Picture 2. Description: Gulls. Photo: M." in told
    assert "A face" not in told
    assert "Desk title" not in told
    assert str(added.pk) not in told


def test_a_step_that_changed_only_the_address_says_so(client):
    story = published()
    republish(story, at=BEGIN + DAY, kind="typo", slug="pier")
    assert "Nothing that stands on the page." in page(client, f"{address(story)}versions/")


def test_a_version_that_nobody_saw_is_not_counted(client, now):
    story = published(headline="First")
    words = {**story.content(), "headline": "Never seen"}
    story.save_content(words, by=story.creator, now=BEGIN + DAY, lock_version=story.lock_version)
    story.submit(by=story.creator, now=BEGIN + DAY)
    sign(story, at=BEGIN + DAY)
    story.schedule(by=an_editor(), now=BEGIN + DAY, at=BEGIN + 2 * DAY)
    story.unschedule(by=an_editor(), now=BEGIN + DAY)
    story.reopen(by=an_editor(), now=BEGIN + DAY)
    republish(story, at=BEGIN + 3 * DAY, kind="update", headline="Second")
    html = page(client, f"{address(story)}versions/")
    assert [version.number for version in versions_of(story.pk, now)] == [2, 1]
    assert "Never seen" not in html
    assert "Second" in page(client, f"{address(story)}versions/2/")
    assert page(client, f"{address(story)}versions/3/", status=404)


def test_nothing_tells_of_a_version_that_is_still_to_come(client, now):
    story = published(headline="First")
    later = now + timedelta(days=90)
    words = {**story.content(), "headline": "Still to come"}
    story.save_content(words, by=story.creator, now=BEGIN + DAY, lock_version=story.lock_version)
    story.submit(by=story.creator, now=BEGIN + DAY, kind="correction", public_note="Will be said")
    sign(story, at=BEGIN + DAY)
    story.schedule(by=an_editor(), now=BEGIN + DAY, at=later)
    for path in (address(story), f"{address(story)}versions/", f"{address(story)}versions/1/", "/corrections/"):
        html = page(client, path)
        assert "Still to come" not in html
        assert "Will be said" not in html
        assert f"{later:%B}" not in html
    assert "the one that readers see since" in page(client, f"{address(story)}versions/1/")
    assert page(client, f"{address(story)}versions/2/", status=404)


def test_a_long_history_is_turned_page_by_page(client, monkeypatch):
    monkeypatch.setattr("articles.views.VERSIONS_PER_PAGE", 2)
    story = a_changed_story()
    first, second = (page(client, f"{address(story)}versions/{query}") for query in ("", "?page=2"))
    assert (first.count('class="version"'), second.count('class="version"')) == (2, 1)
    assert "What changed from version 1" in text_of(first)
    assert page(client, f"{address(story)}versions/?page=3", status=404)


def test_a_list_of_versions_costs_the_same_for_two_and_for_many(client, django_assert_max_num_queries):
    story = a_changed_story(lead_picture=a_picture().pk, lead_alt="The pier", lead_credit="Photo: Ana")
    path = f"{address(story)}versions/"
    page(client, path)
    with django_assert_max_num_queries(2):  # the versions with all that they name, and their bylines
        assert "3 versions" in page(client, path)


# --- One version -------------------------------------------------------------------------------------------------------


def test_a_former_version_is_its_own_words_under_a_notice(client):
    story = a_changed_story(topics=[a_topic().pk])
    html = page(client, f"{address(story)}versions/1/")
    told = text_of(html)
    assert (
        "This is version 1 of 3, seen from October 1, 2026, 5:15 a.m. EDT until October 2, 2026, 5:00 a.m. EDT" in told
    )
    assert "<h1>Pier closes for repirs</h1>" in html
    assert "on Monday" in html
    assert f'<a href="{address(story)}">The story as it is today</a>' in html
    assert f'<link rel="canonical" href="{SITE}{address(story)}">' in html
    assert '<meta name="robots" content="noindex">' in html
    for later in ("Updated", "The day was wrong.", "ld+json", 'id="appeal"', "og:title"):
        assert later not in html


def test_the_version_of_today_says_that_it_is(client):
    told = text_of(page(client, f"{address(a_changed_story())}versions/3/"))
    assert "This is version 3 of 3, the one that readers see since October 3, 2026, 5:00 a.m. EDT" in told


def test_wrong_words_around_a_version_lead_to_it_in_one_hop(client):
    story = a_changed_story()
    for end in ("versions/", "versions/2/"):
        right = address(story) + end
        for wrong in (f"/a/1/1/x-{story.pk}/{end}", f"/a/1/1/{story.pk}/{end.rstrip('/')}", right.rstrip("/")):
            answer = client.get(f"{wrong}?page=1")
            assert (answer.status_code, answer["Location"]) == (301, f"{right}?page=1")
    for number in (0, 4, 10**30):
        assert client.get(f"{address(story)}versions/{number}/").status_code == 404


def test_what_was_never_public_has_no_versions(client):
    story = approved()
    for end in ("versions/", "versions/1/"):
        assert client.get(f"/coast/2026/10/pier-{story.pk}/{end}").status_code == 404


# --- What a story's own page says of it -----------------------------------------------------------------------------


def test_only_a_story_that_changed_leads_to_its_versions(client):
    story = published()
    assert "versions/" not in page(client, address(story))
    republish(story, at=BEGIN + DAY, kind="typo", headline="Pier")
    html = page(client, address(story))
    assert f'href="{address(story)}versions/"' in html
    assert "How this story changed" in html
    assert "Updated" not in html


@pytest.mark.parametrize(
    ("kind", "moves"), [("typo", False), ("update", True), ("clarification", True), ("correction", True)]
)
def test_updated_moves_with_what_readers_should_know(client, kind, moves):
    story = published()
    republish(story, at=BEGIN + DAY, kind=kind, public_note="Told." if moves else "", headline="Pier")
    html = page(client, address(story))
    data = json.loads(html.split('<script type="application/ld+json">')[1].split("</script>")[0])
    assert data["dateModified"] == ("2026-10-02T09:00:00+00:00" if moves else "2026-10-01T09:15:00+00:00")
    assert (f'<a href="{address(story)}versions/">Updated</a>' in html) is moves
    assert ("Told." in html) is moves
    assert ('class="correction-box"' in html) is (kind == "correction")
    assert [told["text"] for told in data.get("correction", [])] == (["Told."] if kind == "correction" else [])


# --- Retracted ---------------------------------------------------------------------------------------------------------


def a_retracted_story(**changes):
    """A story with a former version, in whose place a notice stands."""
    story = a_changed_story(**changes)
    at = BEGIN + 3 * DAY
    review = story.propose_retraction(by=an_editor(), now=at, notice="The documents were forged.")
    story.confirm_retraction(by=a_managing_editor(), now=at, sha256=review.sha256)
    return story


def test_a_retracted_story_is_marked_wherever_its_headline_stands(client):
    story = retracted(notice="The documents were forged.", standfirst="A claim.", topics=[a_topic().pk])
    html = page(client, address(story))
    data = json.loads(html.split('<script type="application/ld+json">')[1].split("</script>")[0])
    assert "<title>Retracted: Pier closes for repairs | The Merrow Bay Record</title>" in html
    assert 'property="og:title" content="Retracted: Pier closes for repairs"' in html
    assert (data["headline"], data["creativeWorkStatus"]) == ("Retracted: Pier closes for repairs", "Retracted")
    assert [told["text"] for told in data["correction"]] == ["The documents were forged."]
    assert data["dateModified"] == "2026-10-02T09:05:00+00:00"
    assert html.count("The documents were forged.") == 2  # on the page once, and once for search engines
    for path in ("/", "/coast/", "/topics/harbour/", "/authors/ana-reyes/"):
        assert '<span class="retracted">Retracted</span>' in page(client, path)
    assert "A claim." not in html
    assert "The pier will close" not in html


def test_versions_of_a_retracted_story_are_told_without_their_words(client):
    story = a_retracted_story()
    html = page(client, f"{address(story)}versions/")
    for words in ("Version 4: <strong>Retraction", "The documents were forged.", "The day was wrong.", "Typing error"):
        assert words in html
    for words in ("Monday", "Tuesday", "repirs", "Read version", "What changed from"):
        assert words not in html
    for number in (1, 2, 3, 4):
        html = page(client, f"{address(story)}versions/{number}/")
        assert "This version has been retracted.</strong> The documents were forged." in html
        for words in ("Monday", "Tuesday", "repirs"):
            assert words not in html


def test_what_was_taken_back_does_not_come_back_with_the_story(client):
    story = reinstated(a_retracted_story(), at=BEGIN + 4 * DAY, body="<p>Proven since.</p>", note="It was proven.")
    republish(story, at=BEGIN + 5 * DAY, kind="update", body="<p>Proven, and more.</p>")
    html = page(client, f"{address(story)}versions/")
    assert "Version 5: <strong>Published again" in html
    assert html.count("Read version") == 1
    assert "What changed from version 5" in html
    assert "What changed from version 4" not in html
    for words in ("Monday", "Tuesday"):
        assert words not in html
        assert words not in page(client, f"{address(story)}versions/3/")
    assert "Proven since." in page(client, f"{address(story)}versions/5/")
    told = text_of(page(client, address(story)))
    assert "Published again October 5, 2026, 5:00 a.m. EDT It was proven." in told
    assert "Retraction October 4, 2026, 5:00 a.m. EDT The documents were forged." in told
    assert 'class="correction-box"' not in page(client, address(story))  # its words are gone


# --- Taken down, blanked -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", [410, 451])
def test_a_story_that_is_down_answers_its_code_everywhere(client, code):
    taken_down(code=code, headline="A libel", reason="Ordered by a court")
    path = Publication.objects.get().get_absolute_url()
    for end in ("", "versions/", "versions/1/", "versions/7/"):
        html = page(client, path + end, status=code)
        assert "A libel" not in html
        assert "Ordered by a court" not in html
        assert ("legal reasons" in html) is (code == 451)
        assert client.get(path + end).get("Link", "") == (f'<{SITE}/>; rel="blocked-by"' if code == 451 else "")


def test_what_was_taken_down_does_not_come_back_with_the_story(client):
    story = published(body="<p>A libel.</p>")
    republish(story, at=BEGIN + DAY, kind="correction", public_note="A libellous note.", body="<p>A worse libel.</p>")
    story.take_down(by=a_managing_editor(), now=BEGIN + 2 * DAY, reason="Ordered by a court", code=451)
    reinstated(story, at=BEGIN + 3 * DAY, body="<p>The truth.</p>")
    html = page(client, f"{address(story)}versions/")
    assert html.count("Its words were removed.") == 2
    assert "Version 2: <strong>Correction" in html
    for path in (address(story), f"{address(story)}versions/", f"{address(story)}versions/3/", "/corrections/"):
        assert "libel" not in page(client, path)
    for number in (1, 2):
        assert "libel" not in page(client, f"{address(story)}versions/{number}/", status=451)
    assert "The truth." in page(client, f"{address(story)}versions/3/")


def test_a_blanked_version_is_named_and_answers_its_code(client):
    story = a_changed_story()
    blanked(story, version=1, at=BEGIN + 3 * DAY)
    html = page(client, f"{address(story)}versions/")
    assert "repirs" not in html
    assert "Version 1: <strong>First published</strong> </h2> <p>Its words were removed.</p>" in html
    assert "What changed from version 2" in html
    assert "What changed from version 1" not in html
    gone = page(client, f"{address(story)}versions/1/", status=410)
    assert "The words of this version were removed" in gone
    assert "repirs" not in gone
    assert "<h1>Pier closes for repairs</h1>" in page(client, f"{address(story)}versions/2/")


def test_a_story_whose_present_words_were_blanked_is_down(client):
    story = a_changed_story()
    path = address(story)
    blanked(story, version=3, at=BEGIN + 3 * DAY)
    for end in ("", "versions/", "versions/1/", "versions/3/"):
        assert "Pier" not in page(client, path + end, status=410)
