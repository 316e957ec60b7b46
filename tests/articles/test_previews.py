"""Preview links: who makes and revokes them, when they lead somewhere, and what no page behind one tells."""

import uuid
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.core import signing
from django.urls import reverse
from django.utils import timezone

from articles.models import PreviewLink
from articles.workflow import MoveNotAllowed

from .factories import (
    BODY,
    a_draft,
    a_figure,
    a_journalist,
    a_managing_editor,
    a_person,
    a_picture,
    a_topic,
    an_author,
    an_editor,
    published,
    reinstated,
    submitted,
)
from .forms import words

pytestmark = pytest.mark.django_db


@pytest.fixture
def now():
    return timezone.now()


def a_link(article, *, by=None, now=None, **wanted):
    wanted = {"meant_for": "the lawyer", **wanted}
    return article.share_preview(by=by or a_journalist(), now=now or timezone.now(), **wanted)


def change(article, *, now, **changes):
    values = {**article.content(), **changes}
    article.save_content(values, by=a_journalist(), now=now, lock_version=article.lock_version)


def status(client, link):
    response = client.get(link.get_absolute_url())
    assert response.headers["Cache-Control"] == "no-store, private"
    return response.status_code


# --- Making and revoking -------------------------------------------------------------------------------------------------


def test_a_link_says_for_whom_by_whom_and_until_when(now):
    article = a_draft()
    link = a_link(article, now=now)
    assert (link.meant_for, link.by, link.at, link.revision) == ("the lawyer", a_journalist(), now, None)
    assert link.expires_at == now + timedelta(days=3)
    assert a_link(article, now=now, days=14).expires_at == now + timedelta(days=14)


def test_the_history_tells_of_a_link_and_never_its_token(now):
    article = a_draft()
    link = a_link(article, now=now, revision=1)
    article.revoke_preview(link, by=an_editor(), now=now)
    made, revoked = article.events.filter(verb__in=["share_preview", "revoke_preview"])
    assert (made.actor, revoked.actor) == (a_journalist(), an_editor())
    for event in (made, revoked):
        assert event.data == {"says": "for the lawyer", "revision": 1, "seal": event.seal}
    assert not any(secret in str(made.data) + str(revoked.data) for secret in (link.token, link.pk.hex, str(link.pk)))


@pytest.mark.parametrize("make", [a_draft, submitted, published])
def test_a_story_is_shared_by_its_people_and_by_editors_wherever_it_stands(make):
    article = make()
    assert a_link(article, by=a_journalist()).by == a_journalist()
    assert a_link(article, by=an_editor()).by == an_editor()


def test_nobody_else_shares_a_story():
    article = a_draft()
    for stranger in (a_journalist(username="dele"), a_person(username="priya")):
        with pytest.raises(MoveNotAllowed):
            a_link(article, by=stranger)
    assert not article.preview_links.exists()


@pytest.mark.parametrize(
    "wrong", [{"days": 2}, {"days": 365}, {"meant_for": " "}, {"meant_for": "x" * 121}, {"revision": 9}]
)
def test_a_link_for_nobody_for_too_long_or_for_no_words_is_not_made(wrong):
    article = a_draft()
    with pytest.raises(MoveNotAllowed):
        a_link(article, **wrong)
    assert not article.preview_links.exists()


def test_a_journalist_revokes_own_links_and_an_editor_all(now):
    article = a_draft()
    hers, his = a_link(article), a_link(article, by=an_editor())
    with pytest.raises(MoveNotAllowed):
        article.revoke_preview(his, by=a_journalist(), now=now)
    article.revoke_preview(hers, by=a_journalist(), now=now)
    article.revoke_preview(his, by=a_managing_editor(), now=now)
    assert {link.revoked_by for link in article.preview_links.all()} == {a_journalist(), a_managing_editor()}


