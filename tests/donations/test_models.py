"""What the database itself refuses, whoever writes: staff, scripts, and the ledger when it is wrong."""

from datetime import date, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from donations.models import Campaign, Donor, Gift, Payment, SentMail, WebhookEvent
from tests.donations.factories import (
    NOON,
    make_campaign,
    make_dispute,
    make_donor,
    make_gift,
    make_payment,
    make_refund,
    make_user,
)

pytestmark = pytest.mark.django_db


def refused(make, constraint, **fields):
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        make(**fields)


# --- Campaigns ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("constraint", "fields"),
    [
        ("campaign_status_known", {"status": "open"}),
        ("campaign_goal_positive", {"goal": 0}),
        ("campaign_minimum_in_range", {"minimum": 0}),
        ("campaign_minimum_in_range", {"minimum": 100_000_000}),
        ("campaign_ends_after_it_starts", {"starts": date(2026, 2, 1), "ends": date(2026, 1, 31)}),
        ("campaign_currency_is_three_capitals", {"currency": "usd"}),
        ("campaign_currency_is_three_capitals", {"currency": "US"}),
    ],
)
def test_an_impossible_campaign_is_refused(constraint, fields):
    refused(make_campaign, constraint, **fields)


def test_there_is_one_default_campaign():
    make_campaign(is_default=True)
    make_campaign(is_default=False)
    refused(make_campaign, "is_default", is_default=True)


def test_a_campaign_cannot_follow_itself():
    campaign = make_campaign()
    with pytest.raises(IntegrityError, match="campaign_follows_another"), transaction.atomic():
        Campaign.objects.filter(pk=campaign.pk).update(follows=campaign)


def test_its_currency_stays_from_the_first_gift_on_for_a_payment_page_may_be_open_in_it():
    campaign = make_campaign()
    campaign.currency = "EUR"
    campaign.save()
    make_gift(campaign=campaign, currency="EUR", status="begun")
    campaign.currency = "USD"
    for ask in (campaign.save, campaign.full_clean):
        with pytest.raises(ValidationError, match="has gifts, so its currency stays EUR: a payment page may be open"):
            ask()
    campaign.currency, campaign.goal = "EUR", 5
    campaign.save()


def test_its_zone_stays_once_money_came_in():
    campaign = make_campaign()
    gift = make_gift(campaign=campaign, status="given")
    campaign.timezone = "Asia/Tokyo"
    campaign.save()
    make_payment(gift=gift)
    campaign.timezone = "Europe/Berlin"
    for ask in (campaign.save, campaign.full_clean):
        with pytest.raises(ValidationError, match="has payments, so its time zone stays Asia/Tokyo"):
            ask()


def test_windows_of_a_chain_do_not_overlap():
    first = make_campaign()
    second = make_campaign(starts=date(2027, 1, 1), ends=date(2027, 12, 31), follows=first)
    second.full_clean()
    second.starts = date(2026, 12, 31)
    with pytest.raises(ValidationError, match="must end before 31 December 2026"):
        second.full_clean()
    first.ends = None
    with pytest.raises(ValidationError, match="must end before 01 January 2027"):
        first.full_clean()


def test_a_chain_has_one_currency_and_no_circle():
    first = make_campaign()
    second = make_campaign(starts=date(2027, 1, 1), ends=None, currency="EUR", follows=first)
    with pytest.raises(ValidationError, match="in the same currency"):
        second.full_clean()
    first.follows = second
    with pytest.raises(ValidationError, match="would follow itself"):
        first.full_clean()


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("currency", "ISK", "ISK cannot be used"),
        ("timezone", "Mars/Olympus", "'Mars/Olympus' is not a time zone"),
        ("suggested_once", [2500, "50"], "Write a list of minor units"),
        ("suggested_once", [True], "Write a list of minor units"),
        ("suggested_once", {"a": 1}, "Write a list of minor units"),
        ("suggested_monthly", [500, 500], "twice"),
        ("suggested_monthly", [99], "below the smallest gift"),
        ("starts", date(1, 1, 1), "No campaign is held in the year 1. Type a year from 2000 to 2999."),
        ("starts", date(1999, 12, 31), "in the year 1999"),
        ("ends", date(3000, 1, 1), "in the year 3000"),
        ("ends", date(9999, 12, 31), "in the year 9999"),
    ],
)
def test_a_wrong_field_of_a_campaign_is_explained(field, value, words):
    campaign = make_campaign()
    setattr(campaign, field, value)
    with pytest.raises(ValidationError) as refused:
        campaign.full_clean()
    assert words in str(refused.value)


