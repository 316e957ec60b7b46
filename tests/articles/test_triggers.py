"""What the database refuses, whoever asks, in SQL that knows none of our code."""

import sqlite3
import uuid
from datetime import timedelta

import pytest
from django.apps import apps
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.db import IntegrityError, connection, models, transaction
from django.test.utils import CaptureQueriesContext

from articles import triggers
from articles.models import (
    ArticlePicture,
    Blanking,
    Event,
    FormerSlug,
    Publication,
    PublicationByline,
    PublicationTopic,
    Review,
    Revision,
    Takedown,
    Waiver,
)
from articles.models.kept import Kept

from .factories import (
    BEGIN,
    a_managing_editor,
    a_picture,
    a_section,
    a_topic,
    an_author,
    an_editor,
    published,
    reinstated,
    republish,
)

HISTORY = [held.model for held in triggers.HELD]
SQLITE, POSTGRESQL = connection.vendor == "sqlite", connection.vendor == "postgresql"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture(scope="module")
def told(django_db_setup, django_db_blocker):
    """A row of every kind of history: {model: row}. What a test does to them is rolled back."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield tell()
        transaction.set_rollback(True)


def tell():
    """A story that was changed, taken down and reinstated, with a blanking that was dropped and a waiver lifted."""
    story = published(topics=[a_topic().pk])
    republish(story, at=BEGIN + DAY, kind="correction", public_note="It is the north pier.", headline="North pier")
    story.take_down(by=a_managing_editor(), now=BEGIN + 2 * DAY, reason="An injunction")
    reinstated(story, at=BEGIN + 3 * DAY, headline="The pier", topics=[a_topic().pk])
    story.propose_blank(by=a_managing_editor(), now=BEGIN + 4 * DAY, revisions=[1], reason="A name")
    story.drop_blank(by=an_editor(), now=BEGIN + 5 * DAY)
    story.waivers.create(item="standfirst", reason="A list", by=an_editor(), at=BEGIN)
    story.waivers.lift(by=an_editor(), now=BEGIN + DAY)
    section = a_section(name="Shore")
    section.slug = "beach"
    section.save()
    corrected = story.publications.get(version=2)
    return {
        ArticlePicture: ArticlePicture.objects.create(article=story, picture=a_picture()),
        Revision: story.revisions.get(number=2),
        Review: story.reviews.get(kind="correction"),
        Event: story.events.get(verb="take_down"),
        Publication: corrected,
        PublicationByline: corrected.bylines.get(),
        PublicationTopic: PublicationTopic.objects.get(publication=corrected),
        Takedown: story.takedowns.get(),
        Blanking: story.blankings.get(),
        FormerSlug: FormerSlug.objects.get(),
        Waiver: story.waivers.get(),
    }


OTHERS = {
    models.BooleanField: lambda was: not was,
    models.CharField: lambda was: f"{was or ''}x"[-64:],
    models.DateTimeField: lambda was: (was or BEGIN) + HOUR,
    models.ForeignKey: lambda was: uuid.uuid4() if isinstance(was, uuid.UUID) else (was or 0) + 1000,
    models.JSONField: lambda was: ["bent"],
    models.IntegerField: lambda was: was + 1 if was else 410,
    models.UUIDField: lambda was: uuid.uuid4(),
}


def other(row, field):
    """A value of `field` that `row` does not have, as the database takes it."""
    kind = models.CharField if isinstance(field, models.TextField) else type(field)
    make = next(make for known, make in OTHERS.items() if issubclass(kind, known))
    return field.get_db_prep_save(make(getattr(row, field.attname)), connection)


def run(sql, *values):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, values)


def refused(sql, *values, because):
    with pytest.raises(IntegrityError, match=because):
        run(sql, *values)


def columns_of(model):
    free = {"visible_until"} if model is Publication else set()
    return [(model, field) for field in model._meta.concrete_fields if field.name not in free]


def name(it):
    return getattr(it, "__name__", None) or it.name


@pytest.mark.parametrize(("model", "field"), [pair for model in HISTORY for pair in columns_of(model)], ids=name)
def test_no_column_of_history_changes(told, db, model, field):
    row, table = told[model], model._meta.db_table
    words = next(held.changes for held in triggers.HELD if held.model is model)
    refused(f'UPDATE "{table}" SET "{field.column}" = %s WHERE id = %s', other(row, field), row.pk, because=words[:40])
    assert model.objects.filter(pk=row.pk).values_list(field.attname, flat=True).get() == getattr(row, field.attname)


@pytest.mark.parametrize("model", HISTORY, ids=name)
def test_no_row_of_history_is_deleted(told, db, model):
    refused(f'DELETE FROM "{model._meta.db_table}" WHERE id = %s', told[model].pk, because="never deleted")
    assert model.objects.filter(pk=told[model].pk).exists()


@pytest.mark.parametrize("model", HISTORY, ids=name)
def test_no_row_of_history_is_written_over(told, db, model):
    table, columns = model._meta.db_table, ", ".join(f'"{field.column}"' for field in model._meta.concrete_fields)
    same = f'SELECT {columns} FROM "{table}" WHERE id = %s'
    if SQLITE:
        refused(
            f'REPLACE INTO "{table}" ({columns}) {same}',
            told[model].pk,
            because="never deleted|joins it|not written over",
        )
    column = model._meta.concrete_fields[1].column
    taken = f'ON CONFLICT (id) DO UPDATE SET "{column}" = NULL'
    with pytest.raises(IntegrityError):
        run(f'INSERT INTO "{table}" ({columns}) {same} {taken}', told[model].pk)
    assert model.objects.filter(pk=told[model].pk).values_list(column, flat=True).get() is not None


@pytest.fixture
def plain(told, db, tmp_path):
    """Another client's connection to a copy, with none of our pragmas."""
    copy = tmp_path / "copy.sqlite3"
    copy.write_bytes(connection.connection.serialize())
    copy = sqlite3.connect(copy)
    yield copy
    copy.close()


