"""What a migration makes of events from before there were seals, and of those that followed them."""

from datetime import timedelta
from importlib import import_module

import pytest
from django.db import connection
from django.db.migrations.loader import MigrationLoader

from articles import triggers
from articles.models import Event

from .bending import bend
from .factories import BEGIN, a_managing_editor, published, republish
from .test_verify_history import verify

pytestmark = pytest.mark.django_db
MIGRATION = "0008_a_seal_for_every_event"
DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def apps():
    return MigrationLoader(None).project_state(("articles", MIGRATION)).apps


@pytest.fixture
def migrate(apps):
    def forward():
        with triggers.without(connection):
            import_module(f"articles.migrations.{MIGRATION}").seal_every_event(apps, None)

    return forward


def unseal(events):
    for event in events:
        del event.data["seal"]
        bend(Event.objects.filter(pk=event.pk), data=event.data)


def seals(story):
    return [event.seal for event in story.events.all()]


def test_every_event_is_sealed_as_if_it_had_always_been(migrate):
    stories = [published(), published()]
    republish(stories[1], at=BEGIN + DAY, headline="Later")
    had = [seals(story) for story in stories]
    unseal(Event.objects.all())
    migrate()
    assert [seals(story) for story in stories] == had
    assert verify()[1] == ""
    stories[0].record("assign", None, BEGIN + 2 * DAY)
    assert verify()[1] == ""


def with_older_events():
    """A story whose first events are from before there were seals."""
    story = published()
    unseal(story.events.all())
    for day in (1, 2, 3):
        story.record("assign", None, BEGIN + day * DAY)
    return story


def test_events_that_follow_older_ones_are_sealed_anew(migrate):
    story = with_older_events()
    before = seals(story)
    migrate()
    assert before[:5] == [""] * 5
    assert len(set(seals(story)) - set(before)) == 8
    assert verify()[1] == ""


def found(story):
    """The numbers of the events that are not as they were recorded."""
    lines = verify(article=story.pk)[0].splitlines()
    return [int(line.split()[3]) for line in lines if line.endswith("is not as it was recorded.")]


def test_an_event_that_was_bent_stays_found(migrate):
    story = with_older_events()
    bend(story.events.filter(number=7), actor=a_managing_editor())
    migrate()
    assert found(story) == [7]


def test_an_event_that_was_bent_and_stripped_of_its_seal_is_told_by_the_next_one(migrate):
    story = with_older_events()
    bend(story.events.filter(number=7), actor=a_managing_editor(), data={})
    migrate()
    assert found(story) == [8]


def test_an_event_that_is_no_record_any_more_is_left_alone(migrate):
    story = with_older_events()
    bend(story.events.filter(number=7), data=[])
    migrate()
    assert story.events.get(number=7).data == []
    assert found(story) == [7, 8]
