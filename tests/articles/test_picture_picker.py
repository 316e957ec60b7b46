"""Putting pictures into a text: what is offered, what is taken, and what the form refuses."""

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from articles.admin.picker import PER_PAGE
from articles.models import Article, Picture

from .factories import (
    BEGIN,
    BODY,
    a_draft,
    a_figure,
    a_journalist,
    a_person,
    a_picture,
    an_editor,
    picture_file,
)
from .forms import filled, words

pytestmark = pytest.mark.django_db
CHOICES, UPLOAD = "/admin/articles/picture/choices/", "/admin/articles/picture/upload/"


@pytest.fixture
def ana(client):
    person = a_journalist()
    client.force_login(person)
    return person


def somebody_elses(**about):
    return a_picture(by=a_journalist(username="dele"), **about)


def titles(client, **query):
    return [picture["title"] for picture in client.get(CHOICES, query).json()["pictures"]]


def save(client, article, **typed):
    address = reverse("admin:articles_article_change", args=[article.pk])
    return client.post(address, filled(client.get(address), **typed))


# --- The archive, as the dialog asks for it ----------------------------------------------------------------------------


def test_the_latest_pictures_that_one_may_choose_come_first(client, ana):
    for days, title in enumerate(["Oldest", "Middle", "Latest"]):
        picture = a_picture(title=title)
        Picture.objects.filter(pk=picture.pk).update(uploaded_at=BEGIN + timedelta(days=days))
    somebody_elses(title="Hidden")
    gone = a_picture(title="Withdrawn")
    gone.withdraw(by=an_editor(), now=BEGIN, reason="The man in it asked us to.")
    assert titles(client) == ["Latest", "Middle", "Oldest"]
    assert titles(client, q="LAT") == ["Latest"]
    assert titles(client, q="hidden") == []
    assert titles(client, q="\0lat") == ["Latest"]


def test_a_choice_brings_its_words_and_a_private_picture(client, ana):
    picture = a_picture(title="The pier")
    Picture.objects.update(alt="Boards over water", credit="Photo: Ana")
    (choice,) = client.get(CHOICES).json()["pictures"]
    assert choice.pop("small") == reverse("admin:articles_picture_small", args=[picture.pk])
    assert choice == {
        "key": str(picture.pk),
        "title": "The pier",
        "alt": "Boards over water",
        "credit": "Photo: Ana",
    }


def test_a_long_archive_is_turned_page_by_page(client, ana):
    first = a_picture(title="0")
    copies = [
        Picture(title=str(n), original=first.original, uploaded_by=ana, uploaded_at=BEGIN) for n in range(PER_PAGE)
    ]
    for copy in copies:
        copy.width, copy.height = 1200, 800
    Picture.objects.bulk_create(copies)
    pages = [client.get(CHOICES, {"page": page}).json() for page in (1, 2)]
    assert [(len(page["pictures"]), page["more"]) for page in pages] == [(PER_PAGE, True), (1, False)]
    for page in ("no page", "00", "9" * 5000):
        assert len(titles(client, page=page)) == PER_PAGE


def test_the_archive_costs_the_same_however_long_it_is(client, ana, django_assert_max_num_queries):
    for _ in range(3):
        a_picture()
    with django_assert_max_num_queries(6):
        titles(client)


@pytest.mark.parametrize("group", ["Fundraisers", None])
def test_nobody_without_a_part_in_stories_is_offered_or_adds_any(client, group):
    client.force_login(a_person(username="priya", group=group))
    assert client.get(CHOICES).status_code == 404
    assert client.post(UPLOAD, {"upload": picture_file()}).status_code == 404
    assert not Picture.objects.exists()


# --- An upload ----------------------------------------------------------------------------------------------------------


def test_an_upload_is_kept_privately_with_its_words_and_can_be_put_in(client, ana):
    sent = {"upload": picture_file(), "title": "A pier in rain", "alt": "A pier in rain", "credit": "Photo: Ana"}
    response = client.post(UPLOAD, sent)
    picture = Picture.objects.get()
    assert (response.status_code, response.json()["key"]) == (201, str(picture.pk))
    assert (picture.title, picture.alt, picture.credit, picture.uploaded_by) == (*list(sent.values())[1:], ana)
    save(client, a_draft(), body=BODY + a_figure(picture))
    assert a_figure(picture) in Article.objects.get().body