def test_a_gift_to_a_closed_campaign_goes_to_its_successor_else_to_the_default(now):
    default = make_campaign(is_default=True)
    closed = make_campaign(slug="2026", status="closed", ends=date(2026, 3, 31))
    assert Campaign.objects.to_give_to("2026", now) == default
    after = make_campaign(follows=closed, starts=date(2026, 4, 1), ends=None)
    assert Campaign.objects.to_give_to("2026", now) == after
    assert Campaign.objects.to_give_to(after.slug, now) == after
    Campaign.objects.filter(pk=after.pk).update(status="draft")
    assert Campaign.objects.to_give_to(after.slug, now) == default
    assert Campaign.objects.to_give_to("unknown", now) == default
    Campaign.objects.filter(pk=default.pk).update(status="closed")
    assert Campaign.objects.to_give_to("unknown", now) is None


@pytest.mark.parametrize("days", [(date(2026, 1, 1), date(2026, 10, 12)), (date(2026, 10, 14), None)])
def test_a_live_campaign_takes_gifts_on_its_days_alone(now, days):
    default = make_campaign(is_default=True)
    other = make_campaign(starts=days[0], ends=days[1])
    assert Campaign.objects.to_give_to(other.slug, now) == default
    Campaign.objects.filter(pk=default.pk).update(starts=days[0], ends=days[1])
    assert Campaign.objects.default(now) is None
    assert Campaign.objects.to_give_to(other.slug, now) is None
    today = date(2026, 10, 13)
    Campaign.objects.filter(pk=other.pk).update(starts=today, ends=today)
    assert Campaign.objects.to_give_to(other.slug, now) == other


# --- Donors and gifts --------------------------------------------------------------------------------------------


def test_an_address_is_one_donor_whatever_its_capitals():
    ann = Donor.objects.for_email("Ann@Example.org")
    assert Donor.objects.for_email("ann@example.ORG") == ann
    refused(make_donor, "donor_one_per_email", email="ANN@EXAMPLE.ORG")


def test_nobody_is_looked_up_without_an_address():
    Donor.objects.create(email=None)
    Donor.objects.create(email=None)
    with pytest.raises(ValueError, match="without an e-mail address"):
        Donor.objects.for_email("")


@pytest.mark.parametrize(
    ("constraint", "fields"),
    [
        ("donor_email_not_empty", {"email": ""}),
        ("donor_scrubbed_has_no_email", {"email": "a@b.org", "scrubbed_at": NOON}),
    ],
)
def test_an_impossible_donor_is_refused(constraint, fields):
    refused(Donor.objects.create, constraint, **fields)


@pytest.mark.parametrize(
    ("constraint", "fields"),
    [
        ("gift_amount_in_range", {"amount": 0}),
        ("gift_amount_in_range", {"amount": 100_000_000}),
        ("gift_frequency_known", {"frequency": "weekly"}),
        ("gift_visibility_known", {"visibility": "secret"}),
        ("gift_currency_is_three_capitals", {"currency": "usd"}),
        ("gift_status_fits_frequency", {"status": "paid"}),
        ("gift_status_fits_frequency", {"status": "active", "anchor": NOON}),
        ("gift_status_fits_frequency", {"frequency": "monthly", "status": "given"}),
        ("gift_session_not_empty", {"session_id": ""}),
        ("gift_customer_not_empty", {"stripe_customer": ""}),
        ("gift_subscription_not_empty", {"stripe_subscription": ""}),
        ("gift_monthly_amount_in_range", {"monthly_amount": 2500}),
        ("gift_monthly_amount_in_range", {"frequency": "monthly", "monthly_amount": 0}),
        ("gift_going_on_has_anchor", {"frequency": "monthly", "status": "active"}),
        ("gift_offline_has_no_stripe", {"livemode": None, "session_id": "cs_1"}),
    ],
)
def test_an_impossible_gift_is_refused(constraint, fields):
    campaign, donor = make_campaign(), make_donor()
    refused(make_gift, constraint, campaign=campaign, donor=donor, **fields)


@pytest.mark.parametrize("field", ["session_id", "stripe_subscription"])
def test_a_session_and_a_subscription_belong_to_one_gift(field):
    make_gift(**{field: "x_1"})
    refused(make_gift, field, **{field: "x_1"})


