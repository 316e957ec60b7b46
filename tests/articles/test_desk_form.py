"""The form of a story against what happens around it: other people, other rounds, a request that is not whole."""

import re
from datetime import timedelta

import pytest

from articles.content import FIELDS
from articles.models import Article
from articles.workflow import Status

from .factories import (
    BEGIN,
    a_draft,
    a_journalist,
    a_picture,
    a_topic,
    an_author,
    an_editor,
    published,
    republish,
    submitted,
)
from .forms import filled, words
from .test_desk_writing import change, save

pytestmark = pytest.mark.django_db
LATER = BEGIN + timedelta(hours=1)


@pytest.fixture
def ana(client):
    person = a_journalist()
    client.force_login(person)
    return person


def test_every_signed_field_can_be_written(client, ana):
    a_topic()
    a_picture()
    page = client.get(change(a_draft())).content.decode()
    form = page[page.index('id="story"') : page.index("</form>", page.index('id="story"'))]
    controls = set(re.findall(r'<(?:input|select|textarea)[^>]*?\sname="([^"]+)"', form))
    expected = {"byline-0-author" if name == "byline" else name for name in FIELDS}
    assert expected - controls == set()
    hidden = set(re.findall(r'<input type="hidden" name="([^"]+)"', form))
    assert not hidden & expected


# --- Stale forms, round after round ---------------------------------------------------------------------------------


def he_saves(article, **changes):
    article.refresh_from_db()
    words = {**article.content(), **changes}
    article.save_content(words, by=an_editor(), now=BEGIN, lock_version=article.lock_version)


def stored(*names):
    article = Article.objects.get()
    return tuple(getattr(article, name) for name in names)


@pytest.fixture
def opened(client, ana):
    article = a_draft(headline="H0", standfirst="S0", kicker="K0", slug="chosen")
    return article, client.get(change(article))


def test_a_second_stale_round_asks_again_for_what_was_taken_in_the_first(client, opened):
    article, form = opened
    he_saves(article, headline="His headline")
    first = client.post(change(article), filled(form, standfirst="Her standfirst"))
    assert filled(first)["take"] == ["headline"]
    he_saves(article, kicker="His kicker")
    second = client.post(change(article), filled(first))
    assert second.status_code == 409
    assert filled(second)["take"] == ["kicker", "headline"]
    assert client.post(change(article), filled(second)).status_code == 302
    assert stored("headline", "standfirst", "kicker") == ("His headline", "Her standfirst", "His kicker")


def test_what_was_taken_and_changed_once_more_is_shown_and_still_proposed(client, opened):
    article, form = opened
    he_saves(article, headline="His headline")
    first = client.post(change(article), filled(form, headline="Her headline"))
    assert "take" not in filled(first)
    he_saves(article, headline="His second headline")
    second = client.post(change(article), filled(first, take=["headline"]))
    assert "Stored now His second headline" in words(second)
    assert filled(second)["take"] == ["headline"]
    client.post(change(article), filled(second))
    assert stored("headline") == ("His second headline",)


def test_what_was_kept_against_the_stored_words_is_kept_through_another_round(client, opened):
    article, form = opened
    he_saves(article, headline="His headline", standfirst="His standfirst")
    first = client.post(change(article), filled(form, headline="Her headline"))
    he_saves(article, kicker="His kicker")
    second = client.post(change(article), filled(first))
    assert filled(second)["take"] == ["kicker", "standfirst"]
    client.post(change(article), filled(second))
    assert stored("headline", "standfirst", "kicker") == ("Her headline", "His standfirst", "His kicker")


@pytest.mark.parametrize("by_way_of_an_error", [False, True])
def test_who_goes_on_typing_after_a_conflict_keeps_these_words(client, opened, by_way_of_an_error):
    article, form = opened
    he_saves(article, headline="His headline", kicker="His kicker")
    page = client.post(change(article), filled(form, standfirst="Her standfirst"))
    assert filled(page)["take"] == ["kicker", "headline"]
    if by_way_of_an_error:
        page = client.post(change(article), filled(page, share_title="x" * 200))
        assert page.status_code == 422
    client.post(change(article), filled(page, headline="Her new headline", share_title=""))
    assert stored("headline", "standfirst", "kicker") == ("Her new headline", "Her standfirst", "His kicker")


def test_a_double_click_after_a_choice_is_no_third_round(client, opened):
    article, form = opened
    he_saves(article, headline="His headline")
    first = filled(client.post(change(article), filled(form, standfirst="Her standfirst")))
    assert [client.post(change(article), first).status_code for _ in range(2)] == [302, 302]


