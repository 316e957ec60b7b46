"""Waivers and legal checks: who records them, what they let pass, and what the story's history says of it."""

from datetime import timedelta

import pytest

from articles.models import Article
from articles.workflow import MoveNotAllowed

from .factories import (
    BEGIN,
    a_draft,
    a_figure,
    a_journalist,
    a_managing_editor,
    a_picture,
    an_editor,
    approved,
    sign,
    submitted,
)

pytestmark = pytest.mark.django_db
LATER, TOMORROW = BEGIN + timedelta(hours=1), BEGIN + timedelta(days=1)


def told(article):
    """The last event: its verb, its words, and its data."""
    event = article.events.last()
    return event.verb, event.actor, {name: value for name, value in event.data.items() if name != "seal"}


def refusal(act, *args, **kwargs):
    with pytest.raises(MoveNotAllowed) as refused:
        act(*args, **kwargs)
    return str(refused.value)


def submit(article, *, now=TOMORROW):
    article.submit(by=a_journalist(), now=now)
    return article.status


# --- Waivers -------------------------------------------------------------------------------------------------------------


def test_submission_names_everything_that_blocks():
    article = a_draft(byline=[], body="<p>The TK councillors.</p>")
    said = refusal(article.submit, by=a_journalist(), now=LATER)
    assert "The byline is empty." in said
    assert "“TK” stands in paragraph 1" in said
    assert article.status == "draft"


def test_what_only_warns_stops_no_submission():
    assert submit(a_draft(standfirst="", body='<h3>Who pays</h3><p>See <a href="/cost/">here</a>.</p>')) == "in_review"


def test_an_editor_lets_a_point_pass_with_a_reason_and_it_is_told():
    article, tomas = a_draft(body="<p>TK Maxx opens on Monday.</p>"), an_editor()
    waiver = article.waive("TK", by=tomas, now=LATER, reason=" TK Maxx is\na shop. ")
    assert (waiver.by, waiver.at, waiver.reason) == (tomas, LATER, "TK Maxx is a shop.")
    assert told(article) == ("waive", tomas, {"says": "TK", "reason": "TK Maxx is a shop."})
    assert submit(article) == "in_review"


def test_a_waiver_that_is_taken_back_blocks_again_and_both_are_told():
    article, ruth = a_draft(body="<p>TK Maxx opens.</p>"), a_managing_editor()
    waiver = article.waive("TK", by=an_editor(), now=LATER, reason="A shop.")
    article.unwaive("TK", by=ruth, now=TOMORROW)
    waiver.refresh_from_db()
    assert (waiver.lifted_by, waiver.lifted_at) == (ruth, TOMORROW)
    assert told(article) == ("unwaive", ruth, {"says": "TK"})
    assert "“TK” stands" in refusal(article.submit, by=a_journalist(), now=TOMORROW)


def test_it_can_be_waived_again_and_every_waiver_stays_in_the_table():
    article = a_draft(body="<p>TK Maxx opens.</p>")
    for _ in range(2):
        article.waive("TK", by=an_editor(), now=LATER, reason="A shop.")
        article.unwaive("TK", by=an_editor(), now=LATER)
    assert article.waivers.count() == 2
    assert refusal(article.unwaive, "TK", by=an_editor(), now=LATER) == "There is no waiver for “TK” any more."


@pytest.mark.parametrize("key", ["headline", "section"])
def test_what_publication_needs_cannot_be_waived(key):
    article = a_draft(headline="", section=None)
    said = refusal(article.waive, key, by=an_editor(), now=LATER, reason="In a hurry.")
    assert said.startswith(f"“{key.capitalize()}” cannot be waived.")
    assert not article.waivers.exists()


@pytest.mark.parametrize("key", ["TK", "standfirst", "no such point", ""])
def test_what_is_in_order_or_only_warns_needs_no_waiver(key):
    article = a_draft(standfirst="")
    assert refusal(article.waive, key, by=an_editor(), now=LATER, reason="Why not").startswith(
        "There is nothing to waive"
    )


def test_a_point_is_not_waived_twice():
    article = a_draft(byline=[])
    article.waive("byline", by=an_editor(), now=LATER, reason="Anonymous, for safety.")
    assert "waived already" in refusal(article.waive, "byline", by=an_editor(), now=LATER, reason="Again.")


@pytest.mark.parametrize("reason", ["", "  \n", "x" * 201])
def test_a_waiver_needs_a_reason_that_fits(reason):
    article = a_draft(byline=[])
    assert refusal(article.waive, "byline", by=an_editor(), now=LATER, reason=reason)
    assert not article.waivers.exists()


