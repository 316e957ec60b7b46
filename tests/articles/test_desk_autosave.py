"""What is typed is kept for its writer alone, offered again, and never wins by itself (R4)."""

from datetime import timedelta

import pytest
from django.urls import reverse

from articles.models import Article, ArticleChanged, Autosave, Event, Revision
from articles.models.company import OtherWordsKept

from .factories import (
    BEGIN,
    BODY,
    a_draft,
    a_journalist,
    a_managing_editor,
    a_picture,
    a_section,
    a_topic,
    an_author,
    an_editor,
    content,
    submitted,
)
from .forms import filled, words

pytestmark = pytest.mark.django_db
ADD = "/admin/articles/article/add/"
LATER = BEGIN + timedelta(hours=1)


def address(name, article):
    return reverse(f"admin:articles_article_{name}", args=[article.pk])


@pytest.fixture
def ana(client):
    person = a_journalist()
    client.force_login(person)
    return person


@pytest.fixture
def article(ana):
    return a_draft(by=ana)


def opened(client, article):
    return client.get(address("change", article))


def keep(client, article, page=None, **typed):
    """Type `typed` into the form of `article`, as it was opened in `page`, and let the script keep it."""
    return client.post(address("keep", article), filled(page or opened(client, article), **typed))


def go_on(client, article):
    return client.get(address("change", article), {"go_on": "1"})


def meanwhile(article, by=None, **changes):
    fresh = Article.objects.get(pk=article.pk)
    values = fresh.content() | changes
    fresh.save_content(values, by=by or an_editor(), now=LATER, lock_version=fresh.lock_version)


# --- Kept -----------------------------------------------------------------------------------------------------------


def test_what_is_typed_is_kept_and_offered_when_the_form_opens_again(client, article):
    answer = keep(client, article, headline="Pier shut")
    assert answer.json()["kept"].endswith(("EST", "EDT"))
    page = opened(client, article)
    assert "You typed something that is not saved" in words(page)
    assert "<del>closes for repairs</del><ins>shut</ins>" in page.content.decode()
    assert page.context["form"]["headline"].value() == "Pier closes for repairs"
    assert go_on(client, article).context["form"]["headline"].value() == "Pier shut"


def test_everything_is_kept_as_a_save_would_store_it(client, article):
    topic, picture, marit = a_topic(), a_picture(), an_author(name="Marit Halvorsen")
    typed = {
        "headline": " Pier \r\n shut ",
        "body": BODY + "<script>alert(1)</script>",
        "topics": [topic.pk],
        "lead_picture": str(picture.pk),
        "byline-1-author": marit.pk,
        "byline-1-role": "photographs by",
    }
    keep(client, article, **typed)
    kept = Autosave.objects.get().content
    client.post(address("change", article), filled(opened(client, article), **typed))
    assert kept == Article.objects.get().content()
    assert (kept["headline"], kept["topics"], len(kept["byline"])) == ("Pier shut", [topic.pk], 2)


def test_going_on_and_saving_stores_the_kept_words(client, article):
    topic, marit = a_topic(), an_author(name="Marit Halvorsen")
    keep(
        client, article, headline="Pier shut", topics=[topic.pk], **{"byline-1-author": marit.pk, "byline-1-role": "x"}
    )
    kept = Autosave.objects.get().content
    client.post(address("change", article), filled(go_on(client, article), _save="1"))
    assert Article.objects.get().content() == kept
    assert not Autosave.objects.exists()


def test_it_is_no_history_and_nobody_else_sees_it(client, article):
    before = Revision.objects.count(), Event.objects.count(), Article.objects.values().get()
    keep(client, article, headline="Pier shut")
    assert (Revision.objects.count(), Event.objects.count(), Article.objects.values().get()) == before
    for person in (an_editor(), a_managing_editor()):
        client.force_login(person)
        for page in (opened(client, article), client.get(address("read", article)), client.get("/admin/")):
            assert "Pier shut" not in page.content.decode()


def test_somebody_elses_story_takes_no_words(client, article):
    typed = filled(opened(client, article), headline="Pier shut")
    client.force_login(a_journalist(username="dele"))
    assert client.post(address("keep", article), typed).status_code == 404
    assert client.get(address("keep", article)).status_code == 404
    assert not Autosave.objects.exists()


