"""Two people in the same instant, on real connections in real threads."""

from datetime import timedelta
from threading import Barrier, Event, Thread
from time import sleep
from uuid import UUID

import pytest
from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.urls import reverse

from articles.admin.pictures import PictureAdmin
from articles.admin.surroundings import TopicAdmin
from articles.models import Article, ArticleChanged, Autosave, FormerSlug, Picture, PreviewLink, Publication, Topic
from articles.models.company import OtherWordsKept
from articles.models.pictures import PictureQuerySet
from articles.models.verbs import publishing
from articles.models.verbs.moving import Moving
from articles.workflow import MoveNotAllowed, PublicState, Status

from .factories import (
    BEGIN,
    a_draft,
    a_figure,
    a_journalist,
    a_managing_editor,
    a_picture,
    a_topic,
    an_editor,
    approved,
    content,
    published,
    scheduled,
    submitted,
)
from .forms import filled, words

pytestmark = pytest.mark.django_db(transaction=True)


LATER, DUE = BEGIN + timedelta(hours=1), BEGIN + timedelta(hours=3)
SECOND = timedelta(seconds=1)
SOON = 0.3  # by then the other one waits for a lock, or on SQLite cannot come at all
# SQLite has one writer at a time, so that a smoke run is enough there.
ON_POSTGRES = "postgresql" in settings.DATABASES["default"]["ENGINE"]
TIMES = range(8 if ON_POSTGRES else 2)


@pytest.fixture(autouse=True)
def no_hint_to_the_worker(monkeypatch):
    """Else it would fire by this machine's own clock."""
    monkeypatch.setattr(publishing, "_fire_in_time", lambda *hint: None)


@pytest.fixture(autouse=True)
def groups(transactional_db):
    """A flush between tests takes the groups with it."""
    from django.apps import apps

    from articles.groups import fill_groups

    fill_groups(sender=apps.get_app_config("articles"), using="default")