def test_the_refusal_names_who_acted_last_and_what_they_did(client, ana):
    article = submitted(by=ana)
    article.request_changes(by=an_editor(), now=BEGIN, comment="Who said so?")
    opened = client.get(change(article))
    article.submit(by=ana, now=BEGIN)
    article.request_changes(by=an_editor(), now=BEGIN, comment="And who else?")
    article.switch_appeal(by=an_editor(username="ruth"), now=BEGIN, on=False, reason="A death in the family.")
    response = client.post(change(article), filled(opened, headline="Hers"))
    assert response.status_code == 409
    assert "Tomas requested changes after you opened it." in words(response)


# --- An editor's comment ---------------------------------------------------------------------------------------------


def test_discarding_the_changes_ends_what_an_editor_asked_for(client, ana):
    article = published(by=ana)
    he_saves(article, headline="Half a thought")
    article.submit(by=ana, now=LATER)
    article.request_changes(by=an_editor(), now=LATER, comment="Who said so?")
    assert "Tomas asked for changes, " in words(client.get(change(article)))
    article.discard(by=ana, now=LATER)
    save(client, article, headline="Another thought")
    assert stored("status") == (Status.DRAFT,)
    for path in (change(article), "/admin/"):
        assert "asked for changes" not in words(client.get(path))


def test_a_comment_that_was_followed_is_gone_with_the_next_version(client, ana):
    article = submitted(by=ana)
    article.request_changes(by=an_editor(), now=BEGIN, comment="Who said so?")
    republish(article, at=LATER, headline="The mayor says")
    save(client, article, headline="Another thought")
    assert "asked for changes" not in words(client.get(change(article)))


# --- A request that is not whole -------------------------------------------------------------------------------------


def test_a_form_that_arrives_without_its_byline_is_refused_in_words_and_can_be_sent_again(client, ana):
    article = a_draft(byline=[{"author": an_author().pk, "role": "graphics by"}])
    typed = filled(client.get(change(article)), headline="Typed")
    broken = {name: value for name, value in typed.items() if not name.startswith("byline")}
    response = client.post(change(article), broken)
    assert response.status_code == 422
    assert "The byline did not arrive" in words(response)
    assert filled(response)["headline"] == ["Typed"]
    assert client.post(change(article), filled(response)).status_code == 302
    article = Article.objects.get()
    assert (article.headline, article.bylines.get().role) == ("Typed", "graphics by")


# --- Another picture, and its words ---------------------------------------------------------------------------------

PICTURE = ("lead_picture", "lead_alt", "lead_caption", "lead_credit", "lead_focal")


@pytest.fixture
def two_pictures(client, ana):
    """A story with one picture, its open form, and the picture that he chose meanwhile, with all its words."""
    pier, mayor = a_picture(title="The pier", by=ana), a_picture(title="The mayor", by=ana)
    about_the_pier = dict(zip(PICTURE[1:], ("A pier", "The pier in May", "Ana", "10,10"), strict=True))
    article = a_draft(lead_picture=str(pier.pk), **about_the_pier)
    form = client.get(change(article))
    about_the_mayor = dict(zip(PICTURE[1:], ("A man", "The mayor in May", "Ben", "90,90"), strict=True))
    he_saves(article, lead_picture=str(mayor.pk), **about_the_mayor)
    return article, form, (pier, *about_the_pier.values()), (mayor, *about_the_mayor.values())


def test_another_picture_and_its_words_are_one_choice_and_untouched_all_of_it_is_taken(client, two_pictures):
    article, form, _, his = two_pictures
    page = client.post(change(article), filled(form, headline="Her headline"))
    assert filled(page)["take"] == ["lead_picture"]
    assert "Stored now The mayor in May" in words(page)
    client.post(change(article), filled(page))
    assert stored("headline", *PICTURE) == ("Her headline", *his)


@pytest.mark.parametrize("take", [True, False])
def test_who_wrote_about_the_picture_before_gets_no_other_picture_with_these_words(client, two_pictures, take):
    article, form, hers, his = two_pictures
    page = client.post(change(article), filled(form, lead_alt="A long pier"))
    assert "take" not in filled(page)
    client.post(change(article), filled(page, take=["lead_picture"] if take else []))
    assert stored(*PICTURE) == (his if take else (hers[0], "A long pier", *hers[2:]))


def test_words_about_the_same_picture_are_chosen_one_by_one(client, ana):
    article = a_draft(lead_picture=str(a_picture(by=ana).pk), lead_alt="A pier", lead_credit="Ana")
    form = client.get(change(article))
    he_saves(article, lead_caption="His caption")
    page = client.post(change(article), filled(form, lead_alt="Her alt"))
    assert filled(page)["take"] == ["lead_caption"]
    client.post(change(article), filled(page))
    assert stored("lead_alt", "lead_caption") == ("Her alt", "His caption")
