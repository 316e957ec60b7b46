"""Every object that the sandbox answers has the shape which stripe-python's annotations promise."""

import copy
import json
import urllib.request

import pytest
from stripe._api_version import _ApiVersion

from donations.sandbox.account import API_VERSION
from donations.sandbox.answers import EXPANDABLE, INCLUDABLE, URLS
from donations.sandbox.cards import Declined
from donations.sandbox.checkout import AuthenticationNeeded

from .sandbox_factories import open_session
from .stripe_annotations import class_of, complaints, fields


@pytest.fixture
def busy(api, sandbox, tmp_path_factory):
    """An account in which everything happened that can happen; it happens once, and every test reads it."""
    path = tmp_path_factory.getbasetemp() / "busy.json"
    if path.exists():
        sandbox.account.load(path)
    sandbox.account.webhook_url = "http://127.0.0.1:9/"
    if not path.exists():
        _everything(api, sandbox)
        sandbox.account.save(path)
    return sandbox


def _everything(api, sandbox):
    for card in ("4000000000000002", "4000000000009995"):
        with pytest.raises(Declined):
            sandbox.pay(open_session(api).id, card=card)
    with pytest.raises(Declined):
        sandbox.pay(open_session(api).id, card="4000002500003155", authenticated=False)
    with pytest.raises(AuthenticationNeeded):
        sandbox.pay(open_session(api).id, card="4000002500003155", authenticated=None)
    _once(api, sandbox)
    _monthly(api, sandbox)
    sandbox.expire(open_session(api).id)
    open_session(api, mode="subscription", subscription_data={"metadata": {"gift": "g"}})
    sandbox.sell()
    sandbox.subscribe(metadata={"member": "1"})
    sandbox.foreign_event()
    sandbox.pay_out()
    sandbox.capture()


def _once(api, sandbox):
    def paid(**how):
        session = open_session(api, payment_intent_data={"metadata": {"gift": "g"}, "description": "A gift"})
        return sandbox.pay(session.id, **how)["payment_intent"]

    sandbox.refund(paid(), amount=100)
    sandbox.refund(paid(card="4000000000007726"))
    sandbox.refund(paid(card="4000000000005126"))
    sandbox.refund(paid(card="4000000000007726"))
    sandbox.settle(paid(method="bank_debit"))
    sandbox.refund(sandbox.settle(paid(method="bank_debit"))["id"])
    sandbox.settle(paid(method="bank_debit"), succeeds=False)
    paid(method="bank_debit")
    sandbox.time_passes()
    sandbox.refund(paid(card="4000000000007726"))
    for won in (True, False):
        sandbox.close_dispute(sandbox.dispute(paid())["id"], won=won)
    sandbox.answer_dispute(sandbox.dispute(paid(card="4000002500003155"), amount=1000)["id"])
    for inquiry in (sandbox.dispute(paid(), inquiry=True)["id"] for _ in range(2)):
        sandbox.answer_dispute(inquiry)
        sandbox.escalate_dispute(inquiry)
    sandbox.close_dispute(sandbox.dispute(paid(), inquiry=True)["id"])
    sandbox.return_debit(sandbox.settle(paid(method="bank_debit"))["id"])
    sandbox.cancel_refund(sandbox.refund(paid(card="4000000000007726"))["id"])
    sandbox.habits.settles_in, sandbox.habits.rate = "eur", "0.9213"
    sandbox.close_dispute(sandbox.dispute(paid())["id"], won=True)
    sandbox.capture()
    sandbox.habits.settles_in = ""


def _monthly(api, sandbox):
    def begun(**how):
        return sandbox.pay(open_session(api, mode="subscription").id, **how)["subscription"]

    going = begun()
    sandbox.next_month(going)
    sandbox.next_month(going, succeeds=False)
    sandbox.next_month(begun(card="4000000000000341"))
    begun(method="bank_debit")
    api.subscriptions.update(begun(), params={"pause_collection": {"behavior": "void"}})
    api.subscriptions.update(begun(), params={"cancel_at_period_end": True})
    api.invoices.void_invoice(sandbox.objects["subscription"][going]["latest_invoice"])
    elsewhere = sandbox.next_month(begun(), succeeds=False)["id"]
    api.invoices.pay(elsewhere, params={"paid_out_of_band": True})
    sandbox.next_month(begun(method="bank_debit"))
    sandbox.cancel(begun())
    asked = sandbox.next_month(begun(card="4000002760003184"))["id"]
    sandbox.next_month(begun(card="4000002760003184"))
    sandbox.confirm(asked)
    sandbox.mark_uncollectible(sandbox.next_month(begun(), succeeds=False)["id"])
    for behavior in ("keep_as_draft", "mark_uncollectible"):
        paused = begun()
        pause = {"behavior": behavior, "resumes_at": 2_000_000_000}
        api.subscriptions.update(paused, params={"pause_collection": pause})
        sandbox.next_month(paused)
    _portal(api, sandbox)


