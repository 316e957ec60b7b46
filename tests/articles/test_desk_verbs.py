"""Each verb is one POST button: by role, with its words, and never by halves."""

from datetime import timedelta

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from articles.admin.verb_pages import PAGES
from articles.models import Article, Publication
from articles.moments import here
from articles.workflow import PEOPLES_VERBS, VERBS, Status

from .factories import (
    BEGIN,
    a_draft,
    a_journalist,
    a_managing_editor,
    a_person,
    a_picture,
    an_editor,
    approved,
    published,
    republish,
    scheduled,
    sign,
    submitted,
)
from .forms import filled, words

pytestmark = pytest.mark.django_db
LATER = BEGIN + timedelta(hours=1)
REASON = "The harbor is on fire and nobody else is in."
OF_PEOPLE = {verb.name for verb in PEOPLES_VERBS} - {"save"}


def address(article, name):
    return reverse(f"admin:articles_article_{name}", args=[article.pk])


def press(client, by, article, name, **typed):
    """The button of a page that was opened just now; `lock_version` for an older page."""
    client.force_login(by)
    seen = {"lock_version": Article.objects.get(pk=article.pk).lock_version}
    return client.post(address(article, name), seen | typed)


def status(article):
    return Article.objects.get(pk=article.pk).status


def sent_back():
    article = submitted()
    article.request_changes(by=an_editor(), now=LATER, comment="Who said so?")
    return article


def changed_live():
    article = published()
    changed = article.content() | {"headline": "Pier reopens"}
    article.save_content(changed, by=a_journalist(), now=LATER, lock_version=article.lock_version)
    return article


def spiked():
    article = a_draft()
    article.spike(by=a_journalist(), now=LATER)
    return article


def tomorrow():
    return timezone.now() + timedelta(days=1)


def in_the_schedule():
    return scheduled(at=tomorrow())


def unreviewed():
    article = a_draft()
    article.publish_unreviewed(by=a_managing_editor(username="ines"), now=LATER, reason=REASON)
    return article


def to_be_retracted():
    article = published()
    article.propose_retraction(by=a_managing_editor(username="ines"), now=LATER, notice="It was wrong.")
    return article


def to_be_blanked():
    article = a_draft()
    article.propose_blank(by=a_managing_editor(username="ines"), now=LATER, revisions=[1], reason="It names a source.")
    return article


def to_come_back():
    article = published()
    article.take_down(by=a_managing_editor(username="ines"), now=LATER, reason="A letter from a lawyer")
    changed = article.content() | {"headline": "Pier reopens"}
    article.save_content(changed, by=a_journalist(), now=LATER, lock_version=article.lock_version)
    article.submit(by=a_journalist(), now=LATER)
    return sign(article, at=LATER)


def asked(verb, article):
    """What somebody who knows what they do fills in."""
    return {
        "approve": {"sha256": hash_of(article, "content")},
        "approve_and_publish": {"sha256": hash_of(article, "content")},
        "request_changes": {"comment": "Who said so?"},
        "schedule": {"at_0": here(tomorrow()).strftime("%Y-%m-%dT%H:%M")},
        "embargo": {"until_0": here(tomorrow()).strftime("%Y-%m-%dT%H:%M")},
        "publish_unreviewed": {"reason": REASON},
        "object_to_emergency": {"comment": "It names the wrong pier."},
        "propose_retraction": {"notice": "It was wrong."},
        "confirm_retraction": {"sha256": hash_of(article, "retraction")},
        "take_down": {"reason": "A letter from a lawyer", "code": "451"},
        "reinstate": {"reason": "The letter was withdrawn"},
        "propose_blank": {"revisions": ["1"], "reason": "It names a source.", "code": "410"},
        "confirm_blank": {"proposal": getattr(article.blankings.last(), "pk", ""), "sure": "on"},
    }.get(verb, {})


def hash_of(article, subject):
    review = article.reviews.open().filter(subject=subject).first()
    return review.sha256 if review else ""


