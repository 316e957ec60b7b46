"""Public storage holds the pictures that a page of ours shows, from the second on that it does, and no longer."""

import pytest
from django.core.files.storage import storages
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from articles import renditions
from articles.models import Author, Picture
from cms import tasks

from .factories import (
    BODY,
    NEXT_WEEK,
    SECOND,
    TOMORROW,
    a_figure,
    a_managing_editor,
    a_picture,
    an_author,
    an_editor,
    published,
    reinstated,
    republish,
    retracted,
    scheduled,
    taken_down,
)

pytestmark = pytest.mark.django_db


def a_small_picture():
    return a_picture(width=320, height=160)


def sweep(now):
    """What the worker does about pictures, every minute."""
    renditions.make_missing(now)
    renditions.remove_off_show(now)


def public():
    """The keys of the pictures that have files in public storage."""
    names = storages["public"].listdir("pictures")[1] if storages["public"].exists("pictures") else []
    return {name.partition("-")[0] for name in names}


def of(*pictures):
    return {picture.pk.hex for picture in pictures}


def blank(article, *revisions, now=NEXT_WEEK):
    article.propose_blank(by=a_managing_editor(), now=now, revisions=revisions, reason="A source asked")
    article.confirm_blank(by=an_editor(), now=now)


def both():
    """Two pictures as a story shows them: on top and in its text."""
    on_top, in_text = a_small_picture(), a_small_picture()
    said = {"lead_picture": on_top.pk, "lead_alt": "The pier", "lead_credit": "Photo: Ana"}
    return on_top, in_text, said | {"body": BODY + a_figure(in_text)}


def test_a_scheduled_storys_pictures_are_public_at_its_second_and_not_before():
    *pictures, words = both()
    scheduled(at=TOMORROW, **words)
    sweep(TOMORROW - SECOND)
    assert public() == set()
    sweep(TOMORROW)
    assert public() == of(*pictures)


def test_what_was_made_of_a_story_that_left_the_schedule_is_deleted_in_the_night():
    """By the hand of a clock that goes wrong, or of an earlier release."""
    *pictures, words = both()
    article = scheduled(at=NEXT_WEEK, **words)
    for picture in pictures:
        renditions.make(picture)
    article.unschedule(by=an_editor(), now=TOMORROW)
    renditions.remove_forgotten(TOMORROW)
    assert public() == set()


def one():
    """A picture, and the words of a story with it in its text."""
    picture = a_small_picture()
    return picture, {"body": BODY + a_figure(picture)}


@pytest.mark.parametrize(
    "leave",
    [
        lambda article: article.take_down(by=a_managing_editor(), now=NEXT_WEEK, reason="An error of law"),
        lambda article: blank(article, 1),
    ],
)
def test_a_story_that_leaves_takes_its_pictures_along_at_once(leave, django_capture_on_commit_callbacks):
    on_top, in_text, words = both()
    article = published(**words)
    other = published(headline="Another", body=BODY + a_figure(in_text))
    sweep(TOMORROW)
    assert public() == of(on_top, in_text)
    with django_capture_on_commit_callbacks(execute=True):
        leave(article)
    assert public() == of(in_text)  # the other story shows it still
    assert other.live.pictures.get().picture == in_text
    assert Picture.objects.get(pk=on_top.pk).renditions == []


def test_a_retraction_takes_the_pictures_along_at_once(django_capture_on_commit_callbacks):
    *_, words = both()
    with django_capture_on_commit_callbacks(execute=True):
        retracted(**words)
    assert public() == set()
    assert Picture.objects.published(NEXT_WEEK).count() == 2  # the desk knows them as before


@pytest.mark.parametrize("leave", [taken_down, retracted])
def test_the_sweep_finds_what_a_lost_hint_left(leave):
    *pictures, words = both()
    leave(**words)
    for picture in pictures:
        renditions.make(picture)
    sweep(NEXT_WEEK)
    assert public() == set()


def test_a_former_version_keeps_its_picture_while_it_can_be_read():
    picture = a_small_picture()
    article = published(body=BODY + a_figure(picture))
    sweep(TOMORROW)
    republish(article, at=TOMORROW, body=BODY)
    sweep(NEXT_WEEK)
    assert public() == of(picture)
    blank(article, 1)
    sweep(NEXT_WEEK)
    assert public() == set()


def test_what_is_reinstated_has_its_pictures_made_again():
    *pictures, words = both()
    article = taken_down(**words)
    sweep(TOMORROW)
    assert public() == set()
    reinstated(article, at=NEXT_WEEK)
    sweep(NEXT_WEEK)
    assert public() == of(*pictures)


