"""A change to a live story: what it is to readers is said beside the button, signed with the words, and never lost."""

from datetime import timedelta

import pytest
from django.utils import timezone

from articles.models import Article, Publication

from .factories import (
    BEGIN,
    a_draft,
    a_journalist,
    a_managing_editor,
    an_editor,
    approved_again,
    published,
    sign,
    submitted,
    taken_down,
)
from .forms import filled, words
from .test_desk_verbs import address, changed_live, press

pytestmark = pytest.mark.django_db
LATER = BEGIN + timedelta(hours=1)
DAYS_LATER = BEGIN + timedelta(days=2)
NOTE = "An earlier version named the wrong pier."


def form_of(client, article, by=a_journalist):
    client.force_login(by())
    return client.get(address(article, "change"))


def send(client, article, **typed):
    """Press a button of the form with `typed` over what it holds."""
    form = filled(form_of(client, article), **typed)
    return client.post(address(article, "change"), form)


def test_an_update_is_proposed_and_each_kind_says_what_it_is_to_readers(client):
    page = form_of(client, changed_live())
    assert filled(page)["kind"] == ["update"]
    assert "Correction Something was wrong. Your note stands on the page and among the corrections." in words(page)
    assert "Typo Spelling and commas, no fact. Readers see the new words, and no mark." in words(page)


def test_kind_and_note_are_submitted_with_the_words(client):
    article = published()
    send(client, article, headline="Pier reopens", kind="correction", public_note=NOTE, _submit="1")
    review = Article.objects.get().latest_review
    assert (review.kind, review.public_note, review.outcome) == ("correction", NOTE, None)


def test_a_correction_without_a_note_is_saved_and_not_submitted_and_what_was_chosen_stays(client):
    article = published()
    send(client, article, headline="Pier reopens", kind="correction", public_note="", _submit="1")
    page = client.get(address(article, "change"))
    assert "Saved as revision 2. It was not submitted: A correction needs a note: say what was wrong" in words(page)
    assert filled(page)["kind"] == ["correction"]
    assert Article.objects.get().status == "draft"


def test_a_note_that_was_typed_outlives_saving_and_a_refused_submission(client):
    article = published()
    send(client, article, headline="Pier reopens", kind="clarification", public_note=NOTE, _save="1")
    send(client, article, headline="", _submit="1")  # refused: no headline
    kept = filled(client.get(address(article, "change")))
    assert (kept["kind"], kept["public_note"]) == (["clarification"], [NOTE])
    send(client, article, headline="Pier reopens", _submit="1")
    assert Article.objects.get().latest_review.public_note == NOTE


def test_a_note_that_was_typed_goes_when_words_are_blanked(client):
    article = published()
    send(client, article, headline="A source's name", kind="clarification", public_note=NOTE, _save="1")
    article.propose_blank(by=a_managing_editor(), now=LATER, revisions=[2], reason="A source's safety.")
    article.confirm_blank(by=an_editor(), now=LATER)
    assert filled(client.get(address(article, "change")))["public_note"] == [""]
    assert f"said_of_change_{article.pk}" not in client.session


def test_a_note_that_was_typed_stays_in_a_form_that_was_overtaken(client):
    article = changed_live()
    form = filled(form_of(client, article), kind="typo", public_note=NOTE, headline="Mine")
    changed = article.content() | {"headline": "Theirs"}
    article.save_content(changed, by=an_editor(), now=LATER, lock_version=article.lock_version)
    page = client.post(address(article, "change"), form)
    assert page.status_code == 409
    assert (filled(page)["kind"], filled(page)["public_note"]) == (["typo"], [NOTE])


def test_what_was_said_when_it_was_sent_back_is_proposed_again(client):
    article = changed_live()
    article.submit(by=a_journalist(), now=LATER, kind="correction", public_note=NOTE)
    article.request_changes(by=an_editor(), now=LATER, comment="Since when?")
    assert filled(form_of(client, article))["public_note"] == [NOTE]