# verb, a story it is for, who may (J: its journalist, E, M: an editor and a managing one who did not submit it), where
# it leads
MOVES = [
    ("submit", a_draft, "JEM", "in_review"),
    ("submit", sent_back, "JEM", "in_review"),
    ("withdraw", submitted, "JEM", "draft"),
    ("request_changes", submitted, "EM", "changes_requested"),
    ("approve", submitted, "EM", "approved"),
    ("approve_and_publish", submitted, "EM", "published"),
    ("reopen", approved, "JEM", "draft"),
    ("reopen", in_the_schedule, "EM", "draft"),
    ("publish", approved, "EM", "published"),
    ("schedule", approved, "EM", "scheduled"),
    ("unschedule", in_the_schedule, "EM", "approved"),
    ("embargo", a_draft, "JEM", "draft"),
    ("embargo", approved, "EM", "approved"),
    ("publish_unreviewed", a_draft, "M", "published"),
    ("confirm_emergency", unreviewed, "EM", "published"),
    ("object_to_emergency", unreviewed, "EM", "published"),
    ("propose_retraction", published, "EM", "published"),
    ("confirm_retraction", to_be_retracted, "EM", "draft"),
    ("drop_retraction", to_be_retracted, "EM", "published"),
    ("take_down", published, "M", "draft"),
    ("reinstate", to_come_back, "M", "published"),
    ("propose_blank", a_draft, "M", "draft"),
    ("confirm_blank", to_be_blanked, "EM", "draft"),
    ("drop_blank", to_be_blanked, "EM", "draft"),
    ("discard", changed_live, "JEM", "published"),
    ("spike", a_draft, "JEM", "spiked"),
    ("unspike", spiked, "JEM", "draft"),
]
PEOPLE = {"J": a_journalist, "E": an_editor, "M": a_managing_editor}
TRIED = [(*move, who) for move in MOVES for who in ("JE" if "E" in move[2] else "JEM")]
OF_EDITORS = {verb for verb, _, may, _ in MOVES if "E" in may}


def test_every_verb_of_the_table_is_tried_here():
    assert {move[0] for move in MOVES} - {"approve_and_publish"} == OF_PEOPLE


@pytest.mark.parametrize(("verb", "make", "may", "leads_to", "who"), TRIED)
def test_a_button_does_its_verb_for_whom_it_is_for_and_nothing_for_others(client, verb, make, may, leads_to, who):
    article, person = make(), {name: someone() for name, someone in PEOPLE.items()}[who]
    before = status(article)
    response = press(client, person, article, verb, **asked(verb, article))
    if who in may:
        assert (response.status_code, status(article)) == (302, leads_to)
        assert response.headers["Location"] in {address(article, "change"), "/admin/"}
        assert [message.level_tag for message in get_messages(response.wsgi_request)] == ["success"]
    else:
        assert (response.status_code, status(article)) == (409, before)
        assert 'role="alert"' in response.content.decode()


def offers(page, verb, article):
    way = "href" if verb in PAGES else "action"
    return f'{way}="{address(article, verb)}"' in page or (verb == "submit" and 'name="_submit"' in page)


@pytest.mark.parametrize("make", dict.fromkeys(move[1] for move in MOVES))
def test_a_button_is_shown_to_those_who_may_press_it(client, make):
    article, moves, offered = make(), [move for move in MOVES if move[1] == make], {}
    for who, person in PEOPLE.items():
        client.force_login(person())
        page = client.get(address(article, "change")).content.decode()
        offered |= {(verb, who): offers(page, verb, article) for verb, *_ in moves}
    assert offered == {(verb, who): who in may for verb, _, may, _ in moves for who in PEOPLE}


def test_the_clock_has_no_button(client):
    client.force_login(a_managing_editor())
    assert client.post(f"/admin/articles/article/{in_the_schedule().pk}/fire/").status_code == 404


