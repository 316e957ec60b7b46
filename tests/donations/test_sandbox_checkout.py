"""From a Checkout Session to money, over HTTP with the real client."""

import pytest
import stripe

from donations.sandbox.cards import Declined, WrongCard
from donations.sandbox.checkout import Closed

from .sandbox_factories import kinds, open_session


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


@pytest.mark.parametrize(
    ("amount", "fee"), [(2500, 103), (10_000, 320), (1000, 59), (4000, 146), (50, 31), (99_999_999, 2_900_030)]
)
def test_the_fee_is_rounded_half_up(api, sandbox, amount, fee):
    sandbox.pay(open_session(api, amount=amount).id)
    sandbox.capture()
    assert [moved.fee for moved in api.balance_transactions.list().data] == [fee]


def test_a_declined_card_leaves_the_session_open_for_the_next(api, sandbox):
    session = open_session(api)
    with pytest.raises(Declined, match="insufficient funds"):
        sandbox.pay(session.id, card="4000 0000 0000 9995")
    assert api.checkout.sessions.retrieve(session.id).status == "open"
    sandbox.pay(session.id)
    intent = api.payment_intents.retrieve(api.checkout.sessions.retrieve(session.id).payment_intent)
    charges = api.charges.list(params={"payment_intent": intent.id}).data
    assert (intent.status, intent.last_payment_error) == ("succeeded", None)
    assert [(charge.status, charge.failure_code) for charge in charges] == [
        ("succeeded", None),
        ("failed", "card_declined"),
    ]


def test_a_number_that_is_no_test_card_tries_nothing(api, sandbox):
    session = open_session(api)
    with pytest.raises(WrongCard, match="“5555” is not a test card"):
        sandbox.pay(session.id, card="5555")
    assert kinds(sandbox) == []


def test_a_failed_authentication_leaves_the_session_open(api, sandbox):
    session = open_session(api)
    with pytest.raises(Declined, match="unable to authenticate"):
        sandbox.pay(session.id, card="4000002500003155", authenticated=False)
    assert kinds(sandbox) == ["payment_intent.created", "payment_intent.payment_failed"]
    assert sandbox.pay(session.id, card="4000002500003155")["payment_status"] == "paid"


def test_a_bank_debit_completes_unpaid_and_ends_later(api, sandbox):
    session = open_session(api)
    sandbox.pay(session.id, method="bank_debit")
    session = api.checkout.sessions.retrieve(session.id)
    assert (session.status, session.payment_status) == ("complete", "unpaid")
    assert api.payment_intents.retrieve(session.payment_intent).status == "processing"

    sandbox.settle(session.payment_intent)
    assert api.checkout.sessions.retrieve(session.id).payment_status == "paid"
    assert kinds(sandbox)[-3:] == [
        "charge.succeeded",
        "payment_intent.succeeded",
        "checkout.session.async_payment_succeeded",
    ]


def test_a_bank_debit_that_fails_says_so(api, sandbox):
    session = open_session(api)
    sandbox.pay(session.id, method="bank_debit")
    intent = api.checkout.sessions.retrieve(session.id).payment_intent
    sandbox.settle(intent, succeeds=False)
    assert api.payment_intents.retrieve(intent).status == "requires_payment_method"
    assert api.checkout.sessions.retrieve(session.id).payment_status == "unpaid"
    assert kinds(sandbox)[-1] == "checkout.session.async_payment_failed"


@pytest.mark.parametrize(
    ("method", "status"), [("bank_debit_succeeds", "succeeded"), ("bank_debit_fails", "requires_payment_method")]
)
def test_a_bank_debit_ends_by_itself_as_the_giver_chose(api, sandbox, method, status):
    intent = sandbox.pay(open_session(api).id, method=method)["payment_intent"]
    sandbox.time_passes()
    assert api.payment_intents.retrieve(intent).status == status


def test_an_expired_session_cannot_be_paid(api, sandbox):
    session = open_session(api)
    assert api.checkout.sessions.expire(session.id).status == "expired"
    with pytest.raises(Closed, match="This payment page is expired"):
        sandbox.pay(session.id)
    with pytest.raises(stripe.InvalidRequestError, match="can be expired"):
        api.checkout.sessions.expire(session.id)
    assert kinds(sandbox) == ["checkout.session.expired"]


def test_a_session_is_paid_once(api, sandbox):
    session = open_session(api)
    sandbox.pay(session.id)
    with pytest.raises(Closed, match="complete"):
        sandbox.pay(session.id)
    assert len(api.charges.list().data) == 1


