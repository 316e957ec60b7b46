"""What we ask of Stripe, and what we make of answers that are late, partial, or a plain no."""

import inspect
import json
import re
from unittest.mock import MagicMock

import pytest

from donations.sandbox import api as stand_in
from donations.stripe_gateway import (
    API_VERSION,
    PRODUCT,
    Gateway,
    Listing,
    StripeMissing,
    StripeNotAllowed,
    StripeRefused,
    StripeUnavailable,
    session_params,
)
from tests.donations.factories import make_donor, make_gift, make_payment
from tests.donations.giving import give, give_monthly, intent_of, open_page, subscription_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def stripe_is(sandbox, monkeypatch):
    """Makes the stand-in answer otherwise: `ask` changes what it is asked, `tell` what it answers."""
    honest = stand_in.answer
    asked = []

    def change(*, ask=lambda path, text: text, tell=lambda path, answer: answer):
        def answer(account, *, verb, path, text, headers):
            asked.append((verb, path, text, dict(headers)))
            status, body, more = honest(account, verb=verb, path=path, text=ask(path, text), headers=headers)
            return (*tell(path, (status, body)), more) if isinstance(body, dict) else (status, body, more)

        monkeypatch.setattr(stand_in, "answer", answer)
        return asked

    return change


# --- Sessions --------------------------------------------------------------------------------------------------------


def test_the_page_of_a_gift_given_once(sandbox, settings):
    settings.SITE_URL = "https://news.example"
    gift = make_gift(amount=1999, donor=make_donor(email="ann@example.org"))
    assert session_params(gift) == {
        "mode": "payment",
        "submit_type": "donate",
        "adaptive_pricing": {"enabled": False},
        "line_items": [
            {"quantity": 1, "price_data": {"currency": "usd", "unit_amount": 1999, "product": PRODUCT}},
        ],
        "client_reference_id": str(gift.pk),
        "metadata": {"gift": str(gift.pk)},
        "payment_intent_data": {"metadata": {"gift": str(gift.pk)}},
        "customer_email": "ann@example.org",
        "success_url": "https://news.example/thanks/?session_id={CHECKOUT_SESSION_ID}",
        "cancel_url": f"https://news.example{gift.way_back()}",
    }


def test_the_page_of_a_monthly_gift(sandbox):
    gift = make_gift(frequency="monthly", amount=500)
    params = session_params(gift)
    assert params["mode"] == "subscription"
    assert params["line_items"][0]["price_data"]["recurring"] == {"interval": "month"}
    assert params["subscription_data"] == {"metadata": {"gift": str(gift.pk)}}
    assert "payment_intent_data" not in params
    assert "customer" not in params


def test_the_same_attempt_is_the_same_page(sandbox):
    gift = make_gift()
    first = Gateway().create_session(gift)
    assert first.url.startswith(sandbox.url)
    assert (first.status, first.gift) == ("open", str(gift.pk))
    assert Gateway().create_session(gift) == first
    gift.next_attempt()
    assert Gateway().create_session(gift).id != first.id


def test_the_product_is_made_once_where_it_is_missing(sandbox):
    for _ in range(2):
        gift = make_gift()
        Gateway().create_session(gift)
    assert list(sandbox.objects["product"]) == [PRODUCT]
    Gateway().create_product()  # another process was quicker
    assert list(sandbox.objects["product"]) == [PRODUCT]


@pytest.mark.parametrize(
    ("status", "attempt", "trouble"),
    [
        (400, 2, StripeRefused),
        (500, 2, StripeUnavailable),
        (429, 1, StripeUnavailable),
        (409, 1, StripeUnavailable),
    ],
)
def test_an_error_that_stripe_would_replay_moves_the_gift_to_its_next_attempt(sandbox, status, attempt, trouble):
    Gateway().create_product()
    gift = make_gift()
    sandbox.fail_next(status=status)
    with pytest.raises(trouble):
        Gateway().create_session(gift)
    gift.refresh_from_db()
    assert gift.attempt == attempt
    assert Gateway().create_session(gift).status == "open"


def test_without_an_answer_the_attempt_stays(sandbox, settings):
    gift = make_gift()
    address, settings.STRIPE_API_BASE = settings.STRIPE_API_BASE, "http://127.0.0.1:9"
    with pytest.raises(StripeUnavailable, match="Stripe answered nothing"):
        Gateway().create_session(gift)
    settings.STRIPE_API_BASE = address
    gift.refresh_from_db()
    assert gift.attempt == 1


def test_an_open_page_can_be_closed_and_no_other(sandbox):
    gift = open_page()
    Gateway().expire_session(gift.session_id)
    assert Gateway().session(gift.session_id).status == "expired"
    with pytest.raises(StripeRefused, match="can be expired"):
        Gateway().expire_session(gift.session_id)


# --- What goes wrong -------------------------------------------------------------------------------------------------