@pytest.mark.skipif(not SQLITE, reason="PostgreSQL has no REPLACE")
@pytest.mark.parametrize("model", HISTORY, ids=name)
def test_a_plain_client_writes_no_row_over(told, plain, model):
    table = model._meta.db_table
    with pytest.raises(sqlite3.IntegrityError, match=r"not written over|joins it"):
        plain.execute(f'REPLACE INTO "{table}" SELECT * FROM "{table}" WHERE id = ?', [told[model].pk])


@pytest.mark.skipif(not SQLITE, reason="PostgreSQL has no REPLACE")
@pytest.mark.parametrize(
    ("model", "keys"),
    [(Event, "article_id, number"), (FormerSlug, "kind, slug"), (ArticlePicture, "article_id, picture_id")],
    ids=["event", "address", "picture"],
)
def test_a_plain_client_takes_no_unique_key(told, plain, model, keys):
    rest = ", ".join(f'"{it.column}"' for it in model._meta.concrete_fields[1:])
    assert set(keys.split(", ")) <= set(rest.replace('"', "").split(", "))
    table = model._meta.db_table
    with pytest.raises(sqlite3.IntegrityError, match="not written over"):
        plain.execute(f'REPLACE INTO "{table}" ({rest}) SELECT {rest} FROM "{table}" WHERE id = ?', [told[model].pk])


@pytest.mark.skipif(not SQLITE, reason="PostgreSQL has no REPLACE")
def test_a_plain_client_does_not_replace_what_is_open(told, plain):
    columns = [
        it.column for it in Waiver._meta.concrete_fields if it.column not in {"id", "lifted_at", "lifted_by_id"}
    ]
    again = (
        f"INTO articles_waiver ({', '.join(columns)}) SELECT {', '.join(columns)} FROM articles_waiver WHERE id = ?"
    )
    plain.execute(f"INSERT {again}", [told[Waiver].pk])  # the one that is there was lifted
    with pytest.raises(sqlite3.IntegrityError, match="not written over"):
        plain.execute(f"REPLACE {again}", [told[Waiver].pk])


@pytest.mark.skipif(not POSTGRESQL, reason="SQLite has no TRUNCATE")
@pytest.mark.parametrize("model", HISTORY, ids=name)
def test_no_table_of_history_is_emptied(told, db, model):
    connection.check_constraints()
    refused(f'TRUNCATE "{model._meta.db_table}" CASCADE', because="never deleted")


