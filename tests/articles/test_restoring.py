"""Bringing an earlier revision back: a save like any other, and never more than that."""

from datetime import timedelta

import pytest

from articles.models import Article, ArticleChanged, Publication, Revision
from articles.workflow import MoveNotAllowed, Status

from .factories import BEGIN, a_draft, a_journalist, a_picture, a_topic, an_editor, published, republish, submitted

pytestmark = pytest.mark.django_db
LATER = BEGIN + timedelta(hours=1)


def rewritten(**changes):
    """A draft of Ana's with two revisions, the second with `changes`."""
    article = a_draft(**changes)
    values = article.content() | {"headline": "Pier reopens", "topics": [], "lead_picture": None}
    article.save_content(values, by=a_journalist(), now=BEGIN, lock_version=article.lock_version)
    return article


def test_an_earlier_revision_comes_back_as_a_new_one():
    article = rewritten()
    first = article.revisions.get(number=1)
    revision = article.restore(1, by=a_journalist(), now=LATER, lock_version=article.lock_version)
    assert (revision.number, revision.restored_from, revision.sha256) == (3, first, first.sha256)
    assert Article.objects.get().headline == "Pier closes for repairs"
    assert article.events.last().verb == "restore"
    told = {"revision": 3, "restored_from": 1, "sha256": first.sha256, "says": "revision 1 is revision 3 now"}
    assert article.events.last().data.items() >= told.items()


def test_what_stands_here_already_is_not_stored_again():
    article = rewritten()
    with pytest.raises(MoveNotAllowed, match="those that stand here already"):
        article.restore(2, by=a_journalist(), now=LATER)
    assert (article.revisions.count(), article.events.last().verb) == (2, "save")


def test_restoring_leaves_the_public_page_alone():
    article = published()
    republish(article, at=LATER, headline="Pier reopens")
    public = list(Publication.objects.order_by("version").values())
    article.restore(1, by=a_journalist(), now=LATER + timedelta(hours=1))
    assert list(Publication.objects.order_by("version").values()) == public
    assert article.status == Status.DRAFT
    assert article.live.headline == "Pier reopens"


def test_a_blanked_revision_stays_away():
    article = rewritten()
    Revision.objects.filter(number=1).blank()
    with pytest.raises(MoveNotAllowed, match="Revision 1 has no words to bring back"):
        article.restore(1, by=a_journalist(), now=LATER)
    with pytest.raises(MoveNotAllowed, match="Revision 9 has no words to bring back"):
        article.restore(9, by=a_journalist(), now=LATER)
    assert Article.objects.get().headline == "Pier reopens"


def test_a_page_that_is_old_restores_nothing():
    article = rewritten()
    with pytest.raises(ArticleChanged):
        article.restore(1, by=a_journalist(), now=LATER, lock_version=article.lock_version - 1)
    assert article.revisions.count() == 2


@pytest.mark.parametrize("by", ["dele", "ana"])
def test_words_that_stand_still_and_people_from_elsewhere_restore_nothing(by):
    article = submitted()
    with pytest.raises(MoveNotAllowed):
        article.restore(1, by=a_journalist(username=by), now=LATER)
    assert article.revisions.count() == 1


def test_a_merged_topic_and_a_withdrawn_picture_do_not_come_back():
    topic, picture, coast = a_topic(), a_picture(), a_topic(name="Coast")
    article = rewritten(topics=[topic.pk], lead_picture=str(picture.pk), lead_alt="Pier", lead_credit="Ana")
    type(topic).objects.filter(pk=topic.pk).update(merged_into=coast)
    type(picture).objects.update(withdrawn_at=LATER, withdrawn_by=an_editor(), withdrawn_reason="No consent.")
    article.restore(1, by=a_journalist(), now=LATER)
    assert (list(article.topics.all()), article.lead_picture) == ([coast], None)
    assert article.headline == "Pier closes for repairs"
