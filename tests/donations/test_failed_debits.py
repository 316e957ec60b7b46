"""Bank debits that Stripe books before they have come, and takes back: the sums of both sides agree all the while."""

from datetime import date, timedelta

import pytest
from django.utils import timezone

from donations.models import Payment
from donations.reconcile import Sum, reconcile
from tests.donations.factories import make_campaign
from tests.donations.giving import deliver, give, intent_of

pytestmark = pytest.mark.django_db
NOTHING = [Sum("USD", "fees", 103, 103), Sum("USD", "gross", 0, 0)]  # Stripe keeps its fee of what failed


@pytest.fixture
def debit(client, sandbox):
    """A pending bank debit of 2500 that Stripe has booked, and we know of."""
    return begin(client, sandbox)


def begin(client, sandbox):
    sandbox.habits.debits_book_early = True
    gift = give(sandbox, campaign=make_campaign(starts=date(2026, 1, 1), ends=None), method="bank_debit", amount=2500)
    deliver(client, sandbox)
    return intent_of(sandbox, gift)


def fail(client, sandbox, debit):
    sandbox.settle(debit, succeeds=False)
    deliver(client, sandbox)


def name_in_failure(sandbox, source):
    """Stripe names a refund in the movement that takes a debit back, as it does for most."""
    (row,) = sandbox.account.find("balance_transaction", reporting_category="charge_failure")
    row["source"] = source


def a_refund_of(sandbox, debit):
    """A refund that only carries the debit back: no money of its own."""
    charge = sandbox.account.find("charge", payment_intent=debit)[0]
    stamp = sandbox.account.stamp("pyr", "refund", livemode=False)
    sandbox.account.add(
        stamp
        | {"charge": charge["id"], "payment_intent": debit, "amount": 2500, "currency": "usd"}
        | {"status": "succeeded", "reason": None, "metadata": {}, "balance_transaction": None}
    )
    return stamp["id"]


def run(days=35):
    now = timezone.now()
    return reconcile(now - timedelta(days=days), fix=True, now=now)


def test_a_pending_debit_that_moved_the_balance_agrees(sandbox, debit):
    report = run()
    assert Payment.objects.get().status == "pending"
    assert report.sums == [Sum("USD", "fees", 103, 103), Sum("USD", "gross", 2500, 2500)]
    assert (report.drift, report.remaining) == ([], 0)


def test_a_debit_that_came_is_booked_once(client, sandbox, debit):
    sandbox.settle(debit, succeeds=True)
    deliver(client, sandbox)
    assert run().sums == [Sum("USD", "fees", 103, 103), Sum("USD", "gross", 2500, 2500)]


def test_a_debit_that_failed_is_nothing_on_both_sides(client, sandbox, debit):
    fail(client, sandbox, debit)
    report = run()
    assert Payment.objects.get().status == "failed"
    assert (report.sums, report.drift, report.remaining) == (NOTHING, [], 0)


def test_the_movement_that_takes_a_debit_back_may_name_a_refund(client, sandbox, debit):
    fail(client, sandbox, debit)
    name_in_failure(sandbox, a_refund_of(sandbox, debit))
    report = run()
    assert [each.difference for each in report.sums if each.what == "gross"] == [0]
    assert [drift for drift in report.drift if drift.about.startswith("pyr_") and drift.remains] == []


@pytest.mark.parametrize("source", ["pyr_gone", "py_gone", None])
def test_a_failure_of_nobody_knows_which_debit_is_noted_and_no_difference(client, sandbox, debit, source):
    fail(client, sandbox, debit)
    name_in_failure(sandbox, source)
    report = run()
    assert (report.drift, report.remaining) == ([], 0)
    assert any(note.startswith("Left alone, for") for note in report.notes)
    assert any(note.startswith("1 charge cannot be compared by sums: it failed") for note in report.notes)


def test_a_failure_of_a_debit_from_before_the_time_asked_for_is_left_out(client, sandbox):
    sandbox.clock = timezone.now() - timedelta(days=20)
    debit = begin(client, sandbox)
    sandbox.clock = None
    fail(client, sandbox, debit)
    report = run(days=10)
    assert (report.sums, report.remaining) == ([], 0)
    assert report.notes[0].startswith("1 charge cannot be compared by sums: began before")


def test_a_failed_debit_that_stripe_kept_is_a_difference(client, sandbox, debit):
    fail(client, sandbox, debit)
    (row,) = sandbox.account.find("balance_transaction", reporting_category="charge_failure")
    del sandbox.objects["balance_transaction"][row["id"]]
    assert [each.difference for each in run().sums] == [0, 2500]


def test_a_shops_failed_debit_is_no_difference_either(client, sandbox, debit):
    fail(client, sandbox, debit)
    Payment.objects.all().delete()
    sandbox.objects["payment_intent"][debit]["metadata"] = {}
    assert [each.difference for each in run().sums] == []
