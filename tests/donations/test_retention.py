"""What nobody needs any more goes by itself; what is needed stays, and no figure moves."""

from datetime import UTC, datetime, timedelta

import pytest
from django.apps import apps
from django.contrib.sessions.models import Session
from django.db import models

from cms import tasks
from donations import retention
from donations.health import delivered
from donations.models import Donor, Gift, GivingLink, Payment, SentMail, WebhookEvent
from donations.owed import owe
from donations.tallies import differences
from donations.totals import totals

from .factories import make_campaign, make_dispute, make_donor, make_gift, make_payment, make_refund

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 10, 14, tzinfo=UTC)
LONG_AGO = NOW - timedelta(days=366)
number = iter(range(1, 10_000))


def tidy():
    """How many of each went."""
    return [remove(NOW) for _, remove in retention.RULES]


def unpaid(**fields):
    """A gift of which nothing came, begun more than a year ago, and its giver."""
    ours = {"status": "expired", "begun_at": LONG_AGO}
    gift = make_gift(**(ours | fields))
    Donor.objects.filter(pk=gift.donor_id).update(created_at=LONG_AGO)
    return gift


def stays(row):
    return type(row).objects.filter(pk=row.pk).exists()


def message(**fields):
    """A message that was booked a hundred days ago, unless told otherwise."""
    key = next(number)
    ours = {"event_id": f"evt_{key}", "type": "charge.updated", "object_id": f"ch_{key}", "livemode": False}
    ours |= {"state": "processed", "received_at": NOW - timedelta(days=100), "settled_at": NOW}
    return WebhookEvent.objects.create(**(ours | fields))


def heard_today():
    return message(received_at=NOW)


# --- Gifts that were never paid --------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", ["begun", "expired", "failed"])
def test_a_gift_that_was_never_paid_goes_after_a_year_with_its_giver(status):
    gift = unpaid(status=status, session_id="cs_1", session_status="expired", name="Ida")
    gift.donor.links.create(made_at=NOW)
    make_payment(gift=gift, status="failed", fee=None, fee_currency="")
    SentMail.objects.create(kind="failing", key="1", gift=gift, queued_at=LONG_AGO)
    SentMail.objects.create(kind="sign_in", key="1", donor=gift.donor, queued_at=NOW)
    tidy()
    assert not any(model.objects.exists() for model in (Gift, Donor, Payment, SentMail, GivingLink))


def test_a_younger_one_stays_and_so_does_its_giver():
    gift = unpaid(begun_at=NOW - timedelta(days=364))
    assert (tidy(), stays(gift), stays(gift.donor)) == ([0, 0, 0, 0], True, True)


@pytest.mark.parametrize("status", ["processing", "given", "promised", "unclear"])
def test_a_gift_that_was_paid_or_may_be_stays(status):
    assert stays_after_the_night(unpaid(status=status))


def stays_after_the_night(gift):
    tidy()
    return stays(gift) and stays(gift.donor)


def test_money_stays_whatever_its_gift_says():
    made = [make_payment(gift=unpaid()), make_payment(gift=unpaid(), status="pending", fee=None, fee_currency="")]
    make_refund(payment=made[0])
    make_dispute(payment=made[0])
    tidy()
    assert [stays(payment.gift) for payment in made] == [True, True]


def test_a_subscription_that_may_still_charge_keeps_its_gift():
    monthly = {"frequency": "monthly", "status": "failed"}
    assert stays_after_the_night(unpaid(**monthly, stripe_subscription="sub_1", subscription_status="incomplete"))
    over = unpaid(**monthly, stripe_subscription="sub_2", subscription_status="incomplete_expired")
    assert not stays_after_the_night(over)


def test_a_page_that_was_completed_and_never_booked_keeps_its_gift():
    assert stays_after_the_night(unpaid(status="begun", session_id="cs_1", session_status="complete"))


def test_a_gift_that_a_failing_message_speaks_of_stays_until_that_is_booked():
    gift = unpaid()
    waits = message(gift=gift, state="failed", reason="Stripe did not answer", settled_at=None)
    assert stays_after_the_night(gift)
    WebhookEvent.objects.filter(pk=waits.pk).update(state="processed", settled_at=NOW)
    heard_today()
    assert not stays_after_the_night(gift)


def test_a_giver_who_gave_otherwise_stays():
    gift = unpaid()
    make_gift(donor=gift.donor, status="given")
    assert (tidy()[2:], stays(gift), stays(gift.donor)) == ([1, 0], False, True)


def test_a_giver_whose_first_gift_is_just_being_written_stays():
    Donor.objects.filter(pk=make_donor().pk).update(created_at=NOW - timedelta(minutes=1))
    assert tidy() == [0, 0, 0, 0]


def test_no_figure_moves_and_the_kept_sums_are_right():
    campaign = make_campaign()
    gift = unpaid(campaign=campaign)
    make_payment(gift=gift, status="failed", fee=None, fee_currency="")
    make_refund(payment=make_payment(gift=unpaid(campaign=campaign, status="given")), amount=500)
    before = totals(campaign, NOW)
    tidy()
    assert totals(campaign, NOW) == before
    assert (before.raised, stays(gift), differences(campaign)) == (2000, False, [])


def test_many_go_some_at_a_time(monkeypatch):
    monkeypatch.setattr(retention, "AT_ONCE", 2)
    campaign, donor = make_campaign(), make_donor()
    for _ in range(5):
        unpaid(campaign=campaign, donor=donor)
    assert tidy() == [0, 0, 5, 1]
    assert tidy() == [0, 0, 0, 0]


# --- Messages from Stripe --------------------------------------------------------------------------------------------


