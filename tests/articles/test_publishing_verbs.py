"""What makes words public: at a time, after an embargo, in an emergency; and when nothing of it may happen."""

from datetime import timedelta

import pytest

from articles.models import ArticleChanged, Publication
from articles.models.verbs import moving
from articles.workflow import MoveNotAllowed, PublicState, Status

from .factories import (
    AT_NOON,
    BEGIN,
    LATER,
    SECOND,
    WHY,
    a_draft,
    a_journalist,
    a_managing_editor,
    an_editor,
    approved,
    approved_again,
    content,
    published,
    republish,
    scheduled,
    seen_headline,
    submitted,
)
from .tables import every_row, refused

pytestmark = pytest.mark.django_db


def times(article):
    """When each version is seen, by its number."""
    return {version.version: (version.visible_from, version.visible_until) for version in article.publications.all()}


def events(article):
    return list(article.events.values_list("verb", flat=True))


# --- Schedule ------------------------------------------------------------------------------------------------------


def test_a_scheduled_story_is_seen_from_its_second_on_and_not_before():
    article = scheduled(at=AT_NOON, headline="Pier closes")
    assert article.status == Status.SCHEDULED
    assert (seen_headline(AT_NOON - SECOND), seen_headline(AT_NOON)) == (None, "Pier closes")
    assert article.public_state(AT_NOON - SECOND) == PublicState.NEVER
    assert article.events.last().data["at"] == AT_NOON.isoformat()


def test_a_scheduled_change_follows_the_present_version_at_that_instant():
    article = published(headline="Pier closes")
    approved_again(article, at=LATER, headline="Pier reopens")
    second = article.schedule(by=an_editor(), now=LATER, at=AT_NOON)
    assert times(article) == {1: (BEGIN + timedelta(minutes=15), AT_NOON), 2: (AT_NOON, None)}
    assert (seen_headline(AT_NOON - SECOND), seen_headline(AT_NOON)) == ("Pier closes", "Pier reopens")
    assert (second.kind, second.updated, second.first_published) == ("update", AT_NOON, BEGIN + timedelta(minutes=15))
    assert second.is_intact()


@pytest.mark.parametrize("early", [timedelta(0), SECOND])
def test_a_schedule_lies_in_the_future(early):
    article = approved()
    with refused("is past. Choose a time to come, or publish it now."):
        article.schedule(by=an_editor(), now=LATER, at=LATER - early)


def test_unscheduling_brings_the_present_version_back():
    article = published(headline="Pier closes")
    approved_again(article, at=LATER, headline="Pier reopens")
    article.schedule(by=an_editor(), now=LATER, at=AT_NOON)
    article.unschedule(by=a_managing_editor(), now=LATER)
    assert times(article) == {1: (BEGIN + timedelta(minutes=15), None), 2: (AT_NOON, AT_NOON)}
    assert seen_headline(AT_NOON) == "Pier closes"
    assert list(Publication.objects.seen(AT_NOON).values_list("version", flat=True)) == [1]
    assert article.status == Status.APPROVED


def test_what_was_unscheduled_can_go_out_later_as_approved():
    article = scheduled(at=AT_NOON, headline="Pier closes")
    article.unschedule(by=an_editor(), now=LATER)
    version = article.publish(by=an_editor(), now=AT_NOON + timedelta(hours=1))
    assert (version.version, version.first_published) == (2, AT_NOON + timedelta(hours=1))
    assert (version.kind, version.updated) == ("first", None)


@pytest.mark.parametrize("left", [5, 1, 0.2])
@pytest.mark.parametrize("verb", ["unschedule", "reopen", "publish_unreviewed"])
def test_nothing_is_stopped_in_its_last_five_seconds(verb, left):
    article = scheduled(at=AT_NOON)
    reason = {"reason": WHY} if verb == "publish_unreviewed" else {}
    with refused(rf"It goes public in {max(1, round(left))} seconds, which is too late to stop it\."):
        getattr(article, verb)(by=a_managing_editor(), now=AT_NOON - left * SECOND, **reason)


def test_before_its_last_five_seconds_it_can_be_stopped():
    article = scheduled(at=AT_NOON)
    article.unschedule(by=an_editor(), now=AT_NOON - 5.1 * SECOND)
    assert times(article) == {1: (AT_NOON, AT_NOON)}