def test_every_model_of_history_is_held():
    assert set(HISTORY) == {model for model in apps.get_models() if issubclass(model, Kept)}


# --- What may still happen, and only so ------------------------------------------------------------------------------


def test_a_revision_loses_its_words_and_nothing_else(told, db):
    row = told[Revision]
    refused("UPDATE articles_revision SET content = NULL, number = 9 WHERE id = %s", row.pk, because="as it was saved")
    run("UPDATE articles_revision SET content = NULL WHERE id = %s", row.pk)
    assert Revision.objects.get(pk=row.pk).is_blanked


def test_an_event_loses_typed_words_and_says_so(told, db):
    event = told[Event]
    sealed = {"code": 410, "seal": event.seal}
    kept = sealed | {"blanked": True}
    bent = [{}, {"blanked": True}, event.data | {"blanked": True}, kept | {"code": 451}, kept | {"seal": ""}, sealed]
    for data in bent:
        data = Event._meta.get_field("data").get_db_prep_save(data, connection)
        refused("UPDATE articles_event SET data = %s WHERE id = %s", data, event.pk, because="as it happened")
    refused("DELETE FROM articles_event WHERE id = %s", event.pk, because="An event is part of the history")
    event.blank()
    assert Event.objects.get(pk=event.pk).data == kept


def test_an_event_whose_words_are_in_any_script_can_be_blanked(told, db):
    event = told[Event].article.record(
        "submit", an_editor(), BEGIN, comment="Größe", kind="„Größe“ \\ 1/2", n=[1.50, None]
    )
    event.blank()
    told = {"kind": "„Größe“ \\ 1/2", "n": [1.5, None], "seal": event.seal, "blanked": True}
    assert Event.objects.get(pk=event.pk).data == told


def test_an_open_review_is_decided_once(told, db):
    story = told[Review].article
    review = Review.objects.create(
        article=story,
        revision=told[Revision],
        kind="typo",
        sha256="0" * 64,
        submitted_by=an_editor(),
        submitted_at=BEGIN,
    )
    decision = "outcome = 'approved', decided_by_id = %s, decided_at = '2026-10-09 09:00:00+00:00'"
    ruth = a_managing_editor().pk
    more = f"UPDATE articles_review SET {decision}, kind = 'correction' WHERE id = %s"
    refused(more, ruth, review.pk, because="decided once")
    run(f"UPDATE articles_review SET {decision} WHERE id = %s", ruth, review.pk)
    again = "UPDATE articles_review SET outcome = NULL, decided_by_id = NULL, decided_at = NULL WHERE id = %s"
    refused(again, review.pk, because="decided once")


def test_a_review_loses_its_comment_and_its_note_together(told, db):
    row = told[Review]
    refused("UPDATE articles_review SET comment = '', public_note = 'Other' WHERE id = %s", row.pk, because="once")
    Review.objects.filter(pk=row.pk).blank()
    assert Review.objects.get(pk=row.pk).public_note == ""


def test_a_version_is_blanked_whole_and_once(told, db):
    version = told[Publication]
    half = "UPDATE articles_publication SET blanked_at = visible_from, blanked_code = 410, headline = '' WHERE id = %s"
    refused(half, version.pk, because="as it was signed")
    version.blank(code=410, now=BEGIN + 9 * DAY)
    blanked = Publication.objects.get(pk=version.pk)
    assert (blanked.headline, blanked.body, blanked.public_note, blanked.sha256) == ("", "", "", version.sha256)
    again = "UPDATE articles_publication SET blanked_code = 451 WHERE id = %s"
    refused(again, version.pk, because="as it was signed")


@pytest.mark.parametrize(
    ("model", "column", "gone"),
    [(PublicationByline, "role", ""), (Waiver, "reason", "(blanked with the words)")],
    ids=["role", "reason"],
)
def test_what_was_typed_beside_the_words_may_go_and_become_nothing_else(told, db, model, column, gone):
    row = told[model]
    refused(f"UPDATE {model._meta.db_table} SET {column} = 'Other' WHERE id = %s", row.pk, because="blanking may")
    model.objects.filter(pk=row.pk).blank()
    assert model.objects.filter(pk=row.pk).values_list(column, flat=True).get() == gone


