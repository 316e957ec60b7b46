"""The clock: each story by itself, a beat after each round, and a shout when it is late, once."""

from datetime import timedelta
from io import StringIO
from threading import Barrier, Event, Thread

import pytest
import time_machine
from django.core import mail
from django.core.management import CommandError, call_command
from django.db import connection

from articles import mails, schedule
from articles.models import Article, Heartbeat, StaffMail
from articles.workflow import Status

from .factories import BEGIN, a_managing_editor, an_editor, approved

pytestmark = pytest.mark.django_db
AT = BEGIN + timedelta(hours=2)


def scheduled(*, at=AT, **changes):
    article = approved(**changes)
    article.schedule(by=an_editor(), now=BEGIN + timedelta(minutes=20), at=at)
    return article


def status(article):
    return Article.objects.get(pk=article.pk).status


def break_firing_of(monkeypatch, broken):
    fire = Article.fire

    def stumble(article, *, now):
        if article.pk == broken.pk:
            raise RuntimeError("the disk is full")
        return fire(article, now=now)

    monkeypatch.setattr(Article, "fire", stumble)


@pytest.fixture
def at_once(monkeypatch):
    """What the web process would do in a thread of its own happens in this one."""
    monkeypatch.setattr(schedule, "beside", lambda run, *args: run(*args))


@pytest.fixture
def told(monkeypatch, at_once):
    """The outages that somebody was told of."""
    found = []
    monkeypatch.setattr(schedule, "tell_of_outage", lambda beat_at, now: found.append(beat_at) or 1)
    return found


# --- Firing ----------------------------------------------------------------------------------------------------------


def test_what_is_due_is_booked_and_the_rest_waits():
    due, later = scheduled(), scheduled(at=AT + timedelta(seconds=1))
    done = schedule.publish_due(AT)
    assert [version.article_id for version in done.fired] == [due.pk]
    assert (status(due), status(later)) == (Status.PUBLISHED, Status.SCHEDULED)
    assert due.events.last().verb == "fire"


def test_a_second_round_books_nothing_twice():
    article = scheduled()
    schedule.publish_due(AT)
    assert schedule.publish_due(AT) == schedule.Round()
    assert article.events.filter(verb="fire").count() == 1


def test_an_error_in_one_story_is_logged_and_mailed_once_and_delays_no_other(monkeypatch, caplog):
    editor = a_managing_editor()
    editor.email = "ruth@example.org"
    editor.save()
    broken, other = scheduled(), scheduled(at=AT + timedelta(seconds=1))
    break_firing_of(monkeypatch, broken)
    for minute in range(3):
        done = schedule.publish_due(AT + timedelta(minutes=1 + minute))
        assert [version.article_id for version in done.failed] == [broken.pk]
    assert (status(broken), status(other)) == (Status.SCHEDULED, Status.PUBLISHED)
    assert caplog.text.count(f"Story {broken.pk} could not be booked at its time") == 3
    assert StaffMail.objects.filter(kind="schedule", to=editor, article=broken).count() == 1
    schedule.publish_due(AT + timedelta(days=1))
    assert StaffMail.objects.filter(kind="schedule", to=editor, article=broken).count() == 2  # once a day
    assert broken.live_at(AT + timedelta(minutes=9)) is not None  # readers see it all the same


def test_a_mail_that_cannot_be_written_delays_no_story_either(monkeypatch, caplog):
    broken, other = scheduled(), scheduled()
    break_firing_of(monkeypatch, broken)
    monkeypatch.setattr(schedule, "owe_for_failure", lambda publication, now: 1 / 0)
    schedule.publish_due(AT)
    assert status(other) == Status.PUBLISHED
    assert "Nobody could be told" in caplog.text


def test_the_command_says_what_it_booked():
    scheduled(headline="The pier is open")
    out = StringIO()
    with time_machine.travel(AT, tick=False):
        call_command("publish_due", stdout=out)
        call_command("publish_due", stdout=out)
    assert out.getvalue() == (
        "The pier is open: version 1, public since October 1, 2026, 7:00 a.m. EDT\nNothing is due.\n"
    )


def test_the_command_fails_where_a_story_fails(monkeypatch):
    broken = scheduled()
    break_firing_of(monkeypatch, broken)
    with time_machine.travel(AT), pytest.raises(CommandError, match=rf"story {broken.pk} \(version 1\)"):
        call_command("publish_due", stdout=StringIO())


# --- Late ------------------------------------------------------------------------------------------------------------


def test_the_clock_is_late_two_minutes_after_its_last_beat():
    schedule.keep_time(AT)
    assert schedule.late(AT + schedule.LATE) == ""
    assert schedule.late(AT + timedelta(minutes=14)) == "The worker’s clock was last heard 14 min ago."