def test_reopening_a_scheduled_story_takes_it_off_the_schedule():
    article = scheduled(at=AT_NOON)
    with refused("is for editors"):
        article.reopen(by=a_journalist(), now=LATER)
    article.reopen(by=an_editor(), now=LATER)
    assert (article.status, times(article)) == (Status.DRAFT, {1: (AT_NOON, AT_NOON)})
    assert seen_headline(AT_NOON) is None


def test_a_stale_page_schedules_nothing():
    article = approved()
    with refused("after you opened it", ArticleChanged):
        article.schedule(by=an_editor(), now=LATER, at=AT_NOON, lock_version=article.lock_version - 1)


# --- Fire ----------------------------------------------------------------------------------------------------------


def test_firing_books_what_readers_see_already_and_only_once():
    article = scheduled(at=AT_NOON)
    shown = list(Publication.objects.visible(AT_NOON).values())
    assert [article.fire(now=AT_NOON), article.fire(now=AT_NOON)] == [True, False]
    assert list(Publication.objects.visible(AT_NOON).values()) == shown
    assert (article.status, events(article)[-2:]) == (Status.PUBLISHED, ["schedule", "fire"])
    assert article.events.last().actor is None


def test_firing_before_its_time_does_nothing():
    article = scheduled(at=AT_NOON)
    before = every_row()
    assert article.fire(now=AT_NOON - SECOND / 1000) is False
    assert every_row() == before


def test_what_comes_after_its_time_finds_the_story_published():
    article = scheduled(at=AT_NOON, headline="Pier closes")
    opened = article.lock_version + 1  # the page shows it as it stands once it is fired
    with refused("this one is published"):
        article.unschedule(by=an_editor(), now=AT_NOON)
    changed = content(headline="Pier reopens")
    article.save_content(changed, by=a_journalist(), now=AT_NOON + SECOND, lock_version=opened)
    assert events(article)[-2:] == ["fire", "save"]
    assert (article.status, seen_headline(AT_NOON + SECOND)) == (Status.DRAFT, "Pier closes")


def test_a_form_opened_before_the_clock_fired_is_stale():
    article = scheduled(at=AT_NOON)
    with refused("after you opened it", ArticleChanged):
        article.save_content(
            content(headline="Late"), by=a_journalist(), now=AT_NOON, lock_version=article.lock_version
        )


# --- Embargo -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("verb", ["publish", "schedule", "publish_unreviewed"])
def test_no_way_leads_past_the_embargo(verb):
    article = approved()
    article.set_embargo(by=an_editor(), now=LATER, until=AT_NOON)
    more = {"schedule": {"at": AT_NOON - SECOND}, "publish_unreviewed": {"reason": WHY}}.get(verb, {})
    with refused(r"The embargo holds until October 1, 2026, 8:00 a\.m\. EDT\. Publish after that\."):
        getattr(article, verb)(by=a_managing_editor(), now=LATER, **more)


def test_at_the_second_of_its_end_the_embargo_holds_no_more():
    article = approved()
    article.set_embargo(by=an_editor(), now=LATER, until=AT_NOON)
    version = article.schedule(by=an_editor(), now=LATER, at=AT_NOON)
    assert (version.embargo, version.visible_from) == (AT_NOON, AT_NOON)


def test_an_embargo_past_the_scheduled_time_takes_it_off_the_schedule():
    article = scheduled(at=AT_NOON)
    article.set_embargo(by=an_editor(), now=LATER, until=AT_NOON + SECOND)
    assert (article.status, times(article)) == (Status.APPROVED, {1: (AT_NOON, AT_NOON)})
    assert article.events.last().data["unscheduled"] is True
    assert seen_headline(AT_NOON + timedelta(days=9)) is None


def test_an_embargo_up_to_the_scheduled_time_leaves_it_there():
    article = scheduled(at=AT_NOON)
    article.set_embargo(by=an_editor(), now=LATER, until=AT_NOON)
    assert (article.status, times(article)) == (Status.SCHEDULED, {1: (AT_NOON, None)})


def test_an_embargo_cannot_stop_what_goes_out_in_a_moment():
    article = scheduled(at=AT_NOON)
    with refused("too late to stop it"):
        article.set_embargo(by=an_editor(), now=AT_NOON - 3 * SECOND, until=AT_NOON + timedelta(days=1))


def test_words_that_are_up_have_no_embargo():
    article = published()
    with refused("this one is published"):
        article.set_embargo(by=an_editor(), now=LATER, until=AT_NOON)


