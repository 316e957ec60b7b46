"""A picture that readers must not see any longer: gone at once, everywhere, and never made again."""

from datetime import timedelta

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.urls import reverse

from articles import renditions
from articles.models import Author, Event, Picture
from articles.workflow import MoveNotAllowed

from .factories import (
    BEGIN,
    BODY,
    a_draft,
    a_figure,
    a_journalist,
    a_managing_editor,
    a_picture,
    an_author,
    an_editor,
    approved,
    published,
)
from .forms import filled, words

pytestmark = pytest.mark.django_db
LATER = BEGIN + timedelta(days=1)
REASON = "The man in it asked us to."


def made(picture):
    renditions.make(picture)
    return picture


def withdrawn(picture, **changes):
    picture.withdraw(**{"by": an_editor(), "now": LATER, "reason": REASON} | changes)
    renditions.remove(picture, LATER)
    return picture


def files():
    return sorted(storages["public"].listdir("pictures")[1]) if storages["public"].exists("pictures") else []


def press(client, picture, **typed):
    return client.post(reverse("admin:articles_picture_withdraw", args=[picture.pk]), typed, follow=True)


def page(client, address):
    return client.get(address).content.decode()


def test_its_files_are_deleted_and_their_addresses_answer_404(client):
    picture, other = made(a_picture()), made(a_picture())
    addresses = [f"/media/{one['name']}" for one in picture.renditions]
    assert {b"".join(client.get(address).streaming_content) != b"" for address in addresses} == {True}
    withdrawn(picture)
    assert {client.get(address).status_code for address in addresses} == {404}
    assert {name.split("-")[0] for name in files()} == {other.pk.hex}
    assert picture.original.storage.exists(picture.original.name)


def test_every_page_of_readers_goes_without_it(client):
    on_top, in_text, portrait = (made(a_picture()) for _ in range(3))
    author = an_author(photo=portrait, bio="Ana covers the coast.")
    said = {"lead_picture": on_top.pk, "lead_alt": "The pier", "lead_credit": "Photo: Ana"}
    story = published(**said, body=BODY + a_figure(in_text, caption="At low tide")).live
    addresses = ["/", "/coast/", story.get_absolute_url(), author.get_absolute_url(), "/feed/rss.xml"]
    before = [page(client, address).count("/media/pictures/") for address in addresses]
    assert all(before)
    for picture in (on_top, in_text, portrait):
        withdrawn(picture)
    assert [page(client, address).count("/media/pictures/") for address in addresses] == [0] * 5
    assert "At low tide" not in page(client, story.get_absolute_url())
    assert "og:image" not in page(client, story.get_absolute_url())


def test_a_page_goes_without_it_even_while_storage_keeps_its_files(client):
    picture = made(a_picture())
    story = published(lead_picture=picture.pk, lead_alt="The pier", lead_credit="Photo: Ana").live
    picture.withdraw(by=an_editor(), now=LATER, reason=REASON)
    assert "/media/pictures/" not in page(client, story.get_absolute_url())
    assert files()
    renditions.remove_off_show(LATER)
    assert not files()


def test_it_is_never_made_again(django_capture_on_commit_callbacks):
    picture = withdrawn(made(a_picture()))
    article = approved(lead_picture=picture.pk, lead_alt="a", lead_credit="b", body=BODY + a_figure(picture))
    with django_capture_on_commit_callbacks(execute=True):
        article.publish(by=an_editor(), now=LATER)
    renditions.make_missing(LATER)
    assert files() == []


def test_a_worker_that_was_making_it_just_then_leaves_nothing(monkeypatch):
    picture = a_picture()
    store, stale = renditions._store, Picture.objects.get()

    def withdraw_meanwhile(*args, **how):
        if not Picture.objects.get().withdrawn_at:
            withdrawn(picture)
        return store(*args, **how)

    monkeypatch.setattr(renditions, "_store", withdraw_meanwhile)
    renditions.make(stale)
    assert (files(), Picture.objects.get().renditions) == ([], [])


def test_what_a_killed_worker_left_is_deleted_by_the_sweep():
    picture = a_picture()
    stale = Picture.objects.get()
    withdrawn(picture)
    storages["public"].save(f"pictures/{stale.pk.hex}-800.webp", ContentFile(b"half a picture"))
    renditions.remove_off_show(LATER + timedelta(minutes=1))
    assert files() == []


def test_a_storage_that_refuses_is_logged_and_asked_again(monkeypatch, caplog, client):
    picture = made(a_picture())
    client.force_login(an_editor())

    def refuse(names):
        raise OSError("the bucket does not answer")

    with monkeypatch.context() as broken:
        broken.setattr(renditions, "_delete", refuse)
        assert "could not be deleted yet" in words(press(client, picture, reason=REASON))
    assert "bucket does not answer" in caplog.text
    assert files()
    renditions.remove_off_show(LATER)
    assert not files()


