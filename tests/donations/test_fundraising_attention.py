"""What needs a person: found, counted, explained, and gone once it is done."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.urls import reverse

from donations.attention import CONCERNS, counts
from donations.models import Campaign, Gift, SentMail, WebhookEvent
from tests.donations.factories import make_campaign, make_dispute, make_donor, make_gift, make_payment, make_refund
from tests.donations.fundraisers import a_fundraiser

pytestmark = pytest.mark.django_db
PAGE = reverse("admin:donations_attention")
NOW = datetime(2026, 10, 13, 16, tzinfo=UTC)


@pytest.fixture(autouse=True)
def today(time_machine):
    time_machine.move_to(NOW, tick=False)


@pytest.fixture
def priya(client):
    client.force_login(a_fundraiser())
    return client


def ago(**span):
    return NOW - timedelta(**span)


def an_event(number, **fields):
    ours = {"event_id": f"evt_{number}", "type": "charge.updated", "object_id": f"ch_{number}", "livemode": False}
    settled = {"settled_at": ago(hours=1)} if fields.get("state") in {"ignored", "parked", "processed"} else {}
    return WebhookEvent.objects.create(**(ours | {"received_at": ago(hours=2)} | settled | fields))


def a_mail(number, **fields):
    payment = make_payment()
    ours = {"kind": "receipt", "key": f"mail {number}", "gift": payment.gift, "payment": payment}
    return SentMail.objects.create(**(ours | {"queued_at": ago(hours=2)} | fields))


def found(name):
    concern = next(concern for concern in CONCERNS if concern.name == name)
    return list(concern.find(NOW))


def test_with_nothing_to_do_the_page_says_so(priya):
    make_payment()
    an_event(1, state="processed")
    assert counts(NOW) == []
    assert "Nothing needs you" in priya.get(PAGE).content.decode()


def test_money_that_names_no_gift_is_listed_once_until_it_is_booked():
    lost = {"state": "ignored", "reason": "unattributed"}
    first = an_event(1, payment_intent_id="pi_lost", **lost)
    an_event(2, payment_intent_id="pi_lost", **lost)
    other = an_event(3, payment_intent_id="", **lost)
    an_event(4, state="ignored", reason="unknown type")
    an_event(5, livemode=True, payment_intent_id="pi_live", **lost)
    assert set(found("unattributed")) == {first, other}
    make_payment(remote_id="pi_lost")
    assert found("unattributed") == [other]


def test_a_debit_that_named_no_gift_is_listed_until_it_has_failed_and_again_once_it_came():
    debit = {"payment_intent_id": "pi_debit", "state": "ignored", "reason": "unattributed"}
    first = an_event(1, type="payment_intent.processing", **debit)
    declined = an_event(2, type="payment_intent.payment_failed", object_id="pi_debit", **debit)  # told late
    assert found("unattributed") == [first]
    WebhookEvent.objects.filter(pk=declined.pk).update(reason="It names no gift of ours.", payment_intent_id="")
    assert found("unattributed") == []
    came = an_event(3, type="payment_intent.succeeded", **debit)
    assert found("unattributed") == [came]


def test_messages_that_failed_or_wait_too_long_are_listed():
    failed = an_event(1, state="failed", reason="Stripe answered 500", received_at=ago(minutes=1))
    waiting = an_event(2, received_at=ago(minutes=11))
    an_event(3, received_at=ago(minutes=9))
    assert set(found("failed-events")) == {failed, waiting}


def test_messages_of_the_other_mode_are_listed():
    parked = an_event(1, state="parked", reason="other mode", livemode=True)
    assert found("parked-events") == [parked]


def test_open_disputes_are_listed_by_the_day_of_the_answer():
    later = make_dispute(payment=make_payment(), status="needs_response", due_by=NOW + timedelta(days=9))
    sooner = make_dispute(payment=make_payment(), status="needs_response", due_by=NOW + timedelta(days=2))
    undated = make_dispute(payment=make_payment(), status="something_new", due_by=None)
    make_dispute(payment=make_payment(), status="lost")
    make_dispute(payment=make_payment(), status="won", moved=0)
    make_dispute(payment=make_payment(livemode=True), status="needs_response")
    assert found("disputes") == [sooner, later, undated]


def failed(gift=None, **fields):
    gift = gift or make_gift(status="failed")
    return make_payment(gift=gift, **({"status": "failed", "fee": None, "given_at": ago(days=1)} | fields))


def test_a_failed_payment_is_listed_until_another_try_succeeds():
    gift = make_gift(frequency="monthly", status="past_due", anchor=ago(days=90))
    make_payment(gift=gift, given_at=ago(days=31))
    payment = failed(gift)
    assert found("failed-payments") == [payment]
    make_payment(gift=gift, given_at=NOW)
    assert found("failed-payments") == []


def test_a_monthly_gift_that_is_late_stays_listed_by_its_last_try_however_old():
    gift = make_gift(frequency="monthly", status="past_due", anchor=ago(days=200))
    failed(gift, given_at=ago(days=100))
    last = failed(gift, given_at=ago(days=90))
    assert found("failed-payments") == [last]


def test_a_dispute_whose_day_has_passed_says_so(priya):
    make_dispute(payment=make_payment(), status="needs_response", due_by=ago(days=1))
    assert "has passed" in priya.get(PAGE).content.decode()


def test_old_failures_stopped_gifts_and_the_other_mode_are_left_to_the_lists():
    failed(given_at=ago(days=61))
    failed(make_gift(frequency="monthly", status="ended"))
    failed(livemode=True)
    assert found("failed-payments") == []


def test_a_refund_that_did_not_arrive_is_listed_until_it_is_made_again():
    payment = make_payment()
    refund = make_refund(payment=payment, status="failed", made_at=ago(days=3))
    assert found("failed-refunds") == [refund]
    make_refund(payment=payment, status="succeeded", made_at=ago(days=1))
    assert found("failed-refunds") == []


def test_the_second_monthly_gift_of_one_person_is_listed_until_one_is_stopped():
    donor = make_donor()
    going = {"donor": donor, "frequency": "monthly", "status": "active", "anchor": ago(days=40)}
    make_gift(begun_at=ago(days=40), **going)
    second = make_gift(begun_at=ago(days=2), **going)
    make_gift(begun_at=ago(days=1), donor=donor, status="given")
    assert found("duplicates") == [second]
    Gift.objects.filter(pk=second.pk).update(status="ended")
    assert found("duplicates") == []


def test_a_monthly_gift_of_the_other_mode_makes_no_second_one():
    donor = make_donor()
    going = {"donor": donor, "frequency": "monthly", "status": "active", "anchor": ago(days=40)}
    make_gift(begun_at=ago(days=40), livemode=True, **going)
    make_gift(begun_at=ago(days=2), **going)
    assert found("duplicates") == []


def test_a_gift_that_is_unclear_is_listed():
    unclear = make_gift(status="unclear")
    assert found("unclear") == [unclear]


def test_mails_that_got_stuck_are_listed():
    begun = a_mail(1, status="sending", sending_at=ago(minutes=11))
    refused = a_mail(2, status="sending", sending_at=ago(minutes=1), error="SMTPException: 550")
    waiting = a_mail(3, queued_at=ago(minutes=11))
    a_mail(4, status="sending", sending_at=ago(minutes=9))
    a_mail(5, queued_at=ago(minutes=9))
    a_mail(6, status="sent", sending_at=ago(hours=1), sent_at=ago(hours=1))
    assert set(found("mails")) == {begun, refused, waiting}


def test_the_page_tells_each_trouble_with_its_advice_its_rows_and_a_way_to_them(priya):
    dispute = make_dispute(
        payment=make_payment(gift=make_gift(name="Zoë Marsh", status="given")),
        status="needs_response",
        due_by=datetime(2026, 10, 20, 16, tzinfo=UTC),
    )
    event = an_event(1, state="failed", reason="Stripe answered 500: try later")
    shown = " ".join(priya.get(PAGE).content.decode().split())
    assert 'Open disputes <span class="count">1</span>' in shown
    assert "Answer at Stripe before the date" in shown
    assert "Oct. 20, 2026, noon" in shown
    assert "Zoë Marsh" in shown
    assert "has passed" not in shown
    assert reverse("admin:donations_dispute_change", args=[dispute.pk]) in shown
    assert "Stripe answered 500: try later" in shown
    assert reverse("admin:donations_webhookevent_change", args=[event.pk]) in shown
    assert "Parked" not in shown


def test_a_long_list_is_cut_and_says_so(priya):
    for number in range(30):
        an_event(number, state="failed", reason="Stripe answered 500")
    shown = priya.get(PAGE).content.decode()
    assert '<span class="count">30</span>' in shown
    assert "The first 25 are shown." in shown
    assert shown.count("Stripe answered 500") == 25


def test_every_concern_says_what_to_do_in_a_sentence():
    assert all(concern.advice.endswith(".") and len(concern.advice) > 40 for concern in CONCERNS)
    assert len({concern.name for concern in CONCERNS}) == len(CONCERNS)


def test_a_default_campaign_that_takes_no_gifts_today_is_listed(priya):
    make_campaign(ends=date(2026, 10, 12))
    shown = make_campaign(title="This year", is_default=True, ends=date(2026, 10, 13))
    assert found("silent-default") == []
    Campaign.objects.filter(pk=shown.pk).update(ends=date(2026, 10, 12))
    assert found("silent-default") == [shown]
    html = priya.get(PAGE).content.decode()
    assert "Articles that ask for nothing" in html
    assert "This year" in html
