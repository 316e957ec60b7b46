"""The list of balance transactions, which says what really happened to the money; and what moves it besides gifts."""

from datetime import UTC, datetime

import pytest
import stripe

from donations.sandbox.account import ApiError

from .sandbox_factories import begin_monthly, kinds, open_session, pay_once
from .stripe_annotations import complaints


def moved(api, **filters):
    """Oldest first, as (type, reporting category, amount, fee, net)."""
    rows = api.balance_transactions.list(params=filters).auto_paging_iter()
    return [(row.type, row.reporting_category, row.amount, row.fee, row.net) for row in rows][::-1]


# --- the list
def test_everything_that_moves_money_is_in_the_list_with_its_source(api, sandbox):
    card, debit = pay_once(api, sandbox), pay_once(api, sandbox, method="bank_debit")
    sandbox.settle(debit)
    sandbox.capture()
    first, second = sandbox.refund(card, amount=500), sandbox.refund(debit, amount=700)
    sandbox.fail_refund(first["id"])
    sandbox.fail_refund(second["id"])
    dispute = sandbox.dispute(card)
    sandbox.close_dispute(dispute["id"], won=True)
    assert moved(api) == [
        ("charge", "charge", 2500, 103, 2397),
        ("payment", "charge", 2500, 103, 2397),
        ("refund", "refund", -500, 0, -500),
        ("payment_refund", "refund", -700, 0, -700),
        ("refund_failure", "refund_failure", 500, 0, 500),
        ("payment_failure_refund", "refund_failure", 700, 0, 700),
        ("adjustment", "dispute", -2500, 1500, -4000),
        ("adjustment", "dispute_reversal", 2500, 0, 2500),
    ]
    sources = [row.source for row in api.balance_transactions.list().data][::-1]
    charges = [api.payment_intents.retrieve(intent).latest_charge for intent in (card, debit)]
    refunds = [first["id"], second["id"]]
    assert sources == charges + refunds * 2 + [dispute["id"]] * 2


def test_the_list_pages_and_filters_as_stripes_does(api, sandbox):
    for day in range(1, 13):
        sandbox.clock = datetime(2026, 10, day, tzinfo=UTC)
        sandbox.refund(pay_once(api, sandbox), amount=100)
        sandbox.capture()
    page = api.balance_transactions.list()
    assert (len(page.data), page.has_more) == (10, True)
    everything = list(api.balance_transactions.list(params={"limit": 7}).auto_paging_iter())
    assert len({row.id for row in everything}) == 24
    assert [row.created for row in everything] == sorted((row.created for row in everything), reverse=True)
    since = {"gte": int(datetime(2026, 10, 6, tzinfo=UTC).timestamp())}
    assert len(moved(api, created=since, type="refund", limit=2)) == 7
    assert api.balance_transactions.list(params={"source": everything[0].source}).data[0].id == everything[0].id
    assert everything[0].available_on == everything[0].created + 2 * 86400
    last = api.balance_transactions.list(params={"limit": 100, "starting_after": everything[-2].id})
    assert ([row.id for row in last.data], last.has_more) == ([everything[-1].id], False)


@pytest.mark.parametrize(
    ("charged", "settles_in", "rate", "moved"),
    [
        (("usd", 2500), "eur", "0.92", (2300, 97)),
        (("usd", 2505), "jpy", "151.5", (3795, 140)),  # 25.05 × 151.5 = 3,795.075
        (("jpy", 2500), "usd", "0.0066", (1650, 78)),
        (("usd", 2500), "usd", "9", (2500, 103)),
    ],
)
def test_money_settles_in_the_currency_of_the_balance(api, sandbox, charged, settles_in, rate, moved):
    sandbox.habits.settles_in, sandbox.habits.rate = settles_in, rate
    currency, amount = charged
    gift = {"currency": currency, "product_data": {"name": "A gift"}, "unit_amount": amount}
    sandbox.pay(sandbox.open_session(price=gift)["id"])
    sandbox.capture()
    [row] = api.balance_transactions.list().data
    assert (row.amount, row.fee, row.currency) == (*moved, settles_in)
    assert row.exchange_rate == (None if settles_in == currency else float(rate))
    assert complaints(row.to_dict()) == []


