"""Two people who settle what went back of a cheque in the same instant, on real connections in real threads."""

from datetime import UTC, datetime

import pytest

from donations import offline, tallies
from donations.ledger import NotBooked
from donations.models import Payment, Refund
from donations.totals import totals
from tests.donations.factories import make_campaign, make_gift, make_payment, make_user
from tests.donations.test_booking_races import at_once

pytestmark = pytest.mark.django_db(transaction=True)
NOW = datetime(2026, 10, 15, 16, tzinfo=UTC)


@pytest.fixture
def cheque():
    gift = make_gift(campaign=make_campaign(), status="given", livemode=None)
    return make_payment(gift=gift, channel="cheque", amount=10000)


def says(payment, amount, by):
    return lambda: told(offline.propose_reversal, payment, amount=amount, seen=10000, reason="Bounced", by=by, now=NOW)


def told(act, *args, **kwargs):
    """What came of it: nothing to say, or the refusal in words."""
    try:
        act(*args, **kwargs)
    except NotBooked as refusal:
        return str(refusal)
    return ""


def test_of_two_people_who_confirm_a_reversal_at_once_one_is_told_and_it_counts_once(cheque):
    refund = offline.propose_reversal(cheque, amount=4000, seen=10000, reason="Bounced", by=make_user(), now=NOW)

    def confirms(by):
        return lambda: told(offline.confirm_reversal, Refund.objects.get(pk=refund.pk), by=by, now=NOW)

    answers = at_once(confirms(make_user()), confirms(make_user()))
    assert sorted(map(bool, answers)) == [False, True]
    assert "not waiting for a confirmation any more" in max(answers)
    assert totals(cheque.gift.campaign, NOW).raised == 6000
    assert tallies.differences(cheque.gift.campaign) == []


def test_one_who_confirms_while_another_drops_it_settles_it_once(cheque):
    refund = offline.propose_reversal(cheque, amount=4000, seen=10000, reason="Bounced", by=make_user(), now=NOW)
    ben, mine, theirs = make_user(), Refund.objects.get(), Refund.objects.get()
    answers = at_once(
        lambda: told(offline.confirm_reversal, mine, by=ben, now=NOW), lambda: told(offline.drop_reversal, theirs)
    )
    assert sorted(map(bool, answers)) == [False, True]
    refund.refresh_from_db()
    raised = {"succeeded": 6000, "canceled": 10000}[refund.status]
    assert totals(cheque.gift.campaign, NOW).raised == raised
    assert tallies.differences(cheque.gift.campaign) == []


def test_two_who_enter_the_same_reversal_at_once_enter_it_once(cheque):
    ann, ben = Payment.objects.get(), Payment.objects.get()
    answers = at_once(says(ann, 6000, make_user()), says(ben, 6000, make_user()))
    assert sorted(map(bool, answers)) == [False, True]
    assert (Refund.objects.count(), cheque.unspoken_for()) == (1, 4000)
