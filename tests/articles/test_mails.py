"""The newsroom's own mails: each to exactly whom, what it says and does not say, and that none is sent twice."""

import dataclasses
import re
import smtplib
from datetime import date, timedelta

import pytest
from django.core import mail as letters
from django.core.mail.backends.locmem import EmailBackend

from articles import mails, tasks
from articles.models import Article, MailSwitch, StaffMail
from articles.models import mail as owing
from articles.models.mail import editors, own_people
from articles.models.verbs import moving
from outbox import sending

from .factories import (
    BEGIN,
    a_draft,
    a_journalist,
    a_managing_editor,
    a_person,
    an_author,
    an_editor,
    approved,
    published,
    sign,
    submitted,
)

pytestmark = pytest.mark.django_db
LATER = BEGIN + timedelta(hours=1)
CANARY = "The pier will close for repairs on Monday."  # what the body of every story here begins with


@pytest.fixture(autouse=True)
def the_record(settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    settings.SITE_URL = "https://record.example"


def with_address(person):
    person.email = f"{person.username}@record.example"
    person.save(update_fields=["email"])
    return person


@pytest.fixture
def staff():
    """Who works here, each with an address: Ana writes, Tomas and Eva edit, Ruth manages, Ben has no part in it."""
    return {
        "ana": with_address(a_journalist()),
        "ben": with_address(a_journalist(username="ben")),
        "tomas": with_address(an_editor()),
        "eva": with_address(an_editor(username="eva")),
        "ruth": with_address(a_managing_editor()),
    }


def owed(**about):
    """The mails that are owed since: (kind, to whom)."""
    rows = StaffMail.objects.filter(**about).order_by("kind", "to__username")
    return [(row.kind, row.to.username) for row in rows]


def only(kind, *names):
    return [(kind, name) for name in sorted(names)]


def forget():
    StaffMail.objects.all().delete()


def said(message):
    """The plain text, whose lines are broken anywhere between words."""
    return " ".join(message.body.split())


def sent(row):
    assert mails.send(row.pk, LATER)
    row.refresh_from_db()
    return letters.outbox[-1]


def html_of(message):
    [(html, kind)] = message.alternatives
    assert kind == "text/html"
    return html


# --- Whom -----------------------------------------------------------------------------------------------------------


def test_a_submission_is_mailed_to_every_editor_but_its_submitter(staff):
    submitted(by=staff["ana"])
    assert owed() == only("submitted", "tomas", "eva", "ruth")
    forget()

    submitted(by=staff["tomas"])
    assert owed() == only("submitted", "eva", "ruth")


def test_a_submission_of_a_restricted_story_is_mailed_only_to_editors_who_see_it(staff):
    story = a_draft(by=staff["ana"])
    story.restricted = True
    story.save()
    story.named_editors.add(staff["eva"], staff["ben"])  # Ben was an editor when he was named

    story.submit(by=staff["ana"], now=BEGIN)
    assert owed() == only("submitted", "eva", "ruth")


def test_what_an_editor_decides_is_mailed_to_the_storys_own_people(staff):
    story = submitted(by=staff["ana"], author=an_author(name="Ben Okoro", user=staff["ben"]))
    forget()

    story.request_changes(by=staff["tomas"], now=LATER, comment="Ask the harbour master.")
    assert owed() == only("changes_requested", "ana", "ben")
    story.submit(by=staff["ben"], now=LATER)
    forget()

    sign(story, by=staff["tomas"], at=LATER)
    assert owed() == only("approved", "ana", "ben")
    forget()

    story.publish(by=staff["tomas"], now=LATER)
    assert owed() == only("published", "ana", "ben")


def test_a_story_approved_and_published_at_once_owes_one_mail(staff):
    story = submitted(by=staff["ana"])
    earlier = approved(by=staff["ana"])
    forget()

    sign(story, by=staff["tomas"], at=LATER)
    story.publish(by=staff["tomas"], now=LATER)
    assert owed() == only("published", "ana")

    owing.owe(earlier.events.get(verb="approve"))
    earlier.publish(by=staff["tomas"], now=LATER)
    assert owed(article=earlier) == [("approved", "ana"), ("published", "ana")]


def test_whoever_acted_is_not_told_of_it(staff):
    story = submitted(by=staff["tomas"])
    sign(story, by=staff["eva"], at=LATER)
    forget()

    story.publish(by=staff["tomas"], now=LATER)
    assert owed() == []


def test_an_assignee_is_one_of_the_storys_own_people(staff):
    story = submitted(by=staff["ana"])
    Article.objects.filter(pk=story.pk).update(assignee=staff["ben"])
    forget()

    sign(story, by=staff["tomas"], at=LATER)
    assert owed() == only("approved", "ana", "ben")


def test_nobody_is_mailed_who_left_or_has_no_address_or_no_part_in_the_newsroom_any_more(staff):
    staff["eva"].is_active = False
    staff["eva"].save()
    a_managing_editor(username="nobody")  # without an address
    story = submitted(by=staff["ana"], author=an_author(name="Ben Okoro", user=staff["ben"]))
    assert owed() == only("submitted", "tomas", "ruth")
    staff["ben"].groups.clear()
    forget()

    sign(story, by=staff["tomas"], at=LATER)
    assert owed() == only("approved", "ana")


def test_a_superuser_is_not_told_of_everything_just_because_they_may_do_everything(staff):
    with_address(a_person(username="root", is_superuser=True))
    submitted(by=staff["ana"])
    assert owed() == only("submitted", "tomas", "eva", "ruth")


@pytest.mark.parametrize("restricted", [False, True])
def test_those_who_are_told_of_a_story_are_those_who_see_it(staff, restricted):
    story = submitted(by=staff["ana"], author=an_author(name="Ben Okoro", user=staff["ben"]))
    story.restricted = restricted
    story.save()
    story.named_editors.add(staff["eva"])
    with_address(a_person(username="guest"))

    told = set(editors(story)) | set(own_people(story))
    assert told == {person for person in staff.values() if Article.objects.seen_by(person).contains(story)}
    assert len(told) == (4 if restricted else 5)


def test_a_retraction_is_proposed_to_editors_and_its_confirmation_told_to_all_concerned(staff):
    story = published(by=staff["ana"])
    forget()
    review = story.propose_retraction(by=staff["ruth"], now=LATER, notice="The figures were invented.")
    assert owed() == only("retraction", "tomas", "eva")
    message = sent(StaffMail.objects.get(to=staff["eva"]))
    assert message.subject == "Retraction proposed: “Pier closes for repairs”"
    assert "The figures were invented." in message.body
    forget()

    story.confirm_retraction(by=staff["eva"], now=LATER, sha256=review.sha256)
    assert owed() == only("retraction", "ana", "tomas", "ruth")


def test_a_takedown_and_coming_back_is_told(staff):
    story = published(by=staff["ana"])
    forget()
    story.take_down(by=staff["ruth"], now=LATER, reason="A court's order of this morning.", code=451)
    assert owed() == only("takedown", "ana", "tomas", "eva")
    assert "A court's order of this morning." in sent(StaffMail.objects.get(to=staff["ana"])).body

    story.submit(by=staff["ana"], now=LATER)
    sign(story, at=LATER)
    forget()
    story.reinstate(by=staff["ruth"], now=LATER, reason="The order was lifted.")
    assert owed() == only("published", "ana")


def test_a_blanking_is_proposed_to_editors_and_its_reason_stays_in_the_house(staff):
    story = published(by=staff["ana"])
    forget()
    story.propose_blank(by=staff["ruth"], now=LATER, revisions=[1], reason="It names the source Zoe.")
    assert owed() == only("blanking", "tomas", "eva")
    message = sent(StaffMail.objects.first())
    assert "Zoe" not in message.body + html_of(message)


def test_a_confirmed_blanking_is_told_to_all_concerned_without_its_reason(staff):
    story = published(by=staff["ana"])
    story.propose_blank(by=staff["ruth"], now=LATER, revisions=[1], reason="It names the source Zoe.")
    forget()
    story.confirm_blank(by=staff["eva"], now=LATER)
    assert owed() == only("blanking", "ana", "tomas", "ruth")
    message = sent(StaffMail.objects.get(to=staff["ana"]))
    assert "Eva" in message.body
    assert "Its page is gone for them" in message.body
    assert "Zoe" not in message.subject + message.body + html_of(message)


def test_a_blanking_that_readers_do_not_see_speaks_of_no_page(staff):
    story = a_draft(by=staff["ana"])
    story.propose_blank(by=staff["ruth"], now=LATER, revisions=[1], reason="It names the source Zoe.")
    story.confirm_blank(by=staff["eva"], now=LATER)
    message = sent(StaffMail.objects.get(to=staff["ana"]))
    assert ("gone from its history" in message.body, "page is gone" in message.body) == (True, False)


def test_an_embargo_that_takes_a_story_off_the_schedule_is_told_and_another_is_not(staff):
    story = approved(by=staff["ana"])
    story.schedule(by=staff["tomas"], now=LATER, at=LATER + timedelta(hours=1))
    forget()
    story.set_embargo(by=staff["tomas"], now=LATER, until=LATER + timedelta(minutes=30))
    assert owed() == []

    story.set_embargo(by=staff["tomas"], now=LATER, until=LATER + timedelta(hours=2))
    assert owed() == only("schedule", "ana", "eva", "ruth")
    message = sent(StaffMail.objects.get(to=staff["ana"]))
    assert message.subject == "Off the schedule: “Pier closes for repairs”"
    assert "it does not go out by itself" in said(message)


def test_only_who_may_confirm_an_emergency_is_asked_to(staff):
    an_emergency(staff)
    asked = {row.to.username: "then confirm them or object" in said(sent(row)) for row in StaffMail.objects.all()}
    assert asked == {"ana": False, "tomas": True, "eva": True}


def an_emergency(staff, **fields):
    story = a_draft(by=staff["ana"], **fields)
    story.publish_unreviewed(by=staff["ruth"], now=LATER, reason="The storm hits the harbour in an hour.")
    return story


def test_an_emergency_is_told_to_every_editor_and_the_storys_people_each_once(staff):
    story = an_emergency(staff, author=an_author(name="Tomas Lindqvist", user=staff["tomas"]))
    assert owed() == only("emergency", "tomas", "eva") + only("published", "ana")
    assert "The storm hits the harbour in an hour." in sent(StaffMail.objects.get(to=staff["eva"])).body
    forget()

    story.object_to_emergency(by=staff["eva"], now=LATER, comment="The storm passed in the night.")
    assert owed() == only("emergency", "tomas", "ruth")
    assert "The storm passed in the night." in sent(StaffMail.objects.first()).body


def test_an_emergency_of_a_restricted_story_is_told_to_every_editor_too(staff):
    story = a_draft(by=staff["ana"])
    story.restricted = True
    story.save()
    story.publish_unreviewed(by=staff["ruth"], now=LATER, reason="The storm hits the harbour in an hour.")
    assert owed(kind="emergency") == only("emergency", "tomas", "eva")

    message = sent(StaffMail.objects.get(to=staff["eva"]))
    assert f"https://record.example{story.live.get_absolute_url()}" in message.body
    assert "/admin/" not in message.body  # where Eva would not find it


def test_who_is_assigned_is_told_but_not_of_every_date(staff):
    story = a_draft(by=staff["ana"])
    story.assign(by=staff["tomas"], now=LATER, due=date(2026, 10, 20))
    assert owed() == []

    story.assign(by=staff["tomas"], now=LATER, assignee=staff["ben"])
    assert owed() == only("assigned", "ben")
    assert "It is due on Tuesday, October 20, 2026." in sent(StaffMail.objects.get()).body


def test_who_is_asked_to_sign_is_told(staff):
    story = a_draft(by=staff["ana"])
    words = story.content() | {"standfirst": "Nobody fishes there until May."}
    story.save_content(words, by=staff["tomas"], now=LATER, lock_version=story.lock_version)
    story.send_to_sign(staff["ana"], by=staff["tomas"], now=LATER)
    assert owed() == only("to_sign", "ana")


def test_what_goes_out_at_its_time_is_told_to_the_storys_people_and_not_before(staff):
    story = approved(by=staff["ana"])
    forget()
    story.schedule(by=staff["tomas"], now=LATER, at=LATER + timedelta(hours=1))
    assert owed() == []

    story.fire(now=LATER + timedelta(hours=1))
    assert owed() == only("published", "ana")
    assert (
        "It went public at its time on Thursday, October 1, 2026, 7:00 a.m. EDT." in sent(StaffMail.objects.get()).body
    )


# --- Switches ------------------------------------------------------------------------------------------------------


def test_a_kind_that_somebody_switched_off_does_not_reach_them(staff):
    MailSwitch.objects.switch_off(staff["eva"], ["submitted"])
    submitted(by=staff["ana"])
    assert owed() == only("submitted", "tomas", "ruth")


def test_an_emergency_reaches_an_editor_who_switched_everything_off(staff):
    MailSwitch.objects.switch_off(staff["eva"], StaffMail.Kind.values)
    an_emergency(staff)
    assert ("emergency", "eva") in owed()


def test_the_switches_are_on_a_page_of_ones_own(client, staff):
    MailSwitch.objects.switch_off(staff["eva"], ["approved"])
    client.force_login(staff["eva"])
    page = client.get("/admin/mails/").content.decode()
    assert re.findall(r'value="(\w+)"\s+>', page) == ["approved"]
    assert 'value="emergency"' not in page

    answer = client.post("/admin/mails/", {"wanted": ["submitted", "approved", "nonsense"]})
    assert answer.headers["Location"] == "/admin/mails/"
    off = set(MailSwitch.objects.values_list("user__username", "kind"))
    wanted = {"submitted", "approved", "emergency"}
    assert off == {("eva", kind) for kind in StaffMail.Kind.values if kind not in wanted}


def test_a_journalist_is_offered_no_switch_for_editors_mails(client, staff):
    client.force_login(staff["ana"])
    page = client.get("/admin/mails/").content.decode()
    offered = set(re.findall(r'name="wanted"\s+value="(\w+)"', page))
    both = {"changes_requested", "approved", "published", "retraction", "takedown", "to_sign", "assigned"}
    assert offered == both | {"schedule", "blanking"}


def test_whoever_has_no_part_in_stories_has_no_such_page(client):
    client.force_login(a_person(username="guest"))
    assert client.get("/admin/mails/").status_code == 404


# --- What a mail says ------------------------------------------------------------------------------------------------


def test_a_mail_says_who_did_what_why_and_where_to_go(staff):
    story = submitted(by=staff["ana"])
    forget()
    story.request_changes(by=staff["tomas"], now=LATER, comment="Ask the harbour master.\nAnd <b>when</b>?")
    message = sent(StaffMail.objects.get())

    assert message.to == ["ana@record.example"]
    assert message.subject == "Changes requested: “Pier closes for repairs”"
    link = f"https://record.example/admin/articles/article/{story.pk}/change/"
    for told in (message.body, html_of(message)):
        assert "Tomas requested changes on Thursday, October 1, 2026, 6:00 a.m. EDT." in told
        assert "Ask the harbour master." in told
        assert told.count(link) == 1
        assert "https://record.example/admin/mails/" in told
    assert "And <b>when</b>?" in message.body
    assert "And &lt;b&gt;when&lt;/b&gt;?" in html_of(message)


def test_no_mail_holds_a_word_of_the_body(staff):
    story = published(by=staff["ana"])
    story.assignee = story.to_sign = staff["ben"]
    story.save()
    for verb in owing.TOLD:
        story.record(verb, staff["ruth"], LATER, assignee=staff["ben"].pk, unscheduled=True)
    rows = StaffMail.objects.all()
    assert {row.event.verb for row in rows} == set(owing.TOLD)
    told = [message for row in rows if (message := mails.compose(row, LATER))]

    assert len(told) > 20
    assert CANARY in story.body
    assert not [message for message in told if CANARY[:15] in message.body or CANARY[:15] in html_of(message)]


def test_every_verb_that_is_told_has_its_words(staff):
    assert set(mails.WORDS) == set(owing.TOLD)


def test_a_restricted_story_is_not_named_in_its_mails(staff):
    story = a_draft(by=staff["ana"])
    story.restricted = True
    story.save()
    story.submit(by=staff["ana"], now=BEGIN)
    to_editor = sent(StaffMail.objects.get())
    assert to_editor.subject == "For review: a restricted story"

    story.request_changes(by=staff["ruth"], now=LATER, comment="The mayor's own words, please.")
    to_author = sent(StaffMail.objects.get(kind="changes_requested"))
    assert to_author.subject == "Changes requested: a story of yours"
    for message in (to_editor, to_author):
        for told in (message.subject, message.body, html_of(message)):
            assert "Pier" not in told
            assert "mayor" not in told


def test_a_submission_carries_the_note_that_readers_will_get(staff):
    story = published(by=staff["ana"])
    forget()
    values = {**story.content(), "standfirst": "Nobody fishes there until May."}
    story.save_content(values, by=staff["ana"], now=LATER, lock_version=story.lock_version)
    story.submit(
        by=staff["ana"], now=LATER, kind="correction", public_note="An earlier version named the wrong month."
    )
    assert "An earlier version named the wrong month." in sent(StaffMail.objects.first()).body


def test_a_headline_cannot_become_markup_or_a_second_header(staff):
    submitted(by=staff["ana"], headline="Pier </title><script>alert(1)</script>\nBcc: all@example.org")
    message = sent(StaffMail.objects.first())
    assert "&lt;script&gt;alert(1)" in html_of(message)
    assert "<script>" not in html_of(message)
    assert "\n" not in message.subject


# --- Emergencies and the clock -----------------------------------------------------------------------------------


def test_an_emergency_is_told_again_every_day_until_somebody_has_read_it(staff):
    story = an_emergency(staff)
    forget()
    owing.owe_reminders(LATER + timedelta(hours=23, minutes=59))
    assert owed() == []

    for hours in (24, 25, 47):
        owing.owe_reminders(LATER + timedelta(hours=hours))
    assert owed() == only("emergency", "tomas", "eva")
    owing.owe_reminders(LATER + timedelta(hours=48))
    assert len(owed()) == 4
    first = StaffMail.objects.order_by("queued_at").first()
    assert mails.compose(first, LATER).subject == (
        "Still unreviewed: published without review: “Pier closes for repairs”"
    )

    story.confirm_emergency(by=staff["eva"], now=LATER + timedelta(hours=50))
    owing.owe_reminders(LATER + timedelta(hours=72))
    assert len(owed()) == 4
    assert mails.send_due(LATER + timedelta(hours=72)) == 0  # what still waited is owed to nobody any more
    assert owed() == []


def test_an_outage_of_the_clock_is_told_once_to_editors_and_whoever_runs_the_server(staff):
    with_address(a_person(username="root", is_superuser=True))
    assert mails.tell_of_outage(BEGIN, LATER) == 4
    assert mails.tell_of_outage(BEGIN, LATER + timedelta(minutes=1)) == 0
    assert sorted(message.to[0].split("@")[0] for message in letters.outbox) == ["eva", "root", "ruth", "tomas"]
    assert letters.outbox[0].subject == "The newsroom’s clock has stopped"

    assert mails.tell_of_outage(BEGIN + timedelta(minutes=30), LATER) == 4


def test_a_version_that_cannot_be_fired_is_told_once(staff):
    story = published(by=staff["ana"])
    forget()
    for _ in range(3):
        owing.owe_for_failure(story.live, LATER)
    assert owed() == only("schedule", "tomas", "eva", "ruth")
    message = sent(StaffMail.objects.first())
    assert message.subject == "The schedule fails: “Pier closes for repairs”"
    assert "It was scheduled for Thursday, October 1, 2026, 5:15 a.m. EDT" in message.body


# --- Once, and not twice ---------------------------------------------------------------------------------------------


class Killed(BaseException):
    """The process was killed."""


class Kills(EmailBackend):
    def send_messages(self, messages):
        raise Killed


class Refuses(EmailBackend):
    def send_messages(self, messages):
        raise smtplib.SMTPServerDisconnected("Connection unexpectedly closed")


def one_mail(staff):
    approved(by=staff["ana"])
    StaffMail.objects.exclude(kind="approved").delete()
    return StaffMail.objects.get()


def test_a_mail_is_written_with_its_event_or_not_at_all(staff, monkeypatch):
    story = submitted(by=staff["ana"])
    forget()

    def stumble(event):
        owing.owe(event)
        raise RuntimeError("the disk is full")

    monkeypatch.setattr(moving, "owe", stumble)
    with pytest.raises(RuntimeError):
        sign(story, at=LATER)
    assert (owed(), story.events.filter(verb="approve").count()) == ([], 0)


def test_a_mail_goes_out_after_the_commit_and_once(staff, django_capture_on_commit_callbacks):
    story = submitted(by=staff["ana"])
    forget()
    with django_capture_on_commit_callbacks() as hints:
        sign(story, at=LATER)
    assert letters.outbox == []

    for hint in [*hints, *hints]:
        hint()
    tasks.send_mails.call_local()
    assert mails.send_due(LATER) == 0
    assert [message.to for message in letters.outbox] == [["ana@record.example"]]


def test_a_mail_whose_process_was_killed_while_sending_waits_for_a_person(staff, settings):
    row = one_mail(staff)
    settings.EMAIL_BACKEND = f"{__name__}.Kills"
    with pytest.raises(Killed):
        mails.send(row.pk, LATER)
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"

    assert mails.send_due(LATER + timedelta(hours=1)) == 0
    assert letters.outbox == []
    assert not mails.send_again(row.pk, LATER + timedelta(minutes=9))
    assert mails.send_again(row.pk, LATER + timedelta(minutes=11))
    assert mails.send_due(LATER + timedelta(minutes=12)) == 1


def test_a_mail_to_somebody_who_left_meanwhile_is_owed_no_more(staff):
    row = one_mail(staff)
    staff["ana"].is_active = False
    staff["ana"].save()
    assert not mails.send(row.pk, LATER)
    assert (owed(), letters.outbox) == ([], [])


def test_an_editor_who_is_none_any_more_is_not_sent_what_editors_were_owed(staff):
    an_emergency(staff)
    assert {"tomas", "eva"} <= {mail.to.username for mail in StaffMail.objects.filter(kind="emergency")}
    staff["eva"].groups.set(staff["ana"].groups.all())
    mails.send_due(LATER)
    told = {message.to[0].split("@")[0] for message in letters.outbox if "without review" in message.subject.lower()}
    assert told == {"ana", "tomas"}
    assert not StaffMail.objects.filter(kind="emergency", to=staff["eva"]).exists()


def test_mails_that_cannot_be_written_keep_no_other_waiting(staff, monkeypatch):
    monkeypatch.setattr(sending, "AT_ONCE", 2)
    monkeypatch.setattr(sending, "AGAIN_AT_ONCE", 2)
    for number in range(4):
        submitted(by=staff["ana"], headline=f"Broken {number}", at=BEGIN)
    compose = mails.OUTBOX.compose

    def stumble(mail, now):
        if str(mail.article).startswith("Broken"):
            raise ValueError("its template is broken")
        return compose(mail, now)

    broken = dataclasses.replace(mails.OUTBOX, compose=stumble)
    while StaffMail.objects.untried().exists():
        broken.send_due(LATER)
    submitted(by=staff["ana"], headline="Whole", at=LATER)
    assert broken.send_due(LATER) == 2
    assert broken.send_due(LATER) == 1
    assert {"“Whole”" in message.subject for message in letters.outbox} == {True}


def test_each_mail_that_could_not_be_sent_has_its_turn_again(staff, monkeypatch):
    monkeypatch.setattr(sending, "AGAIN_AT_ONCE", 1)
    submitted(by=staff["ana"])
    StaffMail.objects.update(error="ValueError: its template was broken")
    assert [mails.send_due(LATER) for _ in range(4)] == [1, 1, 1, 0]


def test_a_mail_about_a_story_that_was_hidden_from_its_reader_meanwhile_is_owed_no_more(staff):
    story = submitted(by=staff["ana"])
    story.restricted = True
    story.save()
    assert mails.send_due(LATER) == 1
    assert letters.outbox[0].to == ["ruth@record.example"]
    assert owed() == only("submitted", "ruth")


# --- At the desk -----------------------------------------------------------------------------------------------------


def stuck(staff, settings):
    row = one_mail(staff)
    settings.EMAIL_BACKEND = f"{__name__}.Refuses"
    assert not mails.send(row.pk, LATER)
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    return row


def test_a_managing_editor_finds_an_unfinished_mail_and_sends_it_again(client, staff, settings):
    row = stuck(staff, settings)
    client.force_login(staff["ruth"])
    assert "/admin/articles/staffmail/?standing=unfinished" in client.get("/admin/").content.decode()
    listed = client.get("/admin/articles/staffmail/?standing=unfinished").content.decode()
    assert "SMTPServerDisconnected" in listed
    again = f"/admin/articles/staffmail/{row.pk}/again/"
    assert again in client.get(f"/admin/articles/staffmail/{row.pk}/change/").content.decode()

    page = client.post(again, follow=True).content.decode()
    assert "Queued: it goes out within a minute." in page
    assert again not in page
    assert mails.send_due(LATER) == 1
    assert "is not stuck" in client.post(again, follow=True).content.decode()
    assert len(letters.outbox) == 1


@pytest.mark.parametrize("name", ["ana", "tomas"])
def test_mails_to_staff_are_nobody_elses_business(client, staff, settings, name):
    row = stuck(staff, settings)
    client.force_login(staff[name])
    for address in ("", f"{row.pk}/change/"):
        assert client.get(f"/admin/articles/staffmail/{address}").status_code == 404
    assert client.post(f"/admin/articles/staffmail/{row.pk}/again/").status_code == 404
    assert "staffmail" not in client.get("/admin/").content.decode()
    row.refresh_from_db()
    assert row.status == "sending"


def test_nobody_writes_changes_or_deletes_a_mail_at_the_desk(client, staff, settings):
    row = stuck(staff, settings)
    client.force_login(a_person(username="root", is_superuser=True))
    answers = [
        client.post(f"/admin/articles/staffmail/{address}", {"status": "sent"}).status_code
        for address in ("add/", f"{row.pk}/change/", f"{row.pk}/delete/")
    ]
    assert answers == [404, 404, 404]
    assert client.get(f"/admin/articles/staffmail/{row.pk}/again/").status_code == 405
