"""Who works on a story: assignment, restriction, a signature asked for, and who could approve it at all."""

from datetime import date, timedelta

import pytest
from django.contrib.auth.models import User

from articles.models import Article, ArticleChanged, Presence
from articles.workflow import MoveNotAllowed

from .factories import (
    BEGIN,
    a_draft,
    a_journalist,
    a_managing_editor,
    a_person,
    an_author,
    an_editor,
    content,
    published,
    submitted,
)

pytestmark = pytest.mark.django_db
LATER = BEGIN + timedelta(hours=1)


def rewritten_by(editor, article, headline="Pier shut until spring"):
    values = article.content() | {"headline": headline}
    article.save_content(values, by=editor, now=LATER, lock_version=article.lock_version)
    return article


# --- Assignment -----------------------------------------------------------------------------------------------------


def test_an_editor_assigns_a_story_and_sets_its_date():
    article, dele = a_draft(), a_journalist(username="dele")
    said = article.assign(by=an_editor(), now=LATER, assignee=dele, due=date(2026, 10, 5))
    assert said == ["assigned to Dele", "due on October 5, 2026"]
    assert Article.objects.seen_by(dele).get() == article
    event = article.events.last()
    assert (event.verb, event.data["assignee"], event.data["due"]) == ("assign", dele.pk, "2026-10-05")
    assert event.data["says"] == "assigned to Dele; due on October 5, 2026"


def test_what_was_so_already_is_no_event():
    article, tomas = a_draft(), an_editor()
    assert article.assign(by=tomas, now=LATER, assignee=None, due=None, restricted=False, named_editors=[]) == []
    assert not article.events.filter(verb="assign").exists()


def test_assigning_makes_no_open_form_stale():
    article = a_draft()
    opened = article.lock_version
    article.assign(by=an_editor(), now=LATER, assignee=a_journalist(username="dele"))
    values = content(headline="Pier reopens")
    assert article.save_content(values, by=a_journalist(), now=LATER, lock_version=opened).number == 2


def test_a_stale_form_is_told_of_the_save_and_not_of_the_assignment():
    article, tomas = a_draft(), an_editor()
    opened = article.lock_version
    rewritten_by(tomas, article).assign(by=a_managing_editor(), now=LATER, restricted=True)
    with pytest.raises(ArticleChanged, match="Tomas saved it"):
        article.save_content(content(headline="Hers"), by=a_journalist(), now=LATER, lock_version=opened)


def test_a_restricted_story_is_seen_by_the_editors_it_names():
    article, tomas, ruth = a_draft(), an_editor(), a_managing_editor()
    article.assign(by=ruth, now=LATER, restricted=True)
    assert not Article.objects.seen_by(tomas).exists()
    assert article.assign(by=ruth, now=LATER, named_editors=[tomas]) == ["named editors: Tomas"]
    assert Article.objects.seen_by(tomas).get() == article


def test_a_journalist_restricts_an_own_story_and_does_not_lift_it():
    article, ana = a_draft(), a_journalist()
    assert article.assign(by=ana, now=LATER, restricted=True) == ["restricted"]
    with pytest.raises(MoveNotAllowed, match="lifted by editors"):
        article.assign(by=ana, now=LATER, restricted=False)
    with pytest.raises(MoveNotAllowed, match="set by editors"):
        article.assign(by=ana, now=LATER, named_editors=[an_editor()])
    with pytest.raises(MoveNotAllowed, match="its own people"):
        a_draft(by=an_editor()).assign(by=ana, now=LATER, restricted=True)
    assert Article.objects.get(pk=article.pk).restricted is True


# --- A signature that is asked for ----------------------------------------------------------------------------------


def test_the_author_is_asked_to_sign_what_an_editor_wrote():
    ana, tomas = a_journalist(), an_editor()
    article = rewritten_by(tomas, a_draft(by=ana))
    article.send_to_sign(ana, by=tomas, now=LATER, lock_version=article.lock_version)
    event = article.events.last()
    assert (Article.objects.get().to_sign, event.verb, event.data["to"], event.data["revision"]) == (
        ana,
        "send_to_sign",
        ana.pk,
        2,
    )
    assert article.last_version_of(ana).number == 1