def test_a_dropped_takedown_cannot_be_put_back(told, db):
    again = "UPDATE articles_takedown SET lifted_by_id = NULL, lifted_at = NULL WHERE id = %s"
    refused(again, told[Takedown].pk, because="lifted once")


# --- Spans of time, and lists ----------------------------------------------------------------------------------------


def test_two_versions_are_never_public_at_the_same_time(told, db):
    second = told[Publication]
    first = second.article.publications.get(version=1)
    late = Publication._meta.get_field("visible_until").get_db_prep_save(second.visible_from + HOUR, connection)
    longer = "UPDATE articles_publication SET visible_until = %s WHERE id = %s"
    refused(longer, late, first.pk, because="public at the same time")
    reopened = "UPDATE articles_publication SET visible_until = NULL WHERE id = %s"
    refused(reopened, first.pk, because="public at the same time")
    early = Publication._meta.get_field("visible_until").get_db_prep_save(first.visible_from + HOUR, connection)
    run(longer, early, first.pk)


def another(version, begin, end):
    """The next version of the same story, readers' from `begin` to `end`."""
    twin = Publication.objects.get(pk=version.pk)
    twin.pk, twin._state.adding = None, True
    twin.version, twin.visible_from, twin.visible_until = 9, begin, end
    with transaction.atomic():
        twin.save()


def test_a_new_version_lies_in_nobody_elses_time_unless_it_is_seen_by_nobody(told, db):
    second = told[Publication]
    inside = second.visible_from + HOUR
    with pytest.raises(IntegrityError, match="public at the same time"):
        another(second, inside, inside + HOUR)
    with pytest.raises(IntegrityError, match="public at the same time"):
        another(second, second.visible_from - HOUR, None)
    another(second, inside, inside)
    assert Publication.objects.filter(version=9).count() == 1


def test_a_byline_and_topics_are_closed_once_the_history_tells_of_their_version(told, db):
    version = told[Publication]
    with pytest.raises(IntegrityError, match="byline of a public version"), transaction.atomic():
        PublicationByline.objects.create(publication=version, author=an_author(name="Dele Okonkwo"), position=1)
    with pytest.raises(IntegrityError, match="topics of a public version"), transaction.atomic():
        PublicationTopic.objects.create(publication=version, topic=a_topic(name="Weather"))


# --- That they are there ---------------------------------------------------------------------------------------------


def check():
    call_command("check", databases=["default"])


def lose(model):
    """A trigger as a migration on SQLite, or somebody with rights on PostgreSQL, would lose it."""
    table = model._meta.db_table
    connection.check_constraints()  # what waits for the commit keeps the table
    run(f"DROP TRIGGER history_{table}_delete" if SQLITE else f'ALTER TABLE "{table}" DISABLE TRIGGER history_{table}')


@pytest.mark.django_db
def test_the_check_fails_when_one_is_missing_and_installing_brings_it_back():
    check()
    lose(Event)
    with pytest.raises(SystemCheckError, match=r"history_articles_event.*\n.*`manage.py migrate`"):
        check()
    triggers.install(connection)
    check()


@pytest.mark.django_db
def test_migrating_is_not_stopped_by_what_it_mends(monkeypatch):
    lose(Event)
    monkeypatch.setattr("sys.argv", ["manage.py", "migrate"])
    assert triggers.check_triggers(None, ["default"]) == []


@pytest.mark.django_db
def test_one_of_another_release_is_replaced(monkeypatch):
    monkeypatch.setattr(triggers, "HELD", triggers.HELD[1:])
    triggers.install(connection)
    assert triggers.missing(connection) == []
    monkeypatch.undo()
    assert {name.split("_")[2] for name in triggers.missing(connection)} == {"revision"}
    triggers.install(connection)
    assert triggers.missing(connection) == []


@pytest.mark.django_db
def test_installing_again_changes_nothing():
    with CaptureQueriesContext(connection) as queries:
        triggers.install(connection)
    assert not [query for query in queries if query["sql"].startswith(("CREATE", "DROP"))]


@pytest.mark.django_db
def test_an_error_in_a_block_without_them_puts_them_back():
    with pytest.raises(IntegrityError), triggers.without(connection):
        published().events.create(number=1, verb="start", at=BEGIN)
    assert triggers.missing(connection) == []
