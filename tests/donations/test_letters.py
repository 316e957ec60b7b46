"""The mails that are no receipts: what each says, how to get no more of it, and that each goes out once."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import User
from django.core import mail as outbox
from django.core.mail.backends.locmem import EmailBackend
from django.test import Client

from donations import mails
from donations.mailed_links import link_of
from donations.models import Breaker, Donor, Gift, SentMail, WebhookEvent
from donations.monthly import gift_of
from donations.owed import owe

from .factories import make_campaign, make_donor, make_gift, make_user
from .giving import deliver, give_monthly, poster, subscription_of
from .test_mails import Outside, html_of, said

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 10, 14, tzinfo=UTC)
MONTHLY = ("failing", "paused", "resumed", "changed", "stopped")
STANDS = {"failing": "past_due", "paused": "paused", "stopped": "ended"}


@pytest.fixture(autouse=True)
def memory(settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    settings.SITE_URL = "https://record.example"


def monthly(*, status="active", **fields):
    ours = {"frequency": "monthly", "amount": 1500, "monthly_amount": 1500, "status": status}
    ours |= {"anchor": datetime(2026, 8, 31, 12, tzinfo=UTC), "stripe_subscription": f"sub_{make_donor().pk.hex}"}
    return make_gift(campaign=make_campaign(title="The coast desk"), **(ours | fields))


def about(kind, **fields):
    """A mail of this kind that is owed, about a gift as it then stands."""
    gift = monthly(
        status=STANDS.get(kind, "active"),
        open_invoice="in_1" if kind == "failing" else "",
        open_amount=1500 if kind == "failing" else 0,
        ended_at=NOW if kind == "stopped" else None,
        **fields,
    )
    told = {"failing": {"n": 1}, "changed": {"was": 1000, "is": 1500}}
    return owe(kind, f"in_1:{kind}", NOW, gift=gift, about=told.get(kind, {}))


def a_link(donor):
    link = donor.links.create(made_at=NOW)
    return owe("sign_in", str(link.pk), NOW, donor=donor, about={"link": link.pk})


def a_breaker(*, staff=None, **fields):
    staff = staff or User.objects.create_user("priya", email="priya@record.example")
    breaker = Breaker.objects.create(**({"does": "pause", "opened_at": NOW, "failed": 41, "attempts": 50} | fields))
    return owe("breaker", f"{breaker.pk}:{staff.pk}", NOW, staff=staff, about={"breaker": breaker.pk})


def sent(row):
    assert mails.send(row.pk, NOW), SentMail.objects.filter(pk=row.pk).values_list("error", flat=True)
    return outbox.outbox[-1]


def is_owed_no_more(row):
    return not mails.send(row.pk, NOW) and not SentMail.objects.filter(pk=row.pk).exists()


# --- What each says ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "subject", "told"),
    [
        ("failing", "Your monthly gift did not come through", "The latest charge of $15.00 did not come through."),
        ("paused", "Your monthly gift is paused", "It goes on when you say so, on the page of your gift."),
        ("resumed", "Your monthly gift goes on", "Next charge: November 30, 2026"),
        ("changed", "The amount of your monthly gift has changed", "it is $15.00 a month. Before, it was $10.00."),
        ("stopped", "Your monthly gift has been stopped", "Stopped: November 10, 2026"),
    ],
)
def test_each_mail_about_a_monthly_gift_says_what_changed(kind, subject, told):
    message = sent(about(kind))
    assert message.subject == f"Test: {subject}"
    assert told in said(message)
    for text in (message.body, html_of(message)):
        assert "The coast desk" in text
        assert "$15.00 a month" in text
        assert "No real money moves" in text


@pytest.mark.parametrize("kind", MONTHLY)
def test_a_mail_of_real_money_speaks_of_no_test(kind):
    message = sent(about(kind, livemode=True))
    assert not re.search(r"\btest\b", message.subject + message.body + html_of(message), re.IGNORECASE)


@pytest.mark.parametrize("kind", ["failing", "paused", "resumed", "changed"])
def test_its_button_leads_to_the_gift_without_signing_in(kind):
    row = about(kind)
    message = sent(row)
    [link] = re.findall(r"record\.example/giving/(\w{32}\.[^/\s]+)/", message.body)
    assert gift_of(link) == row.gift
    assert f'class="button" href="https://record.example/giving/{link}/"' in html_of(message)


def test_a_pause_with_an_end_says_when_it_is_charged_again():
    gift = monthly(status="paused", paused_until=datetime(2027, 2, 1, 15, tzinfo=UTC))
    told = said(sent(owe("paused", "1", NOW, gift=gift)))
    assert "From February 1, 2027 on it is charged again by itself" in told
    assert "Next charge: February 28, 2027" in told


def test_the_third_mail_about_a_charge_says_that_it_is_the_last():
    gift = monthly(status="past_due", open_invoice="in_1", open_amount=1500)
    told = [said(sent(owe("failing", f"in_1:{n}", NOW, gift=gift, about={"n": n}))) for n in (1, 2, 3)]
    assert ["last mail" in text for text in told] == [False, False, True]


def test_the_link_to_a_givers_page_is_the_one_that_was_asked_for():
    row = a_link(make_donor())
    message = sent(row)
    [token] = re.findall(r"https://record\.example/giving/in/(\S+)/", message.body)
    assert link_of(token, NOW).pk == row.about["link"]
    assert f'href="https://record.example/giving/in/{token}/"' in html_of(message)


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({}, "Of the last 50 attempts to pay, 41 failed."),
        ({"does": "raise", "minimum": 500}, "Smaller gifts are refused in words for now."),
        ({"frequency": "monthly"}, "Of the last 50 attempts to begin a monthly gift, 41 failed."),
        ({"frequency": "monthly"}, "Readers who want to give every month are told to come back later."),
    ],
)
def test_staff_are_told_what_failed_and_what_rests(fields, told):
    message = sent(a_breaker(**fields))
    assert message.to == ["priya@record.example"]
    assert "many attempts to pay fail" in message.subject
    assert told in said(message)
    assert "https://record.example/admin/" in message.body
    assert "List-Unsubscribe" not in message.extra_headers


def test_what_a_person_switched_on_names_the_person():
    tomas = User.objects.create_user("tomas", email="tomas@record.example", first_name="Tomas", last_name="Lindqvist")
    message = sent(a_breaker(opened_by=tomas))
    assert message.subject == "One-off gifts are paused"
    assert "Tomas Lindqvist has switched this on." in said(message)
    monthly = sent(a_breaker(frequency="monthly", staff=tomas))
    assert monthly.subject == "New monthly gifts are paused: many attempts to pay fail"


@pytest.fixture(params=[*MONTHLY, "sign_in", "breaker"])
def row(request):
    """One mail of each kind that is owed."""
    others = {"sign_in": lambda: a_link(make_donor()), "breaker": a_breaker}
    return others[request.param]() if request.param in others else about(request.param)


def test_every_mail_is_wrapped_fetches_nothing_and_is_right_in_the_dark(row):
    message = sent(row)
    html, page = html_of(message), Outside(html_of(message))
    long = [line for line in message.body.splitlines() if len(line) > 72]
    assert [line for line in long if not line.startswith("https://")] == []
    assert page.fetched == []
    assert not page.tags & {"img", "script", "link", "iframe"}
    assert "prefers-color-scheme: dark" in html
    assert "var(" not in re.sub(r"<style>.*</style>", "", html, flags=re.DOTALL)


def test_what_was_typed_cannot_become_markup_or_a_header():
    row = about("paused")
    row.gift.campaign.title = "Coast <b>desk</b>\r\nBcc: x@example.org"
    row.gift.campaign.save()
    message = sent(row)
    assert "&lt;b&gt;" in html_of(message)
    assert "<b>" not in html_of(message)
    assert "Bcc" not in message.message()


# --- How to get no more of it --------------------------------------------------------------------------------------


def test_every_mail_to_a_giver_that_was_not_asked_for_can_be_stopped_by_one_click():
    for row in map(about, MONTHLY):
        message = sent(row)
        link = message.extra_headers["List-Unsubscribe"]
        assert link.startswith("<https://record.example/giving/unsubscribe/")
        assert message.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        assert link.strip("<>") in message.body
        assert f'href="{link.strip("<>")}"' in html_of(message)


def test_one_click_needs_no_cookie_and_stops_what_waits():
    row, donor = about("paused"), make_donor()
    gift = monthly(donor=donor)
    waiting = owe("resumed", "1", NOW, gift=gift)
    first = owe("changed", "2", NOW, gift=gift, about={"was": 1000, "is": 1500})
    url = sent(first).extra_headers["List-Unsubscribe"].strip("<>").removeprefix("https://record.example")

    answer = Client(enforce_csrf_checks=True).post(url, {"List-Unsubscribe": "One-Click"})
    assert answer.status_code == 200
    assert Donor.objects.get(pk=donor.pk).mails_refused_at is not None
    assert is_owed_no_more(waiting)
    assert owe("stopped", "3", NOW, gift=Gift.objects.get(pk=gift.pk)) is None
    assert sent(row).to == [row.gift.donor.email]  # another giver's
    assert sent(a_link(Donor.objects.get(pk=donor.pk))).to == [donor.email]  # it was asked for


def test_where_the_site_has_no_https_no_one_click_is_promised(settings):
    settings.SITE_URL = "http://127.0.0.1:8000"
    headers = sent(about("paused")).extra_headers
    assert "List-Unsubscribe" in headers
    assert "List-Unsubscribe-Post" not in headers


# --- Once, and while it is true ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "meanwhile"),
    [
        ("failing", {"status": "active", "open_invoice": "", "open_amount": 0}),
        ("failing", {"open_invoice": "in_2"}),
        ("failing", {"open_invoice": ""}),
        ("failing", {"status": "ended"}),
        ("paused", {"status": "active"}),
        ("resumed", {"status": "paused"}),
        ("changed", {"monthly_amount": 2000}),
        ("changed", {"status": "ended"}),
    ],
)
def test_a_mail_that_is_true_no_more_is_not_sent(kind, meanwhile):
    row = about(kind)
    Gift.objects.filter(pk=row.gift_id).update(**meanwhile)
    assert is_owed_no_more(row)
    assert outbox.outbox == []


def test_a_used_or_old_link_and_a_closed_breaker_are_not_mailed():
    used, old, closed = a_link(make_donor()), a_link(make_donor()), a_breaker()
    used.donor.links.update(used_at=NOW)
    old.donor.links.update(made_at=NOW - timedelta(hours=1))
    Breaker.objects.update(closed_at=NOW)
    nobodys = owe("sign_in", "nobody:1", NOW, donor=None, about={"link": None})
    assert [is_owed_no_more(row) for row in (used, old, closed, nobodys)] == [True] * 4


def test_nothing_goes_to_whom_was_removed_or_left():
    removed, left = about("paused"), a_breaker()
    Donor.objects.filter(pk=removed.gift.donor_id).update(email=None, scrubbed_at=NOW)
    User.objects.update(is_active=False)
    assert [is_owed_no_more(removed), is_owed_no_more(left)] == [True, True]


def test_staff_without_an_address_are_shown_as_such():
    row = a_breaker(staff=make_user(username="ana"))
    assert not mails.send(row.pk, NOW)
    assert SentMail.objects.get().error == "NoAddress: The account “ana” has no e-mail address. Add one under Users."


class Killed(BaseException):
    """As when the process ends: no code of ours goes on."""


class Dies(EmailBackend):
    def send_messages(self, messages):
        raise Killed


def test_a_claim_whose_process_was_killed_stays_for_a_person_and_goes_out_once(settings, row):
    settings.EMAIL_BACKEND = f"{__name__}.Dies"
    with pytest.raises(Killed):
        mails.send(row.pk, NOW)
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    later = NOW + timedelta(minutes=11)

    assert mails.send_due(later) == 0
    assert list(SentMail.objects.unfinished(later)) == [row]
    assert [mails.send_again(row.pk, later), mails.send_again(row.pk, later)] == [True, False]
    assert [mails.send_due(later), mails.send_due(later), len(outbox.outbox)] == [1, 0, 1]


def test_a_life_that_is_told_again_owes_each_mail_once(client, sandbox):
    gift = give_monthly(sandbox, amount=1500)
    deliver(client, sandbox, repeat=2)
    subscription = subscription_of(sandbox, gift)
    sandbox.next_month(subscription)
    sandbox.next_month(subscription, succeeds=False)
    deliver(client, sandbox, repeat=2)
    sandbox.cancel(subscription)
    deliver(client, sandbox, repeat=2)
    before = sorted(SentMail.objects.values_list("kind", "key"))
    assert [kind for kind, _ in before] == ["failing", "receipt", "renewal_receipt", "stopped"]

    WebhookEvent.objects.all().delete()  # as after a backup was restored
    post = poster(client)
    for event in sandbox.events:
        assert post(*sandbox.signed(event)) == 200
    assert WebhookEvent.objects.count() > 10
    assert sorted(SentMail.objects.values_list("kind", "key")) == before
