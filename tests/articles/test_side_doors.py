"""The admin's own ways around the verbs: whoever tries them, superusers too, finds a page that is not there, or a wall."""

import pytest
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.test import Client
from django.urls import reverse

from articles.models import Article, Author, Publication, StaffMail
from articles.workflow import PEOPLES_VERBS

from .factories import (
    a_draft,
    a_journalist,
    a_managing_editor,
    a_picture,
    a_section,
    a_topic,
    an_author,
    an_editor,
    approved,
    published,
    submitted,
)
from .forms import filled
from .tables import LOOKING, every_row

pytestmark = pytest.mark.django_db
WHO = ["journalist", "editor", "managing editor", "superuser"]
STORIES = "/admin/articles/article/"


def person(role):
    """Somebody of that role; the journalist is the one whose stories these are."""
    if role == "superuser":
        return User.objects.create_superuser("boss")
    return {"journalist": a_journalist, "editor": an_editor, "managing editor": a_managing_editor}[role]()


@pytest.fixture
def desk(client, request):
    """A client for whoever the test is run as."""
    client.force_login(person(request.param))
    return client


as_each = pytest.mark.parametrize("desk", WHO, indirect=True)


def assert_shut(desk, doors):
    """Behind each of `doors` (method, address, data) is nothing, or the usual page; and no row of the app moves."""
    before, open_ = every_row(but=LOOKING), {}
    for method, address, data in doors:
        answer = getattr(desk, method)(address, data)
        after = every_row(but=LOOKING)
        moved = [table for table in after if after[table] != before[table]]
        if answer.status_code not in {200, 302, 400, 404, 405, 409, 422} or moved:
            open_[method, address] = answer.status_code, moved
        before = after
    assert open_ == {}


# --- What a form may not bring along -------------------------------------------------------------------------------

SMUGGLED = {
    "status": "published",
    "creator": "1",
    "created_at": "2020-01-01",
    "assignee": "1",
    "restricted": "on",
    "named_editors": "1",
    "to_sign": "1",
    "due": "2030-01-01",
    "embargo": "2030-01-01T10:00",
    "embargo_0": "2030-01-01",
    "embargo_1": "10:00",
    "legal": "done",
    "legal_note": "Ask nobody",
    "appeal_off": "on",
    "appeal_off_reason": "No",
    "revision": "1",
    "sha256": "0" * 64,
    "kind": "typo",
    "public_note": "Nothing happened.",
    "approved_by": "1",
    "_saveasnew": "1",
    "_popup": "1",
    "_to_field": "id",
    "_addanother": "1",
}
SAVING_CHANGES = {"headline", "slug", "status", "lock_version", "saved_at"}


def columns(article):
    row = Article.objects.values().get(pk=article.pk)
    return {name: value for name, value in row.items() if name not in SAVING_CHANGES}


@as_each
def test_a_form_of_words_changes_words_and_nothing_else(desk):
    article = a_draft()
    before = columns(article)
    typed = filled(desk.get(f"{STORIES}{article.pk}/change/"), headline="Typed", _save="1")
    answer = desk.post(f"{STORIES}{article.pk}/change/?_popup=1&_to_field=id", typed | SMUGGLED)
    article.refresh_from_db()
    assert (answer.status_code, article.headline, article.status) == (302, "Typed", "draft")
    assert columns(article) == before
    assert (article.named_editors.count(), Article.objects.count(), article.revisions.count()) == (0, 1, 2)


@as_each
def test_a_new_story_begins_as_a_draft_of_whoever_sends_the_form(desk):
    begun = desk.get(f"{STORIES}add/", follow=True)
    typed = filled(begun, headline="Typed", _save="1")
    address = f"{begun.request['PATH_INFO']}?{begun.request['QUERY_STRING']}"
    assert desk.post(address, typed | SMUGGLED).status_code == 404  # "save as new", where nothing is to be copied
    desk.post(address, typed | SMUGGLED | {"_saveasnew": []})
    story = Article.objects.get()
    assert (story.status, story.headline, story.restricted, story.embargo) == ("draft", "Typed", False, None)
    assert story.creator.pk == int(desk.session["_auth_user_id"])


