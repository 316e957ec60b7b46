"""Public files: kept by everybody who fetched them, since a file never changes."""

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import storages


def test_a_public_file_may_be_kept_for_a_year(client):
    storages["public"].save("pictures/pier-480.webp", ContentFile(b"a picture"))
    answer = client.get("/media/pictures/pier-480.webp")
    assert b"".join(answer.streaming_content) == b"a picture"
    assert answer["Cache-Control"] == "public, max-age=31536000, immutable"


def test_the_answer_that_a_file_is_missing_is_not_kept(client, db):
    answer = client.get("/media/pictures/pier-480.webp")
    assert answer.status_code == 404
    assert "no-store" in answer["Cache-Control"]


@pytest.mark.parametrize(
    "name", ["a" * 300, "a" * 5000, "a%00", "%FF"], ids=["long", "longer than a path", "NUL", "not UTF-8"]
)
def test_a_name_that_no_file_can_have_is_missing_too(client, db, name):
    storages["public"].save("pictures/pier-480.webp", ContentFile(b"a picture"))
    assert client.get(f"/media/pictures/{name}.webp").status_code == 404