def test_a_link_is_revoked_once_and_by_way_of_its_own_story(now):
    article, other = a_draft(), a_draft()
    link = a_link(article)
    with pytest.raises(MoveNotAllowed):
        other.revoke_preview(link, by=an_editor(), now=now)
    article.revoke_preview(link, by=an_editor(), now=now)
    with pytest.raises(MoveNotAllowed, match="revoked already"):
        article.revoke_preview(link, by=an_editor(), now=now)


# --- When it leads somewhere --------------------------------------------------------------------------------------------


def test_a_link_for_the_latest_words_follows_them_and_one_for_a_revision_does_not(client, now):
    article = a_draft(headline="First words")
    latest, first = a_link(article), a_link(article, revision=1)
    change(article, now=now, headline="Second words")
    assert "Second words" in words(client.get(latest.get_absolute_url()))
    shown = words(client.get(first.get_absolute_url()))
    assert ("First words" in shown, "Second words" in shown) == (True, False)


def test_a_link_ends_at_its_second(client, now):
    link = a_link(a_draft(), now=now - timedelta(days=3) + timedelta(hours=1))
    assert status(client, link) == 200
    assert (link.is_open(link.expires_at - timedelta(seconds=1)), link.is_open(link.expires_at)) == (True, False)
    PreviewLink.objects.filter(pk=link.pk).update(expires_at=now - timedelta(seconds=1))
    assert status(client, link) == 404


def test_a_revoked_link_leads_nowhere(client, now):
    article = a_draft()
    link = a_link(article)
    assert status(client, link) == 200
    article.revoke_preview(link, by=a_journalist(), now=now)
    assert status(client, link) == 404


def test_a_link_of_somebody_who_left_leads_nowhere(client):
    link = a_link(a_draft())
    User.objects.filter(pk=link.by_id).update(is_active=False)
    assert status(client, link) == 404


def test_a_link_leads_nowhere_once_the_story_is_restricted_unless_it_was_made_after(client, now):
    article = a_draft()
    before = a_link(article, now=now - timedelta(hours=2))
    assert status(client, before) == 200
    article.assign(by=an_editor(), now=now - timedelta(hours=1), restricted=True)
    after = a_link(article, now=now)
    assert (status(client, before), status(client, after)) == (404, 200)
    article.assign(by=an_editor(), now=now, restricted=False)
    assert (status(client, before), status(client, after)) == (404, 200)


def test_restricting_revokes_the_open_links_and_the_history_says_so(now):
    article, tomas = a_draft(), an_editor()
    for hours in (100, 2, 1):  # the first has expired
        a_link(article, now=now - timedelta(hours=hours))
    assert article.assign(by=tomas, now=now, restricted=True) == ["restricted", "2 preview links revoked"]
    revoked = article.preview_links.filter(revoked_at__isnull=False)
    assert [(link.revoked_by, link.revoked_at) for link in revoked] == [(tomas, now), (tomas, now)]
    assert article.events.last().data["says"] == "restricted; 2 preview links revoked"


def test_a_link_leads_nowhere_once_the_story_is_taken_down_unless_it_was_made_after(client, now):
    article = published()
    before = a_link(article, now=now - timedelta(hours=2))
    article.take_down(by=a_managing_editor(), now=now - timedelta(hours=1), reason="A court's order", code=451)
    assert (status(client, before), status(client, a_link(article, now=now))) == (404, 200)


def test_a_link_from_before_a_takedown_leads_nowhere_once_the_story_is_back(client, now):
    article = published()
    before = a_link(article, now=now - timedelta(hours=3))
    article.take_down(by=a_managing_editor(), now=now - timedelta(hours=2), reason="A court's order", code=451)
    reinstated(article, at=now - timedelta(hours=1), headline="Pier closed")
    assert status(client, before) == 404