@pytest.mark.parametrize("verb", sorted({*OF_PEOPLE, "approve_and_publish", "switch_appeal"} - PAGES))
def test_the_address_of_a_button_leads_to_the_story_and_does_nothing(client, verb):
    """As after a refusal, or after signing in on the way to it."""
    article = submitted()
    client.force_login(an_editor())
    before = status(article)
    for answer in (client.get(address(article, verb)), client.head(address(article, verb))):
        assert (answer.status_code, answer.headers["Location"]) == (302, address(article, "change"))
    assert client.put(address(article, verb)).status_code == 405
    assert status(article) == before


def test_verbs_need_the_token_of_our_own_pages():
    article, client = submitted(), Client(enforce_csrf_checks=True)
    client.force_login(an_editor())
    assert client.post(address(article, "approve"), {"sha256": article.latest_review.sha256}).status_code == 403
    assert status(article) == Status.IN_REVIEW


def test_there_is_no_button_that_saves_or_deletes(client):
    article = a_draft()
    client.force_login(a_person(username="boss", is_superuser=True))
    for name in ("save", "delete", "history"):
        assert client.post(f"/admin/articles/article/{article.pk}/{name}/").status_code == 404
        assert client.get(f"/admin/articles/article/{article.pk}/{name}/").status_code == 404


def test_the_list_has_no_bulk_actions(client):
    article = submitted()
    client.force_login(a_person(username="boss", is_superuser=True))
    chosen = {
        "action": "delete_selected",
        "_selected_action": [article.pk],
        "index": "0",
        "form-0-status": "published",
    }
    client.post("/admin/articles/article/", chosen)
    assert status(article) == Status.IN_REVIEW


# --- Pages that are older than the story -----------------------------------------------------------------------------


def saved_meanwhile(article):
    changed = article.content() | {"headline": "What a colleague wrote"}
    article.save_content(changed, by=an_editor(), now=LATER, lock_version=article.lock_version)


def sent_around_again(article):
    article.withdraw(by=a_journalist(), now=LATER)
    article.submit(by=a_journalist(), now=LATER)


def signed_again(article):
    article.reopen(by=a_journalist(), now=LATER)
    article.submit(by=a_journalist(), now=LATER)
    sign(article)


def scheduled_again(article):
    article.unschedule(by=an_editor(), now=LATER)
    article.schedule(by=an_editor(), now=LATER, at=tomorrow())


def spiked_again(article):
    article.unspike(by=a_journalist(), now=LATER)
    article.spike(by=a_journalist(), now=LATER)


# verb, a story it is for, what a colleague does meanwhile that leaves the story open for the verb, and the words for it
OVERTAKEN = [
    ("submit", a_draft, saved_meanwhile, "Tomas saved it"),
    ("discard", changed_live, saved_meanwhile, "Tomas saved it"),
    ("spike", a_draft, saved_meanwhile, "Tomas saved it"),
    ("withdraw", submitted, sent_around_again, "Ana submitted it for review"),
    ("request_changes", submitted, sent_around_again, "Ana submitted it for review"),
    ("approve", submitted, sent_around_again, "Ana submitted it for review"),
    ("approve_and_publish", submitted, sent_around_again, "Ana submitted it for review"),
    ("reopen", approved, signed_again, "Tomas approved it"),
    ("publish", approved, signed_again, "Tomas approved it"),
    ("unspike", spiked, spiked_again, "Ana spiked it"),
    ("schedule", approved, signed_again, "Tomas approved it"),
    ("unschedule", in_the_schedule, scheduled_again, "Tomas scheduled it"),
    ("embargo", a_draft, saved_meanwhile, "Tomas saved it"),
    ("publish_unreviewed", a_draft, saved_meanwhile, "Tomas saved it"),
    ("confirm_emergency", unreviewed, saved_meanwhile, "Tomas saved it"),
    ("object_to_emergency", unreviewed, saved_meanwhile, "Tomas saved it"),
    ("propose_retraction", published, saved_meanwhile, "Tomas saved it"),
    ("confirm_retraction", to_be_retracted, saved_meanwhile, "Tomas saved it"),
    ("drop_retraction", to_be_retracted, saved_meanwhile, "Tomas saved it"),
    ("take_down", published, saved_meanwhile, "Tomas saved it"),
    ("reinstate", to_come_back, signed_again, "Tomas approved it"),
    ("propose_blank", a_draft, saved_meanwhile, "Tomas saved it"),
    ("confirm_blank", to_be_blanked, saved_meanwhile, "Tomas saved it"),
    ("drop_blank", to_be_blanked, saved_meanwhile, "Tomas saved it"),
]


