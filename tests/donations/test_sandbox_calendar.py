"""Time goes by in the sandbox: renewals, retries, pauses and ends, each on its own day and in order."""

import json
from datetime import UTC, datetime, timedelta

import pytest
import stripe

from donations.sandbox.server import Sandbox

from .sandbox_factories import begin_monthly, kinds, open_session, pay_once

BEGUN = datetime(2026, 8, 31, 13, tzinfo=UTC)


@pytest.fixture
def monthly(api, sandbox):
    """A monthly gift begun on a 31st, with nothing left to happen that day."""
    sandbox.clock = BEGUN
    subscription = begin_monthly(api, sandbox)
    sandbox.capture()
    return subscription


def charged(sandbox):
    """The days on which money was taken, in order."""
    paid = sandbox.account.find("charge", status="succeeded")
    return [f"{datetime.fromtimestamp(charge['created'], UTC):%Y-%m-%d}" for charge in paid]


def of(sandbox, subscription):
    return sandbox.objects["subscription"][subscription]


def latest(sandbox, subscription):
    return sandbox.objects["invoice"][of(sandbox, subscription)["latest_invoice"]]


# --- renewals
def test_months_that_go_by_renew_on_the_anchors_day(sandbox, monthly):
    sandbox.advance(months=6)
    assert charged(sandbox) == [
        "2026-08-31",
        "2026-09-30",
        "2026-10-31",
        "2026-11-30",
        "2026-12-31",
        "2027-01-31",
        "2027-02-28",
    ]
    assert sandbox.clock == datetime(2027, 2, 28, 13, tzinfo=UTC)


def test_a_day_too_few_renews_nothing(sandbox, monthly):
    sandbox.advance(days=29)
    assert charged(sandbox) == ["2026-08-31"]
    sandbox.advance(days=1)
    assert charged(sandbox) == ["2026-08-31", "2026-09-30"]


def test_what_time_brings_comes_in_its_order_with_its_own_moment(api, sandbox, monthly):
    sandbox.fail_renewals(monthly)
    sandbox.clock += timedelta(hours=12)
    open_session(api)
    sandbox.clock += timedelta(days=2)  # nothing happened of itself meanwhile
    begin_monthly(api, sandbox)
    seen = len(sandbox.events)
    sandbox.advance(days=35)
    told = {"checkout.session.expired", "invoice.paid", "invoice.payment_failed"}
    found = [event for event in sandbox.events[seen:] if event["type"] in told]
    assert [(event["type"], f"{datetime.fromtimestamp(event['created'], UTC):%d %b %H:%M}") for event in found] == [
        ("checkout.session.expired", "03 Sep 01:00"),  # overdue, so at once
        ("invoice.payment_failed", "30 Sep 13:00"),
        ("invoice.paid", "03 Oct 01:00"),
        ("invoice.paid", "03 Oct 13:00"),
    ]


def test_a_fee_shows_before_the_next_renewal(sandbox, monthly):
    sandbox.advance(months=2, seconds=5)
    rows = sandbox.account.find("balance_transaction", type="charge")
    assert [(row["amount"], row["fee"]) for row in rows] == [(2500, 103)] * 3
    assert [row["status"] for row in rows] == ["available", "available", "pending"]


def test_a_running_clock_is_ahead_after_it_was_advanced_and_after_a_restart(settings, tmp_path):
    settings.DEBUG = True
    first = Sandbox(state_file=tmp_path / "sandbox.json").start()
    first.subscribe()
    first.advance(days=40)
    first.habits.retries_end = "cancel"
    now = first.account.now()
    assert now - datetime.now(UTC).timestamp() == pytest.approx(40 * 86400, abs=5)
    first.stop()
    second = Sandbox(state_file=tmp_path / "sandbox.json")
    assert second.account.now() == pytest.approx(now, abs=5)
    assert second.habits.retries_end == "cancel"
    assert len(charged(second)) == 2


def test_a_state_from_before_the_calendar_is_read_too(settings, tmp_path):
    settings.DEBUG = True
    path = tmp_path / "sandbox.json"
    Sandbox(state_file=path).start().stop()
    state = json.loads(path.read_text())
    for name in ("ahead", "failures", "habits"):
        del state[name]
    del state["objects"]["billing_portal.session"]
    path.write_text(json.dumps(state))
    second = Sandbox(state_file=path)
    assert (second.account.ahead, second.objects["billing_portal.session"]) == (0, {})


def test_the_clock_does_not_go_back(sandbox):
    with pytest.raises(ValueError, match="goes forward only"):
        sandbox.advance(days=-1)


