"""Working together at the desk: who has a story open, notes, people and dates, signatures, who could approve."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from articles.models import Article, Note, Presence
from articles.workflow import Status

from .factories import (
    BEGIN,
    a_draft,
    a_journalist,
    a_managing_editor,
    an_author,
    an_editor,
    approved,
    published,
    submitted,
)
from .forms import filled, words

pytestmark = pytest.mark.django_db
LATER = BEGIN + timedelta(hours=1)


def address(name, article, *more):
    return reverse(f"admin:articles_article_{name}", args=[article.pk, *more])


@pytest.fixture
def ana(client):
    person = a_journalist()
    client.force_login(person)
    return person


@pytest.fixture
def tomas():
    return an_editor()


def fresh(article):
    return Article.objects.get(pk=article.pk)


def rewritten_by(editor, article):
    values = article.content() | {"headline": "Pier shut until spring"}
    article.save_content(values, by=editor, now=LATER, lock_version=article.lock_version)
    return article


# --- Who has it open ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["change", "read"])
def test_others_stand_on_the_page_and_oneself_does_not(client, ana, tomas, name):
    article = rewritten_by(tomas, a_draft(by=ana))
    Presence.objects.touch(article, tomas, timezone.now())
    page = client.get(address(name, article))
    assert "Tomas has this open, saved October 1, 2026, 6:00 a.m. EDT." in words(page)
    assert "Ana has this open" not in words(page)
    assert Presence.objects.filter(article=article, user=ana).exists()


def test_a_page_that_is_open_says_so_and_is_told_of_the_others(client, ana, tomas):
    article = a_draft(by=ana)
    answer = client.post(address("open", article))
    assert answer.json() == {"present": []}
    client.force_login(tomas)
    told = client.post(address("open", article)).json()["present"]
    assert told == ["Ana has this open, saved October 1, 2026, 5:00 a.m. EDT."]
    Presence.objects.filter(user=ana).update(at=timezone.now() - timedelta(seconds=61))
    assert client.post(address("open", article)).json() == {"present": []}


def test_of_a_story_saved_today_the_time_is_enough(client, ana, tomas):
    article = a_draft(by=ana, at=timezone.now())
    Presence.objects.touch(article, ana, timezone.now())
    client.force_login(tomas)
    (told,) = client.post(address("open", article)).json()["present"]
    assert told.startswith("Ana has this open, saved ")
    assert str(timezone.now().year) not in told


def test_nobody_is_present_at_a_story_that_they_do_not_see(client, ana):
    article = a_draft(by=a_journalist(username="dele"))
    assert client.post(address("open", article)).status_code == 404
    assert not Presence.objects.exists()


# --- Notes ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("story", [a_draft, submitted, approved, published])
def test_a_note_is_added_whatever_the_status_and_stands_beside_the_text(client, tomas, story):
    article = story()
    client.force_login(tomas)
    answer = client.post(address("note", article), {"text": "Who said so?", "quote": "close for repairs"}, follow=True)
    assert "Who said so?" in words(answer)
    assert "Tomas, " in words(answer)
    assert "no longer stand" not in words(answer)
    assert fresh(article).content() == article.content()


def test_words_that_were_rewritten_say_so(client, ana):
    article = a_draft(by=ana)
    client.post(address("note", article), {"text": "Sure?", "quote": "for repairs on Monday. What comes next"})
    assert "no longer stand" not in words(client.get(address("read", article)))
    values = article.content() | {"body": "<p>The pier will close.</p>"}
    article.save_content(values, by=ana, now=LATER, lock_version=article.lock_version)
    assert "These words no longer stand in the text." in words(client.get(address("read", article)))
    assert "These words no longer stand in the text." in words(client.get(address("change", article)))


def test_a_resolved_note_is_folded_away_with_who_resolved_it(client, ana, tomas):
    article = a_draft(by=ana)
    note = article.note(by=tomas, now=LATER, text="Who said so?")
    answer = client.post(address("resolve", article, note.pk), follow=True)
    assert "No open notes. 1 resolved Who said so?" in words(answer)
    assert "resolved by Ana" in words(answer)
    assert "Resolve the note" not in words(answer)


def test_a_script_gets_the_notes_alone(client, ana):
    article = a_draft(by=ana)
    scripted = {"headers": {"X-Requested-With": "fetch"}}
    answer = client.post(address("note", article), {"text": "Who said so?"}, **scripted)
    assert answer.content.decode().lstrip().startswith("<section")
    assert (answer.status_code, "Who said so?" in words(answer)) == (200, True)
    refused = client.post(address("note", article), {"text": " ", "quote": "pier"}, **scripted)
    assert (refused.status_code, Note.objects.count()) == (422, 1)
    assert ">pier</textarea>" in refused.content.decode().replace("\n", "")


def test_without_a_script_an_empty_note_is_asked_for_again(client, ana):
    article = a_draft(by=ana)
    answer = client.post(address("note", article), {"text": "", "quote": "the pier"})
    assert (answer.status_code, Note.objects.count()) == (422, 0)
    assert "the pier" in words(answer)


def test_notes_of_a_story_that_is_not_seen_do_not_exist(client, ana):
    hers, other = a_draft(by=ana), a_draft(by=a_journalist(username="dele"))
    note = other.note(by=a_journalist(username="dele"), now=LATER, text="Mine")
    assert client.post(address("note", other), {"text": "Mine too"}).status_code == 404
    assert client.post(address("resolve", other, note.pk)).status_code == 404
    assert client.post(address("resolve", hers, note.pk)).status_code == 404
    assert Note.objects.get().resolved_by is None


# --- People and dates -----------------------------------------------------------------------------------------------


def set_people(client, article, page=None, **typed):
    page = page or client.get(address("read", article))
    return client.post(address("people", article), filled(page, "people-form", **typed), follow=True)


def test_an_editor_assigns_a_story_with_a_date(client, ana, tomas):
    article, dele = a_draft(by=ana), a_journalist(username="dele")
    client.force_login(tomas)
    answer = set_people(client, article, assignee=dele.pk, due="2026-10-05")
    assert "Changed: assigned to Dele; due on October 5, 2026." in words(answer)
    assert "Tomas changed who works on it: assigned to Dele; due on October 5, 2026" in words(answer)
    assert (fresh(article).assignee, str(fresh(article).due)) == (dele, "2026-10-05")


def test_of_two_forms_each_sets_what_its_person_changed(client, ana, tomas):
    article, dele = a_draft(by=ana), a_journalist(username="dele")
    client.force_login(tomas)
    old = client.get(address("read", article))
    set_people(client, article, assignee=dele.pk)
    set_people(client, article, page=old, due="2026-10-05")
    assert (fresh(article).assignee, str(fresh(article).due)) == (dele, "2026-10-05")
    assert "Nothing was changed." in words(set_people(client, article))


def test_a_date_that_is_none_is_asked_for_again(client, ana, tomas):
    article = a_draft(by=ana)
    client.force_login(tomas)
    answer = set_people(client, article, due="next week")
    assert answer.status_code == 422
    assert "Write the date as year-month-day" in words(answer)


def test_an_editor_who_restricts_a_story_is_told_when_they_lose_it(client, ana, tomas):
    article = a_draft(by=ana)
    client.force_login(tomas)
    answer = set_people(client, article, restricted="on")
    assert "it has left your desk" in words(answer)
    assert client.get(address("read", article)).status_code == 404


def test_an_editor_who_names_themselves_goes_on_seeing_it(client, ana, tomas):
    article = a_draft(by=ana)
    client.force_login(tomas)
    answer = set_people(client, article, restricted="on", named_editors=[tomas.pk])
    assert "Changed: restricted; named editors: Tomas." in words(answer)
    assert "its own people, managing editors, Tomas" in words(answer)


def test_a_journalist_may_restrict_an_own_story_and_no_more(client, ana, tomas):
    article = a_draft(by=ana)
    page = client.get(address("read", article))
    assert 'name="assignee"' not in page.content.decode()
    answer = set_people(client, article, page=page, restricted="on", assignee=tomas.pk, due="2026-10-05")
    assert "Changed: restricted." in words(answer)
    assert (fresh(article).restricted, fresh(article).assignee, fresh(article).due) == (True, None, None)
    answer = set_people(client, article, restricted=None)
    assert (answer.status_code, fresh(article).restricted) == (409, True)
    assert "A restriction is lifted by editors." in words(answer)


# --- A signature that is asked for ----------------------------------------------------------------------------------


def test_an_editor_sends_changed_words_to_their_author_who_signs_them(client, ana, tomas):
    article = rewritten_by(tomas, a_draft(by=ana))
    client.force_login(tomas)
    page = client.get(address("read", article))
    assert [person.username for person in page.context["signer_form"].fields["to"].queryset] == ["ana"]
    sent = {"to": ana.pk, "lock_version": article.lock_version}
    assert "Ana is asked to sign." in words(client.post(address("send_to_sign", article), sent, follow=True))

    client.force_login(ana)
    desk = client.get("/admin/")
    assert "To sign" in words(desk)
    link = f"{address('read', article)}?against=yours"
    assert link in desk.content.decode()
    page = client.get(link)
    assert "Changes since your version" in words(page)
    assert "<del>closes for repairs</del><ins>shut until spring</ins>" in page.content.decode()
    (button,) = [button for button in page.context["buttons"] if button.name == "submit"]
    assert (button.label, button.main) == ("Sign and submit", True)

    client.post(address("submit", article), {"lock_version": fresh(article).lock_version})
    assert (fresh(article).status, fresh(article).to_sign) == (Status.IN_REVIEW, None)
    assert "To sign" not in words(client.get("/admin/"))
    assert fresh(article).latest_review.submitted_by == ana


def test_an_old_page_sends_nothing(client, ana, tomas):
    article = rewritten_by(tomas, a_draft(by=ana))
    client.force_login(tomas)
    answer = client.post(address("send_to_sign", article), {"to": ana.pk, "lock_version": article.lock_version - 1})
    assert (answer.status_code, fresh(article).to_sign) == (409, None)
    answer = client.post(address("send_to_sign", article), {"to": tomas.pk, "lock_version": article.lock_version})
    assert (answer.status_code, fresh(article).to_sign) == (422, None)


def test_a_journalist_sends_nothing(client, ana):
    article = a_draft(by=ana)
    assert client.get(address("read", article)).context["signer_form"] is None
    article.assign(by=an_editor(), now=LATER, assignee=a_journalist(username="dele"))
    answer = client.post(address("send_to_sign", article), {"to": article.assignee_id, "lock_version": 1})
    assert (answer.status_code, fresh(article).to_sign) == (409, None)


# --- Who could approve it -------------------------------------------------------------------------------------------


def test_a_story_that_nobody_else_could_approve_says_so_at_submission(client, tomas):
    article = a_draft(by=tomas)
    client.force_login(tomas)
    page = client.get(address("change", article))
    assert "Nobody but you could approve it, and two people sign what goes out." in words(page)
    answer = client.post(address("change", article), filled(page, _submit="1"), follow=True)
    assert "Submitted: an editor reads it next. Nobody but you could approve it" in words(answer)


def test_only_its_author_could_approve_it(client, ana, tomas):
    article = a_draft(by=ana, author=an_author(name="Tomas Lindqvist", user=tomas))
    answer = client.post(address("submit", article), {"lock_version": article.lock_version}, follow=True)
    assert "Only Tomas could approve it, who wrote it too." in words(answer)


def test_with_a_second_editor_nothing_is_said(client, ana, tomas):
    article = a_draft(by=ana)
    page = client.get(address("change", article))
    answer = client.post(address("change", article), filled(page, _submit="1"), follow=True)
    assert "could approve it" not in words(page) + words(answer)


# --- The desk -------------------------------------------------------------------------------------------------------


def test_the_desk_shows_what_is_assigned_and_what_is_overdue_in_words(client, ana, tomas):
    article, today = a_draft(by=tomas), timezone.localdate()
    article.assign(by=a_managing_editor(), now=LATER, assignee=ana, due=today - timedelta(days=3))
    desk = words(client.get("/admin/"))
    assert "Assigned to you 1 Pier closes for repairs" in desk
    assert "3 days overdue" in desk
    client.force_login(tomas)
    assert "Due within a week, or overdue 1 Pier closes for repairs" in words(client.get("/admin/"))


@pytest.mark.parametrize(
    ("days", "said"), [(0, "today"), (1, "tomorrow"), (4, "in 4 days"), (-1, "1 day overdue"), (-2, "2 days overdue")]
)
def test_a_date_is_told_from_today(days, said):
    from articles.templatetags.desk_company import due_in_words

    article = Article(due=timezone.localdate() + timedelta(days=days))
    assert due_in_words(article).endswith(f", {said}")
    article.status = Status.APPROVED
    assert "day" not in due_in_words(article)
