"""The statements at the desk: their words, a look at the paper, the mailing of a year, and copies."""

from datetime import UTC, datetime

import pytest
from django.core import mail as outbox
from django.urls import reverse

from donations.admin import statements
from donations.models import SentMail, StatementWords
from donations.tasks import issue_statements
from tests.donations.factories import make_donor, make_gift, make_payment
from tests.donations.fundraisers import a_fundraiser, a_person

from .paper import text_of

pytestmark = pytest.mark.django_db
WORDS = "/admin/donations/statementwords/1/change/"
PREVIEW = "/admin/donations/statementwords/preview/"
MAIL = "/admin/donations/statementwords/1/mail/"
TYPED = {"heading": "Given in {year}", "letterhead": "Harbour Street 12", "before": "", "after": "Keep this."}


@pytest.fixture(autouse=True)
def january(settings, time_machine):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    settings.TIME_ZONE = "America/New_York"
    time_machine.move_to(datetime(2027, 1, 4, 15, tzinfo=UTC))


@pytest.fixture
def priya(client):
    client.force_login(a_fundraiser())
    return client


def text(answer):
    return " ".join(answer.content.decode().split())


def told(answer):
    return [str(message) for message in answer.context["messages"]]


def a_giver(**fields):
    donor = make_donor(**fields)
    make_payment(gift=make_gift(status="given", donor=donor))
    return donor


def test_the_words_are_the_programs_until_somebody_keeps_others(priya):
    assert priya.get("/admin/donations/statementwords/")["Location"] == WORDS
    assert "makes no statement about tax" in text(priya.get(WORDS))
    assert not StatementWords.objects.exists()

    assert priya.post(WORDS, TYPED).status_code == 302
    assert priya.post(WORDS, TYPED | {"after": "Keep it."}).status_code == 302
    assert StatementWords.objects.values().get() == {"id": 1} | TYPED | {"after": "Keep it."}
    assert priya.get("/admin/donations/statementwords/1/history/").status_code == 200


def test_the_paper_is_seen_with_what_is_typed_and_nothing_is_kept(priya):
    answer = priya.post(PREVIEW, TYPED)
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/pdf")
    assert "Harbour Street 12 Given in 2026 Alex Example" in text_of(answer.content)
    assert not StatementWords.objects.exists()
    assert "Your gifts in 2026" in text_of(priya.get(PREVIEW).content)


def test_words_that_cannot_be_kept_have_no_preview(priya):
    answer = priya.post(PREVIEW, TYPED | {"heading": ""})
    assert answer.status_code == 422
    assert "This field is required." in text(answer)


def test_the_statements_of_last_year_are_mailed_once(priya, django_capture_on_commit_callbacks):
    a_giver(email="zoe@example.org")
    assert "Givers who get their statement of 2026 now: 1." in text(priya.get(MAIL))
    with django_capture_on_commit_callbacks(execute=True):
        assert told(priya.post(MAIL, follow=True)) == [
            "The worker mails the statements of 2026 now; givers who wait for theirs: 1. If nothing goes out within "
            "some minutes, press the button again: nobody gets two."
        ]
    assert [message.to for message in outbox.outbox] == [["zoe@example.org"]]
    assert told(priya.post(MAIL, follow=True)) == ["Everybody who can get a statement of 2026 has it."]
    assert MAIL not in text(priya.get(WORDS))


def test_the_statements_of_a_year_are_owed_by_the_worker_and_not_by_the_request(priya, monkeypatch):
    a_giver(email="zoe@example.org")
    asked = []
    monkeypatch.setattr(statements, "issue_statements", asked.append)
    assert priya.post(MAIL).status_code == 302
    assert (asked, SentMail.objects.count()) == ([2026], 0)
    for _ in range(2):
        issue_statements.call_local(2026)
    assert SentMail.objects.get().about == {"year": 2026}


def a_mail(**fields):
    ours = {"kind": "statement", "about": {"year": 2026}, "queued_at": datetime(2027, 1, 2, tzinfo=UTC)}
    return SentMail.objects.create(**(ours | fields))


def went_out(donor, **fields):
    at = datetime(2027, 1, 2, tzinfo=UTC)
    return a_mail(donor=donor, key=f"{donor.pk}:2026:1", status="sent", sending_at=at, sent_at=at, **fields)


def test_a_copy_is_mailed_of_a_statement_that_has_gone_out(priya, django_capture_on_commit_callbacks):
    mail = went_out(a_giver(email="zoe@example.org"))
    page = reverse("admin:donations_sentmail_copy", args=[mail.pk])
    assert "once more, marked as a copy" in text(priya.get(page))
    with django_capture_on_commit_callbacks(execute=True):
        assert told(priya.post(page, follow=True)) == ["Queued: the copy goes out within a minute."]
    [message] = outbox.outbox
    assert "Copy" in text_of(message.attachments[0][1])


def test_no_copy_of_what_is_no_statement_waits_or_is_not_wanted(priya):
    refuses = a_giver()
    type(refuses).objects.filter(pk=refuses.pk).update(mails_refused_at=datetime(2027, 1, 3, tzinfo=UTC))
    donor = a_giver()
    rows = [a_mail(donor=donor, key="1"), a_mail(donor=donor, key="2", kind="paused"), went_out(refuses)]
    for mail in rows:
        page = reverse("admin:donations_sentmail_copy", args=[mail.pk])
        assert page not in text(priya.get(reverse("admin:donations_sentmail_change", args=[mail.pk])))
        priya.post(page)
    assert SentMail.objects.count() == 3


def test_the_list_of_mails_says_whom_each_goes_to_and_finds_it(priya):
    went_out(a_giver(email="zoe@example.org"))
    a_mail(kind="breaker", key="b", staff=a_person(username="tomas"), about={})
    listed = reverse("admin:donations_sentmail_changelist")

    shown = text(priya.get(listed))
    assert "zoe@example.org" in shown
    assert "tomas" in shown
    for search, kind in (("zoe@", "statement"), ("tomas", "breaker")):
        assert [row.kind for row in priya.get(listed, {"q": search}).context["cl"].queryset] == [kind]
    assert [row.kind for row in priya.get(listed, {"kind__exact": "breaker"}).context["cl"].queryset] == ["breaker"]


def test_a_stuck_statement_says_whom_it_goes_to_and_is_sent_again(priya, django_capture_on_commit_callbacks):
    donor = a_giver(email="zoe@example.org")
    mail = a_mail(donor=donor, key=f"{donor.pk}:2026:1", status="sending", sending_at=datetime(2027, 1, 2, tzinfo=UTC))
    assert "zoe@example.org" in text(priya.get(reverse("admin:donations_attention")))
    page = reverse("admin:donations_sentmail_resend", args=[mail.pk])
    assert "This mail to zoe@example.org was begun" in text(priya.get(page))
    with django_capture_on_commit_callbacks(execute=True):
        priya.post(page)
    assert "Copy" not in text_of(outbox.outbox[0].attachments[0][1])


def test_nobody_else_reaches_the_words_or_the_paper(client):
    client.force_login(a_person(username="eva", group="Editors"))
    assert {client.get(url).status_code for url in (WORDS, PREVIEW, MAIL)} == {404}
    assert client.post(PREVIEW, TYPED).status_code == 404