def test_a_second_monthly_gift_of_the_same_person_is_seen():
    donor, going = make_donor(), {"frequency": "monthly", "status": "active", "anchor": NOON}
    make_gift(donor=donor, **going)
    later = make_gift(donor=donor, **going | {"begun_at": NOON + timedelta(days=1), "status": "past_due"})
    make_gift(donor=donor, **going | {"begun_at": NOON + timedelta(days=2), "status": "ended"})
    make_gift(**going | {"begun_at": NOON + timedelta(days=3)})
    assert list(Gift.objects.duplicates()) == [later]


def test_an_anonymous_giver_has_no_public_name():
    assert make_gift(name="Ann", visibility="named").public_name() == "Ann"
    assert make_gift(name="Ann").public_name() == ""


# --- Payments ----------------------------------------------------------------------------------------------------


def offline(**fields):
    return make_payment(**{"channel": "cheque", "status": "pending"} | fields)


@pytest.mark.parametrize(
    ("constraint", "fields"),
    [
        ("payment_amount_in_range", {"amount": 0}),
        ("payment_amount_in_range", {"amount": 100_000_000}),
        ("payment_currency_is_three_capitals", {"currency": "usd"}),
        ("payment_status_known|payment_confirmed_when_succeeded", {"status": "paid"}),
        ("payment_stripe_or_offline", {"channel": "barter"}),
        ("payment_stripe_or_offline", {"remote_id": None}),
        ("payment_stripe_or_offline", {"livemode": None}),
        ("payment_remote_id_not_empty", {"remote_id": ""}),
        ("payment_confirmed_when_succeeded", {"confirmed_at": None}),
        ("payment_confirmed_when_succeeded", {"status": "failed", "confirmed_at": NOON}),
        ("payment_fee_has_currency", {"fee_currency": ""}),
    ],
)
def test_an_impossible_payment_is_refused(constraint, fields):
    gift = make_gift(status="given")
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        make_payment(gift=gift, **fields)


def test_a_stripe_payment_is_never_said_to_be_confirmed_by_somebody():
    with pytest.raises(IntegrityError, match="payment_stripe_or_offline"), transaction.atomic():
        make_payment(confirmed_by=make_user())


@pytest.mark.parametrize(
    ("constraint", "fields"),
    [
        ("payment_stripe_or_offline", {"entered_by": None}),
        ("payment_stripe_or_offline", {"remote_id": "pi_1"}),
        ("payment_stripe_or_offline", {"livemode": False}),
        ("payment_stripe_or_offline", {"fee": None}),
        ("payment_stripe_or_offline", {"fee": 100, "fee_currency": "USD"}),
        ("payment_stripe_or_offline|payment_offline_needs_two_people", {"status": "failed"}),
        ("payment_offline_needs_two_people", {"status": "succeeded", "confirmed_by": None}),
    ],
)
def test_an_impossible_offline_payment_is_refused(constraint, fields):
    gift = make_gift(livemode=None)
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        offline(gift=gift, **fields)


def test_nobody_confirms_what_they_entered_themselves():
    ann, ben = make_user(), make_user()
    offline(status="succeeded", entered_by=ann, confirmed_by=ben)
    with pytest.raises(IntegrityError, match="payment_offline_needs_two_people"), transaction.atomic():
        offline(status="succeeded", entered_by=ann, confirmed_by=ann)
    with pytest.raises(IntegrityError, match="payment_offline_needs_two_people"), transaction.atomic():
        offline(entered_by=ann, confirmed_by=ben)  # a name without the confirmation


def test_what_stripe_calls_the_same_is_one_row():
    payment = make_payment(remote_id="pi_1")
    make_refund(payment=payment, remote_id="re_1")
    make_dispute(payment=payment, remote_id="du_1")
    refused(make_payment, "remote_id", remote_id="pi_1")
    refused(make_refund, "remote_id", payment=payment, remote_id="re_1")
    refused(make_dispute, "remote_id", payment=payment, remote_id="du_1")