@pytest.mark.parametrize(
    ("upload", "why"),
    [
        (SimpleUploadedFile("x.jpg", b"no picture"), "not a picture"),
        (picture_file(width=200, height=200), "200 pixels wide"),
        (None, "No file arrived"),
    ],
)
def test_what_is_no_fit_picture_is_refused_in_words(client, ana, upload, why):
    response = client.post(UPLOAD, {"upload": upload} if upload else {})
    assert response.status_code == 422
    assert why in response.json()["problem"]
    assert not Picture.objects.exists()


def test_a_nul_in_the_words_of_an_upload_is_left_out(client, ana):
    response = client.post(UPLOAD, {"upload": picture_file(), "title": "A\0 pier", "alt": "\0", "credit": "Ana\0"})
    assert response.status_code == 201
    assert Picture.objects.values_list("title", "alt", "credit").get() == ("A pier", "", "Ana")


def test_an_upload_needs_the_token_that_the_choices_bring():
    client = Client(enforce_csrf_checks=True)
    client.force_login(a_journalist())
    assert client.post(UPLOAD, {"upload": picture_file()}).status_code == 403
    token = client.get(CHOICES).json()["token"]
    assert client.post(UPLOAD, {"upload": picture_file()}, headers={"X-CSRFToken": token}).status_code == 201


# --- The text -------------------------------------------------------------------------------------------------------------


def test_pictures_typed_without_a_script_survive_and_stay(client, ana):
    article, picture = a_draft(), a_picture()
    figure = a_figure(picture, alt="The pier", caption="At low tide", credit="Photo: Ana")
    save(client, article, body=f"One.\n\n{figure}\n\nTwo.")
    kept = f"<p>One.</p>{figure}<p>Two.</p>"
    assert Article.objects.get().body == kept
    save(client, article, headline="Another")
    assert (Article.objects.get().body, Article.objects.get().headline) == (kept, "Another")


def test_a_picture_that_one_may_not_see_is_refused_as_one_that_never_was(client, ana):
    article, hidden, missing = a_draft(), somebody_elses(), somebody_elses()
    key = missing.pk
    missing.delete()
    missing.pk = key
    answers = []
    for picture in (hidden, missing):
        response = save(client, article, body=BODY + a_figure(picture, caption="At low tide"))
        assert response.status_code == 422
        assert filled(response)["body"][0].count(str(picture.pk)) == 1  # nothing typed is lost
        answers.append(words(response).partition("Picture 1 in the text")[2][:120])
    assert answers[0] == answers[1]
    assert (
        "(“At low tide”) is not in your archive, or was withdrawn. Take it out, or choose another one." in answers[0]
    )
    assert not Picture.objects.seen_by(ana).filter(pk=hidden.pk).exists()
    assert client.get(reverse("admin:articles_picture_small", args=[hidden.pk])).status_code == 404


def test_a_colleagues_picture_that_is_in_the_text_already_stays_there(client, ana):
    article, picture = a_draft(), somebody_elses()
    by_dele = {**article.content(), "body": BODY + a_figure(picture)}
    article.save_content(by_dele, by=an_editor(), now=BEGIN, lock_version=article.lock_version)
    assert save(client, article, body=BODY + a_figure(picture, caption="New words")).status_code == 302
    assert "New words" in Article.objects.get().body


def test_a_withdrawn_picture_stays_where_it_was_and_goes_into_no_other_text(client, ana):
    picture = a_picture()
    article, other = a_draft(body=BODY + a_figure(picture)), a_draft()
    picture.withdraw(by=an_editor(), now=BEGIN, reason="The man in it asked us to.")
    form = client.get(reverse("admin:articles_article_change", args=[article.pk])).content.decode()
    assert f'data-withdrawn="{picture.pk}"' in form
    assert save(client, article, headline="Another").status_code == 302
    assert save(client, other, body=BODY + a_figure(picture)).status_code == 422


def test_foreign_pictures_are_dropped_and_their_words_kept(client, ana):
    article = a_draft()
    save(client, article, body="<figure><img src='https://example.org/x.png'><figcaption>Tide</figcaption></figure>")
    assert Article.objects.get().body == "<p>Tide</p>"
