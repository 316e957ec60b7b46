"""A save that arrives after the session or the cookie has changed: nothing is stored, and nothing that was typed is lost."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from articles.models import Article
from articles.workflow import Status

from .factories import a_draft, a_journalist, a_managing_editor, an_editor, approved, published, submitted
from .forms import filled, words

pytestmark = pytest.mark.django_db
HERE = {"origin": "http://testserver"}
BODY = "<p>What she <strong>wrote</strong> all morning.</p><script>alert(1)</script>"


def change(article):
    return reverse("admin:articles_article_change", args=[article.pk])


@pytest.fixture
def browser():
    client = Client(enforce_csrf_checks=True, headers=HERE)
    client.force_login(a_journalist())
    return client


def typed_into(browser, article, **typed):
    typed = {"headline": "Typed <b>headline</b>", "body": BODY, "_save": "1"} | typed
    return filled(browser.get(change(article)), **typed)


def assert_nothing_is_lost(response):
    page = response.content.decode()
    assert response.status_code == 403
    assert "Typed &lt;b&gt;headline&lt;/b&gt;</textarea>" in page
    assert "<p>What she <strong>wrote</strong> all morning.</p>" in page
    assert "<script>alert" not in page
    assert "eload" not in words(response)


def test_a_save_without_a_session_shows_everything_typed(browser):
    article = a_draft()
    form = typed_into(browser, article, share_text="Shared words")
    del browser.cookies["sessionid"]
    response = browser.post(change(article), form)
    assert_nothing_is_lost(response)
    assert "Sign in in another tab" in words(response)
    assert "Shared words" in words(response)
    assert Article.objects.get().headline == "Pier closes for repairs"


def test_after_signing_in_again_it_is_sent_from_there(browser):
    article = a_draft()
    form = typed_into(browser, article)
    del browser.cookies["sessionid"]
    lost = browser.post(change(article), form)
    browser.force_login(a_journalist())
    browser.get("/admin/login/")
    assert browser.post(change(article), filled(lost, "unsent")).status_code == 302
    article = Article.objects.get()
    assert (article.headline, article.body) == (
        "Typed <b>headline</b>",
        "<p>What she <strong>wrote</strong> all morning.</p>",
    )


def test_a_save_with_the_cookie_of_another_session_shows_everything_typed_and_can_be_sent(browser):
    article = a_draft()
    form = typed_into(browser, article)
    browser.cookies["csrftoken"] = "x" * 32
    lost = browser.post(change(article), form)
    assert_nothing_is_lost(lost)
    assert browser.post(change(article), filled(lost, "unsent")).status_code == 302
    assert Article.objects.get().headline == "Typed <b>headline</b>"


def test_the_first_save_of_a_new_story_is_kept_too(browser):
    page = browser.get("/admin/articles/article/add/", follow=True)
    form = filled(page, headline="Typed <b>headline</b>", body=BODY)
    browser.cookies["csrftoken"] = "x" * 32
    assert_nothing_is_lost(browser.post(page.wsgi_request.get_full_path(), form))


def test_a_comment_to_the_author_is_kept_too(browser):
    article = submitted()
    browser.force_login(an_editor())
    address = reverse("admin:articles_article_request_changes", args=[article.pk])
    browser.cookies["csrftoken"] = "x" * 32
    response = browser.post(address, {"comment": "A long comment", "lock_version": article.lock_version})
    assert (response.status_code, "A long comment" in words(response)) == (403, True)


@pytest.mark.parametrize("origin", ["https://evil.example", "null", ""])
def test_what_another_site_sends_is_not_shown(origin):
    article, client = a_draft(), Client(enforce_csrf_checks=True)
    client.force_login(a_journalist())
    form = {"headline": "Sign in at evil.example", "body": "<p>Please</p>"}
    response = client.post(change(article), form, headers={"origin": origin} if origin else {})
    assert response.status_code == 403
    assert "evil" not in words(response)


def test_a_story_that_does_not_exist_answers_a_stranger_in_the_same_way(client):
    article, typed = a_draft(), {"headline": "Typed"}
    answers = [client.post(change(article), typed), client.post("/admin/articles/article/99999/change/", typed)]
    assert [answer.status_code for answer in answers] == [403, 403]
    assert "Pier closes" not in words(answers[0])


def test_where_nothing_was_typed_a_stranger_is_sent_to_sign_in(client):
    response = client.post(reverse("admin:articles_article_publish", args=[a_draft().pk]))
    assert response.headers["Location"].startswith("/admin/login/")


def test_a_note_without_a_session_is_not_lost(browser):
    article = a_draft()
    page = browser.get(reverse("admin:articles_article_read", args=[article.pk]))
    note = filled(page, "notes-form", text="Who said so?", quote="the pier")
    del browser.cookies["sessionid"]
    response = browser.post(reverse("admin:articles_article_note", args=[article.pk]), note)
    assert response.status_code == 403
    assert "Who said so?</textarea>" in response.content.decode()
    assert "the pier</textarea>" in response.content.decode()


# --- The verbs ------------------------------------------------------------------------------------------------------

IN_A_WEEK = (timezone.now() + timedelta(days=7)).strftime("%Y-%m-%dT10:00")
ASKED = [
    ("schedule", approved, {"at_0": IN_A_WEEK}),
    ("embargo", submitted, {"until_0": IN_A_WEEK, "reason": "Asked for by the council"}),
    ("submit", a_draft, {"kind": "correction", "public_note": "We named the wrong pier."}),
    ("propose_retraction", published, {"notice": "It was not the mayor."}),
    ("take_down", published, {"reason": "The court wants it", "code": "451"}),
]


@pytest.fixture
def boss(browser):
    browser.force_login(a_managing_editor())
    return browser


def verb_of(article, verb):
    return reverse(f"admin:articles_article_{verb}", args=[article.pk])


@pytest.mark.parametrize(("verb", "make", "typed"), ASKED)
def test_what_a_verb_was_told_without_a_session_is_not_lost(boss, verb, make, typed):
    article = make()
    boss.get("/admin/")
    sent = typed | {"lock_version": article.lock_version, "csrfmiddlewaretoken": boss.cookies["csrftoken"].value}
    del boss.cookies["sessionid"]
    response = boss.post(verb_of(article, verb), sent)
    assert response.status_code == 403
    assert "Not sent yet" in words(response)
    assert "Sign in in another tab" in words(response)
    shown = [text for name, text in typed.items() if name not in {"kind", "code"}]
    assert [text for text in shown if f">{text}</textarea>" in response.content.decode()] == shown
    carried = filled(response, "unsent")
    assert {name: carried[name] for name in typed} == {name: [text] for name, text in typed.items()}


def test_a_verb_is_done_once_it_is_sent_from_there(boss):
    article = approved()
    sent = {"at_0": IN_A_WEEK, "lock_version": article.lock_version}
    lost = boss.post(verb_of(article, "schedule"), sent)
    assert "You signed in again while this was open, so this was not sent." in words(lost)
    assert boss.post(verb_of(article, "schedule"), filled(lost, "unsent")).status_code == 302
    assert Article.objects.get().status == Status.SCHEDULED


@pytest.mark.parametrize("address", ["/admin/articles/topic/add/", "/admin/login/", "story"])
@pytest.mark.parametrize("headers", [HERE, {"origin": "https://evil.example"}])
def test_whatever_the_desk_refuses_is_refused_in_its_own_words(boss, address, headers):
    if address == "story":
        address = verb_of(submitted(), "approve")
    response = boss.post(address, {"password": "hidden1234"}, headers=headers)
    said = words(response)
    assert response.status_code == 403
    assert "Not sent yet" in said
    assert "charged" not in said
    assert 'id="site-name"' in response.content.decode()
    if "/login/" in address or headers != HERE:
        assert "hidden1234" not in response.content.decode()
