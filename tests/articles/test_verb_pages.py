"""Weighty verbs have a page: it says what will happen, shows what it is about, and does nothing until it is pressed."""

from datetime import timedelta

import pytest

from articles.admin.verb_pages import PAGES, RARE
from articles.models import Article, Blanking, Publication

from .factories import BEGIN, a_draft, a_journalist, a_managing_editor, an_editor, published, submitted
from .forms import words
from .tables import every_row
from .test_desk_verbs import (
    MOVES,
    OF_EDITORS,
    REASON,
    address,
    asked,
    press,
    status,
    to_be_blanked,
    to_be_retracted,
    to_come_back,
    unreviewed,
)

pytestmark = pytest.mark.django_db
LATER = BEGIN + timedelta(hours=1)
STORY_OF = {verb: make for verb, make, _, _ in MOVES if verb in PAGES}
BESIDE_THE_STORY = {"articles_presence", "articles_heartbeat"}  # who has it open, and since when the clock is awaited


def open_page(client, person, article, verb):
    client.force_login(person)
    return client.get(address(article, verb))


def a_person_for(verb):
    return an_editor() if verb in OF_EDITORS else a_managing_editor()


@pytest.mark.parametrize("verb", sorted(PAGES))
def test_opening_the_page_changes_nothing_and_it_posts_the_version_that_it_shows(client, verb):
    article, person = STORY_OF[verb](), a_person_for(verb)
    before = every_row()
    page = open_page(client, person, article, verb)
    after = every_row()
    assert page.status_code == 200
    assert [name for name in before if before[name] != after[name] and name not in BESIDE_THE_STORY] == []
    form = page.content.decode().split('class="verb-form"')[1].split("</form>")[0]
    version = Article.objects.get(pk=article.pk).lock_version
    assert f'name="lock_version" value="{version}"' in " ".join(form.split())
    assert 'method="post"' in form


@pytest.mark.parametrize("verb", sorted(PAGES - {"embargo"}))
def test_the_page_is_not_for_those_who_may_not_use_the_verb(client, verb):
    article = STORY_OF[verb]()
    page = open_page(client, a_journalist(), article, verb)
    assert (page.status_code, 'class="verb-form"' in page.content.decode()) == (409, False)
    assert open_page(client, a_journalist(username="ben"), article, verb).status_code == 404


@pytest.mark.parametrize("verb", RARE)
def test_what_is_rare_is_folded_away_and_no_button_of_the_storys_own_page(client, verb):
    article = STORY_OF[verb]()
    client.force_login(a_managing_editor())
    page = client.get(address(article, "read")).content.decode()
    folded = page.split('<details class="panel more">')[1].split("</details>")[0]
    assert f'href="{address(article, verb)}"' in folded
    assert page.count(address(article, verb)) == 1


@pytest.mark.parametrize(
    ("verb", "typed", "said"),
    [
        ("publish_unreviewed", {"reason": "Too short"}, "at least 20 characters"),
        ("object_to_emergency", {"comment": " "}, "Say what is wrong with it"),
        ("propose_retraction", {"notice": " "}, "Write the notice"),
        ("take_down", {"reason": " ", "code": "410"}, "Say why it is taken down"),
        ("reinstate", {"reason": " "}, "Say why it comes back"),
        ("propose_blank", {"reason": "It names a source.", "code": "410"}, "Choose at least one revision"),
        ("propose_blank", {"reason": " ", "code": "410", "revisions": ["1"]}, "Say why these words have to go"),
    ],
)
def test_what_is_missing_is_said_on_the_same_page(client, verb, typed, said):
    article = STORY_OF[verb]()
    before = status(article)
    page = press(client, a_managing_editor(), article, verb, **typed)
    assert (page.status_code, status(article)) == (409, before)
    assert said in words(page)
    assert 'class="verb-form"' in page.content.decode()


def test_what_was_typed_stays_where_the_verb_is_overtaken(client):
    article = published()
    opened = article.lock_version
    article.take_down(by=a_managing_editor(username="ines"), now=LATER, reason="A letter")
    page = press(
        client, an_editor(), article, "propose_retraction", lock_version=opened, notice="A long and careful notice"
    )
    assert page.status_code == 409
    assert "What you wrote is not lost: A long and careful notice" in words(page)


@pytest.mark.parametrize("code", ["", "404", "no number"])
def test_a_story_is_taken_down_with_a_code_that_was_offered(client, code):
    article = published()
    page = press(client, a_managing_editor(), article, "take_down", reason="A letter", code=code)
    assert (page.status_code, Article.objects.get().live is not None) == (422, True)
    assert "A letter" in page.content.decode()


def test_an_emergency_shows_the_words_that_would_go_out_and_takes_kind_and_note(client):
    article = published()
    changed = article.content() | {"headline": "Pier reopens"}
    article.save_content(changed, by=a_journalist(), now=LATER, lock_version=article.lock_version)
    page = words(open_page(client, a_managing_editor(), article, "publish_unreviewed"))
    assert "Revision 2, saved by Ana" in page
    assert "What this change is to readers" in page
    said = {"reason": REASON, "kind": "correction", "public_note": "It was Monday."}
    press(client, a_managing_editor(), article, "publish_unreviewed", **said)
    version = Publication.objects.last()
    assert (version.kind, version.public_note, version.emergency_reason) == ("correction", "It was Monday.", REASON)