def test_what_is_stored_already_is_not_kept(client, article):
    page = opened(client, article)
    keep(client, article, page, headline="Pier shut")
    assert keep(client, article, page).json() == {"kept": None}
    assert not Autosave.objects.exists()


def test_words_that_could_not_be_saved_yet_are_kept_as_typed(client, article):
    keep(client, article, headline="x" * 300, slug="not an address!", section="999", **{"byline-0-ORDER": "first"})
    kept = Autosave.objects.get().content
    assert (kept["headline"], kept["slug"], kept["section"]) == ("x" * 300, "not-an-address", a_section().pk)
    assert go_on(client, article).context["form"]["headline"].value() == "x" * 300


def test_a_nul_among_the_words_takes_nothing_else_along(client, article):
    assert keep(client, article, headline="Pier\0 shut", standfirst="An hour of work").status_code == 200
    kept = Autosave.objects.get().content
    assert (kept["headline"], kept["standfirst"]) == ("Pier shut", "An hour of work")


@pytest.mark.parametrize("name", ["typed_over", "typed_revision"])
def test_a_version_beyond_all_counting_is_refused_in_words(client, article, name):
    answer = keep(client, article, headline="Pier shut", **{name: str(2**31)})
    assert answer.status_code == 400
    assert "does not say where its words come from" in answer.json()["said"]
    assert not Autosave.objects.exists()


def test_a_text_beyond_all_measure_is_refused_in_words(client, article):
    answer = keep(client, article, body=f"<p>{'x' * 1_000_001}</p>")
    assert answer.status_code == 422
    assert "Split the story" in answer.json()["said"]


def test_there_is_one_row_per_person_and_story(client, article):
    page = opened(client, article)
    for headline in ("Pier", "Pier sh", "Pier shut"):
        keep(client, article, page, headline=headline)
    assert Autosave.objects.get().content["headline"] == "Pier shut"
    client.force_login(an_editor())
    keep(client, article, headline="His pier")
    assert sorted(kept.content["headline"] for kept in Autosave.objects.all()) == ["His pier", "Pier shut"]


# --- Decided --------------------------------------------------------------------------------------------------------


def test_it_is_thrown_away_with_a_button(client, article):
    keep(client, article, headline="Pier shut")
    page = opened(client, article)
    kept = page.context["offer"]["kept"]
    typed = {"typing": kept.typing, "typed_over": kept.lock_version, "typed_revision": kept.opened}
    answer = client.post(address("throw", article), typed, follow=True)
    assert "Thrown away" in words(answer)
    assert "is not saved" not in words(answer)
    assert not Autosave.objects.exists()


def test_throwing_away_takes_nothing_that_was_not_shown(client, article):
    keep(client, article, headline="Pier shut")
    other = {"typing": "0" * 32, "typed_over": 1, "typed_revision": 1}
    client.post(address("throw", article), other)
    client.post(address("throw", article))
    assert Autosave.objects.get().content["headline"] == "Pier shut"


def test_an_undecided_offer_is_not_written_over(client, article):
    keep(client, article, headline="Pier shut")
    answer = keep(client, article, headline="Something else")
    assert answer.status_code == 409
    assert "Other words of yours are kept" in answer.json()["said"]
    assert Autosave.objects.get().content["headline"] == "Pier shut"


def test_a_save_removes_what_its_own_form_kept_and_nothing_else(client, article):
    crashed = opened(client, article)
    keep(client, article, crashed, headline="Pier shut")
    client.post(address("change", article), filled(opened(client, article), headline="Pier open", _save="1"))
    assert Autosave.objects.get().content["headline"] == "Pier shut"
    assert "The story moved on since" in words(opened(client, article))
    client.post(address("change", article), filled(go_on(client, article), _save="1"))
    assert (Article.objects.get().headline, Autosave.objects.count()) == ("Pier shut", 0)


def test_the_same_words_saved_from_another_window_are_not_offered_again(client, article):
    keep(client, article, headline="Pier shut")
    client.post(address("change", article), filled(opened(client, article), headline="Pier shut", _save="1"))
    assert not Autosave.objects.exists()


def test_a_late_one_that_says_what_was_saved_leaves_nothing(client, article):
    page = opened(client, article)
    typed = filled(page, headline="Pier shut")
    client.post(address("change", article), typed | {"_save": "1"})
    assert client.post(address("keep", article), typed).json() == {"kept": None}
    assert not Autosave.objects.exists()