def test_lifting_or_shortening_needs_a_reason_extending_does_not():
    article = a_draft()
    article.set_embargo(by=a_journalist(), now=LATER, until=AT_NOON)
    for until in (None, AT_NOON - SECOND):
        with refused("Say why the embargo is lifted or shortened"):
            article.set_embargo(by=a_journalist(), now=LATER, until=until, reason=" ")
    article.set_embargo(by=a_journalist(), now=LATER, until=AT_NOON + SECOND)
    article.set_embargo(by=an_editor(), now=LATER, until=None, reason=" The ministry agreed. ")
    assert article.embargo is None
    told = {"from": (AT_NOON + SECOND).isoformat(), "until": None, "reason": "The ministry agreed."}
    assert article.events.last().data.items() >= told.items()


def test_an_embargo_that_has_ended_is_taken_away_without_a_reason():
    article = a_draft()
    article.set_embargo(by=a_journalist(), now=LATER, until=AT_NOON)
    article.set_embargo(by=a_journalist(), now=AT_NOON, until=None)
    assert article.embargo is None


def test_embargoes_that_say_nothing_are_refused():
    article = a_draft()
    with refused("The story has no embargo"):
        article.set_embargo(by=a_journalist(), now=LATER, until=None)
    with refused("is past. An embargo ends at a time to come"):
        article.set_embargo(by=a_journalist(), now=LATER, until=LATER)
    article.set_embargo(by=a_journalist(), now=LATER, until=AT_NOON)
    with refused("That is the embargo it has already"):
        article.set_embargo(by=a_journalist(), now=LATER, until=AT_NOON)


def test_journalists_set_the_embargo_of_own_drafts_only():
    article = submitted()
    with refused("is for editors"):
        article.set_embargo(by=a_journalist(), now=LATER, until=AT_NOON)
    article, dele = a_draft(), a_journalist(username="dele")
    with refused("people of this story"):
        article.set_embargo(by=dele, now=LATER, until=AT_NOON)


def test_an_embargo_leaves_open_forms_good():
    article = a_draft()
    opened = article.lock_version
    article.set_embargo(by=a_journalist(), now=LATER, until=AT_NOON)
    assert article.lock_version == opened


# --- R8: when it was first published, and what moves "updated" ------------------------------------------------------


def test_dates_over_a_long_life():
    """First published when it was first seen, for ever; updated only with what readers should know."""
    article = scheduled(at=AT_NOON, headline="One")
    article.unschedule(by=an_editor(), now=LATER)
    article.schedule(by=an_editor(), now=LATER, at=AT_NOON + SECOND)
    day = [AT_NOON + timedelta(days=days) for days in range(8)]
    article.fire(now=day[1])
    republish(article, at=day[1], kind="typo", headline="Two")
    republish(article, at=day[2], kind="clarification", public_note="Two piers.", headline="Three")
    approved_again(article, at=day[3], kind="update", headline="Four")
    article.schedule(by=an_editor(), now=day[3], at=day[5])
    article.unschedule(by=an_editor(), now=day[4])
    article.publish(by=an_editor(), now=day[4])
    republish(article, at=day[6], kind="typo", headline="Five")
    told = article.publications.values_list("version", "kind", "first_published", "updated", "visible_from")
    first = AT_NOON + SECOND
    assert list(told) == [
        (1, "first", AT_NOON, None, AT_NOON),  # nobody ever saw it
        (2, "first", first, None, first),
        (3, "typo", first, None, day[1]),
        (4, "clarification", first, day[2], day[2]),
        (5, "update", first, day[5], day[5]),  # nor this
        (6, "update", first, day[4], day[4]),
        (7, "typo", first, day[4], day[6]),
    ]


def test_whoever_waited_for_the_row_acts_at_the_time_it_was_at_hand(monkeypatch):
    article = scheduled(at=AT_NOON)
    clock = iter([0.0, 9.0])
    monkeypatch.setattr(moving, "monotonic", lambda: next(clock))
    with pytest.raises(MoveNotAllowed, match="this one is published"):
        article.unschedule(by=an_editor(), now=AT_NOON - 7 * SECOND)


def test_a_clock_that_goes_back_leaves_what_was_seen_as_seen():
    article = published()
    seen = article.publications.get()
    republish(article, at=seen.visible_from - 3 * SECOND, headline="Pier opens")
    first, second = article.publications.order_by("version")
    assert first.visible_from == seen.visible_from < first.visible_until == second.visible_from
    assert second.first_published == seen.visible_from
