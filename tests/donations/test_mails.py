"""The receipts: what they say, how they look without any host of others, and that none is sent twice."""

import re
import smtplib
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser

import pytest
from django.core import mail as outbox
from django.core.mail.backends.locmem import EmailBackend
from django.db import IntegrityError

from donations import mails, tasks
from donations.models import SentMail
from donations.monthly import gift_of

from .factories import make_campaign, make_donor, make_gift, make_payment

pytestmark = pytest.mark.django_db
GIVEN = datetime(2026, 10, 14, 2, 30, tzinfo=UTC)  # still the 13th in New York


@pytest.fixture(autouse=True)
def memory(settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    settings.SITE_URL = "https://record.example"


def make_mail(*, payment, kind="receipt", **fields):
    queued = {"key": f"payment:{payment.pk}", "queued_at": payment.given_at}
    return SentMail.objects.create(kind=kind, gift=payment.gift, payment=payment, **(queued | fields))


def once(*, email="sam@example.org", **fields):
    campaign = make_campaign(title="Publishing costs 2026")
    gift = make_gift(campaign=campaign, status="given", name="Sam Poe", donor=make_donor(email=email))
    ours = {"remote_id": "pi_3Rx", "statement_descriptor": "MERROW BAY RECORD", "given_at": GIVEN}
    return make_payment(gift=gift, **(ours | fields))


def monthly(*, donor=None, status="active", **fields):
    ours = {
        "frequency": "monthly",
        "amount": 1500,
        "status": status,
        "stripe_subscription": f"sub_{make_donor().pk.hex}",
    }
    ours |= {"monthly_amount": 1500, "anchor": GIVEN}
    gift = make_gift(campaign=make_campaign(title="The coast desk"), donor=donor, **(ours | fields))
    return make_payment(gift=gift, amount=1500, given_at=GIVEN)


def sent(row, now):
    """The mail that came of a row."""
    assert mails.send(row.pk, now)
    row.refresh_from_db()
    return outbox.outbox[-1]


def said(message):
    """The plain text, whose lines are broken anywhere between words."""
    return " ".join(message.body.split())


def html_of(message):
    [(html, kind)] = message.alternatives
    assert kind == "text/html"
    return html


def test_a_receipt_says_who_got_what_when_and_under_which_reference(now):
    message = sent(make_mail(payment=once(livemode=True)), now)

    assert message.to == ["sam@example.org"]
    assert message.subject == "Thank you for your gift of $25.00"
    for told in (message.body, html_of(message)):
        assert "The Merrow Bay Record" in told
        assert "Publishing costs 2026" in told
        assert "October 13, 2026" in told  # where the campaign is at home
        assert "$25.00" in told
        assert "pi_3Rx" in told
        assert "MERROW BAY RECORD" in told
        assert "test" not in told.lower()
        assert "every month" not in told


def test_a_receipt_in_test_mode_says_so(now):
    message = sent(make_mail(payment=once()), now)

    assert message.subject == "Test: Thank you for your gift of $25.00"
    assert "No real money moved" in message.body
    assert "No real money moved" in html_of(message)


def test_a_receipt_claims_no_tax_status(now):
    message = sent(make_mail(payment=once()), now)

    for told in (said(message).lower(), html_of(message).lower()):
        assert "makes no statement about tax" in told
        assert not re.search(r"deduct|charit|501|non-?profit|donation", told)


def test_a_monthly_receipt_says_what_is_charged_when_and_leads_to_the_page_that_stops_it(now):
    payment = monthly()
    message = sent(make_mail(payment=payment), now + timedelta(days=1))

    assert message.subject == "Test: Thank you for your monthly gift of $15.00"
    assert "$15.00 is charged every month until you stop it. The next charge is on November 13, 2026." in said(message)
    [link] = re.findall(r"https://record\.example/giving/(\S+)/", message.body)
    assert gift_of(link) == payment.gift
    assert f'href="https://record.example/giving/{link}/"' in html_of(message)


def test_plain_text_has_short_lines_and_whole_addresses(now):
    message = sent(make_mail(payment=monthly()), now)

    long = [line for line in message.body.splitlines() if len(line) > 72]
    assert [line for line in long if not line.startswith("https://")] == []
    assert "\n\n\n" not in message.body


def test_a_renewal_thanks_for_this_month(now):
    message = sent(make_mail(payment=monthly(), kind="renewal_receipt"), now)

    assert message.subject == "Test: Receipt for this month’s gift of $15.00"
    assert "This month’s gift of $15.00 has arrived." in message.body


def test_a_receipt_written_after_the_gift_was_stopped_promises_no_charge(now):
    message = sent(make_mail(payment=monthly(status="ended")), now)

    assert "This monthly gift has been stopped. Nothing more will be charged." in message.body
    assert "next charge" not in message.body
    assert "next charge" not in html_of(message)


def test_a_receipt_written_before_the_subscription_is_known_claims_no_date_and_no_end(now):
    gift = monthly(status="begun", monthly_amount=None, anchor=None)
    message = sent(make_mail(payment=gift), now)

    assert "$15.00 is charged every month until you stop it." in message.body
    assert "next charge" not in message.body
    assert "stopped" not in message.body


def test_the_owner_of_two_monthly_gifts_is_told_and_can_stop_either(now):
    donor = make_donor()
    first, second = monthly(donor=donor), monthly(donor=donor)
    message = sent(make_mail(payment=second), now)

    assert "you have another monthly gift" in message.body
    links = re.findall(r"/giving/(\S+)/", message.body)
    assert [gift_of(link) for link in links] == [second.gift, first.gift]


def test_another_persons_monthly_gift_is_nobodys_business(now):
    monthly()
    assert "another monthly gift" not in sent(make_mail(payment=monthly()), now).body


class Outside(HTMLParser):
    """What a mail would fetch by itself."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.fetched = set(), []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.fetched += [value for name, value in attrs if name in {"src", "srcset", "background"} or tag == "link"]


def test_a_mail_fetches_nothing_and_carries_its_look_on_its_elements(now):
    html = html_of(sent(make_mail(payment=monthly()), now))
    page = Outside(html)

    assert page.fetched == []
    assert not page.tags & {"img", "script", "link", "iframe"}
    assert "url(" not in html
    assert "@import" not in html
    assert '<h1 style="' in html
    light, _, dark = html.partition("@media")
    assert "var(" not in re.sub(r"<style>.*</style>", "", html, flags=re.DOTALL)
    assert "color-scheme" in light
    assert "prefers-color-scheme: dark" in html
    assert "#86cad6" in dark  # the accent of the dark palette


def test_what_a_giver_or_the_desk_typed_cannot_become_markup(now):
    payment = once()
    payment.gift.campaign.title = "Costs <script>alert(1)</script> & more"
    payment.gift.campaign.save()
    message = sent(make_mail(payment=payment), now)

    assert "<script>" not in html_of(message)
    assert "Costs <script>alert(1)</script> & more" in message.body


# --- Once, and not twice ---------------------------------------------------------------------------------------------


def test_a_mail_is_sent_once_however_often_it_is_asked_for(now):
    row = make_mail(payment=once())

    assert [mails.send(row.pk, now), mails.send(row.pk, now), mails.send_due(now)] == [True, False, 0]
    assert len(outbox.outbox) == 1
    row.refresh_from_db()
    assert (row.status, row.sent_at, row.error) == ("sent", now, "")


def test_a_mail_that_another_process_has_claimed_is_left_alone(now):
    row = make_mail(payment=once(), status="sending", sending_at=now)

    assert not mails.send(row.pk, now)
    assert mails.send_due(now) == 0
    assert outbox.outbox == []


def test_the_sweep_sends_what_is_owed_oldest_first(now):
    later = make_mail(payment=once(email="poe@example.org", remote_id="pi_later"), queued_at=now)
    earlier = make_mail(payment=monthly(), queued_at=now - timedelta(hours=1))

    assert mails.send_due(now) == 2
    assert [message.to for message in outbox.outbox] == [[earlier.gift.donor.email], [later.gift.donor.email]]


class Closed(EmailBackend):
    def open(self):
        raise ConnectionRefusedError("mail.example refused the connection")


class Breaks(EmailBackend):
    error = smtplib.SMTPServerDisconnected("Connection unexpectedly closed")

    def send_messages(self, messages):
        raise self.error


def test_without_a_mail_server_everything_waits_and_the_error_is_told(settings, now):
    first, second = make_mail(payment=once()), make_mail(payment=once(email="poe@example.org", remote_id="pi_2"))
    settings.EMAIL_BACKEND = f"{__name__}.Closed"
    assert mails.send_due(now) == 0

    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.status, first.error) == ("queued", "ConnectionRefusedError")
    assert (second.status, second.error) == ("queued", "")  # one closed door is enough

    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    assert mails.send_due(now) == 2
    first.refresh_from_db()
    assert first.error == ""


def test_a_mail_that_may_have_arrived_is_not_sent_again_by_itself(settings, now):
    row = make_mail(payment=once())
    settings.EMAIL_BACKEND = f"{__name__}.Breaks"
    assert not mails.send(row.pk, now)
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"

    assert mails.send_due(now + timedelta(days=1)) == 0
    row.refresh_from_db()
    assert (row.status, row.error) == ("sending", "SMTPServerDisconnected")
    assert list(SentMail.objects.unfinished(now)) == [row]


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (smtplib.SMTPDataError(451, b"try again later"), "queued"),
        (smtplib.SMTPDataError(554, b"no"), "sending"),
        (smtplib.SMTPRecipientsRefused({"sam@example.org": (450, b"greylisted")}), "queued"),
        (smtplib.SMTPRecipientsRefused({"sam@example.org": (550, b"unknown")}), "sending"),
    ],
)
def test_a_mail_server_that_took_nothing_for_now_is_asked_again(settings, monkeypatch, now, error, status):
    row = make_mail(payment=once())
    settings.EMAIL_BACKEND = f"{__name__}.Breaks"
    monkeypatch.setattr(Breaks, "error", error)

    assert not mails.send(row.pk, now)
    row.refresh_from_db()
    assert row.status == status
    assert type(error).__name__ in row.error


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (smtplib.SMTPRecipientsRefused({"sam@example.org": (550, b"sam@example.org is unknown")}), "Refused 550"),
        (smtplib.SMTPDataError(451, b"sam@example.org: try again later"), "SMTPDataError 451"),
        (IntegrityError("UNIQUE constraint failed: index 'donor_one_per_email' (sam@example.org)"), "one_per_email"),
    ],
)
def test_neither_log_nor_row_tells_the_address_that_an_error_holds(settings, monkeypatch, caplog, now, error, told):
    row = make_mail(payment=once(email="sam@example.org"))
    settings.EMAIL_BACKEND = f"{__name__}.Breaks"
    monkeypatch.setattr(Breaks, "error", error)
    assert not mails.send(row.pk, now)

    assert told in caplog.text
    assert "sam@" not in caplog.text
    assert "example.org" not in caplog.text
    row.refresh_from_db()
    assert row.error.endswith(told)


def test_a_giver_without_an_address_is_shown_to_staff_and_stops_nobody_else(now):
    payment = once()
    payment.gift.donor.email = None
    payment.gift.donor.save()
    row = make_mail(payment=payment, queued_at=now - timedelta(hours=1))
    make_mail(payment=monthly(), queued_at=now)

    assert mails.send_due(now) == 1
    row.refresh_from_db()
    assert (row.status, "no e-mail address" in row.error) == ("sending", True)


def test_a_person_can_send_a_claim_again_that_did_not_finish(now):
    row = make_mail(payment=once(), status="sending", sending_at=now)
    assert not mails.send_again(row.pk, now)  # another process may be at it

    later = now + timedelta(minutes=11)
    assert mails.send_again(row.pk, later)
    assert not mails.send_again(row.pk, later)  # two people pressed
    assert mails.send_due(later) == 1
    assert not mails.send_again(row.pk, later + timedelta(days=1))
    assert len(outbox.outbox) == 1


def test_a_mail_goes_to_the_worker_after_the_commit(django_capture_on_commit_callbacks):
    row = make_mail(payment=once())
    with django_capture_on_commit_callbacks() as after_commit:
        tasks.send_soon(row.pk)
    assert outbox.outbox == []

    for call in after_commit:
        call()
    assert len(outbox.outbox) == 1