@as_each
def test_words_under_review_are_changed_by_no_form(desk):
    for article in (submitted(), approved()):
        page = desk.get(f"{STORIES}{article.pk}/change/", follow=True)
        typed = {"headline": "Typed", "lock_version": article.lock_version, "_save": "1"} | SMUGGLED
        assert page.status_code == 200
        assert_shut(desk, [("post", f"{STORIES}{article.pk}/change/", typed)])


# --- Django's own pages --------------------------------------------------------------------------------------------


@as_each
def test_stories_are_neither_deleted_nor_edited_in_lists_nor_told_of_by_djangos_own_pages(desk):
    article = published()
    mine = f"{STORIES}{article.pk}/"
    chosen = {"action": "delete_selected", "_selected_action": [article.pk], "post": "yes", "select_across": "1"}
    edited = {
        "form-TOTAL_FORMS": 1,
        "form-INITIAL_FORMS": 1,
        "form-0-id": article.pk,
        "form-0-status": "draft",
        "_save": "Save",
    }
    of_article = ContentType.objects.get_for_model(Article).pk
    doors = [
        *[
            (method, f"{mine}{page}", {"post": "yes"})
            for page in ("delete/", "history/", "")
            for method in ("get", "post")
        ],
        ("post", STORIES, chosen),
        ("post", STORIES, edited),
        ("post", f"{STORIES}?status__exact=published", edited | chosen),
        ("get", f"{STORIES}?_popup=1&_to_field=id", {}),
        ("get", f"{mine}change/?_popup=1&_to_field=creator", {}),
        ("get", f"/admin/r/{of_article}/{article.pk}/", {}),
        ("get", "/admin/jsi18n/", {}),
        *[("get", f"{STORIES}?{lookup}", {}) for lookup in LOOKUPS],
    ]
    assert_shut(desk, doors)
    for page in ("delete/", "history/", ""):
        assert desk.get(f"{mine}{page}").status_code == 404
    assert desk.get(f"/admin/r/{of_article}/{article.pk}/").status_code == 404


LOOKUPS = [
    "creator__password__startswith=pbkdf2",
    "creator__username=ana",
    "autosaves__content__icontains=a",
    "notes__text__icontains=a",
    "revisions__content__icontains=a",
    "restricted__exact=1",
    "e=1",
]


@as_each
def test_no_list_answers_questions_about_other_tables(desk):
    """A filter in the address on what a person does not see is refused, whether it would find something or not."""
    article = published()
    article.note(by=an_editor(), now=article.created_at, text="Ask Ada")
    for lookup in (
        "notes__text__icontains=Ada",
        "creator__password__startswith=x",
        "revisions__content__icontains=pier",
    ):
        answer = desk.get(f"{STORIES}?{lookup}")
        assert answer.status_code in {302, 400, 404}
        assert answer.get("Location", "?e=1").endswith("?e=1")


HISTORY = ["publication", "revision", "review", "event", "takedown", "blanking", "note", "autosave"]


@as_each
def test_the_history_has_no_pages_of_its_own_in_the_admin(desk):
    published()
    pages = [f"/admin/articles/{model}/{page}" for model in HISTORY for page in ("", "add/", "1/change/", "1/delete/")]
    assert {desk.get(page).status_code for page in pages} == {404}


def test_nobody_is_offered_rows_while_typing(client):
    a_draft(headline="Hidden pier")
    client.force_login(User.objects.create_superuser("boss", password="x"))
    asked = {"app_label": "articles", "model_name": "revision", "field_name": "article", "term": "pier"}
    assert client.get("/admin/autocomplete/", asked).status_code == 404


