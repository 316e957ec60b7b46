from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction

from donations import offline
from donations.ledger import NotBooked
from donations.models import Donor, Gift, Payment, Refund, SentMail
from donations.totals import totals
from tests.donations.factories import make_campaign, make_payment, make_user

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 10, 15, 16, tzinfo=UTC)


def enter(campaign, *, by, **fields):
    ours = {"amount": 100000, "channel": "cheque", "given_on": date(2026, 10, 1), "email": "ann@example.org"}
    return offline.enter(campaign, offline.Entry(**(ours | fields)), by=by, now=NOW)


def test_a_cheque_is_promised_until_another_person_confirms_it():
    campaign, ann, ben = make_campaign(), make_user(), make_user()
    payment = enter(campaign, by=ann, reference="No. 1017", name="Ann Lee")
    assert (totals(campaign, NOW).promised, totals(campaign, NOW).raised) == (100000, 0)
    offline.confirm(payment, by=ben, now=NOW)
    figures = totals(campaign, NOW)
    assert (figures.promised, figures.raised, figures.net, figures.fees_unknown) == (0, 100000, 100000, 0)
    assert figures.changed_at == NOW
    payment.refresh_from_db()
    assert (payment.entered_by, payment.confirmed_by, payment.reference) == (ann, ben, "No. 1017")
    assert (payment.gift.status, payment.gift.name, payment.gift.donor.email) == (
        "given",
        "Ann Lee",
        "ann@example.org",
    )


def test_it_counts_at_noon_of_the_day_on_it_in_the_campaigns_zone():
    payment = enter(make_campaign(timezone="Pacific/Auckland"), by=make_user(), given_on=date(2026, 1, 1))
    assert payment.given_at.astimezone(UTC) == datetime(2025, 12, 31, 23, tzinfo=UTC)


def test_nobody_confirms_what_they_entered():
    ann = make_user()
    payment = enter(make_campaign(), by=ann)
    with pytest.raises(NotBooked, match="Another person has to confirm it"):
        offline.confirm(payment, by=ann, now=NOW)
    assert Payment.objects.get().status == "pending"


def test_of_two_people_who_confirm_at_once_one_is_told():
    payment = enter(make_campaign(), by=make_user())
    offline.confirm(Payment.objects.get(), by=make_user(), now=NOW)
    with pytest.raises(NotBooked, match="not waiting for a confirmation any more"):
        offline.confirm(payment, by=make_user(), now=NOW)
    assert SentMail.objects.count() == 1


def test_a_promise_can_be_withdrawn_but_not_what_was_confirmed():
    campaign = make_campaign()
    payment = enter(campaign, by=make_user())
    offline.withdraw(payment, now=NOW)
    assert (payment.status, Gift.objects.get().status, totals(campaign, NOW).promised) == ("canceled", "failed", 0)
    confirmed = enter(campaign, by=make_user())
    offline.confirm(confirmed, by=make_user(), now=NOW)
    with pytest.raises(NotBooked, match="not waiting"):
        offline.withdraw(confirmed, now=NOW)
    assert totals(campaign, NOW).raised == 100000


def test_a_giver_with_an_address_gets_one_receipt_and_one_without_none():
    with_address = enter(make_campaign(), by=make_user())
    without = enter(make_campaign(), by=make_user(), email="")
    assert without.gift.donor != with_address.gift.donor
    for payment in (with_address, without):
        offline.confirm(payment, by=make_user(), now=NOW)
    assert SentMail.objects.get().payment == with_address
    assert Donor.objects.filter(email=None).count() == 1


def propose(payment, *, amount, by, seen=None):
    left = payment.unspoken_for() if seen is None else seen
    return offline.propose_reversal(payment, amount=amount, seen=left, reason="Bounced", by=by, now=NOW)


def confirmed(campaign):
    payment = enter(campaign, by=make_user())
    offline.confirm(payment, by=make_user(), now=NOW)
    return payment


def test_a_cheque_that_bounces_goes_back_in_part_or_whole_and_no_further():
    campaign = make_campaign()
    payment, ann = enter(campaign, by=make_user()), make_user()
    with pytest.raises(NotBooked, match=r"what is left of this payment, \$0\.00"):
        propose(payment, amount=1, by=ann)
    offline.confirm(payment, by=make_user(), now=NOW)
    offline.confirm_reversal(propose(payment, amount=40000, by=ann), by=make_user(), now=NOW)
    with pytest.raises(NotBooked, match=r"\$700\.00 is not between .* what is left of this payment, \$600\.00"):
        propose(payment, amount=70000, by=ann)
    assert totals(campaign, NOW).raised == 60000