def test_every_verb_of_the_table_is_overtaken_here():
    assert {case[0] for case in OVERTAKEN} - {"approve_and_publish"} == OF_PEOPLE


@pytest.mark.parametrize(("verb", "make", "meanwhile", "told"), OVERTAKEN)
def test_the_button_of_an_older_page_does_nothing_and_says_who_did_what(client, verb, make, meanwhile, told):
    article = make()
    opened = article.lock_version
    meanwhile(article)
    before = (status(article), article.revisions.count(), article.events.count(), article.content())
    typed, person = asked(verb, article), an_editor() if verb in OF_EDITORS else a_managing_editor()
    response = press(client, person, article, verb, lock_version=opened, **typed)
    assert response.status_code == 409
    assert f"{told} after you opened the page, so nothing was done" in words(response)
    article = Article.objects.get(pk=article.pk)
    assert (status(article), article.revisions.count(), article.events.count(), article.content()) == before
    assert press(client, person, article, verb, **typed).status_code == 302  # the page just shown


@pytest.mark.parametrize("version", [None, "", "no number", "-1", "9" * 5000])
def test_a_button_that_does_not_say_which_version_was_seen_does_nothing(client, version):
    article = submitted()
    client.force_login(an_editor())
    form = {"sha256": article.latest_review.sha256} | ({} if version is None else {"lock_version": version})
    assert client.post(address(article, "approve"), form).status_code == 409
    assert status(article) == Status.IN_REVIEW


@pytest.mark.parametrize(
    ("make", "who"), [(submitted, an_editor), (approved, an_editor), (changed_live, a_journalist)]
)
def test_every_button_posts_the_version_that_its_page_shows(client, make, who):
    article = make()
    client.force_login(who())
    forms = client.get(address(article, "change")).content.decode().split("<form")[1:]
    verbs = {form.split('action="')[1].split('"')[0].split("/")[-2]: form for form in forms if 'action="' in form}
    of_words = {name: form for name, form in verbs.items() if name in VERBS or name == "approve_and_publish"}
    assert of_words
    assert [n for n, f in of_words.items() if f'name="lock_version" value="{article.lock_version}"' not in f] == []


# --- Signing ---------------------------------------------------------------------------------------------------------


def test_an_editor_signs_with_the_form_of_the_page_just_read(client):
    article = submitted()
    client.force_login(an_editor())
    page = client.get(address(article, "change")).content.decode()
    assert page.count(f'name="sha256" value="{article.latest_review.sha256}"') == 2  # approve, approve and publish


def test_words_submitted_again_since_the_page_was_opened_are_not_signed(client):
    article = submitted()
    read = article.latest_review.sha256
    article.withdraw(by=a_journalist(), now=LATER)
    changed = article.content() | {"headline": "Other words"}
    article.save_content(changed, by=a_journalist(), now=LATER, lock_version=article.lock_version)
    article.submit(by=a_journalist(), now=LATER)
    response = press(client, an_editor(), article, "approve_and_publish", sha256=read)
    assert response.status_code == 409
    assert "not the words you read" in words(response)
    assert article.latest_review.sha256 in response.content.decode()
    assert status(article) == Status.IN_REVIEW


