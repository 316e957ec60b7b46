"""What goes wrong between the newsroom and Stripe: errors, slow and lost answers, endpoints that are not there."""

import time

import pytest
import stripe

from donations.sandbox.habits import Habits

from .sandbox_factories import begin_monthly, open_session, pay_once


def patient(sandbox, seconds=0.15, retries=0):
    """A client that waits for `seconds`."""
    http = stripe.RequestsClient(timeout=(1, seconds))
    client = stripe.StripeClient(
        "sk_test_sandbox", base_addresses={"api": sandbox.url}, http_client=http, max_network_retries=retries
    )
    return client.v1


# --- errors
def test_too_many_requests_says_when_to_come_again(api, sandbox):
    sandbox.fail_next(status=429, retry_after=7)
    with pytest.raises(stripe.RateLimitError) as refused:
        api.charges.list()
    assert refused.value.headers["Retry-After"] == "7"
    assert api.charges.list().data == []


def test_a_fault_waits_for_the_requests_that_it_is_for(api, sandbox):
    intent = pay_once(api, sandbox)
    sandbox.fail_next(times=2, path="refunds", verb="POST")
    assert api.refunds.list().data == []
    for _ in range(2):
        with pytest.raises(stripe.APIError):
            api.refunds.create(params={"payment_intent": intent})
    assert api.refunds.create(params={"payment_intent": intent}).amount == 2500


# --- the line
@pytest.mark.parametrize(("after", "made"), [(False, 0), (True, 1)])
def test_a_cut_connection_before_the_work_or_after_it(api, sandbox, after, made):
    intent = pay_once(api, sandbox)
    sandbox.cut_next(path="refunds", after=after)
    with pytest.raises(stripe.APIConnectionError):
        api.refunds.create(params={"payment_intent": intent, "amount": 100})
    assert len(sandbox.objects["refund"]) == made


def test_a_lost_answer_is_had_with_the_same_key(api, sandbox):
    params, key = {"payment_intent": pay_once(api, sandbox), "amount": 100}, {"idempotency_key": "refund:1"}
    sandbox.cut_next(after=True)
    with pytest.raises(stripe.APIConnectionError):
        api.refunds.create(params=params, options=key)
    [lost] = sandbox.objects["refund"]
    assert api.refunds.create(params=params, options=key).id == lost
    assert len(sandbox.objects["refund"]) == 1


def test_the_library_itself_finds_a_lost_answer_again(api, sandbox, monkeypatch):
    monkeypatch.setattr(stripe.HTTPClient, "INITIAL_DELAY", 0.01)
    intent = pay_once(api, sandbox)
    sandbox.cut_next(after=True)
    refund = patient(sandbox, seconds=5, retries=1).refunds.create(params={"payment_intent": intent, "amount": 100})
    assert list(sandbox.objects["refund"]) == [refund.id]


@pytest.mark.parametrize(("after", "made"), [(False, 0), (True, 1)])
def test_a_slow_answer_is_given_up_before_or_after_the_work(api, sandbox, after, made):
    intent = pay_once(api, sandbox)
    sandbox.slow_next(0.4, after=after)
    with pytest.raises(stripe.APIConnectionError):
        patient(sandbox).refunds.create(params={"payment_intent": intent, "amount": 100})
    assert len(sandbox.objects["refund"]) == made
    until = time.monotonic() + 5
    while not sandbox.objects["refund"]:  # what was begun too late for its asker is done all the same
        assert time.monotonic() < until
        time.sleep(0.02)


def test_others_are_served_while_an_answer_is_slow(api, sandbox):
    sandbox.slow_next(0.4, path="charges")
    with pytest.raises(stripe.APIConnectionError):
        patient(sandbox).charges.list()
    begun = time.monotonic()
    assert api.refunds.list().data == []
    assert time.monotonic() - begun < 0.2


# --- endpoints that are not there
def test_what_is_needed_is_enough_to_give_and_to_look_things_up(api, sandbox):
    sandbox.habits.endpoints = "needed"
    gift = {"currency": "usd", "product": "newsroom_gift", "unit_amount": 2500}
    lines = [{"price_data": gift, "quantity": 1}]
    params = {"mode": "payment", "success_url": "http://news.example/", "line_items": lines}
    session = api.checkout.sessions.create(params=params)
    intent = sandbox.pay(session.id)["payment_intent"]
    sandbox.refund(intent, amount=100)
    dispute = sandbox.dispute(intent)["id"]
    sandbox.capture()
    charge = api.charges.retrieve(api.payment_intents.retrieve(intent).latest_charge)
    assert api.balance_transactions.retrieve(charge.balance_transaction).fee == 103
    assert len(api.refunds.list(params={"payment_intent": intent}).data) == 1
    assert [row.id for row in api.disputes.list(params={"payment_intent": intent}).data] == [dispute]
    assert api.refunds.retrieve(sandbox.account.find("refund")[0]["id"]).amount == 100


@pytest.mark.parametrize(("status", "kind"), [(404, stripe.InvalidRequestError), (403, stripe.PermissionError)])
def test_what_is_not_needed_is_missing_or_not_allowed(api, sandbox, status, kind):
    subscription = begin_monthly(api, sandbox)
    session = open_session(api)
    sandbox.habits.endpoints, sandbox.habits.missing = "needed", status
    invoice = api.invoices.retrieve(api.subscriptions.retrieve(subscription).latest_invoice)
    [link] = api.invoice_payments.list(params={"invoice": invoice.id}).data
    payment = {"type": "payment_intent", "payment_intent": link.payment.payment_intent}
    for ask in (
        lambda: api.invoice_payments.list(params={"payment": payment}),
        lambda: api.refunds.list(),
        lambda: api.events.list(),
        lambda: api.balance_transactions.list(),
        lambda: api.checkout.sessions.expire(session.id),
        lambda: api.subscriptions.cancel(subscription),
        lambda: api.products.create(params={"name": "A gift"}),
        lambda: api.webhook_endpoints.list(),
    ):
        with pytest.raises(kind) as refused:
            ask()
        assert refused.value.http_status == status
        assert refused.value.code is None
    assert api.subscriptions.retrieve(subscription).status == "active"


def test_a_later_version_adds_fields_to_every_object(api, sandbox):
    intent = pay_once(api, sandbox)
    sandbox.habits.unknown_fields = True
    found = api.payment_intents.retrieve(intent, params={"expand": ["latest_charge"]})
    assert found.field_of_a_later_version["kind"] == found.latest_charge.field_of_a_later_version["kind"]
    assert found.status == "succeeded"
    assert "field_of_a_later_version" not in sandbox.objects["payment_intent"][intent]


# --- habits
def test_a_habit_that_does_not_exist_is_refused():
    with pytest.raises(AttributeError, match="no habit retry_end; there are settles_in"):
        Habits().retry_end = "cancel"
    with pytest.raises(ValueError, match="captures cannot be 'sometimes'; choose one of soon, late, never"):
        Habits().captures = "sometimes"
    with pytest.raises(ValueError, match="missing cannot be 500"):
        Habits(missing=500)
