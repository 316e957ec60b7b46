"""Refunds that may change their end, and disputes with what they move."""

import pytest
import stripe

from donations.sandbox.account import ApiError

from .sandbox_factories import kinds, pay_once


def moved(api):
    """Every balance transaction, oldest first, as (type, amount, fee)."""
    return [(row.type, row.amount, row.fee) for row in reversed(api.balance_transactions.list().data)]


def test_a_refund_takes_from_the_balance_and_is_counted_on_the_charge(api, sandbox):
    intent = pay_once(api, sandbox)
    sandbox.capture()
    refund = api.refunds.create(params={"payment_intent": intent, "amount": 1000, "reason": "requested_by_customer"})
    charge = api.charges.retrieve(refund.charge)
    assert (refund.status, charge.amount_refunded, charge.refunded) == ("succeeded", 1000, False)
    assert moved(api) == [("charge", 2500, 103), ("refund", -1000, 0)]
    assert kinds(sandbox)[-2:] == ["refund.created", "charge.refunded"]
    assert api.refunds.create(params={"charge": charge.id}).amount == 1500
    assert api.charges.retrieve(charge.id).refunded is True


@pytest.mark.parametrize(
    ("amount", "words"), [(2501, "greater than unrefunded amount"), (0, "positive integer"), (-5, "positive integer")]
)
def test_a_refund_of_an_impossible_amount_is_refused(api, sandbox, amount, words):
    intent = pay_once(api, sandbox)
    with pytest.raises(stripe.InvalidRequestError, match=words):
        api.refunds.create(params={"payment_intent": intent, "amount": amount})
    assert api.refunds.list().data == []


def test_what_was_refunded_or_never_paid_cannot_be_refunded(api, sandbox):
    intent = pay_once(api, sandbox)
    sandbox.refund(intent)
    with pytest.raises(stripe.InvalidRequestError) as refused:
        api.refunds.create(params={"payment_intent": intent})
    assert refused.value.code == "charge_already_refunded"
    with pytest.raises(stripe.InvalidRequestError, match="does not have a successful charge"):
        api.refunds.create(params={"payment_intent": pay_once(api, sandbox, method="bank_debit")})
    with pytest.raises(stripe.InvalidRequestError, match="charge or payment_intent"):
        api.refunds.create(params={"amount": 100})


def test_a_refund_that_fails_later_gives_the_money_back_to_the_newsroom(api, sandbox):
    intent = pay_once(api, sandbox, card="4000000000005126")
    refund = sandbox.refund(intent)
    assert refund["status"] == "succeeded"
    sandbox.time_passes()
    refund = api.refunds.retrieve(refund["id"], params={"expand": ["failure_balance_transaction", "charge"]})
    assert (refund.status, refund.failure_balance_transaction.amount) == ("failed", 2500)
    assert (refund.charge.amount_refunded, refund.charge.refunded) == (0, False)
    assert kinds(sandbox)[-2:] == ["refund.updated", "refund.failed"]
    with pytest.raises(ApiError, match="only a pending or succeeded refund can fail"):
        sandbox.fail_refund(refund.id)


def test_a_pending_refund_has_no_balance_transaction_until_it_succeeds(api, sandbox):
    intent = pay_once(api, sandbox, card="4000000000007726")
    refund = api.refunds.create(params={"payment_intent": intent})
    assert (refund.status, refund.pending_reason, refund.balance_transaction) == ("pending", "processing", None)
    sandbox.time_passes()
    refund = api.refunds.retrieve(refund.id)
    assert (refund.status, "pending_reason" in refund) == ("succeeded", False)
    assert ("refund", -2500, 0) in moved(api)
    assert kinds(sandbox)[-1] == "refund.updated"


def test_a_pending_refund_may_fail_before_any_money_moved(api, sandbox):
    refund = sandbox.refund(pay_once(api, sandbox, card="4000000000007726"))
    sandbox.fail_refund(refund["id"])
    assert moved(api) == []
    assert "failure_balance_transaction" not in api.refunds.retrieve(refund["id"])


def test_a_dispute_withdraws_the_amount_and_a_fee(api, sandbox):
    intent = pay_once(api, sandbox, amount=6000)
    dispute = api.disputes.retrieve(sandbox.dispute(intent)["id"], params={"expand": ["charge"]})
    [withdrawal] = dispute.balance_transactions
    assert (withdrawal.amount, withdrawal.fee, withdrawal.net) == (-6000, 1500, -7500)
    assert (dispute.status, dispute.charge.disputed) == ("needs_response", True)
    assert kinds(sandbox)[-2:] == ["charge.dispute.created", "charge.dispute.funds_withdrawn"]
    with pytest.raises(stripe.InvalidRequestError) as refused:
        api.refunds.create(params={"payment_intent": intent})
    assert refused.value.code == "charge_disputed"


def test_a_dispute_that_is_won_gives_the_amount_back_and_keeps_the_fee(api, sandbox):
    dispute = sandbox.dispute(pay_once(api, sandbox, amount=6000))
    sandbox.close_dispute(dispute["id"], won=True)
    rows = api.disputes.retrieve(dispute["id"]).balance_transactions
    assert [(row.amount, row.fee) for row in rows] == [(-6000, 1500), (6000, 0)]
    assert kinds(sandbox)[-2:] == ["charge.dispute.funds_reinstated", "charge.dispute.closed"]


def test_a_dispute_that_is_lost_moves_nothing_more_and_stays_lost(api, sandbox):
    dispute = sandbox.dispute(pay_once(api, sandbox))
    sandbox.answer_dispute(dispute["id"])
    assert kinds(sandbox)[-1] == "charge.dispute.updated"
    sandbox.close_dispute(dispute["id"])
    assert len(api.disputes.retrieve(dispute["id"]).balance_transactions) == 1
    with pytest.raises(ApiError, match="already lost"):
        sandbox.close_dispute(dispute["id"], won=True)


def test_only_what_is_not_refunded_can_be_disputed_and_only_once(api, sandbox):
    intent = pay_once(api, sandbox)
    sandbox.refund(intent, amount=500)
    with pytest.raises(ApiError, match="A dispute over 2500 is not possible: 2000"):
        sandbox.dispute(intent, amount=2500)
    assert sandbox.dispute(intent)["amount"] == 2000
    with pytest.raises(ApiError, match="disputed already"):
        sandbox.dispute(intent)