def test_a_link_to_blanked_words_leads_nowhere(client, now):
    article = a_draft(headline="The source is Ada")
    change(article, now=now, headline="The source is safe")
    blanked, latest = a_link(article, revision=1), a_link(article)
    article.propose_blank(by=a_managing_editor(), now=now, revisions=[1], reason="A source asked")
    article.confirm_blank(by=an_editor(), now=now)
    assert (status(client, blanked), status(client, latest)) == (404, 200)


# --- The token -----------------------------------------------------------------------------------------------------------


def flip(token, place):
    return token[:place] + ("0" if token[place] != "0" else "1") + token[place + 1 :]


def test_no_token_but_ours_leads_anywhere(client):
    link, other = a_link(a_draft()), a_link(a_draft())
    key, signature = link.token.split(".")
    forged = [
        key,
        str(link.pk),
        flip(link.token, 0),
        flip(link.token, len(key) + 1),
        f"{other.pk.hex}.{signature}",
        f"{uuid.uuid4().hex}.{signature}",
        f"{key}.{signature}x",
        f"{key}.",
        f".{signature}",
        f"{link.token}.{signature}",
        signing.Signer(sep=".").sign(key),
        signing.Signer(salt="articles.preview", sep=".", key="guessed").sign(key),
        signing.dumps(key, salt="articles.preview"),
        signing.Signer(salt="articles.preview", sep=".").sign("not a key"),
        signing.Signer(salt="articles.preview", sep=".").sign(uuid.uuid4().hex),
        "%00",
        "x" * 2000,
    ]
    address = reverse("articles:preview", args=["TOKEN"])
    answers = {client.get(address.replace("TOKEN", token)).status_code for token in forged}
    assert (status(client, link), answers) == (200, {404})


def test_a_link_that_leads_nowhere_says_no_more_than_one_that_never_was(client, now):
    article = a_draft(headline="Secret words")
    link = a_link(article)
    article.revoke_preview(link, by=a_journalist(), now=now)
    revoked = client.get(link.get_absolute_url())
    never = client.get(reverse("articles:preview", args=["never.was"]))
    assert revoked.content == never.content
    assert revoked.headers.items() == never.headers.items()


def test_a_token_holds_nothing_but_the_key_and_its_signature():
    link = a_link(a_draft())
    assert link.token.split(".")[0] == link.pk.hex
    assert len(link.token) == 32 + 1 + 43


@pytest.mark.parametrize("method", ["post", "put", "delete", "patch"])
def test_a_preview_is_only_read(client, method):
    link = a_link(a_draft())
    assert getattr(client, method)(link.get_absolute_url()).status_code == 405


# --- The page ------------------------------------------------------------------------------------------------------------


def test_the_page_is_the_readers_page_with_a_plain_banner(client):
    response = client.get(a_link(a_draft(headline="Pier closes"), meant_for="Dr. Weiss").get_absolute_url())
    page = words(response)
    assert "Not published. For Dr. Weiss, until " in page
    assert "The pier will close for repairs on Monday." in page
    assert "story-body" in response.content.decode()


def test_the_page_is_kept_by_nobody_found_by_nobody_and_tells_nobody_its_address(client):
    response = client.get(a_link(a_draft()).get_absolute_url())
    page = response.content.decode()
    assert response.headers["Cache-Control"] == "no-store, private"
    assert response.headers["X-Robots-Tag"] == "noindex, nofollow"
    assert response.headers["Referrer-Policy"] == "no-referrer"
    assert '<meta name="robots" content="noindex, nofollow">' in page
    assert "Cookie" not in response.headers.get("Vary", "")
    assert not response.cookies


def test_the_page_asks_for_no_gift_shows_no_other_story_and_names_its_token_only_for_pictures(client):
    published(headline="Another story", topics=[a_topic().pk])
    link = a_link(
        a_draft(body=BODY * 40, topics=[a_topic().pk], author=an_author(name="Marit", bio="Writes about the coast."))
    )
    page = client.get(link.get_absolute_url()).content.decode()
    main = page.partition("<main")[2].partition("</main>")[0]
    assert "Writes about the coast." in main
    assert "/donate/" not in main
    assert "Another story" not in page
    assert link.token not in page
    assert "og:" not in page
    assert "canonical" not in page


