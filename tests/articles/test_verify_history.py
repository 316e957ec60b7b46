"""What `verify_history` finds: every kind of row is bent by SQL of our own, with the triggers away."""

import json
import re
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from articles import triggers
from articles.models import Article, PublicationByline, PublicationTopic
from articles.models.verbs.removing import BLANKED

from .bending import bend
from .factories import (
    BEGIN,
    FIRST_SEEN,
    SECOND,
    a_draft,
    a_journalist,
    a_managing_editor,
    a_topic,
    an_author,
    an_editor,
    approved,
    approved_again,
    published,
    reinstated,
    republish,
    retracted,
    scheduled,
    submitted,
    taken_down,
)

MICROSECOND, HOUR, DAY = timedelta(microseconds=1), timedelta(hours=1), timedelta(days=1)
SECRET = "Unprintable"
# What the database takes for a time, and Python does not.
NO_MOMENT = "infinity" if connection.vendor == "postgresql" else "2027-13-01 12:00"


def run(sql, *values):
    with connection.cursor() as cursor:
        cursor.execute(sql, values)


def verify(**options):
    """What the command prints, and what it says as it fails."""
    out, failure = StringIO(), ""
    try:
        call_command("verify_history", stdout=out, **options)
    except CommandError as refusal:
        failure = str(refusal)
    return out.getvalue(), failure