def test_a_message_goes_ninety_days_after_it_came():
    old = [message(), message(state="ignored", reason="It names no gift of ours.")]
    young = message(received_at=NOW - timedelta(days=89))
    assert (tidy()[0], [stays(one) for one in old], stays(young)) == (2, [False, False], True)


@pytest.mark.parametrize(
    "fields",
    [
        {"state": "received", "settled_at": None},
        {"state": "failed", "reason": "no answer", "settled_at": None},
        {"state": "parked", "reason": "other mode"},
        {"state": "ignored", "reason": "unattributed", "payment_intent_id": "pi_stranger"},
    ],
)
def test_what_still_waits_for_somebody_stays(fields):
    heard_today()
    waits = message(**fields)
    assert (tidy()[0], stays(waits)) == (0, True)


def test_money_that_was_given_its_gift_is_done_with():
    heard_today()
    made = make_payment()
    message(state="ignored", reason="unattributed", payment_intent_id=made.remote_id)
    assert tidy()[0] == 1


def test_money_that_did_not_come_does_not_come_back_into_the_list(monkeypatch):
    heard_today()
    monkeypatch.setattr(retention, "AT_ONCE", 1)
    message(state="ignored", reason="unattributed", payment_intent_id="pi_1", type="payment_intent.processing")
    message(
        state="ignored", reason="It names no gift of ours.", object_id="pi_1", type="payment_intent.payment_failed"
    )
    assert WebhookEvent.objects.unattributed().count() == 0
    assert (tidy()[0], WebhookEvent.objects.unattributed().count()) == (2, 0)


def test_the_last_message_of_all_stays_so_that_silence_has_a_beginning():
    first, last = message(), message(received_at=NOW - timedelta(days=95))
    assert (tidy()[0], stays(first), delivered().get()) == (1, False, last)


@pytest.mark.parametrize("ended", [False, True])
def test_a_second_subscription_is_listed_as_before(ended):
    heard_today()
    gift = make_gift(frequency="monthly", status="ended", stripe_subscription="sub_own", ended_at=NOW)
    own = message(type="customer.subscription.updated", object_id="sub_own", gift=gift)
    second = message(type="customer.subscription.created", object_id="sub_second", gift=gift)
    if ended:
        message(type="customer.subscription.deleted", object_id="sub_second", gift=gift)
    before = list(WebhookEvent.objects.second_subscriptions())
    tidy()
    assert list(WebhookEvent.objects.second_subscriptions()) == before == ([] if ended else [second])
    assert not stays(own)


def test_a_page_that_only_a_message_knows_is_thanked_for_ever(client):
    heard_today()
    paid = make_gift(status="given", session_id="cs_stored")
    message(type="checkout.session.completed", object_id="cs_stored", gift=paid)
    message(type="checkout.session.completed", object_id="cs_other", gift=paid)
    abandoned = make_gift(status="expired", session_id="cs_3")
    message(type="checkout.session.expired", object_id="cs_4", gift=abandoned)
    assert tidy()[0] == 2
    assert set(WebhookEvent.objects.exclude(received_at=NOW).values_list("object_id", flat=True)) == {"cs_other"}


# --- Links, sessions, addresses ---------------------------------------------------------------------------------------


def test_links_and_the_mails_that_brought_them_go_after_thirty_days_and_receipts_stay():
    payment = make_payment()
    donor = payment.gift.donor
    old = donor.links.create(made_at=NOW - timedelta(days=31), used_at=NOW - timedelta(days=31))
    young = donor.links.create(made_at=NOW - timedelta(days=29))
    for link in (old, young):
        owe(SentMail.Kind.SIGN_IN, str(link.pk), link.made_at, donor=donor, about={"link": link.pk})
    owe(SentMail.Kind.SIGN_IN, "nobody:1", old.made_at)
    sent = {"status": "sent", "sent_at": LONG_AGO, "queued_at": LONG_AGO}
    receipt = SentMail.objects.create(kind="receipt", key="1", gift=payment.gift, payment=payment, **sent)
    assert tidy() == [0, 1, 0, 0]
    assert list(GivingLink.objects.all()) == [young]
    assert set(SentMail.objects.values_list("kind", "key")) == {("sign_in", str(young.pk)), ("receipt", receipt.key)}


def session(expires):
    return Session.objects.create(session_key=str(expires), session_data="", expire_date=expires)


def test_the_worker_does_it_every_night_and_says_how_many_went(caplog):
    unpaid(name="Ida")
    over, open_still = session(NOW - timedelta(hours=1)), session(NOW + timedelta(hours=1))
    with caplog.at_level("INFO", "cms.tasks"):
        tasks.remove_what_is_old.call_local()
        tasks.remove_what_is_old.call_local()
    assert caplog.messages == [
        "Removed, of gifts that were never paid: 1.",
        "Removed, of givers of whom nothing was left: 1.",
        "Removed, of sessions that had ended: 1.",
    ]
    assert (stays(over), stays(open_still)) == (False, True)


def test_an_error_in_one_rule_delays_no_other(monkeypatch, caplog):
    def stumble(now):
        raise RuntimeError

    gone = []
    monkeypatch.setattr(tasks, "OLD_THINGS", [("these", stumble), ("those", gone.append)])
    tasks.remove_what_is_old.call_local()
    assert caplog.messages == ["The these could not be removed; it is tried again tomorrow."]
    assert len(gone) == 1


def test_no_table_has_a_place_for_a_visitors_address_or_browser():
    """Only the counters of tries know an address at all: hashed, and for a quarter of an hour at most."""
    fields = [field for model in apps.get_models() for field in model._meta.get_fields() if hasattr(field, "attname")]
    assert len(fields) > 200
    named = {"ip", "ip_address", "remote_addr", "address", "user_agent", "browser", "referer", "referrer"}
    assert [field for field in fields if isinstance(field, models.GenericIPAddressField) or field.name in named] == []
