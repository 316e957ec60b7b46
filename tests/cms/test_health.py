import pytest


def test_the_process_says_that_it_is_alive_without_a_database(client):
    answer = client.get("/healthz")
    assert (answer.status_code, answer.content) == (200, b"ok\n")
    assert not answer.cookies


@pytest.mark.django_db
def test_the_process_is_ready_when_its_database_answers(client):
    assert client.get("/readyz").content == b"ready\n"