def test_a_journalist_waives_nothing_and_takes_nothing_back():
    article = a_draft(byline=[])
    assert "by editors" in refusal(article.waive, "byline", by=a_journalist(), now=LATER, reason="Please.")
    article.waive("byline", by=an_editor(), now=LATER, reason="For safety.")
    assert "by editors" in refusal(article.unwaive, "byline", by=a_journalist(), now=LATER)
    assert article.open_waivers().count() == 1


def test_a_waiver_for_one_picture_lets_no_other_pass():
    first, second = a_picture(), a_picture()
    article = a_draft(body=a_figure(first, credit="") + a_figure(second, credit=""))
    article.waive(f"credit:{first.pk.hex}", by=an_editor(), now=LATER, reason="She must not be named.")
    said = refusal(article.submit, by=a_journalist(), now=LATER)
    assert "Picture 2 in the text has no credit." in said
    assert "Picture 1" not in said


def test_a_waiver_makes_no_open_form_stale():
    article = a_draft(byline=[])
    before = article.lock_version
    article.waive("byline", by=an_editor(), now=LATER, reason="For safety.")
    assert Article.objects.get(pk=article.pk).lock_version == before


# --- The legal check -----------------------------------------------------------------------------------------------------


def test_a_required_legal_check_keeps_a_story_from_review_until_it_is_recorded():
    article, tomas = a_draft(), an_editor()
    article.require_legal_check(by=tomas, now=LATER, note="Paragraph 4 names him.")
    assert told(article) == ("legal_check", tomas, {"says": "required, Paragraph 4 names him."})
    said = refusal(article.submit, by=a_journalist(), now=LATER)
    assert "Tomas asked for a legal check on October 1, 2026. “Paragraph 4 names him.”" in said
    article.record_legal_check(by=tomas, now=LATER, done_by="Dr. Weiss", note="fair comment", revision=1)
    assert told(article) == ("legal_check", tomas, {"says": "done, Dr. Weiss (“fair comment”)", "revision": 1})
    assert submit(article) == "in_review"


def test_words_that_changed_since_the_legal_check_only_warn_and_say_which_were_read():
    article = a_draft()
    article.record_legal_check(by=an_editor(), now=LATER, done_by="Dr. Weiss", revision=1)
    changed = {**article.content(), "headline": "Pier stays closed"}
    article.save_content(changed, by=a_journalist(), now=TOMORROW, lock_version=article.lock_version)
    words = "Revision 1 was checked by Dr. Weiss; recorded by Tomas on October 1, 2026."
    assert (article.legal_words, submit(article)) == (words, "in_review")


def test_what_is_required_during_review_has_to_be_done_before_it_is_approved():
    article = submitted()
    article.require_legal_check(by=an_editor(), now=LATER)
    assert "Record it when it is done" in refusal(sign, article, at=LATER)
    article.record_legal_check(by=an_editor(), now=LATER, done_by="Dr. Weiss", revision=1)
    assert sign(article, at=LATER).status == "approved"


def test_approved_words_have_to_be_reopened_before_a_legal_check_is_required():
    article = approved()
    assert "Reopen the story" in refusal(article.require_legal_check, by=an_editor(), now=LATER)
    assert article.legal == "not_needed"


def test_a_legal_check_that_is_not_needed_any_more_blocks_no_more():
    article = a_draft()
    article.require_legal_check(by=an_editor(), now=LATER)
    article.drop_legal_check(by=an_editor(), now=LATER)
    assert told(article)[2] == {"says": "not needed"}
    assert submit(article) == "in_review"


@pytest.mark.parametrize(
    "wrong", [{"done_by": " "}, {"done_by": "x" * 81}, {"note": "x" * 201}, {"revision": 7}, {"revision": 0}]
)
def test_a_legal_check_says_who_did_it_and_of_which_words(wrong):
    article = a_draft()
    said = {"done_by": "Dr. Weiss", "note": "", "revision": 1, **wrong}
    assert refusal(article.record_legal_check, by=an_editor(), now=LATER, **said)
    assert article.legal == "not_needed"


def test_a_journalist_records_no_legal_check():
    article, ana = a_draft(), a_journalist()
    assert refusal(article.require_legal_check, by=ana, now=LATER)
    assert refusal(article.record_legal_check, by=ana, now=LATER, done_by="Me", revision=1)
    article.require_legal_check(by=an_editor(), now=LATER)
    assert refusal(article.drop_legal_check, by=ana, now=LATER)
    assert Article.objects.get(pk=article.pk).legal == "required"


@pytest.mark.parametrize("again", ["require_legal_check", "drop_legal_check"])
def test_what_stands_already_is_not_recorded_twice(again):
    article = a_draft()
    if again == "require_legal_check":
        article.require_legal_check(by=an_editor(), now=LATER)
    before = article.events.count()
    assert refusal(getattr(article, again), by=an_editor(), now=LATER)
    assert article.events.count() == before
