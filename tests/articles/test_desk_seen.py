"""What a person may not see answers as if it did not exist (R9)."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.core.files.storage import storages
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from articles import renditions
from articles.models import Article, FormerSlug, Picture, Section
from articles.workflow import PEOPLES_VERBS

from .factories import (
    BEGIN,
    a_draft,
    a_journalist,
    a_managing_editor,
    a_person,
    a_picture,
    a_section,
    an_author,
    an_editor,
    approved,
    picture_file,
    published,
    republish,
    submitted,
)
from .forms import filled, words

pytestmark = pytest.mark.django_db
PAGES = ["change", "read", "preview"]
VERB_PAGES = [*(verb.name for verb in PEOPLES_VERBS if verb.name != "save"), "approve_and_publish", "switch_appeal"]


def address(article, name):
    return reverse(f"admin:articles_article_{name}", args=[article.pk])


def a_fundraiser():
    person = a_person(username="priya")
    given = Permission.objects.filter(content_type__app_label="donations", codename="view_campaign")
    person.user_permissions.set(given)
    assert given.exists()
    return person


def restricted(**fields):
    article = a_draft(by=a_journalist(username="dele"), **fields)
    Article.objects.filter(pk=article.pk).update(restricted=True)
    return article


@pytest.fixture
def hers():
    return a_draft(by=a_journalist(), headline="Her own draft")


@pytest.fixture
def his():
    return a_draft(by=a_journalist(username="dele"), headline="His secret draft", author=an_author(name="Dele"))


def test_a_journalist_opens_what_is_hers(client, hers):
    client.force_login(a_journalist())
    assert [client.get(address(hers, page)).status_code for page in PAGES] == [200, 200, 200]


@pytest.mark.parametrize("page", PAGES)
def test_a_journalist_opens_nothing_of_others(client, his, page):
    client.force_login(a_journalist())
    response = client.get(address(his, page))
    assert response.status_code == 404
    assert client.get(address(his, page).replace(str(his.pk), "999")).status_code == 404


@pytest.mark.parametrize("verb", [*VERB_PAGES, "change"])
def test_no_verb_reaches_the_story_of_another(client, his, verb):
    client.force_login(a_journalist())
    before = Article.objects.values().get()
    assert client.post(address(his, verb), {"comment": "x", "sha256": "x"}).status_code == 404
    assert Article.objects.values().get() == before


def test_the_list_of_a_journalist_shows_her_own_stories_only(client, hers, his):
    client.force_login(a_journalist())
    page = words(client.get("/admin/articles/article/"))
    assert "Her own draft" in page
    assert "His secret draft" not in page
    assert "His secret draft" not in words(client.get("/admin/articles/article/", {"q": "secret"}))


def test_somebody_named_in_the_byline_sees_the_story(client, his):
    marit = a_journalist(username="marit")
    his.bylines.create(author=an_author(name="Marit", user=marit), role="photographs by", position=9)
    client.force_login(marit)
    assert client.get(address(his, "change")).status_code == 200


@pytest.mark.parametrize("page", PAGES)
def test_a_restricted_story_exists_for_its_people_and_managing_editors_only(client, page):
    article = restricted()
    for person, answer in ((an_editor(), 404), (a_managing_editor(), 200)):
        client.force_login(person)
        assert client.get(address(article, page)).status_code == answer
    article.named_editors.add(an_editor())
    client.force_login(an_editor())
    assert client.get(address(article, page)).status_code == 200


@pytest.mark.parametrize("page", PAGES)
def test_a_fundraiser_sees_no_drafts_and_no_stories_at_all(client, hers, page):
    client.force_login(a_fundraiser())
    assert client.get(address(hers, page)).status_code == 404
    assert client.get("/admin/articles/article/").status_code == 404
    assert client.get("/admin/articles/article/add/").status_code == 404
    desk = words(client.get("/admin/"))
    assert "Her own draft" not in desk
    assert "Stories" not in desk


def test_nobody_sees_anything_without_signing_in(client, hers):
    for page in PAGES:
        assert client.get(address(hers, page)).headers["Location"].startswith("/admin/login/")


def test_the_address_of_a_version_to_come_is_told_to_nobody(client):
    version = published(headline="Not yet to be known", author=an_author(name="Dele")).live
    key = ContentType.objects.get_for_model(version).pk
    client.force_login(a_person(username="boss", is_superuser=True))
    response = client.get(f"/admin/r/{key}/{version.pk}/")
    assert "not-yet" not in response.headers.get("Location", "")
    assert client.get(f"/admin/articles/section/{version.section_id}/change/").status_code == 200


# --- The preview -----------------------------------------------------------------------------------------------------


def test_the_preview_is_the_readers_page_of_the_working_copy(client):
    article = published(headline="What readers see", sensitivity="")
    changed = article.content() | {"headline": "What they will see"}
    article.save_content(changed, by=a_journalist(), now=BEGIN, lock_version=article.lock_version)
    client.force_login(a_journalist())
    response = client.get(address(article, "preview"))
    page = response.content.decode()
    assert "Preview of revision 2." in words(response)
    assert "What they will see" in page
    assert "/donate/" not in page.partition("<main")[2].partition("</main>")[0]
    assert "story-body" in page


def test_the_preview_has_the_correction_box_of_the_readers_page(client):
    article = published()
    note = "The pier closes on Monday, not on Sunday."
    republish(article, at=BEGIN + timedelta(hours=1), kind="correction", public_note=note, headline="Pier closes")
    client.force_login(a_journalist())
    page = words(client.get(address(article, "preview")))
    assert f"Correction. {note} How this story changed" in page
    assert page.count(note) == 2  # in the box and in the list of changes


def test_the_preview_is_neither_stored_nor_indexed(client, hers):
    client.force_login(a_journalist())
    response = client.get(address(hers, "preview"))
    assert "no-store" in response.headers["Cache-Control"]
    assert "noindex" in response.headers["X-Robots-Tag"]
    assert '<meta name="robots" content="noindex' in response.content.decode()


def test_the_preview_shows_the_private_original(client):
    picture = a_picture()
    article = a_draft(lead_picture=picture.pk, lead_alt="The pier", lead_credit="Photo: Ana")
    client.force_login(a_journalist())
    page = client.get(address(article, "preview")).content.decode()
    assert reverse("admin:articles_picture_original", args=[picture.pk]) in page


def test_an_empty_draft_can_be_previewed(client):
    article = a_draft(headline="", section=None, byline=[], body="")
    client.force_login(a_journalist())
    assert client.get(address(article, "preview")).status_code == 200


# --- Pictures --------------------------------------------------------------------------------------------------------


def picture_address(picture, name="original"):
    return reverse(f"admin:articles_picture_{name}", args=[picture.pk])


def answers(client, person, picture):
    client.force_login(person)
    responses = [client.get(picture_address(picture, name)) for name in ("original", "small")]
    for response in responses:
        if response.streaming:
            assert b"".join(response.streaming_content)
    (answer,) = {response.status_code for response in responses}
    return answer


def test_an_original_is_for_those_who_see_its_story(client):
    picture = a_picture(by=a_journalist(username="dele"))
    a_draft(by=a_journalist(username="dele"), author=an_author(name="Dele"), lead_picture=picture.pk)
    assert answers(client, a_journalist(username="dele"), picture) == 200
    assert answers(client, a_journalist(), picture) == 404
    assert answers(client, an_editor(), picture) == 200
    assert answers(client, a_fundraiser(), picture) == 404


def test_the_picture_of_a_restricted_story_exists_for_its_people_only(client):
    picture = a_picture(by=a_journalist(username="dele"))
    restricted(lead_picture=picture.pk, author=an_author(name="Dele"))
    assert answers(client, an_editor(), picture) == 404
    assert answers(client, a_managing_editor(), picture) == 200
    client.force_login(an_editor())
    assert "The pier" not in words(client.get("/admin/articles/picture/"))
    assert client.get(f"/admin/articles/picture/{picture.pk}/change/").status_code == 302  # as for one that never was


def test_a_picture_once_in_a_restricted_story_stays_hidden_when_another_took_its_place(client):
    dele = a_journalist(username="dele")
    picture, other = a_picture(by=dele), a_picture(by=dele, title="Another")
    article = restricted(lead_picture=picture.pk, author=an_author(name="Dele"))
    article.refresh_from_db()
    changed = article.content() | {"lead_picture": other.pk}
    article.save_content(changed, by=dele, now=BEGIN, lock_version=article.lock_version)
    assert [answers(client, an_editor(), one) for one in (picture, other)] == [404, 404]
    assert [answers(client, dele, one) for one in (picture, other)] == [200, 200]
    assert answers(client, a_managing_editor(), picture) == 200
    article.named_editors.add(an_editor())
    assert answers(client, an_editor(), picture) == 200


def test_a_published_picture_is_in_everybodys_archive(client):
    picture = a_picture(by=a_journalist(username="dele"))
    published(lead_picture=picture.pk, lead_alt="The pier", lead_credit="Photo: Dele")
    assert answers(client, a_journalist(), picture) == 200


def test_an_original_is_not_public_and_not_stored_by_anybody(client):
    picture = a_picture()
    renditions.make(picture)
    rendition = client.get(f"/media/{picture.renditions[0]['name']}")
    assert rendition.status_code == 200
    assert b"".join(rendition.streaming_content)
    client.force_login(a_journalist())
    response = client.get(picture_address(picture))
    assert "no-store" in response.headers["Cache-Control"]
    assert "private" in response.headers["Cache-Control"]
    assert b"".join(response.streaming_content)
    client.logout()
    assert client.get(picture_address(picture)).headers["Location"].startswith("/admin/login/")
    assert client.get(f"/media/{picture.original.name}").status_code == 404
    assert not storages["public"].exists(picture.original.name)


def test_a_picture_whose_file_is_missing_answers_404(client):
    picture = a_picture()
    picture.original.storage.delete(picture.original.name)
    assert answers(client, a_journalist(), picture) == 404


def test_a_journalist_adds_a_picture_to_the_archive(client):
    client.force_login(a_journalist())
    data = {"title": "The new pier", "alt": "A pier", "credit": "Photo: Ana", "upload": picture_file()}
    assert client.post("/admin/articles/picture/add/", data).status_code == 302
    picture = Picture.objects.get()
    assert (picture.title, picture.uploaded_by, picture.width) == ("The new pier", a_journalist(), 1200)


def test_an_archive_upload_is_checked_like_any_other(client):
    client.force_login(a_journalist())
    bad = picture_file(name="x.svg")
    bad.file.seek(0)
    bad.file.truncate(100)
    response = client.post("/admin/articles/picture/add/", {"title": "x", "upload": bad})
    assert response.status_code == 200
    assert "errorlist" in response.content.decode()
    assert not Picture.objects.exists()


def test_a_pictures_words_change_and_its_file_never(client):
    picture = a_picture()
    client.force_login(an_editor())
    data = {"title": "Renamed", "alt": "", "credit": "", "upload": picture_file(colour=(1, 2, 3))}
    client.post(f"/admin/articles/picture/{picture.pk}/change/", data)
    changed = Picture.objects.get()
    assert (changed.title, changed.original.name) == ("Renamed", picture.original.name)


# --- Surroundings ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", ["section", "topic", "author"])
def test_surroundings_are_for_editors(client, model):
    for person, answer in ((a_journalist(), 404), (a_fundraiser(), 404), (an_editor(), 200)):
        client.force_login(person)
        assert client.get(f"/admin/articles/{model}/").status_code == answer
        assert client.get(f"/admin/articles/{model}/add/").status_code == answer


def test_a_sections_former_address_leads_to_it_and_is_never_given_away(client):
    section = a_section(name="Coast")
    client.force_login(an_editor())
    data = {"name": "The coast", "slug": "the-coast", "description": "", "position": "0"}
    client.post(f"/admin/articles/section/{section.pk}/change/", data)
    assert FormerSlug.objects.get().target == section.pk
    assert client.get("/coast/").headers["Location"] == "/the-coast/"
    response = client.post("/admin/articles/section/add/", data | {"name": "Other", "slug": "coast"})
    assert "still leads there" in words(response)
    assert Section.objects.count() == 1


def test_an_address_of_the_site_itself_is_no_section(client):
    client.force_login(an_editor())
    response = client.post("/admin/articles/section/add/", {"name": "Admin", "slug": "admin", "position": "0"})
    assert "is an address of the site itself" in words(response)


def test_an_editor_does_not_reach_a_restricted_story_by_taking_its_authors_login(client):
    dele = an_author(name="Dele")
    article = restricted(author=dele)
    data = {"name": "Dele", "slug": "dele", "bio": "", "user": an_editor().pk}
    for person, answer in ((an_editor(), 404), (a_managing_editor(), 200)):
        client.force_login(person)
        assert client.post(f"/admin/articles/author/{dele.pk}/change/", data).status_code == 302
        client.force_login(an_editor())
        assert client.get(address(article, "change")).status_code == answer


# --- The desk --------------------------------------------------------------------------------------------------------


def test_a_journalist_finds_her_own_desk(client, hers, his):
    waiting = submitted(headline="Waiting for a reader")
    back = submitted(headline="Sent back")
    back.request_changes(by=an_editor(), now=BEGIN, comment="Who said so?")
    client.force_login(a_journalist())
    page = words(client.get("/admin/"))
    for said in ("New story", "My drafts 1 Her own draft", "Who said so?", "Waiting for a reader"):
        assert said in page
    assert page.index("Sent back") < page.index(hers.headline) < page.index(waiting.headline)
    assert "His secret draft" not in page
    assert "Waiting for review" not in page
    assert "Everything" not in page


def test_saving_again_does_not_take_the_editors_comment_away(client):
    back = submitted(headline="Sent back")
    back.request_changes(by=an_editor(), now=BEGIN, comment="Who said so?")
    client.force_login(a_journalist())
    client.post(address(back, "change"), filled(client.get(address(back, "change")), headline="Half way"))
    assert "Waiting for your changes 1 Half way" in words(client.get("/admin/"))
    assert "Who said so?" in words(client.get("/admin/"))


def test_an_editor_sees_the_queue_first_and_who_waits_since_when(client, hers):
    submitted(by=a_journalist(username="dele"), headline="Council votes", author=an_author(name="Dele"))
    client.force_login(an_editor())
    page = words(client.get("/admin/"))
    assert "Waiting for review 1 Council votes Dele · Coast · First publication · waiting" in page
    assert "since October 1, 2026, 5:05 a.m. EDT" in page
    assert "Her own draft" not in page  # somebody's unfinished draft is not the editor's work


def test_the_queue_has_nothing_that_the_editor_may_not_see(client):
    article = submitted(by=a_journalist(username="dele"), headline="Secret", author=an_author(name="Dele"))
    Article.objects.filter(pk=article.pk).update(restricted=True)
    client.force_login(an_editor())
    assert "Secret" not in words(client.get("/admin/"))


def test_what_an_editor_submitted_waits_for_another_editor_and_not_in_their_queue(client):
    submitted(by=an_editor(), headline="By Tomas himself")
    submitted(headline="By Ana")
    client.force_login(an_editor())
    page = words(client.get("/admin/"))
    assert "Waiting for review 1 By Ana" in page
    assert "In review 1 By Tomas himself" in page
    client.force_login(a_managing_editor())
    page = words(client.get("/admin/"))
    assert "Waiting for review 2" in page
    assert "In review" not in page


def test_nothing_recently_published_leads_an_editor_to_a_story_that_does_not_exist_for_them(client):
    article = published(headline="Once secret", at=BEGIN - timedelta(days=365))
    Article.objects.filter(pk=article.pk).update(restricted=True)
    for person, shown in ((an_editor(), False), (a_managing_editor(), True)):
        client.force_login(person)
        assert ("Once secret" in words(client.get("/admin/"))) is shown


def queries_of_the_desk(client):
    with CaptureQueriesContext(connection) as queries:
        assert client.get("/admin/").status_code == 200
    return len(queries)


def test_the_desk_costs_as_many_queries_however_long_the_lists(client):
    client.force_login(an_editor())
    client.get("/admin/")  # the first page ever notes since when the clock is waited for
    counts = []
    for size in (1, 4):
        for number in range(size):
            submitted(headline=f"Story {size}-{number}")
            submitted(by=an_editor(), headline=f"By the editor {size}-{number}")
            published(headline=f"Public {size}-{number}", at=BEGIN - timedelta(days=365))
        counts.append(queries_of_the_desk(client))
    assert counts[0] == counts[1]


def test_a_superuser_finds_everything_below_the_desk(client):
    client.force_login(a_person(username="boss", is_superuser=True))
    page = words(client.get("/admin/"))
    assert "Everything" in page
    assert "Users" in page


def test_an_editor_reads_whose_login_an_author_is_without_a_way_to_the_account(client):
    author = an_author(user=a_journalist())
    client.force_login(an_editor())
    page = client.get(f"/admin/articles/author/{author.pk}/change/")
    assert "Login: Ana" in words(page)
    assert "/admin/auth/" not in page.content.decode()


def test_words_are_not_compared_with_themselves(client, now):
    story = approved()
    story.schedule(by=an_editor(), now=now, at=now + timedelta(days=900))
    client.force_login(an_editor())
    page = client.get(f"/admin/articles/article/{story.pk}/read/")
    assert "what an editor read last" not in page.content.decode()