def test_reinstating_brings_back_no_picture_of_what_was_retracted():
    _, in_text, words = both()
    article = retracted(**words)
    reinstated(article, at=NEXT_WEEK, lead_picture=None, lead_alt="", lead_credit="")
    sweep(NEXT_WEEK)
    assert public() == of(in_text)


def test_a_hint_that_comes_late_makes_nothing_of_a_story_that_is_down():
    picture = a_small_picture()
    taken_down(body=BODY + a_figure(picture))
    renditions.tend(picture, NEXT_WEEK)
    assert public() == set()


def test_a_worker_that_was_making_them_while_the_story_came_down_leaves_nothing(monkeypatch):
    picture = a_small_picture()
    article = published(body=BODY + a_figure(picture))
    store = renditions._store

    def take_down_meanwhile(*args, **how):
        if not article.takedowns.exists():
            article.take_down(by=a_managing_editor(), now=TOMORROW, reason="An error of law")
        return store(*args, **how)

    monkeypatch.setattr(renditions, "_store", take_down_meanwhile)
    renditions.tend(picture, TOMORROW)
    assert (public(), Picture.objects.get().renditions) == (set(), [])


def test_a_story_that_comes_back_while_others_pictures_are_deleted_keeps_its_own(monkeypatch):
    (first, first_words), (last, last_words) = one(), one()
    stories = {first: taken_down(headline="One", **first_words), last: taken_down(headline="Two", **last_words)}
    for picture in stories:
        renditions.make(picture)
    delete, deleted = renditions._delete, []

    def reinstate_the_other(names):
        delete(names)
        deleted.append(first if any(first.pk.hex in name for name in names) else last)
        if len(deleted) == 1:
            reinstated(stories[last if deleted == [first] else first], at=NEXT_WEEK)

    monkeypatch.setattr(renditions, "_delete", reinstate_the_other)
    renditions.remove_forgotten(NEXT_WEEK)
    assert len(deleted) == 1
    assert public() == of(*stories) - of(*deleted)


def test_files_that_were_deleted_while_others_were_made_are_not_noted(monkeypatch):
    """A sweep that still deletes, and a story that comes back: whoever notes must find every file."""
    picture, words = one()
    article = taken_down(**words)
    store, removed = renditions._store, []

    def remove_meanwhile(picture, original, width, **how):
        made = store(picture, original, width, **how)
        if not removed:
            removed.append(renditions.remove(picture, NEXT_WEEK))
            reinstated(article, at=NEXT_WEEK)
        return made

    monkeypatch.setattr(renditions, "_store", remove_meanwhile)
    renditions.make(picture)
    assert (public(), Picture.objects.get().renditions) == (set(), [])
    sweep(NEXT_WEEK)
    assert public() == of(picture)
    assert all(storages["public"].exists(made["name"]) for made in Picture.objects.get().renditions)


def test_an_authors_former_photo_is_private_again(client, django_capture_on_commit_callbacks):
    former, latter = a_small_picture(), a_small_picture()
    author = an_author(photo=former)
    published(author=author)
    sweep(TOMORROW)
    client.force_login(an_editor())
    page = reverse("admin:articles_author_change", args=[author.pk])
    typed = {"name": author.name, "slug": author.slug, "bio": "", "photo": str(latter.pk)}
    with django_capture_on_commit_callbacks(execute=True):
        assert client.post(page, typed).status_code == 302
    assert Author.objects.get().photo == latter
    assert public() == of(latter)


def test_storage_that_refuses_one_picture_delays_no_other(monkeypatch, caplog):
    *pictures, words = both()
    taken_down(**words)
    for picture in pictures:
        renditions.make(picture)
    delete, stubborn = renditions._delete, pictures[0].pk.hex

    def refuse(names):
        if any(stubborn in name for name in names):
            raise OSError("the bucket does not answer")
        delete(names)

    monkeypatch.setattr(renditions, "_delete", refuse)
    sweep(NEXT_WEEK)
    assert public() == {stubborn}
    assert f"Files of picture {pictures[0].pk}" in caplog.text


def test_the_minute_asks_three_questions_where_nothing_is_due():
    *_, words = both()
    published(**words)
    sweep(TOMORROW)
    with CaptureQueriesContext(connection) as asked:
        sweep(NEXT_WEEK)
    assert len(asked) == 3
    assert ("pictures taken from readers", renditions.remove_off_show) in tasks.SWEEPS
