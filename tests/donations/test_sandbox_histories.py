"""Random histories: whatever happens in the sandbox, its books agree with one another.

Tests of the ledger hold its figures against these books, so these may not lean on the ledger.
"""

from datetime import UTC, datetime

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from donations.sandbox.account import ApiError
from donations.sandbox.cards import Declined
from donations.sandbox.server import Sandbox

CARDS = ("4242424242424242", "4000000000000002", "4000000000000259", "4000000000007726", "4000000000005126")
MONTHLY_CARDS = (*CARDS[:1], "4000000000000341", "4000002760003184")
GIFT = {"currency": "usd", "unit_amount": 2500, "product_data": {"name": "A gift"}}

# Each deed, and which of the things that it may happen to.
deeds = st.one_of(
    st.tuples(st.just("once"), st.sampled_from((*CARDS, "bank_debit"))),
    st.tuples(st.just("monthly"), st.sampled_from((*MONTHLY_CARDS, "bank_debit"))),
    st.tuples(
        st.sampled_from(
            "settle bounce return_debit finish_refund fail_refund cancel_refund dispute inquire answer_dispute "
            "escalate_dispute win lose next_month fail_renewals retry cancel prefer_card confirm".split()
        ),
        st.integers(0, 5),
    ),
    st.tuples(st.just("refund"), st.integers(0, 5), st.integers(1, 3000)),
    st.tuples(st.just("advance"), st.integers(0, 45)),
    st.tuples(st.just("capture")),
)


def newest(sandbox, noun, place):
    things = list(sandbox.objects[noun])
    return things[-1 - place % len(things)] if things else None


# What each deed is done to, and how.
TO = {
    "settle": ("payment_intent", lambda sandbox, key: sandbox.settle(key)),
    "bounce": ("payment_intent", lambda sandbox, key: sandbox.settle(key, succeeds=False)),
    "return_debit": ("payment_intent", lambda sandbox, key: sandbox.return_debit(key)),
    "dispute": ("payment_intent", lambda sandbox, key: sandbox.dispute(key)),
    "inquire": ("payment_intent", lambda sandbox, key: sandbox.dispute(key, 700, inquiry=True)),
    "finish_refund": ("refund", lambda sandbox, key: sandbox.finish_refund(key)),
    "fail_refund": ("refund", lambda sandbox, key: sandbox.fail_refund(key)),
    "cancel_refund": ("refund", lambda sandbox, key: sandbox.cancel_refund(key)),
    "answer_dispute": ("dispute", lambda sandbox, key: sandbox.answer_dispute(key)),
    "escalate_dispute": ("dispute", lambda sandbox, key: sandbox.escalate_dispute(key)),
    "win": ("dispute", lambda sandbox, key: sandbox.close_dispute(key, won=True)),
    "lose": ("dispute", lambda sandbox, key: sandbox.close_dispute(key)),
    "next_month": ("subscription", lambda sandbox, key: sandbox.next_month(key)),
    "fail_renewals": ("subscription", lambda sandbox, key: sandbox.fail_renewals(key, 2)),
    "retry": ("subscription", lambda sandbox, key: sandbox.retry(key)),
    "cancel": ("subscription", lambda sandbox, key: sandbox.cancel(key)),
    "prefer_card": ("customer", lambda sandbox, key: sandbox.prefer_card(key)),
    "confirm": ("invoice", lambda sandbox, key: sandbox.confirm(key)),
}


def do(sandbox, verb, *about):
    if verb in {"once", "monthly"}:
        begin(sandbox, verb, *about)
    elif verb == "advance":
        sandbox.advance(days=about[0])
    elif verb == "capture":
        sandbox.capture()
    elif verb == "refund":
        if key := newest(sandbox, "payment_intent", about[0]):
            sandbox.refund(key, about[1])
    else:
        noun, work = TO[verb]
        if key := newest(sandbox, noun, about[0]):
            work(sandbox, key)


def begin(sandbox, verb, how):
    monthly = {"recurring": {"interval": "month"}} if verb == "monthly" else {}
    mode = "subscription" if monthly else "payment"
    session = sandbox.open_session(price=GIFT | monthly, mode=mode)["id"]
    way = {"method": how} if how == "bank_debit" else {"card": how}
    sandbox.pay(session, **way)


def play(history):
    sandbox = Sandbox()
    sandbox.clock = datetime(2026, 8, 31, 13, tzinfo=UTC)
    for verb, *about in history:
        try:
            do(sandbox, verb, *about)
        except (ApiError, Declined):
            pass  # it cannot happen to this one, and so it did not
    return sandbox


def moved(sandbox, source):
    return sum(row["amount"] for row in sandbox.account.find("balance_transaction", source=source))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(deeds, min_size=5, max_size=40))
def test_the_books_agree_whatever_happens(history):
    sandbox = play(history)
    sandbox.capture()
    for charge in sandbox.objects["charge"].values():
        succeeded = charge["status"] == "succeeded"
        refunds = sandbox.account.find("refund", charge=charge["id"])
        given_back = sum(one["amount"] for one in refunds if one["status"] not in {"failed", "canceled"})
        assert charge["amount_refunded"] == given_back <= charge["amount"]
        assert moved(sandbox, charge["id"]) == (charge["amount"] if succeeded else 0)
        assert succeeded or refunds == sandbox.account.find("dispute", charge=charge["id"]) == []
    for refund in sandbox.objects["refund"].values():
        assert moved(sandbox, refund["id"]) == (-refund["amount"] if refund["status"] == "succeeded" else 0)
    for dispute in sandbox.objects["dispute"].values():
        held = dispute["status"] in {"needs_response", "under_review", "lost"}
        assert moved(sandbox, dispute["id"]) == (-dispute["amount"] if held else 0)
        assert len(dispute["balance_transactions"]) == len(
            sandbox.account.find("balance_transaction", source=dispute["id"])
        )


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(deeds, min_size=5, max_size=40))
def test_invoices_subscriptions_and_payments_agree_whatever_happens(history):
    sandbox = play(history)
    intents = sandbox.objects["payment_intent"]
    for invoice in sandbox.objects["invoice"].values():
        links = sandbox.account.find("invoice_payment", invoice=invoice["id"])
        received = sum(intents[link["payment"]["payment_intent"]]["amount_received"] for link in links)
        assert received == (invoice["amount_due"] if invoice["status"] == "paid" else 0)
        assert len([link for link in links if link["status"] == "paid"]) == int(invoice["status"] == "paid")
        assert invoice["next_payment_attempt"] is None or invoice["status"] == "open"
    for given_ in sandbox.objects["subscription"].values():
        latest = sandbox.objects["invoice"][given_["latest_invoice"]]
        if given_["status"] == "past_due":
            assert latest["status"] == "open"
        assert (given_["status"] == "canceled") == (given_["ended_at"] is not None)
    created = [event["created"] for event in sandbox.events]
    assert created == sorted(created)