def test_the_stories_it_stood_in_say_who_withdrew_it_and_why(client):
    picture = a_picture()
    stories = [
        a_draft(body=BODY + a_figure(picture)),
        published(lead_picture=picture.pk, lead_alt="a", lead_credit="b"),
    ]
    a_draft()
    version = stories[0].lock_version
    withdrawn(picture)
    events = Event.objects.filter(verb="withdraw_picture")
    assert [(event.article, event.actor, event.data["reason"]) for event in events.order_by("article")] == [
        (story, an_editor(), REASON) for story in stories
    ]
    stories[0].refresh_from_db()
    assert stories[0].lock_version == version  # nobody's form went stale
    client.force_login(a_journalist())
    read = words(client.get(reverse("admin:articles_article_read", args=[stories[0].pk])))
    assert f"Tomas withdrew a picture (“The pier”) October 2, 2026, 5:00 a.m. EDT {REASON}" in read
    assert "Withdrawn: readers do not see it." in read


def test_the_preview_goes_without_it(client):
    picture = a_picture()
    article = a_draft(lead_picture=picture.pk, body=BODY + a_figure(picture, caption="At low tide"))
    client.force_login(a_journalist())
    address = reverse("admin:articles_article_preview", args=[article.pk])
    assert "At low tide" in page(client, address)
    withdrawn(picture)
    assert "At low tide" not in page(client, address)
    assert str(picture.pk) not in page(client, address)


SAY_WHY, ASK_AN_EDITOR = "Say why this picture is withdrawn", "Pictures are withdrawn by editors. Ask one of them."


@pytest.mark.parametrize(
    ("make", "may", "told"),
    [(a_journalist, False, ASK_AN_EDITOR), (an_editor, True, SAY_WHY), (a_managing_editor, True, SAY_WHY)],
)
def test_editors_withdraw_with_a_reason_and_journalists_do_not(client, make, may, told):
    picture = a_picture()
    client.force_login(make())
    archive = words(client.get(reverse("admin:articles_picture_change", args=[picture.pk])))
    assert ("Withdraw this picture" in archive) is may
    assert told in words(press(client, picture, reason="  "))
    assert not Picture.objects.get().withdrawn_at
    press(client, picture, reason=REASON)
    assert bool(Picture.objects.get().withdrawn_at) is may


def test_a_nul_in_the_reason_is_left_out(client):
    picture = a_picture()
    client.force_login(an_editor())
    assert SAY_WHY in words(press(client, picture, reason="\0"))
    press(client, picture, reason=f"{REASON}\0")
    assert Picture.objects.get().withdrawn_reason == REASON


def test_a_picture_is_withdrawn_once():
    picture = withdrawn(a_picture())
    with pytest.raises(MoveNotAllowed, match="already withdrawn"):
        picture.withdraw(by=a_managing_editor(), now=LATER, reason="Again")
    with pytest.raises(MoveNotAllowed, match="at most 300 fit"):
        a_picture().withdraw(by=an_editor(), now=LATER, reason="x" * 301)
    assert Picture.objects.get(pk=picture.pk).withdrawn_reason == REASON


def test_a_picture_that_one_may_not_see_cannot_be_withdrawn(client):
    dele = a_journalist(username="dele")
    picture = a_picture(by=dele)
    article = a_draft(by=dele, author=an_author(name="Dele"), body=BODY + a_figure(picture))
    type(article).objects.update(restricted=True)
    client.force_login(an_editor())
    assert press(client, picture, reason=REASON).status_code == 404
    assert not Picture.objects.get().withdrawn_at


def test_the_desk_says_by_whom_when_and_why_and_lists_its_stories(client):
    picture = withdrawn(a_picture())
    a_draft(headline="At the pier", body=BODY + a_figure(picture))
    client.force_login(an_editor())
    archive = words(client.get(reverse("admin:articles_picture_change", args=[picture.pk])))
    assert f"Withdrawn by Tomas, October 2, 2026, 5:00 a.m. EDT {REASON}" in archive
    assert "Stories with it At the pier" in archive
    assert "Withdraw this picture" not in archive
    assert "The pierWithdrawn" in words(client.get("/admin/articles/picture/"))


def test_it_cannot_be_chosen_any_more_but_stays_where_it_was(client):
    picture = withdrawn(a_picture(by=an_editor()))
    author = an_author(photo=picture)
    kept = a_draft(by=an_editor(), lead_picture=picture.pk)
    client.force_login(a_managing_editor())
    other = reverse("admin:articles_article_change", args=[a_draft().pk])
    assert client.post(other, filled(client.get(other), lead_picture=picture.pk)).status_code == 422
    own = reverse("admin:articles_article_change", args=[kept.pk])
    assert client.post(own, filled(client.get(own), headline="Changed")).status_code == 302
    kept.refresh_from_db()
    assert (kept.headline, kept.lead_picture) == ("Changed", picture)
    for address, offered in ((f"{author.pk}/change/", True), ("add/", False)):
        assert (str(picture.pk) in page(client, f"/admin/articles/author/{address}")) is offered
    assert Author.objects.get(pk=author.pk).photo == picture