@pytest.fixture(scope="module")
def told(django_db_setup, django_db_blocker):
    """A newsroom with a story of every fate. What a test does to it is rolled back."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield newsroom()
        transaction.set_rollback(True)


def newsroom():
    live = published(headline=SECRET, topics=[a_topic().pk])
    republish(live, at=BEGIN + DAY, kind="correction", public_note=SECRET, standfirst="Corrected")
    return {
        "live": live,
        "sent back": sent_back(),
        "waiting": scheduled(at=BEGIN + DAY),
        "fired": fired(),
        "stopped": stopped(),
        "emergency": emergency(),
        "retracted": retracted(),
        "down": taken_down(),
        "back": reinstated(taken_down(), at=BEGIN + 2 * DAY, headline="Back again"),
        "blanked": blanked(),
        "discarded": discarded(),
        "begun": Article.start(by=a_journalist(), now=BEGIN),
        "embargoed": embargoed(),
        "brought back": brought_back(),
        "blanked in parts": blanked_in_parts(),
    }


def sent_back():
    story = submitted()
    story.request_changes(by=an_editor(), now=BEGIN + HOUR, comment="Ask the mayor.")
    return story


def fired():
    story = scheduled(at=BEGIN + DAY)
    story.fire(now=BEGIN + DAY)
    return story


def stopped():
    story = scheduled(at=BEGIN + DAY)
    story.unschedule(by=an_editor(), now=BEGIN + HOUR)
    return story


def emergency():
    story = a_draft()
    story.publish_unreviewed(by=a_managing_editor(), now=BEGIN + HOUR, reason="The dam is breaking right now")
    story.confirm_emergency(by=an_editor(), now=BEGIN + 2 * HOUR)
    return story


def blanked():
    story = published()
    story.propose_blank(by=a_managing_editor(), now=BEGIN + DAY, revisions=[1], reason="A source is named")
    story.confirm_blank(by=an_editor(), now=BEGIN + 2 * DAY)
    return story


def discarded():
    story = published()
    story.save_content(
        {**story.content(), "headline": "Not after all"}, by=story.creator, now=BEGIN + DAY, lock_version=None
    )
    story.discard(by=story.creator, now=BEGIN + 2 * DAY)
    return story


def embargoed():
    story = approved()
    story.set_embargo(by=an_editor(), now=BEGIN + HOUR, until=BEGIN + 2 * HOUR)
    story.publish(by=an_editor(), now=BEGIN + DAY)
    review = story.propose_retraction(by=an_editor(), now=BEGIN + 2 * DAY, notice="This was wrong.")
    story.confirm_retraction(by=a_managing_editor(), now=BEGIN + 3 * DAY, sha256=review.sha256)
    return story


def brought_back():
    story = a_draft()
    for number, headline in enumerate(("Another", "A third"), start=1):
        words = {**story.content(), "headline": headline}
        story.save_content(words, by=story.creator, now=BEGIN + number * HOUR, lock_version=None)
    story.restore(1, by=story.creator, now=BEGIN + DAY)
    return story


def blanked_in_parts():
    """Sent back, out in an emergency, corrected, and blanked twice."""
    story = sent_back()
    story.publish_unreviewed(by=a_managing_editor(), now=BEGIN + 2 * HOUR, reason="The dam is breaking right now")
    republish(story, at=BEGIN + DAY, kind="correction", public_note=SECRET, headline="Later")
    for day, number in ((2, 1), (3, 2)):
        story.propose_blank(by=a_managing_editor(), now=BEGIN + day * DAY, revisions=[number], reason="It names one")
        story.confirm_blank(by=an_editor(), now=BEGIN + day * DAY + HOUR)
    return story


def test_a_newsroom_where_nobody_bent_anything_agrees_with_itself(told, db):
    out, failure = verify()
    assert failure == ""
    assert out.startswith("The history agrees with itself. Read were stories: 15, ")


def test_one_story_can_be_looked_at_alone(told, db):
    assert verify(article=told["fired"].pk)[0].startswith(
        "The history agrees with itself. Read were stories: 1, revisions: 1, "
    )
    assert verify(article=0)[1] == "There is no story 0."


def find(told, story, row, sql, *values):
    """What is found once `sql` was run for one row: [(row, words), …], without the names of tables."""
    with triggers.without(connection):
        run(f"{sql} WHERE id = %s", *values, row.pk)
    out, failure = verify(article=told[story].pk)
    lines = [re.sub(r"^story \d+,? ?| \(articles_\w+ \d+\)", "", line) for line in out.splitlines()]
    assert failure.startswith(f"Findings: {len(lines)}. Read were stories: 1, ")
    assert SECRET not in out
    return [tuple(line.split(": ", 1)) for line in lines]


HASH = "its words do not give its hash."
REVIEW_HASH = "what it is about does not give the hash it signs."
OPENED, DECIDED = "no event tells who opened it then.", "no event tells who decided it so."
NO_REVIEW = "the review that it tells of is not there, or is not so."
UNSIGNED = "no review signed its words for these people."
DATES, ENDS = "its dates are not what they were.", "it does not end where the next one begins."
BENT = "it, or the one before it, is not as it was recorded."
OTHER_WORDS = "its event tells of another hash, or of other words brought back."
NO_TAKEDOWN = "no event tells who took the story down then, and why."
NOT_THERE = "the takedown it tells of is not there."
UNREADABLE = "{} goes no further ({}): a row is in a form that nothing writes."
OTHERWISE = "event {} tells of another kind, hash, time or person."


def somebody():
    return a_journalist(username="nobody").pk


# --- Hashes ----------------------------------------------------------------------------------------------------------


def test_other_words_in_a_revision(told, db):
    first = told["live"].revisions.get(number=1)
    assert find(told, "live", first, "UPDATE articles_revision SET content = '{}'") == [
        ("revision 1", HASH),
        ("review", REVIEW_HASH),
    ]


def test_another_hash_of_a_revision(told, db):
    latest = told["live"].latest_revision
    assert find(told, "live", latest, "UPDATE articles_revision SET sha256 = %s", "0" * 64) == [
        ("revision 2", HASH),
        ("revision 2", OTHER_WORDS),
        ("story", "its working copy is not revision 2."),
    ]


def test_other_words_in_the_working_copy(told, db):
    found = find(told, "live", told["live"], "UPDATE articles_article SET headline = 'Other'")
    assert found == [("story", "its working copy is not revision 2.")]


def test_a_note_to_readers_that_nobody_signed(told, db):
    second = told["live"].publications.get(version=2)
    found = find(told, "live", second, "UPDATE articles_publication SET public_note = 'All was right.'")
    assert found == [("version 2", HASH)]


def test_markup_that_cleaning_would_take_out_again(told, db):
    second = told["live"].publications.get(version=2)
    evil = "UPDATE articles_publication SET body = body || '<script src=//evil.example></script>'"
    assert find(told, "live", second, evil) == [("version 2", HASH)]


def test_another_byline(told, db):
    line = PublicationByline.objects.get(publication__article=told["live"], publication__version=1)
    dele = an_author(name="Dele Okonkwo").pk
    found = find(told, "live", line, "UPDATE articles_publicationbyline SET author_id = %s", dele)
    assert found == [("version 1", HASH)]


def test_a_topic_that_is_gone(told, db):
    link = PublicationTopic.objects.get(publication__article=told["live"], publication__version=1)
    assert find(told, "live", link, "DELETE FROM articles_publication_topics") == [("version 1", HASH)]


def test_a_review_that_signs_another_kind(told, db):
    review = told["live"].latest_review
    assert find(told, "live", review, "UPDATE articles_review SET kind = 'typo'") == [
        ("review", REVIEW_HASH),
        ("review", OPENED),
        ("version 2", UNSIGNED),
    ]


def test_another_notice_of_a_retraction(told, db):
    review = told["retracted"].reviews.get(subject="retraction")
    found = find(told, "retracted", review, "UPDATE articles_review SET public_note = 'A small mistake.'")
    assert found == [("review", REVIEW_HASH)]


# --- People, times and numbers ---------------------------------------------------------------------------------------


def test_somebody_else_who_saved(told, db):
    revision = told["live"].latest_revision
    found = find(told, "live", revision, "UPDATE articles_revision SET by_id = %s", somebody())
    assert found == [
        ("revision 2", "no event tells who saved it then."),
        ("event 6", "it tells of a revision that is not there."),
    ]


def test_somebody_else_who_submitted(told, db):
    review = told["sent back"].latest_review
    found = find(told, "sent back", review, "UPDATE articles_review SET submitted_by_id = %s", somebody())
    assert found == [("review", OPENED), ("event 3", NO_REVIEW)]


def test_another_comment(told, db):
    review = told["sent back"].latest_review
    found = find(told, "sent back", review, "UPDATE articles_review SET comment = 'Well done.'")
    assert found == [("review", DECIDED)]


def test_a_comment_that_is_gone(told, db):
    review = told["sent back"].latest_review
    found = find(told, "sent back", review, "UPDATE articles_review SET comment = ''")
    assert found == [("review", DECIDED)]


def test_a_review_that_is_gone(told, db):
    review = told["sent back"].latest_review
    assert find(told, "sent back", review, "DELETE FROM articles_review") == [
        ("event 3", NO_REVIEW),
        ("event 4", NO_REVIEW),
    ]


def test_an_approval_that_is_none(told, db):
    review = told["live"].latest_review
    assert find(told, "live", review, "UPDATE articles_review SET outcome = 'withdrawn'") == [
        ("review", DECIDED),
        ("event 8", NO_REVIEW),
        ("version 2", UNSIGNED),
    ]


def test_somebody_else_who_approved_what_is_public(told, db):
    second = told["live"].publications.get(version=2)
    found = find(told, "live", second, "UPDATE articles_publication SET approved_by_id = %s", somebody())
    assert found == [("version 2", UNSIGNED)]


def test_somebody_else_who_published_in_an_emergency(told, db):
    version = told["emergency"].publications.get()
    found = find(told, "emergency", version, "UPDATE articles_publication SET emergency_by_id = %s", somebody())
    assert found == [("version 1", OTHERWISE.format(3)), ("version 1", UNSIGNED)]


def test_an_event_that_is_gone(told, db):
    event = told["live"].events.get(verb="publish", number=5)
    assert find(told, "live", event, "DELETE FROM articles_event") == [
        ("", "events 5 are not there."),
        ("event 6", BENT),
        ("version 1", "0 events tell that it was published, instead of one."),
    ]


def test_an_event_that_says_something_else(told, db):
    event = told["live"].events.get(verb="publish", number=5)
    found = find(told, "live", event, "UPDATE articles_event SET data = '[]'")
    assert found == [
        ("event 5", BENT),
        ("event 6", BENT),
        ("version 1", "0 events tell that it was published, instead of one."),
        ("event 5", "it tells of a version that is not there."),
    ]


def test_an_event_of_another_time(told, db):
    event = told["live"].events.get(verb="publish", number=5)
    found = find(told, "live", event, "UPDATE articles_event SET at = '2027-01-01 00:00:00+00:00'")
    assert found == [("event 5", BENT), ("version 1", OTHERWISE.format(5))]


@pytest.mark.parametrize(
    ("story", "verb", "column", "value"),
    [
        ("live", "publish", "actor_id", "(SELECT creator_id FROM articles_article WHERE id = article_id)"),
        ("live", "publish", "actor_id", "NULL"),
        ("fired", "fire", "at", "'2027-01-01 00:00:00+00:00'"),
        ("fired", "fire", "verb", "'assign'"),
        ("embargoed", "embargo", "data", """'{"from": null, "until": null, "reason": ""}'"""),
    ],
)
def test_an_event_that_no_other_row_tells_of(told, db, story, verb, column, value):
    event = told[story].events.filter(verb=verb).first()
    found = find(told, story, event, f"UPDATE articles_event SET {column} = {value}")
    assert (f"event {event.number}", BENT) in found


@pytest.mark.parametrize(
    ("story", "verb", "data"),
    [
        ("live", "submit", "null"),
        ("live", "submit", "7"),
        ("live", "submit", '{"seal": 5}'),
        ("live", "submit", '{"seal": ["x"]}'),
        ("live", "publish", '{"version": []}'),
        ("live", "publish", '{"version": {}}'),
        ("fired", "schedule", '{"version": 1, "at": 7}'),
        ("down", "take_down", '{"code": []}'),
        ("embargoed", "embargo", '{"until": "soon"}'),
        ("embargoed", "embargo", '{"until": 5}'),
        ("blanked", "confirm_blank", "[]"),
        ("blanked", "confirm_blank", '{"revisions": 1}'),
        ("blanked", "confirm_blank", '{"revisions": [[1]], "code": 410}'),
        ("blanked", "confirm_blank", '{"revisions": [1], "code": [410], "taken_down": true}'),
    ],
)
def test_an_event_in_a_form_that_no_verb_writes(told, db, story, verb, data):
    event = told[story].events.filter(verb=verb).first()
    found = find(told, story, event, "UPDATE articles_event SET data = %s", data)
    assert (f"event {event.number}", BENT) in found


def test_a_form_that_a_look_cannot_read_ends_that_look_alone(told, db):
    event, version = told["embargoed"].events.get(verb="embargo"), told["embargoed"].publications.first()
    with triggers.without(connection):
        run("UPDATE articles_event SET data = %s WHERE id = %s", '{"until": "soon"}', event.pk)
    other = "UPDATE articles_publication SET first_published = '2026-01-01 12:00:00+00:00'"
    found = find(told, "embargoed", version, other)
    assert found == [
        (f"event {event.number}", BENT),
        (f"event {event.number + 1}", BENT),
        ("", UNREADABLE.format("embargoes_hold", "ValueError")),
        ("version 1", DATES),
        ("version 2", DATES),
    ]


def test_a_row_that_cannot_be_read_at_all_hides_no_other_story(told, db):
    with triggers.without(connection):
        run("UPDATE articles_event SET at = %s WHERE article_id = %s", NO_MOMENT, told["begun"].pk)
        run("UPDATE articles_event SET actor_id = NULL WHERE article_id = %s", told["live"].pk)
    out, failure = verify()
    assert f"story {told['begun'].pk}: its rows cannot be read" in out
    assert f"story {told['live'].pk}, event 1" in out
    assert "Read were stories: 14, " in failure


def test_an_event_sealed_anew_is_told_by_the_next_one(told, db):
    event = told["live"].events.get(verb="publish", number=5)
    event.actor_id = somebody()
    event.data["seal"] = event.seal_after(told["live"].events.get(number=4).seal)
    bend(told["live"].events.filter(number=5), actor=event.actor_id, data=event.data)
    assert verify(article=told["live"].pk)[0].split(": ", 1)[1] == f"{BENT}\n"


def test_a_story_stripped_of_every_seal(told, db):
    story = told["brought back"]
    for event in story.events.all():
        del event.data["seal"]
        bend(story.events.filter(pk=event.pk), data=event.data)
    found = f"{BENT}\n"
    assert verify(article=story.pk)[0].count(found) == story.events.count()
    story.record("assign", None, BEGIN + 2 * DAY)
    assert verify(article=story.pk)[0].count(found) == story.events.count() - 1


def test_another_reason_of_an_emergency(told, db):
    version = told["emergency"].publications.get()
    reason = "UPDATE articles_publication SET emergency_reason = 'Nobody was there to read it'"
    assert find(told, "emergency", version, reason) == [
        ("version 1", "event 3 tells of another reason for the emergency.")
    ]


def test_another_embargo_of_a_version(told, db):
    version = told["embargoed"].publications.first()
    bent = ("version 1", "its embargo is not what held then.")
    assert find(told, "embargoed", version, "UPDATE articles_publication SET embargo = NULL") == [bent]
    assert find(told, "embargoed", version, "UPDATE articles_publication SET embargo = visible_from") == [bent]


def test_another_embargo_of_a_story(told, db):
    found = find(told, "embargoed", told["embargoed"], "UPDATE articles_article SET embargo = NULL")
    assert found == [("story", "its embargo is not what was set.")]


def test_words_brought_back_from_nowhere(told, db):
    revision = told["brought back"].latest_revision
    for former in ("NULL", str(told["brought back"].revisions.get(number=2).pk)):
        found = find(told, "brought back", revision, f"UPDATE articles_revision SET restored_from_id = {former}")
        assert found == [(f"revision {revision.number}", OTHER_WORDS)]


# --- What readers saw, and when ---------------------------------------------------------------------------------------


def test_a_version_that_ended_earlier_than_the_next_began(told, db):
    first = told["live"].publications.get(version=1)
    found = find(told, "live", first, "UPDATE articles_publication SET visible_until = visible_from")
    assert ("version 2", DATES) in found
    other = "UPDATE articles_publication SET visible_until = '2026-10-01 12:00:00+00:00'"
    assert find(told, "live", first, other) == [("version 1", ENDS)]


UNSEEN = "nobody is said to have seen it, and no event took it off the schedule."


def test_the_only_version_made_unseen(told, db):
    version = told["emergency"].publications.get()
    found = find(told, "emergency", version, "UPDATE articles_publication SET visible_until = visible_from")
    assert found == [("version 1", UNSEEN)]


def test_a_version_made_unseen_and_the_one_before_it_brought_back(told, db):
    first, second = told["live"].publications.order_by("version")
    with triggers.without(connection):
        run("UPDATE articles_publication SET visible_until = visible_from WHERE id = %s", second.pk)
    found = find(told, "live", first, "UPDATE articles_publication SET visible_until = NULL")
    assert found == [("version 2", UNSEEN)]


def test_a_version_that_fired_and_is_made_unseen(told, db):
    version = told["fired"].publications.get()
    found = find(told, "fired", version, "UPDATE articles_publication SET visible_until = visible_from")
    assert ("version 1", UNSEEN) in found


def test_a_status_that_no_verb_led_to(told, db):
    found = find(told, "live", told["live"], "UPDATE articles_article SET status = 'draft'")
    assert found == [("story", "its events lead to “Published”.")]


def test_another_date_of_first_publication(told, db):
    second = told["live"].publications.get(version=2)
    found = find(told, "live", second, "UPDATE articles_publication SET first_published = visible_from")
    assert found == [("version 2", DATES)]


def test_a_correction_that_says_nothing_of_its_date(told, db):
    second = told["live"].publications.get(version=2)
    assert find(told, "live", second, "UPDATE articles_publication SET updated = NULL") == [("version 2", DATES)]


def test_a_scheduled_version_whose_time_nobody_booked(told, db):
    fire = told["fired"].events.get(verb="fire")
    found = find(told, "fired", fire, "DELETE FROM articles_event")
    assert found == [
        ("story", "its events lead to “Scheduled”."),
        ("version 1", "0 events tell that its time came, instead of 1."),
    ]


def test_a_version_brought_forward(told, db):
    version = told["waiting"].publications.get()
    at = "visible_from = '2026-10-01 12:00:00+00:00', first_published = '2026-10-01 12:00:00+00:00'"
    found = find(told, "waiting", version, f"UPDATE articles_publication SET {at}")
    assert found == [("version 1", OTHERWISE.format(5))]


def test_a_machine_whose_clock_is_behind(db):
    """It publishes, and schedules, before the moment at which another machine has published."""
    story = published()
    republish(story, at=FIRST_SEEN - 3 * SECOND, headline="At once")
    approved_again(story, at=FIRST_SEEN - 2 * SECOND, headline="In time")
    story.schedule(by=an_editor(), now=FIRST_SEEN - 2 * SECOND, at=FIRST_SEEN - SECOND)
    story.fire(now=FIRST_SEEN + SECOND)
    right_after = [FIRST_SEEN + number * MICROSECOND for number in range(3)]
    assert list(story.publications.order_by("version").values_list("visible_from", flat=True)) == right_after
    assert verify(article=story.pk)[1] == ""


def test_a_version_that_begins_right_after_the_one_before_it_and_was_published_later(told, db):
    first, second = told["live"].publications.order_by("version")
    begin = {"visible_from": first.visible_from + MICROSECOND, "updated": first.visible_from + MICROSECOND}
    bend(told["live"].publications.filter(version=1), visible_until=begin["visible_from"])
    bend(told["live"].publications.filter(version=2), **begin)
    found = verify(article=told["live"].pk)[0]
    assert found == f"story {told['live'].pk}, version 2 (articles_publication {second.pk}): {OTHERWISE.format(9)}\n"


def test_a_takedown_whose_reason_reads_like_that_of_a_blanking(db):
    story = taken_down(reason=BLANKED)
    story.propose_blank(by=a_managing_editor(), now=BEGIN + 2 * DAY, revisions=[1], reason="A source is named")
    story.confirm_blank(by=an_editor(), now=BEGIN + 3 * DAY)
    assert verify(article=story.pk)[1] == ""


def test_a_takedown_of_another_code(told, db):
    takedown = told["down"].takedowns.get()
    found = find(told, "down", takedown, "UPDATE articles_takedown SET code = 451")
    assert found == [("takedown", NO_TAKEDOWN), ("event 6", NOT_THERE)]


def test_another_reason_of_a_takedown(told, db):
    takedown = told["down"].takedowns.get()
    found = find(told, "down", takedown, "UPDATE articles_takedown SET reason = 'Nobody liked it'")
    assert found == [("takedown", NO_TAKEDOWN)]


def test_a_takedown_that_is_gone(told, db):
    takedown = told["down"].takedowns.get()
    found = find(told, "down", takedown, "DELETE FROM articles_takedown")
    assert found == [("event 6", NOT_THERE)]


def test_a_takedown_of_a_blanking_that_is_gone(told, db):
    takedown = told["blanked"].takedowns.get()
    found = find(told, "blanked", takedown, "DELETE FROM articles_takedown")
    assert ("event 7", NOT_THERE) in found


def test_a_takedown_of_a_blanking_in_the_name_of_another(told, db):
    takedown = told["blanked"].takedowns.get()
    found = find(told, "blanked", takedown, "UPDATE articles_takedown SET by_id = %s", somebody())
    assert found == [("takedown", NO_TAKEDOWN)]


def test_a_takedown_that_nobody_lifted(told, db):
    takedown = told["down"].takedowns.get()
    lifted = "UPDATE articles_takedown SET lifted_at = at, lifted_by_id = by_id"
    assert find(told, "down", takedown, lifted) == [("takedown", "no event tells who reinstated the story then.")]


# --- Blanking ---------------------------------------------------------------------------------------------------------


def test_words_that_came_back_after_the_blanking(told, db):
    revision = told["blanked"].latest_revision
    found = find(told, "blanked", revision, "UPDATE articles_revision SET content = '{}'")
    assert ("revision 1", "its words are still there, and the history tells otherwise.") in found


def test_words_that_went_without_a_blanking(told, db):
    first = told["live"].revisions.get(number=1)
    found = find(told, "live", first, "UPDATE articles_revision SET content = NULL")
    assert found == [("revision 1", "its words went, and the history tells otherwise.")]


def test_a_version_with_words_after_its_blanking(told, db):
    version = told["blanked"].publications.get()
    found = find(told, "blanked", version, "UPDATE articles_publication SET headline = 'Back'")
    assert found == [("version 1", "it is not blanked as the history tells.")]


@pytest.mark.parametrize("change", ["blanked_code = 451", "blanked_at = visible_from"])
def test_a_version_blanked_otherwise(told, db, change):
    version = told["blanked"].publications.get()
    found = find(told, "blanked", version, f"UPDATE articles_publication SET {change}")
    assert found == [("version 1", "it is not blanked as the history tells.")]


def test_another_hash_of_blanked_words(told, db):
    revision = told["blanked"].latest_revision
    found = find(told, "blanked", revision, "UPDATE articles_revision SET sha256 = %s", "0" * 64)
    assert found == [("revision 1", OTHER_WORDS)]


def test_a_comment_beside_blanked_words(told, db):
    review = told["blanked"].reviews.get()
    found = find(told, "blanked", review, "UPDATE articles_review SET comment = 'As she said'")
    assert ("review", "what was said beside blanked words is still there.") in found


def test_a_blanking_by_somebody_else(told, db):
    blanking = told["blanked"].blankings.get()
    assert find(told, "blanked", blanking, "UPDATE articles_blanking SET decided_by_id = %s", somebody()) == [
        ("blanking", "no event tells who decided it then."),
        ("event 7", "the blanking that it tells of is not there, or is another one."),
    ]


def test_a_blanking_proposed_otherwise(told, db):
    blanking = told["blanked"].blankings.get()
    found = find(told, "blanked", blanking, "UPDATE articles_blanking SET revisions = '[]'")
    assert found == [("blanking", "no event tells who proposed it then.")]


PRETENDS = "it says that words of it are gone, and nobody blanked any."


def test_an_event_that_pretends_to_be_blanked(told, db):
    event = told["live"].events.get(verb="start")
    data = json.dumps(event.data | {"blanked": True})
    found = find(told, "live", event, "UPDATE articles_event SET data = %s", data)
    assert found == [("event 1", PRETENDS)]


def test_an_event_that_pretends_to_be_blanked_by_an_earlier_blanking(told, db):
    story = told["blanked"]
    event = story.events.get(verb="confirm_blank")
    later = story.record("embargo", an_editor(), BEGIN + 3 * DAY, reason="Promised to a source")
    assert later.number > event.number
    data = json.dumps({"blanked": True, "seal": later.seal})
    found = find(told, "blanked", later, "UPDATE articles_event SET data = %s", data)
    assert (f"event {later.number}", PRETENDS) in found


def test_an_event_that_pretends_to_be_blanked_where_other_words_were(told, db):
    story = told["live"]
    story.propose_blank(by=a_managing_editor(), now=BEGIN + 3 * DAY, revisions=[1], reason="A source is named")
    story.confirm_blank(by=an_editor(), now=BEGIN + 4 * DAY)
    event = story.events.filter(verb="submit").last()
    data = json.dumps(event.data | {"blanked": True})
    found = find(told, "live", event, "UPDATE articles_event SET data = %s", data)
    assert found == [(f"event {event.number}", PRETENDS)]