def about_one(method):
    """What a method asks for besides the gateway, where it is about one thing of Stripe's."""
    asks = list(inspect.signature(method).parameters)[1:]
    return asks if asks and asks[0].endswith("_id") else []


ABOUT_ONE = {name: about_one(method) for name, method in inspect.getmembers(Listing, inspect.isfunction)}


@pytest.mark.parametrize("name", sorted(name for name, asks in ABOUT_ONE.items() if asks))
def test_stripe_is_never_asked_about_nothing(sandbox, stripe_is, name):
    asked = stripe_is()
    nothing = ["" if one.endswith("_id") else MagicMock() for one in ABOUT_ONE[name]]
    with pytest.raises(ValueError, match="never asked about an empty id"):
        getattr(Listing(), name)(*nothing)
    assert not asked


def test_the_methods_that_are_about_one_thing_are_found():
    known = {"session", "intent", "charge", "refunds", "disputes", "subscription", "invoice", "intents_of_invoice"}
    assert known <= {name for name, asks in ABOUT_ONE.items() if asks}


def test_a_payment_without_an_id_of_stripes_is_not_refunded_there(sandbox, stripe_is):
    asked, cheque = stripe_is(), make_payment(channel="cheque")
    with pytest.raises(ValueError, match="never asked about an empty id"):
        Gateway().create_refund(cheque, 100, "", "key")
    assert not asked


def test_each_no_has_its_own_name(sandbox, settings):
    with pytest.raises(StripeMissing, match="Stripe answered 404: No such payment_intent") as missing:
        Gateway().intent("pi_gone")
    assert (missing.value.status, missing.value.code) == (404, "resource_missing")
    sandbox.fail_next(status=429)
    with pytest.raises(StripeUnavailable, match="Stripe answered 429"):
        Gateway().intent("pi_gone")
    settings.STRIPE_SECRET_KEY = "sk_test_wrong_0123456789"
    with pytest.raises(StripeNotAllowed, match="Stripe answered 401: Invalid API Key"):
        Gateway().intent("pi_gone")
    settings.STRIPE_SECRET_KEY = ""
    with pytest.raises(StripeNotAllowed, match="STRIPE_SECRET_KEY is not set"):
        Gateway()


def test_an_answer_that_is_no_json_never_says_that_there_is_no_such_object(sandbox, settings):
    settings.STRIPE_API_BASE = f"{sandbox.url}/a-proxy-in-between"
    with pytest.raises(StripeMissing, match="Stripe answered 404, not in its own words") as missing:
        Gateway().intent("pi_1")
    assert missing.value.code == ""


def test_it_is_asked_again_only_where_nobody_waits(sandbox):
    gift = give(sandbox)
    sandbox.fail_next(times=1)
    with pytest.raises(StripeUnavailable):
        Gateway().intent(intent_of(sandbox, gift))
    sandbox.fail_next(times=2)
    assert Gateway(retries=2).intent(intent_of(sandbox, gift)).status == "succeeded"


def test_the_version_is_said_with_every_request(sandbox, stripe_is):
    asked = stripe_is()
    Gateway().session(open_page().session_id)
    assert {headers["Stripe-Version"] for _, _, _, headers in asked} == {API_VERSION}


# --- Answers that differ ---------------------------------------------------------------------------------------------


def facts(sandbox, gift):
    stripe, intent = Gateway(), intent_of(sandbox, gift)
    return stripe.intent(intent), stripe.refunds(intent), stripe.disputes(intent)


def eventful(sandbox):
    gift = give(sandbox, amount=10000)
    for amount in (1000, 2000, 3000):
        sandbox.refund(intent_of(sandbox, gift), amount=amount)
    sandbox.dispute(intent_of(sandbox, gift))
    sandbox.capture()
    return gift


def without_expand(path, text):
    return re.sub(r"&?expand(%5B|\[)[^&]*", "", text)


def without_nulls(path, answer):
    def drop(thing):
        if isinstance(thing, dict):
            return {key: drop(value) for key, value in thing.items() if value is not None}
        return [drop(value) for value in thing] if isinstance(thing, list) else thing

    return answer[0], drop(answer[1])


def with_news(path, answer):
    def add(thing):
        if isinstance(thing, dict):
            return {key: add(value) for key, value in thing.items()} | {"field_of_next_year": {"deep": [1]}}
        return [add(value) for value in thing] if isinstance(thing, list) else thing

    return answer[0], {key: value if key == "metadata" else add(value) for key, value in answer[1].items()}


def page_by_page(path, text):
    return text.replace("limit=100", "limit=1")