def at_once(*acts):
    """Run `acts` in threads that start together; what each returned or raised, in their order."""
    gate, ends = Barrier(len(acts)), [None] * len(acts)

    def run(position, act):
        try:
            gate.wait(timeout=10)
            ends[position] = act()
        except (ArticleChanged, MoveNotAllowed) as refusal:
            ends[position] = refusal
        finally:
            connection.close()

    threads = [Thread(target=run, args=item) for item in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    return ends


def fresh(article):
    return Article.objects.get(pk=article.pk)


@pytest.mark.parametrize("time", TIMES)
def test_of_two_people_saving_the_same_version_one_is_told(time):
    ana, tomas = a_journalist(), an_editor()
    article = a_draft(by=ana)
    opened, revisions = article.lock_version, article.revisions.count()

    def save(headline, by):
        values = content(headline=headline)
        return lambda: fresh(article).save_content(values, by=by, now=BEGIN, lock_version=opened)

    ends = at_once(save("Hers", ana), save("His", tomas))
    assert sorted(type(end).__name__ for end in ends) == ["ArticleChanged", "Revision"]
    assert article.revisions.count() == revisions + 1
    assert fresh(article).headline == next(end.content["headline"] for end in ends if not isinstance(end, Exception))


@pytest.mark.parametrize("time", TIMES)
def test_of_two_editors_approving_one_is_told(time):
    article = submitted()
    sha256 = article.latest_review.sha256
    tomas, ruth = an_editor(), a_managing_editor()
    ends = at_once(*(lambda by=by: fresh(article).approve(by=by, now=BEGIN, sha256=sha256) for by in (tomas, ruth)))
    assert sorted(type(end).__name__ for end in ends) == ["MoveNotAllowed", "NoneType"]
    assert article.events.filter(verb="approve").count() == 1


@pytest.mark.parametrize("time", TIMES)
def test_publishing_and_reopening_at_once_leaves_no_half(time):
    article = approved()
    tomas, ana = an_editor(), a_journalist()
    ends = at_once(
        lambda: fresh(article).publish(by=tomas, now=BEGIN), lambda: fresh(article).reopen(by=ana, now=BEGIN)
    )
    assert sum(isinstance(end, MoveNotAllowed) for end in ends) == 1
    assert fresh(article).status == ("published" if Publication.objects.exists() else "draft")


def does(article, verb, **how):
    """A verb for a thread, on a copy of the row of its own, as another request has."""
    return lambda: getattr(fresh(article), verb)(**how)


def slowed(monkeypatch, owner, name):
    """Let `owner.name` take its time, with the locks that it has by then; the flag says that it has begun."""
    begun, act = Event(), getattr(owner, name)

    def slowly(*what, **how):
        begun.set()
        sleep(SOON)
        return act(*what, **how)

    monkeypatch.setattr(owner, name, slowly)
    return begun


def after(begun, act):
    def wait():
        begun.wait(5)
        return act()

    return wait


def refusals(ends):
    return [isinstance(end, MoveNotAllowed) for end in ends]


def test_of_saving_and_approving_at_once_only_the_approval_happens():
    ana, tomas = a_journalist(), an_editor()
    for _ in TIMES:
        article = submitted(headline="What was read")
        late = {"values": content(headline="Late"), "lock_version": article.lock_version}
        ends = at_once(
            does(article, "save_content", by=ana, now=BEGIN, **late),
            does(article, "approve", by=tomas, now=BEGIN, sha256=article.latest_review.sha256),
        )
        assert refusals(ends) == [True, False]
        assert (fresh(article).status, fresh(article).headline) == (Status.APPROVED, "What was read")


def test_of_withdrawing_and_approving_at_once_one_happens():
    ana, tomas = a_journalist(), an_editor()
    for _ in TIMES:
        article = submitted()
        ends = at_once(
            does(article, "withdraw", by=ana, now=BEGIN),
            does(article, "approve", by=tomas, now=BEGIN, sha256=article.latest_review.sha256),
        )
        assert sorted(refusals(ends)) == [False, True]
        assert article.reviews.get().outcome == ("withdrawn" if refusals(ends)[1] else "approved")


def test_two_clocks_fire_a_story_once():
    for _ in TIMES:
        article = scheduled(at=DUE)
        assert sorted(at_once(*[does(article, "fire", now=DUE)] * 3)) == [False, False, True]
        assert article.events.filter(verb="fire").count() == 1


def test_of_firing_and_unscheduling_at_once_one_happens():
    tomas = an_editor()
    for _ in TIMES:
        article = scheduled(at=DUE)
        ends = at_once(does(article, "fire", now=DUE), does(article, "unschedule", by=tomas, now=DUE - 6 * SECOND))
        fired = ends[0]
        assert refusals(ends) == [False, fired]
        assert fresh(article).status == (Status.PUBLISHED if fired else Status.APPROVED)
        assert Publication.objects.visible(DUE).filter(article=article).count() == fired


def test_firing_and_taking_down_at_once_leaves_nothing_up():
    tomas, ruth, ana = an_editor(), a_managing_editor(), a_journalist()
    for _ in TIMES:
        article = published()
        article.save_content(content(headline="Second"), by=ana, now=LATER, lock_version=article.lock_version)
        article.submit(by=ana, now=LATER)
        article.approve(by=tomas, now=LATER, sha256=article.latest_review.sha256)
        article.schedule(by=tomas, now=LATER, at=DUE)
        fired, _ = at_once(
            does(article, "fire", now=DUE),
            does(article, "take_down", by=ruth, now=DUE - SECOND, reason="An error of law"),
        )
        assert fresh(article).public_state(DUE) == PublicState.DOWN
        assert fresh(article).status == (Status.DRAFT if fired else Status.APPROVED)
        assert article.events.filter(verb="fire").count() == fired
        assert article.publications.open().get().version == (2 if fired else 1)


def test_of_two_editors_confirming_a_retraction_one_is_told():
    tomas, nora, ruth = an_editor(), an_editor(username="nora"), a_managing_editor()
    for _ in TIMES:
        article = published()
        sha256 = article.propose_retraction(by=nora, now=DUE, notice="It was wrong.").sha256
        ends = at_once(*(does(article, "confirm_retraction", by=by, now=DUE, sha256=sha256) for by in (tomas, ruth)))
        assert sorted(refusals(ends)) == [False, True]
        assert article.publications.filter(kind="retraction").count() == 1


def test_of_scheduling_and_setting_an_embargo_at_once_nothing_goes_out_before_it():
    tomas, ruth = an_editor(), a_managing_editor()
    for _ in TIMES:
        article = approved()
        at_once(
            does(article, "schedule", by=tomas, now=BEGIN, at=DUE),
            does(article, "set_embargo", by=ruth, now=BEGIN, until=DUE + SECOND),
        )
        assert (fresh(article).status, fresh(article).embargo) == (Status.APPROVED, DUE + SECOND)
        assert not Publication.objects.visible(DUE).filter(article=article).exists()


def test_a_picture_is_withdrawn_while_the_words_beside_it_are_blanked(monkeypatch):
    """Neither waits for the other in a circle, and what was blanked is not said again."""
    picture, ruth, tomas = a_picture(title="Source is Ada"), a_managing_editor(), an_editor()
    article = a_draft(body=f"<p>One.</p>{a_figure(picture)}")
    article.propose_blank(by=ruth, now=BEGIN, revisions=[1], reason="It puts her in danger")
    has_story = slowed(monkeypatch, PictureQuerySet, "blank")

    def withdraw():
        found = Picture.objects.get()
        has_story.wait(5)
        found.withdraw(by=ruth, now=LATER, reason="She asked us to")

    at_once(does(article, "confirm_blank", by=tomas, now=LATER), withdraw)
    told = article.events.order_by("number").last()
    assert (told.verb, told.data["title"]) == ("withdraw_picture", "(blanked with the words)")
    assert Picture.objects.get().withdrawn_at == LATER
    call_command("verify_history")


def posting(row, **typed):
    """An editor's form of `row` with `typed` in it, for a thread to send."""
    kind, client = row._meta.model_name, Client()
    client.force_login(an_editor())
    address = reverse(f"admin:articles_{kind}_change", args=[row.pk])
    form = filled(client.get(address), f"{kind}_form", **typed)
    return lambda: client.post(address, form).status_code


def test_a_picture_withdrawn_while_its_words_are_saved_stays_withdrawn(monkeypatch):
    picture, ruth = a_picture(), a_managing_editor()
    save = posting(picture, credit="Photo: Marit")
    has_read = slowed(monkeypatch, PictureAdmin, "save_model")
    withdraw = after(has_read, lambda: picture.withdraw(by=ruth, now=LATER, reason="She asked us to"))
    assert at_once(save, withdraw) == [302, None]
    stored = Picture.objects.get()
    assert (stored.credit, stored.withdrawn_at) == ("Photo: Marit", LATER)


@pytest.mark.parametrize("typed", [{"credit": "Photo: Marit"}, {}])
@pytest.mark.parametrize("before", ["save_model", "log_change"])
def test_the_desks_log_of_a_picture_repeats_no_words_that_are_blanked_meanwhile(monkeypatch, before, typed):
    picture, ruth, tomas = a_picture(title="Source is Ada"), a_managing_editor(), an_editor()
    article = a_draft(lead_picture=picture.pk)
    article.propose_blank(by=ruth, now=BEGIN, revisions=[1], reason="It puts her in danger")
    save = posting(picture, **typed)
    has_read = slowed(monkeypatch, PictureAdmin, before)
    blank = after(has_read, does(article, "confirm_blank", by=tomas, now=LATER))
    assert at_once(save, blank) == [302, None]
    assert Picture.objects.get().title == "(blanked with the words)"
    assert LogEntry.objects.get().object_repr == "(blanked with the words)"


def test_revoking_a_link_while_its_words_are_blanked_repeats_none(monkeypatch):
    article, ruth, tomas = a_draft(), a_managing_editor(), an_editor()
    link = article.share_preview(by=tomas, now=BEGIN, meant_for="Ada, our source")
    article.propose_blank(by=ruth, now=BEGIN, revisions=[1], reason="It puts her in danger")
    has_story = slowed(monkeypatch, PictureQuerySet, "blank")
    revoke = after(has_story, does(article, "revoke_preview", link=link, by=tomas, now=LATER))
    assert at_once(does(article, "confirm_blank", by=tomas, now=LATER), revoke) == [None, None]
    assert PreviewLink.objects.get().revoked_at == LATER
    assert "Ada" not in str(list(article.events.values_list("data", flat=True)))
    call_command("verify_history")


def test_who_loses_sight_of_a_story_meanwhile_shares_no_link_to_it(monkeypatch):
    article, ruth, tomas = a_draft(), a_managing_editor(), an_editor()
    has_story = slowed(monkeypatch, Moving, "record")
    share = after(has_story, does(article, "share_preview", by=tomas, now=LATER, meant_for="a friend"))
    ends = at_once(does(article, "assign", by=ruth, now=LATER, restricted=True), share)
    assert refusals(ends) == [False, True]
    assert not PreviewLink.objects.exists()


def test_a_topic_merged_while_its_words_are_saved_stays_merged(monkeypatch):
    port, harbour, ruth = a_topic(name="Port"), a_topic(), a_managing_editor()
    save = posting(port, description="Ships.")
    has_read = slowed(monkeypatch, TopicAdmin, "save_model")
    merge = after(has_read, lambda: port.merge_into(harbour, by=ruth))
    assert at_once(save, merge) == [302, None]
    port.refresh_from_db()
    assert (port.description, port.merged_into) == ("Ships.", harbour)


def test_a_story_is_saved_while_its_topics_are_merged(monkeypatch):
    """Neither waits for the other: a story holds its topics in any order, which could go in a circle."""
    port, harbour, ana, ruth = a_topic(name="Port"), a_topic(), a_journalist(), a_managing_editor()
    article, values = a_draft(by=ana), content(topics=[port.pk, harbour.pk])
    merging, saved, in_time, save = Event(), Event(), [], Topic.save

    def slowly(topic, **how):
        merging.set()
        in_time.append(saved.wait(5 if ON_POSTGRES else SOON))
        save(topic, **how)

    def save_story():
        fresh(article).save_content(values, by=ana, now=BEGIN, lock_version=article.lock_version)
        saved.set()

    monkeypatch.setattr(Topic, "save", slowly)
    at_once(lambda: port.merge_into(harbour, by=ruth), after(merging, save_story))
    assert in_time == [ON_POSTGRES]  # SQLite has one writer at a time
    assert fresh(article).latest_revision.number == 2


def test_of_two_people_renaming_a_topic_both_addresses_go_on_leading_to_it(monkeypatch):
    topic = a_topic(name="Port")

    def rename(slug):
        found = Topic.objects.get()
        found.slug = slug
        found.save()

    has_read = slowed(monkeypatch, Topic, "save_base")
    at_once(lambda: rename("quay"), after(has_read, lambda: rename("pier")))
    assert Topic.objects.get().slug == "pier"
    assert set(FormerSlug.objects.filter(target=topic.pk).values_list("slug", flat=True)) == {"port", "quay"}


@pytest.mark.parametrize("time", TIMES[:3])
def test_two_people_sending_the_same_form_in_the_same_second_both_keep_their_text(time):
    ana, tomas = a_journalist(), an_editor()
    article = a_draft(by=ana)
    address = f"/admin/articles/article/{article.pk}/change/"

    def form_of(person, headline):
        client = Client()
        client.force_login(person)
        typed = filled(client.get(address), headline=headline, _save="1")
        return lambda: client.post(address, typed)

    ends = at_once(form_of(ana, "What Ana typed"), form_of(tomas, "What Tomas typed"))
    assert sorted(end.status_code for end in ends) == [302, 409]
    told = next(end for end in ends if end.status_code == 409)
    stored = fresh(article).headline
    assert article.revisions.count() == 2
    assert {stored} < {"What Ana typed", "What Tomas typed"}
    assert "What Ana typed" in words(told)
    assert "What Tomas typed" in words(told)


def keeping(article, by, headline, typing):
    """What a window does with words that are typed: the autosave, or why it was not kept."""

    def act():
        typed = {"content": content(headline=headline), "lock_version": 1, "opened": 1, "at": BEGIN}
        try:
            return Autosave.objects.keep(fresh(article), {}, by=by, typing=typing, **typed)
        except OtherWordsKept as refusal:
            return refusal

    return act


@pytest.mark.parametrize("time", TIMES[:3])
def test_of_two_windows_that_keep_words_at_once_one_is_told(time):
    ana = a_journalist()
    article = a_draft(by=ana)
    windows = {"One": UUID(int=1), "Two": UUID(int=2)}
    ends = at_once(*(keeping(article, ana, headline, typing) for headline, typing in windows.items()))
    assert sorted(type(end).__name__ for end in ends) == ["Autosave", "OtherWordsKept"]
    kept = Autosave.objects.get()
    assert windows[kept.content["headline"]] == kept.typing


@pytest.mark.parametrize("time", TIMES[:3])
def test_one_window_that_keeps_words_twice_at_once_has_one_row(time):
    ana = a_journalist()
    article = a_draft(by=ana)
    ends = at_once(*(keeping(article, ana, headline, UUID(int=1)) for headline in ("One", "Two")))
    assert [type(end).__name__ for end in ends] == ["Autosave", "Autosave"]
    assert Autosave.objects.get().content["headline"] in {"One", "Two"}


@pytest.mark.parametrize("time", TIMES[:3])
def test_of_a_save_and_a_restoring_at_once_one_is_told(time):
    ana, tomas = a_journalist(), an_editor()
    article = a_draft(by=ana)
    article.save_content(content(headline="Second"), by=ana, now=BEGIN, lock_version=article.lock_version)
    opened = article.lock_version
    ends = at_once(
        lambda: fresh(article).save_content(content(headline="Hers"), by=ana, now=BEGIN, lock_version=opened),
        lambda: fresh(article).restore(1, by=tomas, now=BEGIN, lock_version=opened),
    )
    assert sorted(type(end).__name__ for end in ends) == ["ArticleChanged", "Revision"]
    assert fresh(article).content() == next(end.content for end in ends if not isinstance(end, Exception))