# --- The story moved on ---------------------------------------------------------------------------------------------


def test_going_on_over_a_story_that_moved_on_shows_both_and_proposes_what_was_not_touched(client, article):
    keep(client, article, headline="Pier shut")
    meanwhile(article, headline="Pier reopens", standfirst="In May.")
    page = go_on(client, article)
    assert "What is stored now, beside what you typed" in words(page)
    proposed = {conflict.change.name: conflict.take for conflict in page.context["conflicts"]}
    assert proposed == {"headline": False, "standfirst": True}
    client.post(address("change", article), filled(page, _save="1"))
    stored = Article.objects.get()
    assert (stored.headline, stored.standfirst) == ("Pier shut", "In May.")
    assert not Autosave.objects.exists()


def test_after_a_second_crash_the_choice_is_asked_again(client, article):
    keep(client, article, headline="Pier shut")
    meanwhile(article, standfirst="In May.")
    page = go_on(client, article)
    keep(client, article, page, headline="Pier shut for good")
    again = go_on(client, article)
    assert {conflict.change.name: conflict.take for conflict in again.context["conflicts"]} == {"standfirst": True}
    client.post(address("change", article), filled(again, _save="1"))
    assert (Article.objects.get().headline, Article.objects.get().standfirst) == ("Pier shut for good", "In May.")


def test_what_is_typed_on_a_conflict_page_is_kept_over_the_version_it_was_typed_over(client, article):
    page = opened(client, article)
    meanwhile(article, standfirst="In May.")
    refused = client.post(address("change", article), filled(page, headline="Pier shut", _save="1"))
    assert refused.status_code == 409
    keep(client, article, refused)
    kept = Autosave.objects.get()
    assert (kept.content["headline"], kept.is_stale(Article.objects.get())) == ("Pier shut", True)


def test_a_restored_revision_does_not_win_over_typed_words(client, article):
    meanwhile(article, by=a_journalist(), headline="Pier reopens")
    page = opened(client, article)
    keep(client, article, page, body="<p>Typed.</p>")
    Article.objects.get().restore(1, by=an_editor(), now=LATER)
    refused = client.post(address("change", article), filled(page, body="<p>Typed.</p>", _save="1"))
    assert refused.status_code == 409
    assert "Tomas brought an earlier revision back" in words(refused)
    assert [(c.change.name, c.take) for c in refused.context["conflicts"]] == [("headline", True)]
    assert Autosave.objects.get().content["body"] == "<p>Typed.</p>"


def test_words_typed_into_a_story_that_now_stands_still_are_kept_and_told_of(client, article):
    page = opened(client, article)
    Article.objects.get().submit(by=an_editor(), now=LATER)
    assert keep(client, article, page, headline="Pier shut").json()["kept"]
    read = words(client.get(address("read", article)))
    assert "You can go on with it once the story is a draft again." in read
    Article.objects.get().withdraw(by=an_editor(), now=LATER)
    assert go_on(client, article).context["form"]["headline"].value() == "Pier shut"


# --- A story that was never saved -----------------------------------------------------------------------------------


def begin(client):
    page = client.get(ADD, follow=True)
    return page, page.wsgi_request.get_full_path()


def keep_new(client, page, **typed):
    key = page.wsgi_request.GET["form"]
    return client.post(f"{ADD}keep/?form={key}", filled(page, **typed))


def test_a_story_that_was_never_saved_is_kept_by_the_key_of_its_form(client, ana):
    page, form = begin(client)
    assert keep_new(client, page, headline="Pier shut").json()["kept"]
    assert not Article.objects.exists()
    again = client.get(form)
    assert "You typed something that is not saved" in words(again)
    assert client.get(f"{form}&go_on=1").context["form"]["headline"].value() == "Pier shut"
    assert f'href="{form}"' in client.get("/admin/").content.decode()
    client.post(form, filled(client.get(f"{form}&go_on=1"), _save="1"))
    assert (Article.objects.get().headline, Autosave.objects.count()) == ("Pier shut", 0)
    assert "Typed and not saved" not in words(client.get("/admin/"))


def test_the_key_of_somebody_elses_form_leads_to_an_empty_one(client, ana):
    page, form = begin(client)
    keep_new(client, page, headline="Pier shut")
    client.force_login(a_journalist(username="dele"))
    assert "Pier shut" not in client.get(f"{form}&go_on=1").content.decode()
    assert "Pier shut" not in client.get("/admin/").content.decode()