def test_submitting_ends_the_request_and_the_editor_approves():
    ana, tomas = a_journalist(), an_editor()
    article = rewritten_by(tomas, a_draft(by=ana))
    article.send_to_sign(ana, by=tomas, now=LATER)
    review = article.submit(by=ana, now=LATER)
    article.approve(by=tomas, now=LATER, sha256=review.sha256)
    assert Article.objects.get().to_sign is None
    assert article.last_version_of(ana).number == 2


def test_the_save_of_who_was_asked_ends_the_request_and_that_of_another_does_not():
    ana, tomas = a_journalist(), an_editor()
    article = rewritten_by(tomas, a_draft(by=ana))
    article.send_to_sign(ana, by=tomas, now=LATER)
    rewritten_by(tomas, article, "Pier shut till May")
    assert Article.objects.get().to_sign == ana
    rewritten_by(ana, article, "Pier shut")
    assert Article.objects.get().to_sign is None


def test_a_new_request_takes_the_place_of_the_last_one():
    ana, dele, tomas = a_journalist(), a_journalist(username="dele"), an_editor()
    article = rewritten_by(tomas, a_draft(by=ana))
    article.assign(by=tomas, now=LATER, assignee=dele)
    article.send_to_sign(ana, by=tomas, now=LATER)
    article.send_to_sign(dele, by=tomas, now=LATER)
    assert Article.objects.get().to_sign == dele


def test_nobody_is_asked_out_of_turn():
    ana, dele, tomas = a_journalist(), a_journalist(username="dele"), an_editor()
    article = a_draft(by=ana)
    for to, by, why in [
        (ana, tomas, "These are the words that Ana wrote last"),
        (dele, tomas, "Choose another one of this story's people"),
        (tomas, tomas, "Choose another one of this story's people"),
        (ana, ana, "asked for by editors"),
    ]:
        with pytest.raises(MoveNotAllowed, match=why):
            article.send_to_sign(to, by=by, now=LATER)
    rewritten_by(tomas, article)
    with pytest.raises(ArticleChanged):
        article.send_to_sign(ana, by=tomas, now=LATER, lock_version=article.lock_version - 1)
    article.submit(by=ana, now=LATER)
    with pytest.raises(MoveNotAllowed, match="while the story is a draft"):
        article.send_to_sign(ana, by=tomas, now=LATER)
    assert Article.objects.get().to_sign is None


# --- Who could approve it -------------------------------------------------------------------------------------------


def everybody():
    people = [a_journalist(), a_journalist(username="dele"), an_editor(), an_editor(username="ines")]
    boss = a_person(username="root", is_superuser=True)
    left = an_editor(username="left")
    User.objects.filter(pk=left.pk).update(is_active=False)
    return [*people, a_managing_editor(), boss, a_person(username="nobody")], left


@pytest.mark.parametrize("restricted", [False, True])
@pytest.mark.parametrize("named", [False, True])
def test_who_could_approve_is_who_sees_it_and_may(restricted, named):
    people, _ = everybody()
    ana, ines = people[0], people[3]
    article = a_draft(by=ana)
    article.assign(by=a_managing_editor(), now=LATER, restricted=restricted, named_editors=[ines] if named else [])
    expected = {
        person.username
        for person in people
        if person.has_perm("articles.approve_article")
        and person != ana
        and Article.objects.seen_by(person).filter(pk=article.pk).exists()
    }
    assert {person.username for person in article.could_approve(ana)} == expected
    assert {"ruth", "root"} <= expected
    assert ("ines" in expected) == (named or not restricted)


def test_with_another_editor_there_is_no_problem():
    an_editor()
    assert a_draft().approval_problem(a_journalist()) == ""