@pytest.mark.parametrize(
    "changes",
    [{"ask": without_expand}, {"tell": without_nulls}, {"tell": with_news}, {"ask": page_by_page}],
    ids=["expand ignored", "nulls left out", "fields added", "one row a page"],
)
def test_the_same_is_understood_however_it_is_said(sandbox, stripe_is, changes):
    gift = eventful(sandbox)
    plain = facts(sandbox, gift)
    assert (len(plain[1]), len(plain[2]), plain[0].charge.movement.fee) == (3, 1, 320)
    asked = stripe_is(**changes)
    assert facts(sandbox, gift) == plain
    assert asked


@pytest.mark.parametrize(
    "changes", [{"tell": without_nulls}, {"tell": with_news}], ids=["nulls left out", "fields added"]
)
def test_a_monthly_gift_is_understood_however_it_is_said(sandbox, stripe_is, changes):
    key = subscription_of(sandbox, give_monthly(sandbox, amount=1500))
    subscription = Gateway().subscription(key)
    invoice = Gateway().invoice(subscription.latest_invoice)
    assert (subscription.monthly_amount, subscription.paused, invoice.subscription) == (1500, False, key)
    stripe_is(**changes)
    assert Gateway().subscription(key) == subscription
    assert Gateway().invoice(subscription.latest_invoice) == invoice
    assert len(Gateway().intents_of_invoice(invoice.id)) == 1


def test_a_row_of_another_payment_is_dropped(sandbox, stripe_is):
    mine, other = eventful(sandbox), eventful(sandbox)
    invoice = sandbox.objects["subscription"][subscription_of(sandbox, give_monthly(sandbox))]["latest_invoice"]
    give_monthly(sandbox)
    plain = facts(sandbox, mine)
    (intent,) = Gateway().intents_of_invoice(invoice)
    asked = stripe_is(ask=lambda path, text: "" if path in LISTS else text)  # a filter that is not heeded
    assert facts(sandbox, mine) == plain
    assert facts(sandbox, other) != plain
    assert Gateway().intents_of_invoice(invoice) == [intent]
    assert Gateway().invoices_of_intent(intent) == [invoice]
    assert LISTS <= {path for _, path, _, _ in asked}


LISTS = {"/v1/refunds", "/v1/disputes", "/v1/invoice_payments"}


@pytest.mark.parametrize(
    "refusal",
    [
        (403, {"error": {"type": "invalid_request_error", "message": "The key does not have access."}}),
        (404, {"error": {"type": "invalid_request_error", "message": "Unrecognized request URL."}}),
    ],
)
def test_a_key_that_may_not_look_up_invoices_is_told_in_the_log_and_goes_on(sandbox, stripe_is, caplog, refusal):
    give_monthly(sandbox)
    (intent,) = sandbox.objects["payment_intent"]
    assert len(Gateway().invoices_of_intent(intent)) == 1
    stripe_is(tell=lambda path, answer: refusal if path == "/v1/invoice_payments" else answer)
    assert Gateway().invoices_of_intent(intent) == []
    assert f"The invoice of {intent} cannot be looked up" in caplog.text


def test_a_fee_that_is_not_known_yet_is_no_fee_of_zero(sandbox):
    gift = give(sandbox)
    intent = Gateway().intent(intent_of(sandbox, gift))
    assert (intent.charge.failed, intent.charge.movement) == (False, None)


# --- What staff ask for ----------------------------------------------------------------------------------------------


def test_a_refund_carries_its_reason_and_is_made_once_per_key(sandbox):
    gift = give(sandbox, amount=5000)
    payment = make_payment(gift=gift, remote_id=intent_of(sandbox, gift), amount=5000)
    first = Gateway().create_refund(payment, 2000, "Gave twice by mistake", "form-7")
    assert (first.amount, first.currency, first.status, first.reason) == (
        2000,
        "USD",
        "succeeded",
        "Gave twice by mistake",
    )
    assert Gateway().create_refund(payment, 2000, "Gave twice by mistake", "form-7") == first
    assert len(sandbox.objects["refund"]) == 1
    with pytest.raises(StripeRefused, match="greater than unrefunded amount"):
        Gateway().create_refund(payment, 4000, "", "form-8")


def test_stopping_what_has_stopped_is_no_error(sandbox):
    gift = give_monthly(sandbox)
    for _ in range(2):
        stopped = Gateway().cancel_subscription(subscription_of(sandbox, gift))
        assert stopped.status == "canceled"
        assert stopped.ended_at is not None
    with pytest.raises(StripeMissing):
        Gateway().cancel_subscription("sub_gone")


def test_the_facts_hold_nothing_personal(sandbox):
    gift = give_monthly(sandbox, name="Ann Lee", donor=make_donor(email="ann@example.org"))
    (intent,) = sandbox.objects["payment_intent"]
    told = [
        Gateway().session(gift.session_id),
        Gateway().intent(intent),
        Gateway().subscription(subscription_of(sandbox, gift)),
    ]
    assert "ann@example.org" in json.dumps(sandbox.objects["checkout.session"][gift.session_id])
    assert "ann" not in repr(told).lower()
