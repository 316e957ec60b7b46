"""The history tells what happened with its times, codes, reasons and revisions in words, never as the data it keeps."""

from datetime import timedelta

import pytest

from articles.models import Event
from articles.templatetags.desk_history import detail

from .factories import (
    BEGIN,
    a_draft,
    a_journalist,
    a_managing_editor,
    an_editor,
    approved,
    published,
    republish,
    scheduled,
    taken_down,
)
from .forms import words
from .test_desk_verbs import REASON, address, to_be_retracted

LATER = BEGIN + timedelta(hours=1)
AT = BEGIN + timedelta(days=68)


def told(article, verb):
    """The last event of `verb` as it is told: its details, and what was written to go with it."""
    event = article.events.filter(verb=verb).last()
    return detail(event), event.said


@pytest.mark.django_db
def test_a_schedule_tells_its_time():
    assert told(scheduled(at=AT), "schedule") == ("version 1; December 8, 2026, 4:00 a.m. EST", [])


@pytest.mark.django_db
def test_an_embargo_tells_until_when_and_what_it_was_before():
    article = approved()
    article.set_embargo(by=an_editor(), now=LATER, until=AT)
    assert told(article, "embargo") == ("until December 8, 2026, 4:00 a.m. EST", [])
    article.set_embargo(by=an_editor(), now=LATER, until=None, reason="The ministry spoke first")
    assert told(article, "embargo") == (
        "lifted; before, until December 8, 2026, 4:00 a.m. EST",
        ["The ministry spoke first"],
    )


@pytest.mark.django_db
def test_an_embargo_that_cancels_a_schedule_says_so():
    article = scheduled(at=AT)
    article.set_embargo(by=an_editor(), now=LATER, until=AT + timedelta(days=1))
    assert told(article, "embargo")[0].endswith("; this took it off the schedule")


@pytest.mark.django_db
def test_what_takes_words_back_tells_its_code_its_reason_and_its_notice():
    assert told(taken_down(code=451, reason="A court order"), "take_down") == ("readers get 451", ["A court order"])
    assert told(to_be_retracted(), "propose_retraction") == ("version 1", ["It was wrong."])


@pytest.mark.django_db
def test_a_blanking_tells_the_revisions():
    article = a_draft()
    article.save_content(
        article.content() | {"headline": "Two"}, by=a_journalist(), now=LATER, lock_version=article.lock_version
    )
    article.propose_blank(by=a_managing_editor(), now=LATER, revisions=[1, 2], reason="It names a source.")
    assert told(article, "propose_blank") == ("revisions 1 and 2; readers get 410", ["It names a source."])


@pytest.mark.django_db
def test_a_change_tells_its_kind():
    article = published()
    republish(article, at=LATER, headline="Two", kind="correction", public_note="It was Monday.")
    assert told(article, "submit") == ("revision 2, correction", [])
    assert told(article, "publish") == ("version 2, correction", [])


@pytest.mark.django_db
def test_an_emergency_tells_its_reason():
    article = a_draft()
    article.publish_unreviewed(by=a_managing_editor(), now=LATER, reason=REASON)
    assert told(article, "publish_unreviewed") == ("revision 1", [REASON])


def test_what_was_blanked_says_only_that():
    event = Event(verb="request_changes", data={"blanked": True})
    assert (detail(event), event.said) == ("what was written beside it is blanked", [])


@pytest.mark.django_db
def test_the_page_prints_no_raw_data(client):
    article = scheduled(at=AT)
    article.set_embargo(by=an_editor(), now=LATER, until=AT)
    client.force_login(an_editor())
    page = client.get(address(article, "read"))
    assert "Tomas scheduled it (version 1; December 8, 2026, 4:00 a.m. EST)" in words(page)
    assert "{&#x27;" not in page.content.decode()