def test_words_typed_after_the_first_save_in_another_window_are_offered_with_the_story(client, ana):
    page, form = begin(client)
    other = client.get(form)
    client.post(form, filled(page, headline="Pier closes", _save="1"))
    assert keep_new(client, other, headline="Pier shut").json()["kept"]
    article = Article.objects.get()
    assert "The story moved on since" in words(opened(client, article))
    assert go_on(client, article).context["conflicts"][0].change.name == "headline"


def test_nothing_typed_into_a_new_form_is_nothing_kept(client, ana):
    page, _ = begin(client)
    assert keep_new(client, page).json() == {"kept": None}
    assert client.post(f"{ADD}keep/", filled(page)).status_code == 404


def test_blanking_a_story_takes_what_was_typed_into_its_first_form_too(client, ana):
    page, form = begin(client)
    keep_new(client, page, headline="A source's name")
    client.post(form, filled(client.get(form), headline="Pier closes", _save="1"))
    article = Article.objects.get()
    ruth = a_managing_editor()
    article.propose_blank(by=ruth, now=LATER, revisions=[1], reason="A source's safety.")
    assert Autosave.objects.exists()
    article.confirm_blank(by=an_editor(), now=LATER)
    assert not Autosave.objects.exists()


def blank(article, *revisions):
    article.propose_blank(by=a_managing_editor(), now=LATER, revisions=revisions, reason="A source's safety.")
    article.confirm_blank(by=an_editor(), now=LATER)


def test_a_form_that_was_open_while_words_were_blanked_keeps_nothing_more(client, article):
    page = opened(client, article)
    blank(article, 1)
    refused = keep(client, article, page, headline="A source's name")
    assert (refused.status_code, Autosave.objects.count()) == (409, 0)
    assert "were blanked after this page was opened. Reload the page" in refused.json()["said"]
    assert keep(client, article, headline="Written anew").status_code == 200


def test_an_opening_whose_typed_words_were_blanked_keeps_nothing_more(client, article):
    """Also where what was blanked is an earlier revision, and the form is not stale."""
    meanwhile(article, headline="Pier shut")
    page = opened(client, article)
    keep(client, article, page, headline="A source's name")
    blank(article, 1)
    assert (keep(client, article, page, headline="A source").status_code, Autosave.objects.count()) == (409, 0)
    assert keep(client, article, headline="Written anew").status_code == 200


def test_the_form_of_a_story_that_was_blanked_since_keeps_nothing_more(client, ana):
    page, form = begin(client)
    client.post(form, filled(page, headline="Pier closes", _save="1"))
    blank(Article.objects.get(), 1)
    refused = keep_new(client, page, headline="A source's name")
    assert (refused.status_code, Autosave.objects.count()) == (409, 0)


# --- Rows -----------------------------------------------------------------------------------------------------------


def test_a_form_that_names_no_opening_is_told_so(client, article):
    answer = keep(client, article, headline="Pier shut", typing=None)
    assert (answer.status_code, Autosave.objects.count()) == (400, 0)


def test_the_model_refuses_to_write_over_another_opening(article, ana):
    row = {"by": ana, "lock_version": 1, "opened": 1, "at": LATER}
    first, second = "1" * 32, "2" * 32
    kept = Autosave.objects.keep(article, {}, typing=first, content=content(headline="A"), **row)
    with pytest.raises(OtherWordsKept):
        Autosave.objects.keep(Article.objects.get(), {}, typing=second, content=content(headline="B"), **row)
    assert Autosave.objects.get() == kept


def test_a_stale_save_keeps_the_kept_words(article, ana):
    row = {"by": ana, "lock_version": article.lock_version, "opened": 1, "at": LATER}
    Autosave.objects.keep(article, {}, typing="1" * 32, content=content(headline="A"), **row)
    version = article.lock_version
    meanwhile(article, headline="B")
    with pytest.raises(ArticleChanged):
        article.save_content(content(headline="A"), by=ana, now=LATER, lock_version=version)
    assert Autosave.objects.get().content["headline"] == "A"


def test_a_story_in_review_offers_nothing_to_others(client, ana):
    article = submitted(by=ana)
    client.force_login(an_editor())
    assert client.get(address("read", article)).context["offer"] is None