def test_what_goes_back_settles_at_the_rate_of_its_day(api, sandbox):
    sandbox.habits.settles_in, sandbox.habits.rate = "eur", "0.90"
    intent = pay_once(api, sandbox)
    sandbox.capture()
    sandbox.habits.rate = "0.95"
    sandbox.refund(intent, amount=1000)
    dispute = sandbox.dispute(intent)
    sandbox.habits.rate = "0.80"
    sandbox.close_dispute(dispute["id"], won=True)
    assert [(row.amount, row.fee) for row in api.balance_transactions.list().data][::-1] == [
        (2250, 95),
        (-950, 0),
        (-1425, 1500),
        (1200, 0),
    ]
    assert {row.currency for row in api.balance_transactions.list().data} == {"eur"}
    assert api.disputes.retrieve(dispute["id"]).currency == "usd"


# --- refunds and disputes together
def test_partial_refunds_go_on_until_nothing_is_left(api, sandbox):
    intent = pay_once(api, sandbox, amount=1000)
    for amount in (1, 333, 333, 332):
        sandbox.refund(intent, amount=amount)
    with pytest.raises(ApiError, match=r"greater than unrefunded amount on charge \(1\)"):
        sandbox.refund(intent, amount=2)
    sandbox.refund(intent)
    charge = api.charges.retrieve(api.payment_intents.retrieve(intent).latest_charge)
    assert (charge.amount_refunded, charge.refunded) == (1000, True)


def test_beside_a_partial_dispute_only_the_rest_can_be_refunded(api, sandbox):
    intent = pay_once(api, sandbox, amount=1000)
    dispute = sandbox.dispute(intent, amount=600)
    with pytest.raises(ApiError, match=r"unrefunded amount on charge \(400\)"):
        sandbox.refund(intent, amount=401)
    sandbox.refund(intent, amount=400)
    with pytest.raises(stripe.InvalidRequestError) as refused:
        api.refunds.create(params={"payment_intent": intent})
    assert refused.value.code == "charge_disputed"
    sandbox.close_dispute(dispute["id"], won=True)
    assert sandbox.refund(intent)["amount"] == 600


def test_a_bank_may_take_what_was_refunded_already(api, sandbox):
    intent = pay_once(api, sandbox, amount=1000)
    sandbox.refund(intent, amount=700)
    assert sandbox.dispute(intent, refunded_too=True)["amount"] == 1000


def test_a_dispute_that_is_won_returns_its_fee_where_the_account_says_so(api, sandbox):
    sandbox.habits.dispute_fee_returned = True
    sandbox.close_dispute(sandbox.dispute(pay_once(api, sandbox, amount=6000))["id"], won=True)
    assert [row[2:] for row in moved(api, type="adjustment")] == [(-6000, 1500, -7500), (6000, -1500, 7500)]


def test_an_inquiry_moves_no_money_and_forbids_no_refund(api, sandbox):
    intent = pay_once(api, sandbox)
    inquiry = sandbox.dispute(intent, inquiry=True)["id"]
    assert api.disputes.retrieve(inquiry).status == "warning_needs_response"
    sandbox.answer_dispute(inquiry)
    sandbox.refund(intent, amount=500)
    sandbox.close_dispute(inquiry)
    dispute = api.disputes.retrieve(inquiry)
    assert (dispute.status, dispute.balance_transactions) == ("warning_closed", [])
    assert kinds(sandbox)[-1] == "charge.dispute.closed"
    with pytest.raises(ApiError, match="only an open inquiry can become a dispute"):
        sandbox.escalate_dispute(inquiry)


def test_an_inquiry_can_become_a_dispute(api, sandbox):
    inquiry = sandbox.dispute(pay_once(api, sandbox), amount=2000, inquiry=True)["id"]
    sandbox.escalate_dispute(inquiry)
    assert kinds(sandbox)[-2:] == ["charge.dispute.updated", "charge.dispute.funds_withdrawn"]
    sandbox.close_dispute(inquiry)
    assert api.disputes.retrieve(inquiry).status == "lost"
    assert moved(api) == [("adjustment", "dispute", -2000, 1500, -3500)]