@pytest.mark.parametrize(
    ("rows", "asked"),
    [("article", "status__exact"), ("topic", "name"), ("picture", "q"), ("staffmail", "status"), ("author", "slug")],
)
def test_a_list_asked_for_with_a_nul_is_shown_without_it(client, rows, asked):
    client.force_login(a_managing_editor())
    there = reverse(f"admin:articles_{rows}_changelist")
    answer = client.get(f"{there}?{asked}=a%00b")
    assert (answer.status_code, answer["Location"]) == (302, there)


# --- What stands around the stories --------------------------------------------------------------------------------


@as_each
def test_what_a_story_names_is_deleted_by_nobody(desk):
    topic, picture = a_topic(), a_picture()
    article = published(topics=[topic.pk], lead_picture=picture.pk, lead_alt="A pier", lead_credit="Photo: Ana")
    rows = {"section": a_section(), "topic": topic, "author": an_author(), "picture": picture}
    doors = []
    for model, row in rows.items():
        chosen = {"action": "delete_selected", "_selected_action": [row.pk], "post": "yes"}
        doors += [("post", f"/admin/articles/{model}/", chosen)]
        doors += [(method, f"/admin/articles/{model}/{row.pk}/delete/", {"post": "yes"}) for method in ("get", "post")]
    doors += [("post", f"/admin/auth/user/{article.creator_id}/delete/", {"post": "yes"})]
    assert_shut(desk, doors)
    assert User.objects.filter(pk=article.creator_id).exists()


@as_each
def test_saving_as_new_makes_no_second_row(desk):
    published(topics=[a_topic().pk])
    rows = {"section": a_section(), "topic": a_topic(), "author": an_author(), "picture": a_picture()}
    for model, row in rows.items():
        desk.post(
            f"/admin/articles/{model}/{row.pk}/change/",
            {"name": "Two", "title": "Two", "slug": "two", "_saveasnew": "1"},
        )
        assert type(row).objects.count() == 1


@pytest.mark.parametrize(("role", "may"), [("journalist", False), ("editor", False), ("managing editor", True)])
def test_who_an_author_signs_in_as_is_set_by_managing_editors_alone(client, role, may):
    """It decides whose stories an account sees."""
    author, dele = an_author(), a_journalist(username="dele")
    client.force_login(person(role))
    address = f"/admin/articles/author/{author.pk}/change/"
    client.post(address, {"name": author.name, "slug": author.slug, "bio": "", "user": dele.pk})
    assert Author.objects.get().user == (dele if may else None)


@as_each
def test_mails_to_staff_are_neither_written_nor_changed_nor_deleted(desk):
    ana = a_journalist()
    ana.email = "ana@example.org"
    ana.save()
    published()
    owed = StaffMail.objects.first()
    doors = [("post", "/admin/articles/staffmail/add/", {"kind": "published", "to": 1, "key": "x"})]
    doors += [("post", f"/admin/articles/staffmail/{owed.pk}/change/", {"status": "sent"})]
    doors += [("post", f"/admin/articles/staffmail/{owed.pk}/delete/", {"post": "yes"})]
    doors += [
        (
            "post",
            "/admin/articles/staffmail/",
            {"action": "delete_selected", "_selected_action": [owed.pk], "post": "yes"},
        )
    ]
    assert_shut(desk, doors)


# --- The verbs' own pages ------------------------------------------------------------------------------------------


@as_each
def test_reading_a_verbs_page_does_nothing(desk):
    for article in (submitted(), published()):
        assert_shut(desk, [("get", f"{STORIES}{article.pk}/{verb.name}/", {}) for verb in PEOPLES_VERBS])


def test_no_verb_is_done_without_the_forms_own_token():
    article, desk = approved(), Client(enforce_csrf_checks=True)
    desk.force_login(an_editor())
    desk.get("/admin/")  # the first page of a desk notes that somebody waits for the schedule's clock
    before = every_row()
    for verb in PEOPLES_VERBS:
        address = reverse("admin:articles_article_change", args=[article.pk]).replace("change", verb.name)
        assert desk.post(address, {"lock_version": article.lock_version}).status_code in {403, 404}
    assert every_row() == before
    assert not Publication.objects.exists()
