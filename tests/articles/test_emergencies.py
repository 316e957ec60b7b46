"""Publishing without review: one person says why, a second one confirms or objects."""

from datetime import timedelta

import pytest

from articles.models import Article
from articles.workflow import Status

from .factories import (
    AT_NOON,
    BEGIN,
    LATER,
    SECOND,
    WHY,
    a_draft,
    a_journalist,
    a_managing_editor,
    an_editor,
    approved_again,
    content,
    published,
    seen_headline,
    submitted,
)
from .tables import refused

pytestmark = pytest.mark.django_db


def test_an_emergency_says_who_and_why_and_waits_for_a_second_person():
    article, ruth = submitted(headline="Leave now"), a_managing_editor()
    version = article.publish_unreviewed(by=ruth, now=LATER, reason=f"  {WHY} ")
    assert seen_headline(LATER) == "Leave now"
    assert (version.emergency_by, version.emergency_reason) == (ruth, WHY)
    assert (version.submitted_by, version.approved_by, version.approved_sha256) == (None, None, None)
    assert version.is_intact()
    found = list(article.reviews.order_by("pk").values_list("subject", "outcome", "submitted_by", "decided_by"))
    assert found == [("content", "superseded", a_journalist().pk, ruth.pk), ("emergency", None, ruth.pk, None)]
    assert article.status == Status.PUBLISHED


def test_an_emergency_needs_a_whole_reason():
    article = submitted()
    with refused("at least 20 characters"):
        article.publish_unreviewed(by=a_managing_editor(), now=LATER, reason=f" {'x' * 19} ")


def test_an_emergency_is_for_managing_editors():
    article = submitted()
    for person in (a_journalist(), an_editor()):
        with refused("is for managing editors"):
            article.publish_unreviewed(by=person, now=LATER, reason=WHY)


def test_an_emergency_needs_a_headline_a_section_and_words():
    ruth = a_managing_editor()
    unfinished = a_draft(headline="", section=None)
    with refused("headline is missing.*No section"):
        unfinished.publish_unreviewed(by=ruth, now=LATER, reason=WHY)
    empty = Article.start(by=ruth, now=LATER)
    with refused("save the story first"):
        empty.publish_unreviewed(by=ruth, now=LATER, reason=WHY)


def test_an_emergency_goes_before_what_was_scheduled():
    article = published(headline="Pier closes")
    approved_again(article, at=LATER, headline="Pier reopens")
    article.schedule(by=an_editor(), now=LATER, at=AT_NOON)
    article.publish_unreviewed(by=a_managing_editor(), now=LATER + SECOND, reason=WHY)
    times = list(article.publications.values_list("version", "visible_from", "visible_until"))
    assert times == [
        (1, BEGIN + timedelta(minutes=15), LATER + SECOND),
        (2, AT_NOON, AT_NOON),
        (3, LATER + SECOND, None),
    ]
    assert article.publications.get(version=3).first_published == BEGIN + timedelta(minutes=15)


def test_another_editor_confirms_an_emergency():
    article, ruth = submitted(), a_managing_editor()
    article.publish_unreviewed(by=ruth, now=LATER, reason=WHY)
    with refused("The open emergency is your own"):
        article.confirm_emergency(by=ruth, now=LATER)
    article.confirm_emergency(by=an_editor(), now=LATER)
    review = article.reviews.get(subject="emergency")
    assert (review.outcome, review.decided_by) == ("approved", an_editor())
    with refused("is for an open emergency; this story has none"):
        article.confirm_emergency(by=an_editor(), now=LATER)


def test_another_editor_objects_and_the_page_stays():
    article = submitted(headline="Leave now")
    article.publish_unreviewed(by=a_managing_editor(), now=LATER, reason=WHY)
    with refused("Say what is wrong with it"):
        article.object_to_emergency(by=an_editor(), now=LATER, comment=" ")
    article.object_to_emergency(by=an_editor(), now=LATER, comment="The dam stands.")
    review = article.reviews.get(subject="emergency")
    assert (review.outcome, review.comment) == ("objected", "The dam stands.")
    assert seen_headline(LATER) == "Leave now"


def test_a_second_emergency_takes_the_first_ones_place():
    article, ruth = submitted(), a_managing_editor()
    article.publish_unreviewed(by=ruth, now=LATER, reason=WHY)
    changed = content(headline="Leave at once")
    article.save_content(changed, by=ruth, now=LATER, lock_version=article.lock_version)
    article.publish_unreviewed(by=ruth, now=LATER + SECOND, reason=WHY, kind="correction", public_note="Not the mill.")
    outcomes = article.reviews.filter(subject="emergency").values_list("outcome", "public_note")
    assert list(outcomes) == [("superseded", ""), (None, "Not the mill.")]


def test_a_correction_in_an_emergency_needs_its_note_too():
    article, ruth = published(), a_managing_editor()
    article.save_content(content(headline="Leave"), by=ruth, now=LATER, lock_version=article.lock_version)
    with refused("needs a note to readers"):
        article.publish_unreviewed(by=ruth, now=LATER, reason=WHY, kind="correction")