# --- failures
def test_a_renewal_that_fails_is_tried_again_after_3_5_and_7_days_and_then_left(api, sandbox, monthly):
    sandbox.fail_renewals(monthly, times=None)
    sandbox.advance(months=1)
    tries = []
    while latest(sandbox, monthly)["next_payment_attempt"]:
        invoice = latest(sandbox, monthly)
        tries.append((invoice["attempt_count"], (invoice["next_payment_attempt"] - sandbox.account.now()) // 86400))
        sandbox.advance(seconds=invoice["next_payment_attempt"] - sandbox.account.now())
    assert tries == [(1, 3), (2, 5), (3, 7)]
    assert (latest(sandbox, monthly)["attempt_count"], latest(sandbox, monthly)["status"]) == (4, "open")
    assert api.subscriptions.retrieve(monthly).status == "past_due"
    assert kinds(sandbox).count("invoice.payment_failed") == 4
    assert charged(sandbox) == ["2026-08-31"]


def test_one_failure_recovers_with_the_first_retry(sandbox, monthly):
    sandbox.fail_renewals(monthly)
    sandbox.advance(months=1, days=2)
    assert of(sandbox, monthly)["status"] == "past_due"
    sandbox.advance(days=1)
    assert (of(sandbox, monthly)["status"], charged(sandbox)) == ("active", ["2026-08-31", "2026-10-03"])
    assert len(sandbox.objects["payment_intent"]) == 2


def test_a_try_that_somebody_asks_for_leaves_the_schedule_alone(api, sandbox, monthly):
    sandbox.fail_renewals(monthly, times=2)
    sandbox.advance(months=1)
    invoice = latest(sandbox, monthly)
    before = invoice["attempt_count"], invoice["next_payment_attempt"]
    with pytest.raises(stripe.CardError):
        api.invoices.pay(invoice["id"])
    assert (invoice["attempt_count"], invoice["next_payment_attempt"]) == before
    assert api.invoices.pay(invoice["id"]).status == "paid"


@pytest.mark.parametrize(("ends", "status"), [("past_due", "past_due"), ("unpaid", "unpaid"), ("cancel", "canceled")])
def test_the_account_says_what_becomes_of_a_gift_when_retries_end(sandbox, monthly, ends, status):
    sandbox.habits.retries_end = ends
    sandbox.fail_renewals(monthly, times=4)
    sandbox.advance(months=1, days=15)
    assert of(sandbox, monthly)["status"] == status
    sandbox.advance(months=1)
    renewed = {"past_due": ("active", "paid"), "unpaid": ("unpaid", "draft"), "canceled": ("canceled", "open")}
    assert (of(sandbox, monthly)["status"], latest(sandbox, monthly)["status"]) == renewed[status]


def test_a_gift_that_was_cancelled_for_its_failures_says_so(sandbox, monthly):
    sandbox.habits.retries_end, sandbox.habits.uncollectible = "cancel", True
    sandbox.fail_renewals(monthly, times=None)
    sandbox.advance(months=1, days=15)
    assert kinds(sandbox)[-2:] == ["invoice.marked_uncollectible", "customer.subscription.deleted"]
    assert of(sandbox, monthly)["cancellation_details"]["reason"] == "payment_failed"
    assert latest(sandbox, monthly)["status"] == "uncollectible"


def test_an_unpaid_gift_is_active_again_when_its_latest_open_invoice_is_paid(api, sandbox, monthly):
    sandbox.habits.retries_end = "unpaid"
    sandbox.fail_renewals(monthly, times=4)
    sandbox.advance(months=1, days=15)
    api.invoices.pay(latest(sandbox, monthly)["id"])
    assert of(sandbox, monthly)["status"] == "active"


def test_a_cancelled_gift_is_tried_no_more(sandbox, monthly):
    sandbox.fail_renewals(monthly)
    sandbox.advance(months=1)
    sandbox.cancel(monthly)
    sandbox.advance(months=1)
    assert charged(sandbox) == ["2026-08-31"]


def test_a_new_default_card_helps_only_once_the_subscription_has_it(api, sandbox):
    sandbox.clock = BEGUN
    subscription = begin_monthly(api, sandbox, card="4000000000000341")
    sandbox.advance(months=1)
    method = sandbox.prefer_card(of(sandbox, subscription)["customer"])["id"]
    assert kinds(sandbox)[-2:] == ["payment_method.attached", "customer.updated"]
    sandbox.advance(days=3)
    assert of(sandbox, subscription)["status"] == "past_due"
    api.subscriptions.update(subscription, params={"default_payment_method": method})
    sandbox.advance(days=5)
    assert (of(sandbox, subscription)["status"], charged(sandbox)) == ("active", ["2026-08-31", "2026-10-08"])


def test_an_older_open_invoice_is_retried_beside_the_newer_one(sandbox, monthly):
    sandbox.advance(months=1)
    sandbox.fail_renewals(monthly, times=2)
    sandbox.advance(days=31)
    older = latest(sandbox, monthly)
    sandbox.next_month(monthly)
    assert (older["status"], latest(sandbox, monthly)["status"]) == ("open", "open")
    sandbox.advance(days=3)
    assert (older["status"], latest(sandbox, monthly)["status"]) == ("paid", "paid")


def test_an_invoice_can_be_written_off_and_voided_or_paid_after_that(api, sandbox, monthly):
    first = sandbox.next_month(monthly, succeeds=False)["id"]
    second = sandbox.next_month(monthly, succeeds=False)["id"]
    for invoice in (first, second):
        assert api.invoices.mark_uncollectible(invoice).status == "uncollectible"
    with pytest.raises(stripe.InvalidRequestError, match="only an open invoice"):
        api.invoices.mark_uncollectible(first)
    assert api.invoices.void_invoice(first).status == "void"
    assert api.invoices.pay(second).status == "paid"
    assert kinds(sandbox).count("invoice.marked_uncollectible") == 2


# --- the bank asks
def test_a_card_that_always_asks_waits_for_its_giver_at_each_renewal(api, sandbox):
    subscription = begin_monthly(api, sandbox, card="4000002760003184")
    invoice = sandbox.next_month(subscription)
    intent = api.payment_intents.list().data[0]
    assert (intent.status, of(sandbox, subscription)["status"]) == ("requires_action", "past_due")
    assert kinds(sandbox)[-4:] == [
        "payment_intent.requires_action",
        "invoice.payment_action_required",
        "invoice.payment_failed",
        "customer.subscription.updated",
    ]
    sandbox.confirm(invoice["id"], succeeds=False)
    assert api.payment_intents.retrieve(intent.id).last_payment_error.code == "payment_intent_authentication_failure"
    with pytest.raises(Exception, match="waits for the giver"):
        sandbox.confirm(invoice["id"])
    with pytest.raises(stripe.CardError):
        api.invoices.pay(invoice["id"])
    sandbox.confirm(invoice["id"])
    assert (api.invoices.retrieve(invoice["id"]).status, of(sandbox, subscription)["status"]) == ("paid", "active")


# --- pauses and ends
@pytest.mark.parametrize(
    ("behavior", "status"),
    [("void", "void"), ("keep_as_draft", "draft"), ("mark_uncollectible", "uncollectible")],
)
def test_a_pause_charges_nothing_until_its_day(api, sandbox, monthly, behavior, status):
    until = int((BEGUN + timedelta(days=45)).timestamp())
    pause = {"behavior": behavior, "resumes_at": until}
    api.subscriptions.update(monthly, params={"pause_collection": pause})
    sandbox.advance(months=1)
    assert (latest(sandbox, monthly)["status"], of(sandbox, monthly)["status"]) == (status, "active")
    sandbox.advance(days=20)
    resumed = [event for event in sandbox.events if "pause_collection" in event["data"].get("previous_attributes", {})]
    assert [event["created"] for event in resumed] == [until]
    assert of(sandbox, monthly)["pause_collection"] is None
    sandbox.advance(days=12)
    assert charged(sandbox) == ["2026-08-31", "2026-10-31"]


def test_a_gift_ends_on_its_day(api, sandbox, monthly):
    api.subscriptions.update(monthly, params={"cancel_at": int((BEGUN + timedelta(days=40)).timestamp())})
    sandbox.advance(months=3)
    assert charged(sandbox) == ["2026-08-31", "2026-09-30"]
    assert of(sandbox, monthly)["ended_at"] == int((BEGUN + timedelta(days=40)).timestamp())


def test_a_gift_cancelled_at_the_periods_end_is_not_charged_again(api, sandbox, monthly):
    api.subscriptions.update(monthly, params={"cancel_at_period_end": True})
    sandbox.advance(months=2)
    assert (charged(sandbox), of(sandbox, monthly)["status"]) == (["2026-08-31"], "canceled")


# --- one-off money
def test_a_bank_debit_a_refund_and_a_dispute_end_as_time_goes_by(api, sandbox):
    sandbox.clock = BEGUN
    debit = pay_once(api, sandbox, method="bank_debit_returned")
    refund = sandbox.refund(pay_once(api, sandbox, card="4000000000005126"))["id"]
    disputed = pay_once(api, sandbox, card="4000000000000259")
    sandbox.advance(days=1)
    assert api.refunds.retrieve(refund).status == "failed"
    assert [row.payment_intent for row in api.disputes.list().data] == [debit, disputed]
    assert [row.status for row in api.disputes.list().data] == ["lost", "needs_response"]


@pytest.mark.parametrize(("captures", "days"), [("soon", [0]), ("late", [2]), ("never", [])])
def test_the_fee_shows_soon_late_or_never(api, sandbox, captures, days):
    sandbox.clock = BEGUN
    sandbox.habits.captures = captures
    pay_once(api, sandbox)
    sandbox.advance(days=10)
    found = [event["created"] for event in sandbox.events if event["type"] == "charge.updated"]
    assert [(moment - BEGUN.timestamp()) // 86400 for moment in found] == days
    assert len(api.balance_transactions.list().data) == len(days)
