from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.utils import timezone

from articles import schedule
from tests.articles.factories import a_journalist, a_managing_editor, an_editor

NOON = datetime(2026, 10, 13, 12, 0, tzinfo=UTC)


def test_the_process_says_that_it_is_alive_without_a_database(client):
    answer = client.get("/healthz")
    assert (answer.status_code, answer.content) == (200, b"ok\n")
    assert not answer.cookies


@pytest.mark.django_db
def test_the_process_is_ready_when_its_database_answers(client):
    assert client.get("/readyz").content == b"ready\n"


@pytest.mark.django_db
def test_a_monitor_is_told_in_plain_words_when_the_worker_is_silent(client, monkeypatch):
    told = []
    monkeypatch.setattr(schedule, "beside", lambda run, *args: told.append(args[0]))
    with time_machine.travel(NOON, tick=False) as clock:
        schedule.beat(NOON)
        answer = client.get("/healthz/worker")
        assert (answer.status_code, answer.content) == (200, b"on time\n")
        clock.shift(timedelta(minutes=3))
        for _ in range(2):
            answer = client.get("/healthz/worker")
            assert (answer.status_code, answer.content.decode()) == (
                503,
                "The worker’s clock was last heard 3 min ago.\n",
            )
        assert (client.get("/readyz").status_code, client.get("/healthz").status_code) == (200, 200)
        assert (answer.headers["Content-Type"], told) == ("text/plain", [NOON])
        schedule.keep_time(NOON + timedelta(minutes=3))
        assert client.get("/healthz/worker").status_code == 200
    assert not answer.cookies


@pytest.mark.django_db
def test_a_new_installation_is_not_called_ill_at_once(client):
    assert client.get("/healthz/worker").status_code == 200


@pytest.mark.parametrize(
    ("person", "is_shouted_at"), [(an_editor, True), (a_managing_editor, True), (a_journalist, False)]
)
@pytest.mark.django_db
def test_every_page_of_an_editor_shouts_while_the_schedule_is_late(client, monkeypatch, person, is_shouted_at):
    monkeypatch.setattr(schedule, "beside", lambda run, *args: None)
    schedule.beat(timezone.now() - timedelta(minutes=5))
    client.force_login(person())
    for address in ("/admin/", "/admin/articles/article/", "/admin/articles/article/add/"):
        page = client.get(address, follow=True).content.decode()
        assert ("The schedule is late." in page) == is_shouted_at
    schedule.beat(timezone.now())
    assert "The schedule is late." not in client.get("/admin/").content.decode()
