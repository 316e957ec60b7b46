"""What a page of the desk asks of the database: no more for a story with much to it than for a plain one."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from .factories import BEGIN, a_draft, a_journalist, an_author, an_editor, approved_again, published, submitted

pytestmark = pytest.mark.django_db


def address(article, name):
    return reverse(f"admin:articles_article_{name}", args=[article.pk])


def asked(client, article, name):
    """How many queries the page takes for somebody who has had it open a moment ago."""
    assert client.get(address(article, name)).status_code == 200
    with CaptureQueriesContext(
        connection,
    ) as queries:
        client.get(address(article, name))
    return len(queries)


@pytest.mark.parametrize(("page", "most"), [("read", 33), ("change", 38)])
def test_opening_a_story_of_ones_own_costs_a_bounded_number_of_queries(client, page, most):
    client.force_login(a_journalist())
    assert asked(client, a_draft(), page) <= most


def test_reading_a_review_costs_a_bounded_number_of_queries(client):
    client.force_login(an_editor())
    assert asked(client, submitted(), "read") <= 34


def test_links_to_our_own_stories_cost_one_query_however_many(client):
    client.force_login(an_editor())
    addresses = [published(headline=f"Pier {n}").live.get_absolute_url() for n in range(5)]
    linked = "".join(f'<p><a href="{address}">Read</a></p>' for address in addresses)
    assert asked(client, a_draft(body=linked), "read") <= asked(client, a_draft(), "read") + 1


def test_earlier_rounds_cost_no_more(client):
    client.force_login(an_editor())
    article = published()
    before = asked(client, article, "read")
    for day in (1, 2, 3):
        approved_again(article, at=BEGIN.replace(day=1 + day), kind="update", headline=f"Pier, day {day}")
        article.publish(by=an_editor(), now=BEGIN.replace(day=1 + day))
    assert asked(client, article, "read") <= before + 1


def test_lines_of_the_byline_cost_no_more(client):
    client.force_login(a_journalist())
    several = [{"author": an_author(name=name).pk, "role": ""} for name in ("Ana Reyes", "Dele Ade", "Ruth Okafor")]
    assert asked(client, a_draft(byline=several), "change") <= asked(client, a_draft(), "change")


def test_preview_links_cost_no_more_however_many(client):
    client.force_login(a_journalist())
    article, now = a_draft(), timezone.now()
    article.share_preview(by=a_journalist(), now=now, meant_for="the lawyer")
    before = asked(client, article, "share")
    for whom in ("the source", "the expert", "the translator"):
        article.share_preview(by=a_journalist(), now=now, meant_for=whom)
    assert asked(client, article, "share") == before
