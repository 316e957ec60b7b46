import pytest
from django.core.management import call_command
from huey.contrib.djhuey import HUEY
from huey.exceptions import TaskLockedException

from cms import tasks


class Consumer:
    """What Huey would run for ever."""

    def run(self):
        pass


@pytest.fixture
def swept(monkeypatch):
    done = []
    monkeypatch.setattr(tasks, "SWEEPS", [("this", done.append)])
    monkeypatch.setattr(HUEY, "create_consumer", lambda **options: Consumer())
    return done


def test_a_worker_that_was_killed_in_a_sweep_can_start_again(swept):
    assert HUEY.lock_task("sweep").acquire()
    call_command("run_worker")
    assert len(swept) == 1


def test_the_night_holds_our_books_against_stripes_under_a_lock_of_its_own(monkeypatch):
    done = []
    monkeypatch.setattr(tasks.reconcile, "nightly", lambda: done.append("compared"))
    with HUEY.lock_task("sweep"):
        tasks.compare_with_stripe.call_local()
    assert done == ["compared"]
    with HUEY.lock_task("reconcile"), pytest.raises(TaskLockedException):
        tasks.compare_with_stripe.call_local()
    assert done == ["compared"]


def test_the_nights_search_for_forgotten_pictures_is_made_by_one_worker_at_a_time(monkeypatch):
    done = []
    monkeypatch.setattr(tasks.renditions, "remove_forgotten", done.append)
    with HUEY.lock_task("forgotten pictures"), pytest.raises(TaskLockedException):
        tasks.remove_forgotten_pictures.call_local()
    assert done == []


def test_a_worker_that_was_killed_in_that_search_can_make_it_again(swept, monkeypatch):
    done = []
    monkeypatch.setattr(tasks.renditions, "remove_forgotten", done.append)
    assert HUEY.lock_task("forgotten pictures").acquire()
    call_command("run_worker")
    tasks.remove_forgotten_pictures.call_local()
    assert len(done) == 1


def test_a_worker_that_was_killed_in_the_night_can_compare_again(swept, monkeypatch):
    done = []
    monkeypatch.setattr(tasks.reconcile, "nightly", lambda: done.append("compared"))
    assert HUEY.lock_task("reconcile").acquire()
    call_command("run_worker")
    tasks.compare_with_stripe.call_local()
    assert done == ["compared"]


def test_a_second_worker_without_the_clock_sweeps_nothing(swept):
    call_command("run_worker", "--no-clock")
    assert swept == []


def test_a_worker_that_is_told_to_look_does_not_wait_for_the_night(swept, monkeypatch):
    done = []
    monkeypatch.setattr(tasks.endpoint, "nightly", lambda: done.append("endpoint"))
    monkeypatch.setattr(tasks.reconcile, "nightly", lambda: done.append("books"))
    monkeypatch.setattr(tasks.tallies, "inspect", lambda now, fix: done.append("sums") or {})
    call_command("run_worker")
    assert done == []
    call_command("run_worker", "--look")
    assert done == ["endpoint", "books", "sums"]


def test_an_error_in_one_sweep_delays_no_other(swept, monkeypatch, caplog):
    def stumble(now):
        raise RuntimeError("the disk is full")

    monkeypatch.setattr(tasks, "SWEEPS", [("that", stumble), ("this", swept.append)])
    tasks.sweep.call_local()
    assert len(swept) == 1
    assert "The sweep for that failed" in caplog.text
