"""What takes words back: retraction, takedown and the way back, blanking. Two people, or one who says why."""

import pytest

from articles.models import Publication
from articles.workflow import PublicState, Status

from .factories import (
    FIRST_SEEN,
    LATER,
    NEXT_WEEK,
    NOTICE,
    SECOND,
    TOMORROW,
    a_figure,
    a_journalist,
    a_managing_editor,
    a_picture,
    an_editor,
    approved_again,
    published,
    republish,
    retracted,
    rewritten,
    scheduled,
    sign,
    taken_down,
)
from .tables import refused

pytestmark = pytest.mark.django_db


def confirm_retraction(article, *, now, by=None):
    sha256 = article.reviews.open().get(subject="retraction").sha256
    return article.confirm_retraction(by=by or a_managing_editor(), now=now, sha256=sha256)


# --- Retraction ----------------------------------------------------------------------------------------------------


def test_a_retraction_puts_the_notice_in_place_of_text_and_picture():
    picture = a_picture()
    words = {"lead_picture": picture.pk, "lead_alt": "A pier", "lead_credit": "Photo: Ana", "share_text": "Read!"}
    article = published(headline="Pier closes", body=f"<p>Wrong.</p>{a_figure(picture, alt='Piles')}", **words)
    article.propose_retraction(by=an_editor(), now=LATER, notice=f" {NOTICE} ")
    version = confirm_retraction(article, now=TOMORROW)
    assert (version.headline, version.public_note, version.kind) == ("Pier closes", NOTICE, "retraction")
    assert (version.body, version.standfirst, version.lead_picture, version.share_text) == ("", "", None, "")
    assert (version.submitted_by, version.approved_by) == (an_editor(), a_managing_editor())
    assert (version.first_published, version.updated) == (FIRST_SEEN, TOMORROW)
    assert version.is_intact()
    assert article.public_state(TOMORROW) == PublicState.RETRACTED
    assert (article.status, Publication.objects.visible(TOMORROW).get()) == (Status.DRAFT, version)


def test_a_retraction_is_confirmed_by_another_editor():
    article = published()
    article.propose_retraction(by=an_editor(), now=LATER, notice=NOTICE)
    with refused("The open retraction is your own"):
        confirm_retraction(article, now=LATER, by=an_editor())
    with refused("is for editors"):
        confirm_retraction(article, now=LATER, by=a_journalist())


def test_a_superuser_does_not_retract_alone():
    boss = a_managing_editor(username="boss")
    boss.is_superuser = True
    boss.save()
    article = published()
    article.propose_retraction(by=boss, now=LATER, notice=NOTICE)
    with refused("The open retraction is your own"):
        confirm_retraction(article, now=LATER, by=boss)


def test_a_retraction_needs_a_notice_and_is_proposed_once():
    article = published()
    with refused("Write the notice"):
        article.propose_retraction(by=an_editor(), now=LATER, notice=" \n")
    article.propose_retraction(by=an_editor(), now=LATER, notice=NOTICE)
    with refused("There is an open retraction already: confirm or drop it first"):
        article.propose_retraction(by=a_managing_editor(), now=LATER, notice=NOTICE)


def test_what_was_never_public_is_not_retracted():
    article = scheduled(at=TOMORROW)
    with refused("public state is “never public”"):
        article.propose_retraction(by=an_editor(), now=LATER, notice=NOTICE)


def test_a_retraction_of_other_words_than_proposed_is_refused():
    article = published(headline="Pier closes")
    article.propose_retraction(by=an_editor(), now=LATER, notice=NOTICE)
    republish(article, at=LATER, headline="Pier reopens")
    with refused("not what was proposed. Drop the proposal and propose it again."):
        confirm_retraction(article, now=TOMORROW)


def test_a_proposal_made_anew_is_read_anew_before_it_is_confirmed():
    article, boss = published(), a_managing_editor()
    read = article.propose_retraction(by=an_editor(), now=LATER, notice="Wrong from the first word.").sha256
    article.drop_retraction(by=boss, now=LATER)
    article.propose_retraction(by=an_editor(), now=LATER, notice=NOTICE)
    with refused("made anew. Read what stands here now, then decide again."):
        article.confirm_retraction(by=boss, now=TOMORROW, sha256=read)
    assert confirm_retraction(article, now=TOMORROW, by=boss).public_note == NOTICE