def test_a_new_installation_is_given_the_same_two_minutes():
    assert schedule.late(AT) == ""
    assert schedule.late(AT + schedule.LATE) == ""
    assert schedule.late(AT + timedelta(minutes=3)) == "The worker has not started yet."


def test_a_story_that_is_not_booked_makes_the_clock_late_though_it_beats(monkeypatch):
    break_firing_of(monkeypatch, scheduled())
    for minutes in (2, 3):
        schedule.keep_time(AT + timedelta(minutes=minutes))
    assert schedule.late(AT + timedelta(minutes=2)) == "A scheduled story has not been booked at its time."
    assert schedule.late(AT + timedelta(minutes=1, seconds=59)) == ""


def test_an_outage_is_told_once_until_the_clock_is_heard_again(told):
    schedule.beat(AT)
    for minutes in (1, 3, 4, 12):
        schedule.notice(AT + timedelta(minutes=minutes))
    assert told == [AT]
    schedule.beat(AT + timedelta(minutes=20))
    assert Heartbeat.objects.get().outage_told_at is None
    assert schedule.notice(AT + timedelta(minutes=21)) == ""
    schedule.notice(AT + timedelta(minutes=23))
    assert told == [AT, AT + timedelta(minutes=20)]


def test_a_worker_that_never_started_is_told_of_too(told):
    schedule.notice(AT)
    schedule.notice(AT + timedelta(minutes=3))
    assert told == [AT]


def test_a_story_that_fails_is_no_silence_of_the_clock(told, monkeypatch):
    break_firing_of(monkeypatch, scheduled())
    schedule.keep_time(AT + timedelta(minutes=3))
    assert schedule.notice(AT + timedelta(minutes=3)) == schedule.UNBOOKED
    assert told == []


def test_an_error_in_telling_breaks_no_page_and_is_tried_again_later(monkeypatch, at_once, caplog):
    tries = []
    monkeypatch.setattr(schedule, "tell_of_outage", lambda beat_at, now: tries.append(now) or 1 / 0)
    schedule.beat(AT)
    for minutes in (3, 4, 13, 14):
        assert schedule.notice(AT + timedelta(minutes=minutes)).startswith("The worker’s clock was last heard")
    assert tries == [AT + timedelta(minutes=3), AT + timedelta(minutes=14)]
    assert "Nobody could be told that the worker’s clock is silent" in caplog.text


def test_the_mail_goes_out_once_in_an_outage_and_by_the_process_that_noticed(at_once):
    editor = an_editor()
    editor.email = "tomas@example.org"
    editor.save()
    schedule.beat(AT)
    for minutes in (3, 20, 40):
        schedule.notice(AT + timedelta(minutes=minutes))
    assert [message.to for message in mail.outbox] == [["tomas@example.org"]]
    assert StaffMail.objects.get().status == StaffMail.Status.SENT


def test_what_still_waits_when_the_clock_is_heard_again_is_told_to_nobody(at_once, monkeypatch):
    editor = an_editor()
    editor.email = "tomas@example.org"
    editor.save()
    monkeypatch.setattr(mails, "send", lambda mail_id, now: False)  # the mail server is away too
    schedule.beat(AT)
    schedule.notice(AT + timedelta(minutes=3))
    schedule.beat(AT + timedelta(minutes=5))
    assert mails.send_due(AT + timedelta(minutes=5)) == 0
    assert (mail.outbox, StaffMail.objects.count()) == ([], 0)


@pytest.mark.django_db(transaction=True)
def test_of_processes_that_notice_in_the_same_instant_one_tells(monkeypatch):
    gate, told = Barrier(2), []
    monkeypatch.setattr(schedule, "tell_of_outage", lambda beat_at, now: told.append(beat_at) or 1)
    late, both_know = schedule.late, []

    def see_it_together(now):
        trouble = late(now)
        gate.wait(timeout=10)
        return trouble

    monkeypatch.setattr(schedule, "late", see_it_together)
    monkeypatch.setattr(schedule, "beside", lambda run, *args: run(*args))
    schedule.beat(AT)

    def ask():
        both_know.append(schedule.notice(AT + timedelta(minutes=3)))
        connection.close()

    threads = [Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert (len(both_know), told) == (2, [AT])


@pytest.mark.django_db(transaction=True)
def test_a_page_does_not_wait_for_the_mail_server(monkeypatch):
    """The mail goes beside it, in a thread that has its own connection and says what it could not do."""
    asked, may_answer, done = Event(), Event(), Event()

    def slow(beat_at, now):
        asked.set()
        may_answer.wait(timeout=10)
        heard = Heartbeat.objects.count()
        done.set()
        return heard

    monkeypatch.setattr(schedule, "tell_of_outage", slow)
    schedule.beat(AT)
    assert schedule.notice(AT + timedelta(minutes=3)).startswith("The worker’s clock was last heard")
    assert asked.wait(timeout=10)
    assert not done.is_set()
    may_answer.set()
    assert done.wait(timeout=10)
