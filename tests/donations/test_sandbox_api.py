"""The ways of Stripe's API: keys, idempotency, lists, expansion, errors."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
import stripe

from donations.sandbox.params import parse

from .sandbox_factories import begin_monthly, kinds, open_session, pay_once


def begin(api, key, **more):
    line = {"price_data": {"currency": "usd", "product_data": {"name": "A gift"}, "unit_amount": 2500}, "quantity": 1}
    params = {"mode": "payment", "success_url": "http://news.example/", "line_items": [line]} | more
    return api.checkout.sessions.create(params=params, options={"idempotency_key": key})


# --- keys
@pytest.mark.parametrize("key", ["sk_test_other", "sk_live_sandbox", "sk_test_sandbox_and_more"])
def test_another_key_is_refused(sandbox, key):
    client = stripe.StripeClient(key, base_addresses={"api": sandbox.url}, max_network_retries=0)
    with pytest.raises(stripe.AuthenticationError, match="Invalid API Key"):
        client.v1.charges.list()


@pytest.mark.parametrize(
    ("key", "livemode"), [("sk_live_x", True), ("rk_live_x", True), ("sk_test_x", False), ("rk_test_x", False)]
)
def test_the_mode_is_the_keys(api, sandbox, key, livemode):
    sandbox.account.secret_key, sandbox.account.livemode = key, livemode
    assert type(sandbox)(secret_key=key).account.livemode is livemode
    client = stripe.StripeClient(key, base_addresses={"api": sandbox.url}, max_network_retries=0).v1
    session = open_session(client)
    sandbox.pay(session.id)
    assert session.id.startswith("cs_live_" if livemode else "cs_test_")
    assert {event["livemode"] for event in sandbox.events} == {livemode}
    assert client.payment_intents.list().data[0].livemode is livemode


def test_another_version_is_refused(sandbox):
    client = stripe.StripeClient(
        "sk_test_sandbox", base_addresses={"api": sandbox.url}, stripe_version="2024-06-20", max_network_retries=0
    )
    with pytest.raises(stripe.InvalidRequestError, match="Invalid Stripe API version: 2024-06-20"):
        client.v1.charges.list()


# --- idempotency
def test_the_same_key_answers_the_same_session(api, sandbox):
    first, again = begin(api, "k1"), begin(api, "k1")
    assert first.id == again.id
    assert len(sandbox.objects["checkout.session"]) == 1
    assert "Idempotent-Replayed" not in first.last_response.headers
    assert again.last_response.headers["Idempotent-Replayed"] == "true"
    assert begin(api, "k2").id != first.id


def test_the_same_key_with_other_parameters_is_an_error(api, sandbox):
    begin(api, "k1")
    with pytest.raises(stripe.IdempotencyError, match="same parameters") as refused:
        begin(api, "k1", customer_email="mira@example.org")
    assert refused.value.http_status == 400
    assert len(sandbox.objects["checkout.session"]) == 1


def test_a_replay_repeats_a_500_and_does_nothing(api, sandbox):
    sandbox.fail_next()
    for _ in range(2):
        with pytest.raises(stripe.APIError, match="told to answer 500"):
            begin(api, "k1")
    assert sandbox.objects["checkout.session"] == {}
    assert begin(api, "k2").status == "open"


def test_a_500_after_the_work_leaves_what_was_made(api, sandbox):
    sandbox.fail_next(after=True)
    with pytest.raises(stripe.APIError):
        begin(api, "k1")
    assert len(sandbox.objects["checkout.session"]) == 1


def test_a_replay_repeats_a_refusal_although_it_would_succeed_now(api, sandbox):
    gift = {"currency": "usd", "product": "gift", "unit_amount": 2500}
    lines = [{"price_data": gift, "quantity": 1}]
    with pytest.raises(stripe.InvalidRequestError):
        begin(api, "k1", line_items=lines)
    api.products.create(params={"id": "gift", "name": "A gift"})
    with pytest.raises(stripe.InvalidRequestError) as refused:
        begin(api, "k1", line_items=lines)
    assert refused.value.headers["Idempotent-Replayed"] == "true"
    assert begin(api, "k2", line_items=lines).status == "open"


@pytest.mark.parametrize("status", [409, 429])
def test_what_stripe_did_not_begin_is_not_remembered(api, sandbox, status):
    sandbox.fail_next(status=status)
    with pytest.raises(stripe.StripeError) as refused:
        begin(api, "k1")
    assert refused.value.http_status == status
    assert begin(api, "k1").status == "open"


def test_the_librarys_own_retry_does_not_pay_back_twice(api, sandbox):
    intent = pay_once(api, sandbox)
    client = stripe.StripeClient("sk_test_sandbox", base_addresses={"api": sandbox.url}, max_network_retries=1)
    sandbox.fail_next(after=True, path="refunds")
    with pytest.raises(stripe.APIError):
        client.v1.refunds.create(params={"payment_intent": intent, "amount": 100})
    assert len(sandbox.objects["refund"]) == 1


def test_a_key_of_more_than_255_characters_is_refused(api):
    with pytest.raises(stripe.InvalidRequestError, match="at most 255"):
        begin(api, "k" * 256)


def test_many_requests_at_once_with_one_key_make_one_session(api, sandbox):
    found = []
    threads = [threading.Thread(target=lambda: found.append(begin(api, "k1").id)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(found), len(set(found))) == (6, 1)


# --- lists
def test_lists_are_newest_first_and_page(api, sandbox):
    made = [pay_once(api, sandbox) for _ in range(5)][::-1]
    first = api.payment_intents.list(params={"limit": 2})
    assert ([row.id for row in first.data], first.has_more) == (made[:2], True)
    second = api.payment_intents.list(params={"limit": 3, "starting_after": made[1]})
    assert ([row.id for row in second.data], second.has_more) == (made[2:], False)
    back = api.payment_intents.list(params={"limit": 1, "ending_before": made[2]})
    assert [row.id for row in back.data] == [made[1]]
    assert [row.id for row in api.payment_intents.list(params={"limit": 2}).auto_paging_iter()] == made


def test_lists_filter_on_when_things_were_made(api, sandbox):
    days = [datetime(2026, 10, day, tzinfo=UTC) for day in (1, 2, 3)]
    made = []
    for sandbox.clock in days:
        made.append(pay_once(api, sandbox))

    def found(**created):
        return [row.id for row in api.payment_intents.list(params={"created": created}).data]

    second = int(days[1].timestamp())
    assert (found(gte=second), found(gt=second)) == (made[:0:-1], [made[2]])
    assert (found(lte=second), found(lt=second)) == ([made[1], made[0]], [made[0]])
    assert [row.id for row in api.payment_intents.list(params={"created": second}).data] == [made[1]]


def test_what_was_made_later_but_dated_earlier_stands_where_its_date_says(api, sandbox):
    today = pay_once(api, sandbox)
    sandbox.clock = datetime.now(UTC) - timedelta(days=40)
    old = pay_once(api, sandbox)
    assert [row.id for row in api.payment_intents.list().data] == [today, old]


def test_an_empty_filter_lists_the_whole_account(api, sandbox):
    for _ in range(2):
        sandbox.refund(pay_once(api, sandbox))
    assert len(api.refunds.list(params={"payment_intent": None}).data) == 2
    assert len(api.refunds.list(params={"payment_intent": ""}).data) == 2
    assert api.refunds.list(params={"payment_intent": "pi_none"}).data == []
    assert api.payment_intents.retrieve("").object == "list"


def test_lists_filter_by_what_a_row_belongs_to(api, sandbox):
    mine, other = pay_once(api, sandbox), pay_once(api, sandbox)
    refund, dispute = sandbox.refund(mine, amount=100), sandbox.dispute(other)
    assert [row.id for row in api.refunds.list(params={"payment_intent": mine}).data] == [refund["id"]]
    assert api.disputes.list(params={"payment_intent": mine}).data == []
    assert [row.id for row in api.disputes.list(params={"payment_intent": other}).data] == [dispute["id"]]
    assert [row.payment_intent for row in api.charges.list(params={"payment_intent": mine}).data] == [mine]
    assert [row.payment_intent for row in api.checkout.sessions.list(params={"payment_intent": mine}).data] == [mine]


def test_invoices_and_subscriptions_filter_by_each_other(api, sandbox):
    mine, other = begin_monthly(api, sandbox), begin_monthly(api, sandbox)
    rows = api.invoices.list(params={"subscription": mine, "status": "paid"}).data
    assert [row.parent.subscription_details.subscription for row in rows] == [mine]
    customer = api.subscriptions.retrieve(other).customer
    assert [row.id for row in api.subscriptions.list(params={"customer": customer}).data] == [other]
    assert api.subscriptions.list(params={"status": "past_due"}).data == []


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"limit": 0}, "Invalid limit 0"),
        ({"limit": 101}, "Invalid limit 101"),
        ({"starting_after": "re_none"}, "No such object in this list"),
        ({"customer": "cus_1"}, "Received unknown parameter: customer"),
        ({"created": {"since": 1}}, r"unknown parameter: created\[since\]"),
    ],
)
def test_a_wrong_list_request_is_refused(api, params, words):
    with pytest.raises(stripe.InvalidRequestError, match=words):
        api.refunds.list(params=params)


# --- events
def test_events_can_be_listed_by_type_and_fetched(api, sandbox):
    pay_once(api, sandbox)
    wanted = ["charge.succeeded", "checkout.session.completed"]
    rows = api.events.list(params={"types": wanted}).data
    assert [row.type for row in rows] == wanted[::-1]
    assert api.events.retrieve(rows[0].id).data.object["id"] == rows[0].data.object["id"]
    with pytest.raises(stripe.InvalidRequestError, match="21 entries; at most 20"):
        api.events.list(params={"types": [f"charge.{number}" for number in range(21)]})


def test_an_event_says_which_request_made_it(api, sandbox):
    intent = pay_once(api, sandbox)
    assert {event["request"]["idempotency_key"] for event in sandbox.events} == {None}
    api.refunds.create(params={"payment_intent": intent}, options={"idempotency_key": "refund:1"})
    assert [event["request"]["idempotency_key"] for event in sandbox.events[-2:]] == ["refund:1"] * 2


# --- expansion, errors
def test_expansion_reaches_into_lists_and_is_refused_where_the_annotations_have_none(api, sandbox):
    pay_once(api, sandbox)
    [row] = api.payment_intents.list(params={"expand": ["data.latest_charge"]}).data
    assert row.latest_charge.object == "charge"
    with pytest.raises(stripe.InvalidRequestError, match=r"cannot be expanded \(amount\)"):
        api.payment_intents.retrieve(row.id, params={"expand": ["amount"]})
    sandbox.account.expands = False
    assert api.payment_intents.retrieve(row.id, params={"expand": ["latest_charge"]}).latest_charge.startswith("ch_")


def test_what_is_expanded_for_one_answer_stays_an_id_in_the_account(api, sandbox):
    intent = pay_once(api, sandbox)
    api.payment_intents.retrieve(intent, params={"expand": ["latest_charge.refunds"]})
    assert isinstance(sandbox.objects["payment_intent"][intent]["latest_charge"], str)


def test_a_missing_object_is_404_in_the_url_and_400_in_a_parameter(api):
    with pytest.raises(stripe.InvalidRequestError, match="No such charge: 'ch_none'") as missing:
        api.charges.retrieve("ch_none")
    assert (missing.value.http_status, missing.value.code) == (404, "resource_missing")
    with pytest.raises(stripe.InvalidRequestError) as missing:
        api.refunds.create(params={"charge": "ch_none"})
    assert (missing.value.http_status, missing.value.code, missing.value.param) == (400, "resource_missing", "charge")


def test_an_endpoint_that_the_sandbox_lacks_says_so(api):
    with pytest.raises(stripe.InvalidRequestError, match="Unrecognized request URL") as missing:
        api.payouts.list()
    assert missing.value.http_status == 404


def test_errors_can_be_ordered_for_one_endpoint(api, sandbox):
    intent = pay_once(api, sandbox)
    sandbox.fail_next(status=403, path="invoice_payments")
    assert api.payment_intents.retrieve(intent).id == intent
    with pytest.raises(stripe.PermissionError):
        api.invoice_payments.list()
    assert api.invoice_payments.list().data == []


def test_every_made_object_can_be_fetched_as_its_event_told(api, sandbox):
    pay_once(api, sandbox)
    assert set(kinds(sandbox)) == {
        "payment_intent.created",
        "charge.succeeded",
        "payment_intent.succeeded",
        "checkout.session.completed",
    }
    told = sandbox.events[-1]["data"]["object"]
    assert api.checkout.sessions.retrieve(told["id"]).to_dict() == told


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("a=1&b=", {"a": "1", "b": ""}),
        ("a[b][c]=1&a[b][d]=2", {"a": {"b": {"c": "1", "d": "2"}}}),
        ("a[0][x]=1&a[1][x]=2", {"a": {"0": {"x": "1"}, "1": {"x": "2"}}}),
        ("expand[]=x&expand[]=y", {"expand": {"0": "x", "1": "y"}}),
        ("n=%7BCHECKOUT%7D+%C3%A9", {"n": "{CHECKOUT} é"}),
    ],
)
def test_nested_parameters_are_read_as_the_client_writes_them(text, tree):
    assert parse(text) == tree