def test_a_change_of_the_body_alone_leaves_a_proposal_good():
    """The notice replaces the body, so that what is signed is the same."""
    article = published()
    article.propose_retraction(by=an_editor(), now=LATER, notice=NOTICE)
    republish(article, at=LATER, body="<p>Some other text.</p>")
    assert confirm_retraction(article, now=TOMORROW).version == 3


def test_a_dropped_proposal_changes_nothing_for_readers():
    article = published()
    article.propose_retraction(by=an_editor(), now=LATER, notice=NOTICE)
    article.drop_retraction(by=an_editor(), now=LATER)
    assert article.reviews.get(subject="retraction").outcome == "withdrawn"
    assert article.public_state(TOMORROW) == PublicState.UP


def test_a_retraction_cancels_what_was_scheduled():
    article = approved_again(published(), headline="Pier reopens", at=LATER)
    article.schedule(by=an_editor(), now=LATER, at=NEXT_WEEK)
    article.propose_retraction(by=an_editor(), now=LATER, notice=NOTICE)
    confirm_retraction(article, now=TOMORROW)
    assert article.status == Status.APPROVED
    seen = Publication.objects.once_seen(NEXT_WEEK).values_list("version", "visible_from", "visible_until")
    assert list(seen.order_by("version")) == [(1, FIRST_SEEN, TOMORROW), (3, TOMORROW, None)]


def test_a_retraction_closes_the_open_review():
    article = rewritten(published(), at=LATER, headline="Pier reopens")
    article.submit(by=a_journalist(), now=LATER)
    article.propose_retraction(by=an_editor(), now=LATER, notice=NOTICE)
    confirm_retraction(article, now=TOMORROW)
    assert (article.status, article.latest_review.outcome) == (Status.DRAFT, "superseded")


def test_a_retraction_waits_for_no_embargo_of_the_next_version():
    article = rewritten(published(), headline="Pier reopens", at=LATER)
    article.set_embargo(by=an_editor(), now=LATER, until=NEXT_WEEK)
    article.propose_retraction(by=an_editor(), now=LATER, notice=NOTICE)
    assert confirm_retraction(article, now=TOMORROW).visible_from == TOMORROW
    assert article.embargo == NEXT_WEEK


# --- Takedown and the way back -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("steps", "left"),
    [
        ([], Status.DRAFT),
        (["save"], Status.DRAFT),
        (["save", "submit"], Status.IN_REVIEW),
        (["save", "submit", "changes"], Status.CHANGES_REQUESTED),
        (["save", "submit", "approve"], Status.APPROVED),
        (["save", "submit", "approve", "schedule"], Status.APPROVED),
    ],
)
def test_a_takedown_ends_the_page_whatever_is_being_written(steps, left):
    article, ruth = published(), a_managing_editor()
    acts = {
        "save": lambda: rewritten(article, headline="Pier reopens", at=LATER),
        "submit": lambda: article.submit(by=a_journalist(), now=LATER),
        "changes": lambda: article.request_changes(by=an_editor(), now=LATER, comment="Who said so?"),
        "approve": lambda: sign(article, at=LATER),
        "schedule": lambda: article.schedule(by=an_editor(), now=LATER, at=NEXT_WEEK),
    }
    for step in steps:
        acts[step]()
    takedown = article.take_down(by=ruth, now=TOMORROW, reason=" A court order ", code=451)
    assert (takedown.code, takedown.reason, takedown.by) == (451, "A court order", ruth)
    assert (article.status, article.public_state(NEXT_WEEK)) == (left, PublicState.DOWN)
    assert not Publication.objects.visible(NEXT_WEEK).exists()
    assert not Publication.objects.seen(NEXT_WEEK).exists()
    assert article.fire(now=NEXT_WEEK) is False