def test_what_went_back_counts_for_nothing_until_another_person_confirms_it():
    campaign, later = make_campaign(), NOW + timedelta(days=1)
    payment, ann, ben = confirmed(campaign), make_user(), make_user()
    refund = propose(payment, amount=40000, by=ann)
    figures = totals(campaign, NOW)
    assert (figures.raised, figures.reversed, figures.net, payment.refundable()) == (100000, 0, 100000, 100000)
    offline.confirm_reversal(refund, by=ben, now=later)
    figures = totals(campaign, NOW)
    assert (figures.raised, figures.reversed, figures.net, payment.refundable()) == (60000, 40000, 60000, 60000)
    assert (refund.status, refund.entered_by, refund.confirmed_by, refund.confirmed_at) == (
        "succeeded",
        ann,
        ben,
        later,
    )
    assert figures.changed_at == later


def test_what_waits_cannot_be_proposed_a_second_time():
    payment, ann = confirmed(make_campaign()), make_user()
    propose(payment, amount=70000, by=ann)
    with pytest.raises(NotBooked, match=r"have changed since you opened this page; \$300\.00 is left of it"):
        propose(payment, amount=70000, by=ann, seen=100000)
    with pytest.raises(
        NotBooked, match=r"\$300\.01 is not between nothing and what is left of this payment, \$300\.00"
    ):
        propose(payment, amount=30001, by=make_user())
    assert Refund.objects.count() == 1


def test_nobody_confirms_a_reversal_that_they_entered():
    campaign, ann = make_campaign(), make_user()
    refund = propose(confirmed(campaign), amount=100000, by=ann)
    with pytest.raises(NotBooked, match="Another person has to confirm it"):
        offline.confirm_reversal(refund, by=ann, now=NOW)
    assert (Refund.objects.get().status, totals(campaign, NOW).raised) == ("proposed", 100000)


def test_a_reversal_that_was_dropped_or_confirmed_is_settled():
    campaign, ann, ben = make_campaign(), make_user(), make_user()
    payment = confirmed(campaign)
    dropped, stays = propose(payment, amount=40000, by=ann), propose(payment, amount=60000, by=ann)
    offline.drop_reversal(dropped)
    offline.confirm_reversal(stays, by=ben, now=NOW)
    for refund in (dropped, stays):
        with pytest.raises(NotBooked, match="not waiting for a confirmation any more"):
            offline.confirm_reversal(refund, by=ben, now=NOW)
        with pytest.raises(NotBooked, match="not waiting for a confirmation any more"):
            offline.drop_reversal(refund)
    assert (totals(campaign, NOW).raised, payment.unspoken_for()) == (40000, 40000)


def test_stripes_money_is_given_back_through_stripe():
    with pytest.raises(NotBooked, match="came through Stripe"):
        propose(make_payment(), amount=1, by=make_user())


@pytest.mark.parametrize(
    "fields",
    [
        {"status": "succeeded"},
        {"status": "succeeded", "confirmed_at": NOW},
        {"status": "pending"},
        {"entered_by": None},
        {"remote_id": "re_1", "entered_by": None},
    ],
)
def test_the_database_refuses_a_reversal_that_one_person_did_alone(fields):
    refund = propose(confirmed(make_campaign()), amount=1, by=make_user())
    with (
        pytest.raises(IntegrityError, match=r"refund_(stripe_or_offline|offline_needs_two)"),
        transaction.atomic(),
    ):
        Refund.objects.filter(pk=refund.pk).update(**fields)
    own = {"status": "succeeded", "confirmed_at": NOW, "confirmed_by": refund.entered_by}
    with pytest.raises(IntegrityError, match="refund_offline_needs_two_people"), transaction.atomic():
        Refund.objects.filter(pk=refund.pk).update(**own)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"given_on": date(2026, 10, 16)}, "16 October 2026 is still to come"),
        ({"channel": "stripe"}, "'stripe' is no way to pay offline"),
        ({"channel": "barter"}, "'barter' is no way to pay offline"),
        ({"amount": 0}, "The amount must be between 1 and"),
        ({"amount": 100_000_000}, "The amount must be between 1 and"),
    ],
)
def test_what_cannot_be_entered_is_explained(fields, words):
    with pytest.raises(NotBooked, match=words):
        enter(make_campaign(), by=make_user(), **fields)
    assert not Gift.objects.exists()
