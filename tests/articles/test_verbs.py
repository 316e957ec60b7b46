"""What happens to a story, on real rows: the signed words go out, and nothing by accident."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError

from articles import content as contents
from articles.models import Article, ArticleChanged, Event, Publication, Review
from articles.workflow import MoveNotAllowed, PublicState, Status

from .bending import bend
from .factories import (
    BEGIN,
    a_draft,
    a_journalist,
    a_managing_editor,
    a_picture,
    an_author,
    an_editor,
    approved,
    content,
    published,
    republish,
    sign,
    submitted,
)

pytestmark = pytest.mark.django_db
LATER = BEGIN + timedelta(hours=1)


def rows(article):
    """Everything a refused verb must leave as it was."""
    return [
        list(model.objects.filter(**{key: article.pk}).order_by("pk").values())
        for model, key in ((Article, "pk"), (Review, "article"), (Publication, "article"), (Event, "article"))
    ]


def test_a_story_goes_from_draft_to_readers_in_the_words_that_were_approved():
    article = published(headline="Pier closes")
    version = Publication.objects.visible(LATER).get()
    assert (version.headline, version.version, version.kind) == ("Pier closes", 1, "first")
    assert version.is_intact()
    assert version.sha256 == version.approved_sha256 == article.latest_review.sha256
    assert (version.submitted_by, version.approved_by) == (a_journalist(), an_editor())
    assert article.status == Status.PUBLISHED
    assert article.public_state(LATER) == PublicState.UP


def test_every_step_is_an_event_and_numbers_have_no_gaps():
    article = published()
    events = list(article.events.values_list("number", "verb"))
    assert events == [(1, "start"), (2, "save"), (3, "submit"), (4, "approve"), (5, "publish")]


def test_saving_a_live_story_does_not_change_what_readers_see():
    article = published(headline="Pier closes")
    changed = content(headline="Pier reopens")
    article.save_content(changed, by=a_journalist(), now=LATER, lock_version=article.lock_version)
    assert Publication.objects.visible(LATER).get().headline == "Pier closes"
    assert article.status == Status.DRAFT


def test_saving_without_a_change_writes_nothing():
    article = published()
    before = rows(article)
    saved = article.save_content(article.content(), by=a_journalist(), now=LATER, lock_version=article.lock_version)
    assert saved is None
    assert rows(article) == before


def test_a_stale_form_is_refused_and_nothing_is_stored():
    article = a_draft()
    opened = article.lock_version
    article.save_content(content(headline="Hers"), by=a_journalist(), now=LATER, lock_version=opened)
    before = rows(article)
    with pytest.raises(ArticleChanged) as refusal:
        article.save_content(content(headline="His"), by=an_editor(), now=LATER, lock_version=opened)
    assert refusal.value.article.headline == "Hers"
    assert rows(article) == before


def test_editors_who_submitted_cannot_approve():
    article = submitted(by=an_editor())
    before = rows(article)
    with pytest.raises(MoveNotAllowed, match="two people sign"):
        sign(article)
    assert rows(article) == before


def test_approving_other_words_than_those_one_read_is_refused():
    article = submitted()
    with pytest.raises(MoveNotAllowed, match="not the words you read"):
        article.approve(by=an_editor(), now=LATER, sha256=contents.digest({"headline": "Other"}))
    assert article.reviews.open().count() == 1


def test_a_superuser_is_bound_by_the_rule_of_two_people():
    boss = a_managing_editor(username="boss")
    boss.is_superuser = True
    boss.save()
    article = submitted(by=boss)
    with pytest.raises(MoveNotAllowed, match="two people sign"):
        sign(article, by=boss)


def test_words_smuggled_in_after_approval_are_not_published():
    article = approved()
    Article.objects.filter(pk=article.pk).update(headline="Smuggled")
    with pytest.raises(MoveNotAllowed, match="not the words that were approved"):
        article.publish(by=an_editor(), now=LATER)
    assert not Publication.objects.exists()


def test_publishing_waits_for_the_embargo():
    article = approved()
    Article.objects.filter(pk=article.pk).update(embargo=LATER + timedelta(hours=1))
    with pytest.raises(MoveNotAllowed, match=r"October 1, 2026, .* a\.m\. EDT"):
        article.publish(by=an_editor(), now=LATER)
    assert article.publish(by=an_editor(), now=LATER + timedelta(hours=1)).version == 1


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"headline": ""}, "headline"),
        ({"section": None}, "section"),
        ({"byline": []}, "byline"),
    ],
)
def test_an_unfinished_story_is_not_submitted(changes, problem):
    article = a_draft(**changes)
    with pytest.raises(MoveNotAllowed, match=problem):
        article.submit(by=a_journalist(), now=LATER)
    assert not Review.objects.exists()


def test_a_lead_picture_needs_alt_text_and_credit():
    article = a_draft(lead_picture=a_picture().pk)
    with pytest.raises(MoveNotAllowed, match=r"alt text.*credit"):
        article.submit(by=a_journalist(), now=LATER)


def test_requested_changes_come_with_a_comment_and_go_round_again():
    article = submitted()
    with pytest.raises(MoveNotAllowed, match="Say what should change"):
        article.request_changes(by=an_editor(), now=LATER, comment="  ")
    article.request_changes(by=an_editor(), now=LATER, comment="Who said so?")
    assert (article.status, article.latest_review.comment) == (Status.CHANGES_REQUESTED, "Who said so?")
    article.submit(by=a_journalist(), now=LATER)
    assert article.reviews.count() == 2


def test_withdrawing_closes_the_review():
    article = submitted()
    article.withdraw(by=a_journalist(), now=LATER)
    assert (article.status, article.latest_review.outcome) == (Status.DRAFT, "withdrawn")


def test_a_reopened_story_needs_a_new_approval():
    article = approved()
    article.reopen(by=a_journalist(), now=LATER)
    with pytest.raises(MoveNotAllowed, match="this one is draft"):
        article.publish(by=an_editor(), now=LATER)


def test_discarding_changes_returns_to_the_public_words():
    article = published(headline="Pier closes")
    changed = content(headline="Half a thought")
    article.save_content(changed, by=a_journalist(), now=LATER, lock_version=article.lock_version)
    article.discard(by=a_journalist(), now=LATER)
    assert (article.headline, article.status) == ("Pier closes", Status.PUBLISHED)
    assert article.latest_revision.restored_from == Publication.objects.get().revision


def test_a_second_version_closes_the_first_at_the_same_instant():
    article = published()
    second = republish(article, at=LATER, headline="Pier reopens")
    first = article.publications.get(version=1)
    assert first.visible_until == second.visible_from == LATER
    assert (second.kind, second.first_published) == ("update", first.first_published)
    assert Publication.objects.visible(LATER).get() == second
    assert list(Publication.objects.seen(LATER)) == [second, first]


@pytest.mark.parametrize(("kind", "moved"), [("typo", False), ("update", True), ("correction", True)])
def test_updated_moves_only_with_what_readers_should_know(kind, moved):
    article = published()
    version = republish(article, at=LATER, kind=kind, public_note="The year was wrong.", headline="Other")
    assert version.updated == (LATER if moved else None)


def test_a_correction_needs_a_note_to_readers():
    article = published()
    changed = content(headline="Other")
    article.save_content(changed, by=a_journalist(), now=LATER, lock_version=article.lock_version)
    with pytest.raises(MoveNotAllowed, match="note to readers"):
        article.submit(by=a_journalist(), now=LATER, kind="correction")


def test_spiked_and_brought_back():
    article = a_draft()
    article.spike(by=a_journalist(), now=LATER)
    assert article.status == Status.SPIKED
    article.unspike(by=a_journalist(), now=LATER)
    assert article.status == Status.DRAFT


def test_the_people_of_a_story_are_creator_assignee_and_authors_with_a_login():
    marit = a_journalist(username="marit")
    article = a_draft(author=an_author(name="Marit Halvorsen", user=marit))
    assert article.is_own(a_journalist())
    assert article.is_own(marit)
    assert not article.is_own(a_journalist(username="dele"))


def test_a_restricted_story_does_not_exist_for_other_editors():
    article = a_draft()
    Article.objects.filter(pk=article.pk).update(restricted=True)
    tomas, ruth = an_editor(), a_managing_editor()
    assert not Article.objects.seen_by(tomas).exists()
    assert Article.objects.seen_by(ruth).get() == article
    article.named_editors.add(tomas)
    assert Article.objects.seen_by(tomas).get() == article


def test_switching_the_appeal_off_needs_a_reason_and_is_recorded():
    article = published()
    with pytest.raises(MoveNotAllowed, match="Say why"):
        article.switch_appeal(by=an_editor(), now=LATER, on=False)
    article.switch_appeal(by=an_editor(), now=LATER, on=False, reason="An obituary")
    assert article.events.last().data.items() >= {"on": False, "reason": "An obituary"}.items()
    assert not Publication.objects.get().shows_appeal


# --- What the database holds, whoever asks -------------------------------------------------------------------------


def _refused(version, **changes):
    with pytest.raises(IntegrityError), transaction.atomic():
        bend(Publication.objects.filter(pk=version.pk), **changes)


def test_no_publication_stands_without_two_signatures_an_emergency_or_an_import():
    published()
    version = Publication.objects.get()
    _refused(version, approved_by=version.submitted_by)
    _refused(version, approved_by=None)
    _refused(version, submitted_by=None)
    _refused(version, approved_sha256=None)
    _refused(version, approved_sha256="0" * 64)
    _refused(version, emergency_by=version.approved_by, emergency_reason="too short")
    _refused(version, import_batch="wp-1")
    nobody = {"submitted_by": None, "approved_by": None, "approved_sha256": None}
    _refused(version, **nobody)
    _refused(version, **nobody, emergency_by=version.approved_by, emergency_reason="x" * 19)
    _refused(version, **nobody, import_batch="wp-1")
    bend(Publication.objects.filter(pk=version.pk), **nobody, import_batch="wp-1", kind="import")


def test_an_emergency_row_says_who_and_why():
    published()
    version = Publication.objects.get()
    nobody = {"submitted_by": None, "approved_by": None, "approved_sha256": None}
    bend(
        Publication.objects.filter(pk=version.pk),
        **nobody,
        emergency_by=a_managing_editor(),
        emergency_reason="The harbour is on fire now",
    )
    version.refresh_from_db()
    assert version.emergency_by == a_managing_editor()


def test_one_open_version_and_one_open_review_per_story():
    article = published()
    republish(article, at=LATER, headline="Second")
    with pytest.raises(IntegrityError), transaction.atomic():
        bend(article.publications.filter(version=1), visible_until=None)
    review = article.latest_review
    other = article.reviews.first()
    with pytest.raises(IntegrityError), transaction.atomic():
        bend(article.reviews.filter(pk__in=[review.pk, other.pk]), outcome=None, decided_by=None, decided_at=None)


def test_no_version_is_visible_before_its_embargo_or_ends_before_it_begins():
    published()
    version = Publication.objects.get()
    _refused(version, embargo=version.visible_from + timedelta(seconds=1))
    _refused(version, visible_until=version.visible_from - timedelta(seconds=1))


def test_a_taken_down_story_is_visible_in_no_spelling():
    article = published()
    article.takedowns.create(code=410, reason="An error", by=a_managing_editor(), at=LATER)
    assert not Publication.objects.visible(LATER).exists()
    assert not Publication.objects.seen(LATER).exists()
    assert article.public_state(LATER) == PublicState.DOWN


def test_history_protects_the_people_who_acted():
    article = published()
    with pytest.raises(ProtectedError):
        article.creator.delete()
    assert Article.objects.filter(pk=article.pk).exists()