def test_a_takedown_is_not_stopped_by_the_last_seconds_of_a_schedule():
    article = approved_again(published(), headline="Pier reopens", at=LATER)
    article.schedule(by=an_editor(), now=LATER, at=TOMORROW)
    article.take_down(by=a_managing_editor(), now=TOMORROW - SECOND, reason="An error of law")
    assert list(article.publications.open().values_list("version", flat=True)) == [1]


def test_a_takedown_needs_a_managing_editor_a_reason_and_a_code_for_readers():
    article = published()
    with refused("is for managing editors"):
        article.take_down(by=an_editor(), now=LATER, reason="An error of law")
    with refused("Say why it is taken down"):
        article.take_down(by=a_managing_editor(), now=LATER, reason=" ")
    with refused(r"with 410 \(gone\) or 451 \(a legal order\), not with 404"):
        article.take_down(by=a_managing_editor(), now=LATER, reason="An error of law", code=404)


def test_a_takedown_closes_the_proposal_to_retract():
    article = published()
    article.propose_retraction(by=an_editor(), now=LATER, notice=NOTICE)
    article.take_down(by=a_managing_editor(), now=LATER, reason="An error of law")
    assert article.reviews.get(subject="retraction").outcome == "superseded"


def test_a_retracted_story_can_be_taken_down_but_not_twice():
    article = retracted()
    article.take_down(by=a_managing_editor(), now=NEXT_WEEK, reason="An error of law")
    with refused("public state is “down”"):
        article.take_down(by=a_managing_editor(), now=NEXT_WEEK, reason="An error of law")


def test_what_is_down_goes_out_by_no_other_way_than_reinstating():
    article = approved_again(taken_down(), at=NEXT_WEEK, headline="Pier closes after all")
    for verb, more in [
        ("publish", {}),
        ("schedule", {"at": NEXT_WEEK + SECOND}),
        ("publish_unreviewed", {"reason": "x" * 30}),
    ]:
        with refused("public state is “down”"):
            getattr(article, verb)(by=a_managing_editor(), now=NEXT_WEEK, **more)


@pytest.mark.parametrize("removed", [taken_down, retracted])
def test_reinstated_words_come_back_at_the_old_address_with_the_old_date(removed):
    article = removed(headline="Pier closes", slug="pier")
    address = article.publications.get(version=1).get_absolute_url()
    approved_again(article, at=NEXT_WEEK, headline="Pier closes after all", slug="pier")
    version = article.reinstate(by=a_managing_editor(), now=NEXT_WEEK, reason="The court allowed it")
    assert (version.kind, version.first_published) == ("reinstatement", FIRST_SEEN)
    assert version.get_absolute_url() == address
    assert (article.status, article.public_state(NEXT_WEEK)) == (Status.PUBLISHED, PublicState.UP)
    assert not article.takedowns.filter(lifted_at=None).exists()


def test_reinstating_moves_no_date_of_its_own():
    article = approved_again(retracted(), at=NEXT_WEEK, headline="It was right")
    retraction = article.publications.get(kind="retraction")
    version = article.reinstate(by=a_managing_editor(), now=NEXT_WEEK, reason="The court allowed it")
    assert version.updated == retraction.updated == retraction.visible_from


def test_reinstating_needs_a_managing_editor_and_a_reason_and_waits_for_the_embargo():
    article = approved_again(taken_down(), at=NEXT_WEEK, headline="It was right")
    with refused("is for managing editors"):
        article.reinstate(by=an_editor(), now=NEXT_WEEK, reason="The court allowed it")
    with refused("Say why it comes back"):
        article.reinstate(by=a_managing_editor(), now=NEXT_WEEK, reason="")
    article.set_embargo(by=an_editor(), now=NEXT_WEEK, until=NEXT_WEEK + SECOND)
    with refused("The embargo holds"):
        article.reinstate(by=a_managing_editor(), now=NEXT_WEEK, reason="The court allowed it")


def test_what_was_approved_as_an_update_does_not_come_back_as_one():
    article = approved_again(published(), headline="Pier reopens", at=LATER)
    article.take_down(by=a_managing_editor(), now=LATER, reason="An error of law")
    with refused("approved as “Update”.* Reopen it and submit it again"):
        article.reinstate(by=a_managing_editor(), now=LATER, reason="The court allowed it")