def test_what_the_newsroom_asked_for_is_answered(api, sandbox):
    session = open_session(
        api, customer_email="mira@example.org", client_reference_id="g1", metadata={"gift": "g1"}, submit_type="donate",
        adaptive_pricing={"enabled": False},
    )  # fmt: skip
    assert (session.customer_email, session.client_reference_id, session.submit_type) == (
        "mira@example.org",
        "g1",
        "donate",
    )
    assert (session.metadata["gift"], session.adaptive_pricing.enabled, session.amount_total) == ("g1", False, 2500)
    assert session.url == f"{sandbox.url}/c/pay/{session.id}"
    assert [line.description for line in api.checkout.sessions.line_items.list(session.id).data] == ["A gift"]


def line(**price):
    return [
        {
            "price_data": {"currency": "usd", "unit_amount": 2500, "product_data": {"name": "A gift"}} | price,
            "quantity": 1,
        }
    ]


@pytest.mark.parametrize(
    ("change", "words", "param"),
    [
        ({"payment_method_types": ["card"]}, "Received unknown parameter: payment_method_types", "payment_method_types"),
        ({"ui_mode": "hosted"}, "Invalid ui_mode: must be one of", "ui_mode"),
        ({"mode": "subscription"}, "at least one recurring price", "line_items"),
        ({"line_items": line(recurring={"interval": "month"})}, "passed a recurring price", "mode"),
        ({"line_items": line(unit_amount=49)}, "total is 49 usd; it must be from 50", None),
        ({"line_items": line(unit_amount="2500.5")}, "Invalid integer: 2500.5", "line_items[0][price_data][unit_amount]"),
        ({"line_items": line(currency="xxx")}, "Invalid currency: xxx", "line_items[0][price_data][currency]"),
        ({"line_items": line(colour="red")}, "unknown parameter", "line_items[0][price_data][colour]"),
        ({"line_items": []}, "Missing required param: line_items", "line_items"),
        ({"success_url": "thanks"}, "Not a valid URL: thanks", "success_url"),
        ({"success_url": ""}, "Missing required param: success_url", "success_url"),
        ({"customer_email": "mira"}, "Invalid email address: mira", "customer_email"),
        ({"customer": "cus_1", "customer_email": "m@example.org"}, "only specify one of these", None),
        ({"customer": "cus_1"}, "No such customer: 'cus_1'", "customer"),
        ({"subscription_data": {"metadata": {"a": "b"}}}, "You can not pass `subscription_data` in `payment` mode", "subscription_data"),
        ({"client_reference_id": "x" * 201}, "at most 200 characters", "client_reference_id"),
        ({"metadata": {"key": "x" * 501}}, "at most 50 keys", "metadata"),
        ({"expires_at": 1}, "between 30 minutes and 24 hours", "expires_at"),
    ],
)  # fmt: skip
def test_a_wrong_request_is_refused_in_stripes_words(api, sandbox, change, words, param):
    params = {"mode": "payment", "success_url": "http://news.example/", "line_items": line()}
    with pytest.raises(stripe.InvalidRequestError, match=words) as refused:
        api.checkout.sessions.create(params=params | change)
    assert (refused.value.http_status, refused.value.param) == (400, param)
    assert sandbox.objects["checkout.session"] == {}


def test_a_monthly_gift_takes_no_single_price_beside_it(api):
    lines = line(recurring={"interval": "month"}) + line()
    with pytest.raises(stripe.InvalidRequestError, match="no single prices"):
        open_session(api, mode="subscription", line_items=lines)


@pytest.mark.parametrize("name", ["payment_intent_data", "customer_creation"])
def test_subscription_mode_takes_nothing_that_is_for_single_payments(api, name):
    value = "always" if name == "customer_creation" else {"metadata": {"a": "b"}}
    with pytest.raises(stripe.InvalidRequestError, match=f"You can not pass `{name}` in `subscription` mode"):
        open_session(api, mode="subscription", **{name: value})


def test_a_product_must_exist_and_can_be_made_once_with_a_fixed_id(api):
    def begin():
        price = {"currency": "usd", "unit_amount": 500, "product": "gift"}
        lines = [{"price_data": price, "quantity": 1}]
        return api.checkout.sessions.create(
            params={"mode": "payment", "success_url": "http://a.example/", "line_items": lines}
        )

    with pytest.raises(stripe.InvalidRequestError) as refused:
        begin()
    assert (refused.value.code, refused.value.param) == ("resource_missing", "line_items[0][price_data][product]")
    api.products.create(params={"id": "gift", "name": "A gift"})
    assert begin().amount_total == 500
    with pytest.raises(stripe.InvalidRequestError, match="already exists"):
        api.products.create(params={"id": "gift", "name": "A gift"})


def test_the_card_for_it_is_disputed_after_a_while(api, sandbox):
    intent = sandbox.pay(open_session(api).id, card="4000000000000259")["payment_intent"]
    assert api.disputes.list(params={"payment_intent": intent}).data == []
    sandbox.time_passes()
    assert [dispute.reason for dispute in api.disputes.list(params={"payment_intent": intent}).data] == ["fraudulent"]