@pytest.mark.parametrize("verb", ["approve", "approve_and_publish"])
def test_nobody_signs_what_they_submitted(client, verb):
    article = submitted(by=an_editor())
    response = press(client, an_editor(), article, verb, sha256=article.latest_review.sha256)
    assert response.status_code == 409
    assert "two people sign" in words(response)
    assert not Publication.objects.exists()


def test_approve_and_publish_does_both_or_neither(client):
    article = submitted()
    Article.objects.filter(pk=article.pk).update(embargo="2099-01-01T00:00Z")
    response = press(client, an_editor(), article, "approve_and_publish", sha256=article.latest_review.sha256)
    assert response.status_code == 409
    assert "embargo" in words(response)
    assert status(article) == Status.IN_REVIEW
    assert article.latest_review.outcome is None
    assert not article.events.filter(verb__in=["approve", "publish"]).exists()


def test_approve_and_publish_leaves_two_events_and_leads_to_the_public_page(client):
    article = submitted()
    client.force_login(an_editor())
    form = {"sha256": article.latest_review.sha256, "lock_version": article.lock_version}
    response = client.post(address(article, "approve_and_publish"), form, follow=True)
    assert [event.verb for event in article.events.all()][-2:] == ["approve", "publish"]
    assert Publication.objects.get().get_absolute_url() in response.content.decode()


def test_changes_are_requested_with_a_comment_only_and_a_refused_comment_is_not_lost(client):
    article = submitted()
    assert press(client, an_editor(), article, "request_changes", comment="  ").status_code == 409
    article.withdraw(by=a_journalist(), now=LATER)
    response = press(client, an_editor(), article, "request_changes", comment="A long and careful comment")
    assert response.status_code == 409
    assert "What you wrote is not lost: A long and careful comment" in words(response)


def test_the_comment_waits_for_the_author_in_the_form(client):
    article = sent_back()
    client.force_login(a_journalist())
    page = words(client.get(address(article, "change")))
    assert "Tomas asked for changes" in page
    assert "Who said so?" in page


def test_an_editor_takes_a_story_out_of_review_to_edit_it(client):
    client.force_login(an_editor())
    assert "Edit it myself" in words(client.get(address(submitted(), "change")))


def test_a_change_to_a_live_story_goes_out_as_an_update(client):
    article = changed_live()
    press(client, a_journalist(), article, "submit")
    press(client, an_editor(), article, "approve_and_publish", sha256=article.latest_review.sha256)
    assert list(Publication.objects.values_list("version", "kind")) == [(1, "first"), (2, "update")]


def test_the_appeal_is_switched_off_with_a_reason_and_on_again(client):
    article = published()
    assert press(client, an_editor(), article, "switch_appeal", on="0", reason="").status_code == 409
    press(client, an_editor(), article, "switch_appeal", on="0", reason="An obituary")
    assert Article.objects.get().appeal_off_reason == "An obituary"
    press(client, an_editor(), article, "switch_appeal", on="1")
    assert Article.objects.get().appeal_off is False
    assert press(client, a_journalist(), article, "switch_appeal", on="0", reason="No").status_code == 409


# --- The page an editor reads ----------------------------------------------------------------------------------------


def test_a_first_publication_is_read_as_a_whole(client):
    client.force_login(an_editor())
    page = words(client.get(address(submitted(standfirst="Why it matters"), "change")))
    assert "Why it matters" in page
    assert "The council votes in May." in page
    assert "Changes since" not in page


def test_what_went_out_unreviewed_is_read_whole_until_somebody_else_has_read_it(client):
    article = unreviewed()
    client.force_login(an_editor())
    assert "The pier will close for repairs on Monday." in words(client.get(address(article, "read")))
    compared = words(client.get(address(article, "read"), {"against": "public"}))
    assert "Nothing differs from the public version" in compared