def test_the_page_is_the_same_for_somebody_who_is_signed_in(client):
    link = a_link(published())  # a draft's page shows the time at which it is looked at
    stranger = client.get(link.get_absolute_url()).content
    client.force_login(an_editor())
    assert client.get(link.get_absolute_url()).content == stranger


def test_words_that_were_published_meanwhile_lead_to_their_public_page(client):
    article = published(headline="Public words")
    page = client.get(a_link(article).get_absolute_url()).content.decode()
    assert "Published meanwhile." in page
    assert f'<a href="{article.live.get_absolute_url()}">' in page


def test_an_empty_draft_can_be_shared(client):
    assert status(client, a_link(a_draft(headline="", section=None, byline=[], body=""))) == 200


# --- Pictures ------------------------------------------------------------------------------------------------------------


def picture_at(link, picture):
    return reverse("articles:preview_picture", args=[link.token, getattr(picture, "pk", picture)])


def fetch(client, address):
    response = client.get(address)
    body = b"".join(response) if response.streaming else response.content
    return response, body


def test_the_pictures_of_these_words_are_shown_in_small_copies(client):
    on_top, in_text = a_picture(width=1200), a_picture(width=400, height=300)
    article = a_draft(lead_picture=on_top.pk, lead_alt="A", lead_credit="B", body=BODY + a_figure(in_text))
    link = a_link(article)
    page = client.get(link.get_absolute_url()).content.decode()
    assert page.count(f'src="{picture_at(link, on_top)}"') == page.count(f'src="{picture_at(link, in_text)}"') == 1
    response, body = fetch(client, picture_at(link, on_top))
    assert (response.status_code, response.headers["Content-Type"]) == (200, "image/webp")
    assert (response.headers["Cache-Control"], len(body) > 100) == ("no-store, private", True)
    assert fetch(client, picture_at(link, in_text))[0].headers["Content-Type"] == "image/jpeg"


def test_a_link_shows_no_picture_but_those_of_its_words(client, now):
    mine, later, other = a_picture(), a_picture(), a_picture()
    article = a_draft(body=BODY + a_figure(mine))
    link = a_link(article, revision=1)
    change(article, now=now, body=BODY + a_figure(later))
    wanted = [mine, later, other, uuid.uuid4()]
    assert [fetch(client, picture_at(link, one))[0].status_code for one in wanted] == [200, 404, 404, 404]


def test_a_withdrawn_picture_is_shown_behind_no_link(client, now):
    picture = a_picture()
    link = a_link(a_draft(lead_picture=picture.pk, lead_alt="A", lead_credit="B"))
    assert fetch(client, picture_at(link, picture))[0].status_code == 200
    type(picture).objects.filter(pk=picture.pk).update(
        withdrawn_at=now, withdrawn_by=an_editor(), withdrawn_reason="She asked us to."
    )
    assert fetch(client, picture_at(link, picture))[0].status_code == 404
    assert picture_at(link, picture) not in client.get(link.get_absolute_url()).content.decode()


def test_a_picture_goes_with_its_link(client, now):
    picture = a_picture()
    article = a_draft(lead_picture=picture.pk, lead_alt="A", lead_credit="B")
    link = a_link(article)
    article.revoke_preview(link, by=a_journalist(), now=now)
    assert fetch(client, picture_at(link, picture))[0].status_code == 404


def test_a_picture_whose_file_is_gone_answers_404(client):
    picture = a_picture()
    link = a_link(a_draft(lead_picture=picture.pk, lead_alt="A", lead_credit="B"))
    picture.original.storage.delete(picture.original.name)
    assert fetch(client, picture_at(link, picture))[0].status_code == 404