def test_an_emergency_can_be_confirmed_or_objected_to_by_who_has_the_words_before_them(client):
    article = unreviewed()
    page = open_page(client, an_editor(), article, "confirm_emergency")
    assert f"published by Ines alone, October 1, 2026, 6:00 a.m. EDT, because: {REASON}" in words(page)
    assert "The council votes in May." in words(page)
    assert address(article, "object_to_emergency") in page.content.decode()


def test_the_second_editor_signs_the_notice_that_the_page_shows(client):
    article = to_be_retracted()
    page = open_page(client, an_editor(), article, "confirm_retraction")
    assert "The notice, proposed by Ines, October 1, 2026, 6:00 a.m. EDT: It was wrong." in words(page)
    assert "The council votes in May." in words(page)
    read = asked("confirm_retraction", article)
    assert read["sha256"] in page.content.decode()
    article.drop_retraction(by=an_editor(), now=LATER)
    article.propose_retraction(by=a_managing_editor(username="ines"), now=LATER, notice="Another notice")
    refused = press(client, an_editor(), article, "confirm_retraction", **read)
    assert (refused.status_code, Article.objects.get().live.kind) == (409, "first")
    shown_now = asked("confirm_retraction", article)
    assert shown_now["sha256"] in refused.content.decode()
    press(client, an_editor(), article, "confirm_retraction", **shown_now)
    assert Article.objects.get().live.public_note == "Another notice"


def test_a_story_comes_back_with_the_words_that_are_shown(client):
    page = words(open_page(client, a_managing_editor(), to_come_back(), "reinstate"))
    assert "Taken down by Ines, October 1, 2026, 6:00 a.m. EDT, because: A letter from a lawyer" in page
    assert "Pier reopens" in page


# --- Words that have to go -------------------------------------------------------------------------------------------


def a_story_with_a_name():
    """Three revisions; the middle one names somebody, in its text and its headline."""
    article = a_draft()
    for headline, body in [
        ("Jane Doe, 34, saw it", "<p>She is <em>Jane</em> Doe of Pier Road.</p>"),
        ("A witness saw it", "<p>She lives nearby.</p>"),
    ]:
        changed = article.content() | {"headline": headline, "body": body}
        article.save_content(changed, by=a_journalist(), now=LATER, lock_version=article.lock_version)
    return article


def test_words_are_found_whatever_their_case_and_markup_and_where_they_stand(client):
    article = a_story_with_a_name()
    page = press(client, a_managing_editor(), article, "propose_blank", find="jane DOE", _find="1")
    assert (page.status_code, Blanking.objects.count()) == (200, 0)
    assert words(page).count("Holds the words in") == 1
    assert "Holds the words in: headline, text" in words(page)
    boxes = page.content.decode().split('type="checkbox"')[1:]
    ticked = [box.split('value="')[1].split('"')[0] for box in boxes if "checked" in box.split(">")[0]]
    assert ticked == ["2"]


def test_what_was_looked_for_is_kept_nowhere(client):
    article = a_story_with_a_name()
    form = {"find": "Jane Doe", "revisions": ["2"], "reason": "It names a source.", "code": "410"}
    before = every_row()
    press(client, a_managing_editor(), article, "propose_blank", _find="1", **form)
    searched = every_row()
    assert [name for name in before if before[name] != searched[name] and name not in BESIDE_THE_STORY] == []
    assert press(client, a_managing_editor(), article, "propose_blank", **form).status_code == 302
    blanking = Blanking.objects.get()
    assert (blanking.revisions, blanking.reason, blanking.code) == ([2], "It names a source.", 410)
    assert "Jane" not in str([event.data for event in article.events.all()])


def test_words_are_gone_for_good_only_after_a_tick(client):
    article = to_be_blanked()
    proposal = Blanking.objects.get().pk
    refused = press(client, an_editor(), article, "confirm_blank", proposal=proposal)
    assert refused.status_code == 422
    assert "Tick this if the words are to be removed for good." in words(refused)
    assert article.revisions.get().content is not None
    press(client, an_editor(), article, "confirm_blank", proposal=proposal, sure="on")
    assert article.revisions.get().content is None


def test_a_proposal_made_anew_is_not_the_one_that_was_read(client):
    article = a_story_with_a_name()
    ines = a_managing_editor(username="ines")
    article.propose_blank(by=ines, now=LATER, revisions=[2], reason="It names a source.")
    read = Blanking.objects.get().pk
    article.drop_blank(by=ines, now=LATER)
    article.propose_blank(by=ines, now=LATER, revisions=[1, 2, 3], reason="All of it")
    refused = press(client, an_editor(), article, "confirm_blank", proposal=read, sure="on")
    assert refused.status_code == 409
    assert "This is not the proposal that you read" in words(refused)
    assert article.revisions.filter(content__isnull=True).count() == 0


def test_a_story_under_review_can_still_be_read_before_an_emergency(client):
    article = submitted()
    assert open_page(client, a_managing_editor(), article, "publish_unreviewed").status_code == 200