def test_what_was_said_of_the_last_change_is_not_proposed_for_the_next(client):
    article = changed_live()
    article.submit(by=a_journalist(), now=LATER, kind="correction", public_note=NOTE)
    article.approve(by=an_editor(), now=LATER, sha256=article.latest_review.sha256)
    article.publish(by=an_editor(), now=LATER + timedelta(minutes=1))
    form = filled(form_of(client, article))
    assert (form["kind"], form["public_note"]) == (["update"], [""])


def test_another_persons_choice_is_not_proposed(client):
    article = published()
    send(client, article, headline="Pier reopens", kind="typo", _save="1")
    assert filled(form_of(client, article, by=an_editor))["kind"] == ["update"]


def test_the_button_on_the_page_asks_the_same(client):
    article = changed_live()
    client.force_login(a_journalist())
    assert "What this change is to readers" in words(client.get(address(article, "read")))
    response = press(client, a_journalist(), article, "submit", kind="correction", public_note="")
    assert response.status_code == 422
    assert "A correction needs a note" in words(response)
    press(client, a_journalist(), article, "submit", kind="correction", public_note=NOTE)
    assert Article.objects.get().latest_review.public_note == NOTE


@pytest.mark.parametrize("kind", ["retraction", "first", "import", "nonsense"])
def test_only_the_kinds_of_change_can_be_chosen(client, kind):
    article = changed_live()
    assert press(client, a_journalist(), article, "submit", kind=kind, public_note=NOTE).status_code == 422
    assert Article.objects.get().status == "draft"


def test_a_first_publication_and_a_reinstatement_are_not_asked_for_a_kind(client):
    article = taken_down()
    page = form_of(client, article)
    assert "kind" not in filled(page)
    assert "Submitting asks for it to come back" in words(page)
    send(client, article, headline="Pier reopens", _submit="1")
    assert Article.objects.get().latest_review.kind == "reinstatement"


def test_the_editor_signs_the_note_that_the_page_shows(client):
    article = changed_live()
    article.submit(by=a_journalist(), now=LATER, kind="correction", public_note=NOTE)
    client.force_login(an_editor())
    page = client.get(address(article, "change"))
    assert f"Signed with the words: correction. Readers see this note on the page: {NOTE}" in words(page)
    read = article.latest_review.sha256
    article.withdraw(by=a_journalist(), now=LATER)
    article.submit(by=a_journalist(), now=LATER, kind="correction", public_note="Another note")
    assert press(client, an_editor(), article, "approve", sha256=read).status_code == 409
    press(client, an_editor(), article, "approve_and_publish", sha256=article.latest_review.sha256)
    assert Publication.objects.last().public_note == "Another note"


def test_the_note_of_a_scheduled_change_stands_where_the_editor_looks_before_it_goes_out(client):
    article, soon = published(), timezone.now() + timedelta(days=1)
    approved_again(article, at=LATER, kind="correction", public_note=NOTE, headline="Pier stays open")
    article.schedule(by=an_editor(), now=LATER, at=soon)
    client.force_login(an_editor())
    page = words(client.get(address(article, "read")))
    assert f"Signed with the words: correction. Readers see this note on the page: {NOTE}" in page
    assert "approved by Tomas" in page


def test_the_note_of_a_first_publication_is_shown_to_the_editor(client):
    article = a_draft()
    article.submit(by=a_journalist(), now=LATER, public_note=NOTE)
    client.force_login(an_editor())
    page = words(client.get(address(article, "read")))
    assert (
        f"Signed with the words: first publication. Readers find this note among the story’s versions: {NOTE}" in page
    )


def test_a_first_publication_without_a_note_has_nothing_beside_its_words(client):
    article = submitted()
    client.force_login(an_editor())
    assert "Signed with the words" not in words(client.get(address(article, "read")))


def test_whoever_reinstates_a_story_reads_the_note_that_goes_with_it(client):
    article = taken_down()
    article.save_content(
        {**article.content(), "headline": "Pier reopens"},
        by=a_journalist(),
        now=DAYS_LATER,
        lock_version=article.lock_version,
    )
    article.submit(by=a_journalist(), now=DAYS_LATER, public_note=NOTE)
    sign(article, at=DAYS_LATER)
    client.force_login(a_managing_editor())
    page = words(client.get(address(article, "reinstate")))
    assert f"Signed with the words: reinstatement. Readers find this note among the story’s versions: {NOTE}" in page