def _portal(api, sandbox):
    features = {"payment_method_update": {"enabled": True}}
    api.billing_portal.configurations.create(params={"features": features})
    customer = api.customers.create(params={"email": "ana@example.org"}).id
    redirect = {"type": "redirect", "redirect": {"return_url": "http://news.example/"}}
    flow = {"type": "payment_method_update", "after_completion": redirect}
    for more in ({}, {"flow_data": flow}):
        session = api.billing_portal.sessions.create(params={"customer": customer, **more})
        assert complaints(session.to_dict()) == []
    sandbox.prefer_card(customer)


def answer(sandbox, path):
    headers = {"Authorization": f"Bearer {sandbox.account.secret_key}"}
    with urllib.request.urlopen(urllib.request.Request(sandbox.url + path, headers=headers)) as response:
        return json.load(response)


def rows(sandbox, url, more=""):
    found, after = [], ""
    while True:
        page = answer(sandbox, f"{url}?limit=100{after}{more}")
        found += page["data"]
        if not page["has_more"]:
            return found
        after = f"&starting_after={found[-1]['id']}"


def test_every_object_of_every_noun_has_its_annotated_shape(busy):
    wrong = {}
    for noun, url in URLS.items():
        more = "&status=all" if noun == "subscription" else ""
        found = rows(busy, url, more)
        assert found, f"nothing to look at: {noun}"
        for row in found:
            wrong |= {sentence: row["id"] for sentence in complaints(row, noun=noun)}
    assert wrong == {}


def test_what_events_carry_has_its_annotated_shape(busy):
    wrong = {}
    for event in rows(busy, "/v1/events"):
        wrong |= {f"{event['type']}: {sentence}": 1 for sentence in complaints(event["data"]["object"])}
    assert wrong == {}


def test_what_is_retrieved_is_what_is_listed(busy):
    for noun, url in URLS.items():
        if noun != "webhook_endpoint":
            row = rows(busy, url, "&status=all" if noun == "subscription" else "")[0]
            assert answer(busy, f"{url}/{row['id']}") == row


@pytest.mark.parametrize(
    ("noun", "paths"),
    [
        (
            "checkout.session",
            "payment_intent.latest_charge.balance_transaction line_items subscription.latest_invoice invoice",
        ),
        ("payment_intent", "latest_charge.balance_transaction latest_charge.refunds payment_method customer"),
        ("charge", "balance_transaction refunds payment_intent"),
        ("balance_transaction", "source"),
        ("refund", "charge payment_intent balance_transaction failure_balance_transaction"),
        ("dispute", "charge payment_intent"),
        ("subscription", "customer default_payment_method latest_invoice.payments"),
        ("invoice", "customer payments.data.payment.payment_intent parent.subscription_details.subscription"),
        ("invoice_payment", "invoice payment.payment_intent.latest_charge"),
        ("price", "product"),
    ],
)
def test_expanded_objects_have_their_annotated_shape(busy, noun, paths):
    more = "".join(f"&expand[]=data.{path}" for path in paths.split())
    more += "&status=all" if noun == "subscription" else ""
    found = rows(busy, URLS[noun], more)
    assert [sentence for row in found for sentence in complaints(row, noun=noun)] == []
    first = paths.split()[0].split(".")[0]
    assert any(isinstance(row[first], dict) for row in found)


def test_only_what_the_annotations_allow_can_be_expanded():
    nested = {"payment", "subscription_details", "invoice_settings"}
    for noun, names in EXPANDABLE.items():
        if noun not in nested:
            assert names <= fields(class_of(noun)).keys()
            assert all("str" in str(fields(class_of(noun))[name]) for name in names)
    for noun, name in INCLUDABLE:
        assert name in fields(class_of(noun))


def test_the_check_itself_notices_what_is_wrong(busy):
    row = answer(busy, "/v1/payment_intents?limit=1")["data"][0]
    assert complaints(row) == []
    for change in (
        {"charges": []},
        {"status": "done"},
        {"amount": "2500"},
        {"amount": None},
        {"amount_details": {"tip": {"x": 1}}},
    ):
        assert complaints(copy.deepcopy(row) | change)
    del row["metadata"]
    assert complaints(row) == ["payment_intent.metadata is missing"]


def test_objects_of_the_sandbox_are_of_the_version_that_the_package_pins():
    assert API_VERSION == _ApiVersion.CURRENT