@pytest.mark.parametrize(
    ("make", "constraint", "fields"),
    [
        (make_refund, "refund_amount_in_range", {"amount": 0}),
        (make_refund, "refund_status_known", {"status": "done"}),
        (make_refund, "refund_currency_is_three_capitals", {"currency": "usd"}),
        (make_refund, "refund_stripe_or_offline", {"remote_id": None, "status": "canceled"}),
        (make_refund, "refund_stripe_or_offline", {"remote_id": ""}),
        (make_dispute, "dispute_amount_in_range", {"amount": 0}),
        (make_dispute, "dispute_has_remote_id", {"remote_id": ""}),
        (make_dispute, "dispute_has_status", {"status": ""}),
        (make_dispute, "dispute_currency_is_three_capitals", {"currency": "usd"}),
        (make_dispute, "dispute_moved_in_range", {"moved": 100_000_000}),
        (make_dispute, "dispute_fee_has_currency", {"fee_currency": ""}),
    ],
)
def test_an_impossible_reversal_is_refused(make, constraint, fields):
    payment = make_payment()
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        make(payment=payment, **fields)


def test_a_payment_says_what_can_still_go_back():
    payment = make_payment(amount=10000)
    make_refund(payment=payment, amount=2500)
    make_refund(payment=payment, amount=5000, status="failed")
    make_dispute(payment=payment, amount=7000, moved=7000)
    assert (payment.reversed(), payment.refundable()) == (9500, 500)
    assert make_payment(status="pending").refundable() == 0


# --- Inbox and mails ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("constraint", "fields"),
    [
        ("event_has_ids", {"event_id": ""}),
        ("event_has_ids", {"object_id": ""}),
        ("event_state_known|event_settled_at_when_settled", {"state": "lost", "reason": "x"}),
        ("event_says_why", {"state": "ignored", "settled_at": NOON}),
        ("event_settled_at_when_settled", {"state": "processed"}),
        ("event_settled_at_when_settled", {"state": "failed", "reason": "x", "settled_at": NOON}),
    ],
)
def test_an_impossible_event_is_refused(constraint, fields):
    event = {
        "event_id": "evt_1",
        "type": "charge.updated",
        "object_id": "ch_1",
        "livemode": False,
        "received_at": NOON,
    }
    refused(WebhookEvent.objects.create, constraint, **event | fields)


def test_a_payment_owes_one_receipt():
    payment = make_payment()
    receipt = {"gift": payment.gift, "payment": payment, "queued_at": NOON}
    SentMail.objects.create(kind="receipt", key="1", **receipt)
    refused(SentMail.objects.create, "kind", kind="receipt", key="1", **receipt | {"payment": make_payment()})
    refused(SentMail.objects.create, "payment", kind="renewal_receipt", key="2", **receipt)


@pytest.mark.parametrize(
    ("constraint", "fields"),
    [
        ("mail_has_key", {"key": ""}),
        ("mail_receipt_has_payment", {"payment": None}),
        ("mail_status_fits_times", {"status": "sent"}),
        ("mail_status_fits_times", {"status": "lost"}),
        ("mail_status_fits_times", {"sent_at": NOON}),
    ],
)
def test_an_impossible_mail_is_refused(constraint, fields):
    payment = make_payment()
    mail = {"kind": "receipt", "key": "1", "gift": payment.gift, "payment": payment, "queued_at": NOON}
    refused(SentMail.objects.create, constraint, **mail | fields)


def test_rows_name_themselves_for_staff():
    gift = make_gift(campaign=make_campaign(title="Our year"), amount=1999, frequency="monthly")
    payment = make_payment(gift=gift, amount=1999)
    assert str(gift) == "$19.99 a month to Our year"
    assert str(payment) == "$19.99, stripe, 2026-10-01"
    assert str(make_refund(payment=payment)) == "$19.99 back, 2026-10-01"
    assert str(make_dispute(payment=payment)) == "$19.99 disputed, 2026-10-01"
    assert Payment.objects.get() == payment


def test_a_wrong_time_zone_in_a_chain_is_explained_too():
    campaign = make_campaign(follows=make_campaign(), starts=date(2027, 1, 1), ends=None)
    campaign.timezone = "Mars/Olympus"
    with pytest.raises(ValidationError, match="is not a time zone"):
        campaign.full_clean()


def test_closed_campaigns_that_follow_each_other_in_a_circle_end_at_the_default(now):
    default = make_campaign(is_default=True)
    first = make_campaign(status="closed")
    second = make_campaign(status="closed", follows=first)
    Campaign.objects.filter(pk=first.pk).update(follows=second)
    assert Campaign.objects.to_give_to(first.slug, now) == default
