"""A worker that is killed while it fires: nothing is lost, and nothing happens twice."""

import os
import signal
import subprocess
import sys
import time
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone

from articles.groups import fill_groups
from articles.models import Publication, StaffMail
from articles.models.verbs import publishing
from articles.schedule import publish_due

from .factories import a_journalist, scheduled

# What the worker runs, but that it halts where the test wants it killed, and says so by a file.
CHILD = """
import sys, time, django
django.setup()
from pathlib import Path
from articles.models import Article
from articles.models.verbs import moving
from django.core.management import call_command

point, sign = sys.argv[1:]

def halting(function, *, before):
    def halts(*args, **more):
        if before:
            halt()
        result = function(*args, **more)
        halt()
        return result
    return halts

def halt():
    Path(sign).touch()
    time.sleep(60)

if point == "with the status moved":
    moving.Moving.record = halting(moving.Moving.record, before=True)
elif point == "with event and mails written":
    moving.owe = halting(moving.owe, before=False)
elif point == "once it is booked":
    Article.fire = halting(Article.fire, before=False)
call_command("publish_due")
"""
POINTS = ["with the status moved", "with event and mails written", "once it is booked"]


def database_url():
    """Where the test's own rows are, for another process."""
    database = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{database['NAME']}"
    who = f"{database['USER']}:{database['PASSWORD']}".rstrip(":")
    return f"postgres://{who}@{database['HOST']}:{database['PORT'] or 5432}/{database['NAME']}"


def kill_a_worker(point, sign):
    """Start a worker and kill it when it has come to `point`."""
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "cms.settings", "DATABASE_URL": database_url()}
    command = [sys.executable, "-c", CHILD, point, str(sign)]
    worker = subprocess.Popen(command, cwd=settings.BASE_DIR, env=environment)
    deadline = time.monotonic() + 60
    while not sign.exists() and worker.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)
    assert sign.exists(), f"the worker ended with {worker.poll()} and never came to where it is killed"
    worker.send_signal(signal.SIGKILL)
    assert worker.wait(timeout=10) == -signal.SIGKILL


def two_that_are_due():
    """Two stories whose time has come by this machine's own clock, as a process of its own sees it."""
    due = timezone.now() - timedelta(minutes=1)
    ana = a_journalist()
    ana.email = "ana@example.org"
    ana.save()
    begin = due - timedelta(days=1)
    return [
        scheduled(at=due + timedelta(seconds=seconds), begin=begin, headline=f"Story {seconds}") for seconds in (0, 1)
    ]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("point", POINTS)
def test_a_worker_killed_while_it_fires_loses_nothing_and_books_nothing_twice(point, tmp_path, monkeypatch):
    from django.apps import apps

    fill_groups(sender=apps.get_app_config("articles"), using="default")  # a flush between tests takes them
    monkeypatch.setattr(publishing, "_fire_in_time", lambda *hint: None)  # it was lost, as hints may be
    stories, now = two_that_are_due(), timezone.now()
    kill_a_worker(point, tmp_path / "here")
    booked = [story.events.filter(verb="fire").count() for story in stories]
    assert booked == ([1, 0] if point == "once it is booked" else [0, 0])
    assert set(Publication.objects.visible(now).values_list("article", flat=True)) == {story.pk for story in stories}

    assert [len(publish_due(now).fired), len(publish_due(now).fired)] == [2 - sum(booked), 0]
    for story in stories:
        story.refresh_from_db()
        assert (story.status, story.publications.visible(now).count()) == ("published", 1)
        verbs = list(story.events.order_by("number").values_list("number", "verb"))
        assert verbs == list(enumerate(["start", "save", "submit", "approve", "schedule", "fire"], start=1))
        assert StaffMail.objects.filter(article=story, event__verb="fire", to=story.creator).count() == 1
