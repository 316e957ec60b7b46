"""From a Checkout Session to money, over HTTP with the real client."""

import pytest
import stripe

from donations.sandbox.cards import Declined, WrongCard


def open_session(api, *, mode="payment", amount=2500, **more):
    price = {"currency": "usd", "product_data": {"name": "A gift"}, "unit_amount": amount}
    if mode == "subscription":
        price["recurring"] = {"interval": "month"}
    line = {"price_data": price, "quantity": 1}
    urls = {
        "success_url": "http://news.example/thanks/?session={CHECKOUT_SESSION_ID}",
        "cancel_url": "http://news.example/",
    }
    return api.checkout.sessions.create(params={"mode": mode, "line_items": [line], **urls, **more})


def kinds(sandbox):
    return [event["type"] for event in sandbox.events]


def test_a_gift_by_card_is_paid_and_its_fee_comes_later(api, sandbox):
    session = open_session(api, amount=5000, payment_intent_data={"metadata": {"gift": "g1"}})
    sandbox.pay(session.id)
    session = api.checkout.sessions.retrieve(session.id, params={"expand": ["payment_intent.latest_charge"]})
    intent = session.payment_intent
    assert (session.status, session.payment_status, session.url) == ("complete", "paid", None)
    assert (intent.status, intent.amount_received, intent.metadata["gift"]) == ("succeeded", 5000, "g1")
    assert intent.latest_charge.balance_transaction is None

    sandbox.capture()
    charge = api.charges.retrieve(intent.latest_charge.id, params={"expand": ["balance_transaction"]})
    assert (charge.balance_transaction.fee, charge.balance_transaction.net) == (175, 4825)
    assert kinds(sandbox)[-4:] == [
        "charge.succeeded",
        "payment_intent.succeeded",
        "checkout.session.completed",
        "charge.updated",
    ]


def test_a_declined_card_leaves_the_session_open_for_the_next(api, sandbox):
    session = open_session(api)
    with pytest.raises(Declined, match="insufficient funds"):
        sandbox.pay(session.id, card="4000 0000 0000 9995")
    sandbox.pay(session.id)
    intent = api.payment_intents.retrieve(api.checkout.sessions.retrieve(session.id).payment_intent)
    assert intent.status == "succeeded"
    assert [charge.status for charge in api.charges.list(params={"payment_intent": intent.id}).data] == [
        "succeeded",
        "failed",
    ]


def test_a_number_that_is_no_test_card_tries_nothing(api, sandbox):
    session = open_session(api)
    with pytest.raises(WrongCard, match="not a test card"):
        sandbox.pay(session.id, card="5555")
    assert kinds(sandbox) == []


def test_a_bank_debit_completes_unpaid_and_ends_later(api, sandbox):
    session = open_session(api)
    sandbox.pay(session.id, method="bank_debit")
    session = api.checkout.sessions.retrieve(session.id)
    assert (session.status, session.payment_status) == ("complete", "unpaid")
    assert api.payment_intents.retrieve(session.payment_intent).status == "processing"

    sandbox.settle(session.payment_intent)
    assert api.checkout.sessions.retrieve(session.id).payment_status == "paid"
    assert kinds(sandbox)[-1] == "checkout.session.async_payment_succeeded"


def test_a_bank_debit_that_fails_says_so(api, sandbox):
    session = open_session(api)
    sandbox.pay(session.id, method="bank_debit")
    intent = api.checkout.sessions.retrieve(session.id).payment_intent
    sandbox.settle(intent, succeeds=False)
    assert api.payment_intents.retrieve(intent).status == "requires_payment_method"
    assert api.checkout.sessions.retrieve(session.id).payment_status == "unpaid"
    assert kinds(sandbox)[-1] == "checkout.session.async_payment_failed"


def test_an_expired_session_cannot_be_paid(api, sandbox):
    session = open_session(api)
    assert api.checkout.sessions.expire(session.id).status == "expired"
    with pytest.raises(Exception, match="This payment page is expired"):
        sandbox.pay(session.id)
    with pytest.raises(stripe.InvalidRequestError, match="can be expired"):
        api.checkout.sessions.expire(session.id)
    assert kinds(sandbox) == ["checkout.session.expired"]