def test_a_change_is_read_against_the_public_version(client):
    article = changed_live()
    article.submit(by=a_journalist(), now=LATER)
    client.force_login(an_editor())
    page = client.get(address(article, "change")).content.decode()
    assert "Pier <del>closes for repairs</del><ins>reopens</ins>" in page
    whole = words(client.get(address(article, "change"), {"against": "nothing"}))
    assert "The pier will close for repairs on Monday." in whole


def test_another_lead_picture_is_shown_before_and_now(client):
    old, new = a_picture(title="The pier"), a_picture(title="The pier", colour=(1, 2, 3))
    words_of_it = {"lead_alt": "Boards", "lead_credit": "Photo: Ana"}
    article = published(lead_picture=old.pk, **words_of_it)
    changed = article.content() | {"lead_picture": str(new.pk), "lead_credit": "Photo: Dele"}
    article.save_content(changed, by=a_journalist(), now=LATER, lock_version=article.lock_version)
    article.submit(by=a_journalist(), now=LATER)
    client.force_login(an_editor())
    page = client.get(address(article, "change"))
    for picture in (old, new):
        small = reverse("admin:articles_picture_small", args=[picture.pk])
        assert f'src="{small}"' in page.content.decode()
        b"".join(client.get(small).streaming_content)  # it is there, and this person may see it
    assert "− Before The pier Alt text: Boards Credit: Photo: Ana + Now The pier" in words(page)
    assert "Alt text: Boards Credit: Photo: Dele" in words(page)


def test_the_second_reading_shows_what_changed_since_the_first(client):
    article = sent_back()
    changed = article.content() | {"body": article.body.replace("on Monday", "on Friday")}
    article.save_content(changed, by=a_journalist(), now=LATER, lock_version=article.lock_version)
    article.submit(by=a_journalist(), now=LATER)
    client.force_login(an_editor())
    page = client.get(address(article, "change"), {"against": "last"}).content.decode()
    assert "<del>Monday</del><ins>Friday</ins>" in page


def test_what_is_read_is_the_revision_under_review_and_not_what_was_smuggled_in(client):
    article = submitted()
    Article.objects.filter(pk=article.pk).update(headline="Smuggled")
    client.force_login(an_editor())
    page = words(client.get(address(article, "change")))
    assert "Pier closes for repairs" in page


def test_the_history_is_told_in_words_and_in_the_newsrooms_time(client):
    article = published()
    client.force_login(a_managing_editor())
    page = words(client.get(address(article, "read")))
    assert "Ana submitted it for review (revision 1) October 1, 2026, 5:05 a.m. EDT" in page
    assert "Tomas approved it (revision 1) October 1, 2026, 5:10 a.m. EDT" in page
    assert "Tomas published it (version 1)" in page
    assert "Ana began it" in page


def test_a_story_with_many_versions_is_compared_with_the_latest(client):
    article = published(headline="One")
    republish(article, at=LATER, headline="Two")
    changed = article.content() | {"headline": "Three"}
    article.save_content(changed, by=a_journalist(), now=LATER, lock_version=article.lock_version)
    client.force_login(an_editor())
    assert "<del>Two</del><ins>Three</ins>" in client.get(address(article, "read")).content.decode()


@pytest.mark.parametrize(("page", "most"), [("read", 50), ("change", 54)])
def test_a_storys_pages_ask_the_database_for_each_thing_once(client, page, most, django_assert_max_num_queries):
    article = changed_live()
    client.force_login(an_editor())
    client.get(address(article, page))
    with django_assert_max_num_queries(most):
        assert client.get(address(article, page)).status_code == 200


def test_saving_a_live_story_says_that_readers_do_not_see_it_yet(client):
    article = published(headline="One")
    client.force_login(a_journalist())
    form = filled(client.get(address(article, "change")), headline="Two")
    page = words(client.post(address(article, "change"), form, follow=True))
    assert "Saved as revision 2. Readers still see version 1 until this one is published." in page
    assert Publication.objects.get().headline == "One"