def test_a_bank_debit_that_is_returned_is_a_dispute_lost_from_the_start(api, sandbox):
    debit = pay_once(api, sandbox, method="bank_debit")
    sandbox.settle(debit)
    dispute = sandbox.return_debit(debit)
    assert (dispute["status"], dispute["reason"]) == ("lost", "insufficient_funds")
    assert kinds(sandbox)[-3:] == [
        "charge.dispute.created",
        "charge.dispute.funds_withdrawn",
        "charge.dispute.closed",
    ]
    assert api.payment_intents.retrieve(debit).status == "succeeded"


def test_only_a_pending_refund_can_be_called_off(api, sandbox):
    intent = pay_once(api, sandbox, card="4000000000007726")
    refund = sandbox.cancel_refund(sandbox.refund(intent, amount=500)["id"])
    assert (refund["status"], moved(api)) == ("canceled", [])
    assert api.charges.retrieve(refund["charge"]).amount_refunded == 0
    sandbox.time_passes()
    assert api.refunds.retrieve(refund["id"]).status == "canceled"
    with pytest.raises(ApiError, match="only a pending refund can be canceled"):
        sandbox.cancel_refund(refund["id"])


# --- others on the same account
def test_a_shop_on_the_same_account_sells_without_checkout(api, sandbox):
    intent = api.payment_intents.retrieve(sandbox.sell(1200)["id"])
    assert (intent.status, intent.amount, intent.metadata.to_dict()) == ("succeeded", 1200, {"order": "1001"})
    assert api.checkout.sessions.list().data == []


def test_a_subscription_made_in_the_dashboard_knows_nothing_of_ours_and_renews(api, sandbox):
    sandbox.clock = datetime(2026, 10, 5, tzinfo=UTC)
    given = api.subscriptions.retrieve(sandbox.subscribe(900)["id"])
    assert (given.status, given.metadata.to_dict()) == ("active", {})
    sandbox.advance(months=2)
    assert [invoice.amount_paid for invoice in api.invoices.list().data] == [900] * 3
    assert sandbox.subscribe(card="4000000000000341", metadata={"gift": "g"})["metadata"] == {"gift": "g"}


def test_payouts_are_in_the_balance_and_no_payments(api, sandbox):
    payout = sandbox.pay_out(5000)
    assert moved(api) == [("payout", "payout", -5000, 0, -5000)]
    assert (kinds(sandbox), payout["status"]) == (["payout.created"], "in_transit")
    assert api.payment_intents.list().data == []


def test_an_event_of_another_account_names_it(api, sandbox):
    event = sandbox.foreign_event()
    assert api.events.retrieve(event["id"]).account == "acct_elsewhere"
    with pytest.raises(stripe.InvalidRequestError, match="No such payment_intent"):
        api.payment_intents.retrieve(event["data"]["object"]["id"])


# --- the other lists
def test_the_lists_that_a_comparison_walks_all_page_and_filter_by_day(api, sandbox):
    sandbox.clock = datetime(2026, 10, 1, tzinfo=UTC)
    old = begin_monthly(api, sandbox)
    sandbox.cancel(old)
    sandbox.clock = datetime(2026, 10, 2, tzinfo=UTC)
    begin_monthly(api, sandbox)
    sandbox.dispute(pay_once(api, sandbox))
    sandbox.refund(pay_once(api, sandbox))
    open_session(api)
    params = {"created": {"gte": int(sandbox.clock.timestamp())}, "limit": 1}
    found = {}
    for name in ("payment_intents", "charges", "refunds", "disputes", "subscriptions", "invoices", "invoice_payments"):
        found[name] = len(list(getattr(api, name).list(params=params).auto_paging_iter()))
    found["sessions"] = len(list(api.checkout.sessions.list(params=params).auto_paging_iter()))
    assert found == {
        "payment_intents": 3,
        "charges": 3,
        "refunds": 1,
        "disputes": 1,
        "subscriptions": 1,
        "invoices": 1,
        "invoice_payments": 1,
        "sessions": 4,
    }
    assert len(api.subscriptions.list(params={"status": "all"}).data) == 2