def test_a_lone_editors_own_story_has_nobody_to_approve_it():
    tomas = an_editor()
    problem = a_draft(by=tomas).approval_problem(tomas)
    assert problem.startswith("Nobody but you could approve it")
    assert "Ask a managing editor to find a second editor" in problem


def test_a_lone_editor_who_rewrote_a_story_is_told_to_have_it_signed():
    tomas = an_editor()
    article = rewritten_by(tomas, a_draft())
    assert "Send it to Ana to sign, under “People and dates”" in article.approval_problem(tomas)
    article.submit(by=tomas, now=LATER)
    assert "Withdraw it and send it to Ana to sign" in article.approval_problem(tomas)


def test_only_its_own_author_could_approve_it():
    tomas = an_editor()
    article = a_draft(author=an_author(name="Tomas Lindqvist", user=tomas))
    problem = article.approval_problem(a_journalist())
    assert problem.startswith("Only Tomas could approve it, who wrote it too.")


def test_a_restricted_story_without_named_editors_says_how_to_find_one():
    article, ana = a_draft(), a_journalist()
    an_editor()
    article.assign(by=ana, now=LATER, restricted=True)
    assert "name another editor under “People and dates”" in article.approval_problem(ana)


# --- Presence -------------------------------------------------------------------------------------------------------


def present(article, user, now):
    return [(row.user.username, row.saved) for row in Presence.objects.others(article, user, now)]


def test_others_are_told_who_has_a_story_open_and_when_they_saved():
    ana, tomas = a_journalist(), an_editor()
    article = rewritten_by(tomas, a_draft(by=ana))
    for person in (ana, tomas):
        Presence.objects.touch(article, person, LATER)
        Presence.objects.touch(article, person, LATER)
    assert present(article, ana, LATER + timedelta(seconds=59)) == [("tomas", LATER)]
    assert present(article, tomas, LATER) == [("ana", BEGIN)]
    assert present(article, ana, LATER + timedelta(seconds=60)) == []


def test_somebody_who_may_not_see_the_story_any_more_is_not_shown():
    ana, tomas, ines = a_journalist(), an_editor(), an_editor(username="ines")
    article = a_draft(by=ana)
    for person in (tomas, ines):
        Presence.objects.touch(article, person, LATER)
    article.assign(by=a_managing_editor(), now=LATER, restricted=True)
    assert present(article, ana, LATER) == []
    article.assign(by=a_managing_editor(), now=LATER, restricted=False)
    User.objects.filter(pk=ines.pk).update(is_active=False)
    assert present(article, ana, LATER) == [("tomas", None)]


def test_who_had_it_open_long_ago_is_forgotten():
    article = a_draft()
    Presence.objects.touch(article, an_editor(), BEGIN)
    Presence.objects.touch(article, a_journalist(), BEGIN + timedelta(hours=2))
    assert [row.user.username for row in Presence.objects.all()] == ["ana"]


# --- Notes ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("story", [a_draft, submitted, published])
def test_a_note_stands_beside_any_story_and_changes_nothing_of_it(story):
    article, tomas = story(), an_editor()
    before = Article.objects.filter(pk=article.pk).values().get(), article.events.count()
    note = article.note(by=tomas, now=LATER, text=" Who said so? ", quote="close  for\nrepairs")
    assert (note.text, note.quote, note.by, note.at) == ("Who said so?", "close for repairs", tomas, LATER)
    assert (Article.objects.filter(pk=article.pk).values().get(), article.events.count()) == before
    with pytest.raises(MoveNotAllowed, match="Write what you want to say"):
        article.note(by=tomas, now=LATER, text=" ", quote="close for repairs")


def test_a_note_is_resolved_once():
    article = a_draft()
    note = article.note(by=an_editor(), now=LATER, text="Who said so?")
    note.resolve(by=a_journalist(), now=LATER)
    note.resolve(by=an_editor(), now=LATER + timedelta(hours=1))
    note.refresh_from_db()
    assert (note.resolved_by, note.resolved_at) == (a_journalist(), LATER)
