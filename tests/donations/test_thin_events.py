"""Stripe's thin events, which say what happened to what and no more: the same answers, and the same books."""

import json

import pytest
import stripe

from donations import webhooks
from donations.models import Gift, Payment, WebhookEvent
from tests.donations.giving import books, deliver, give, give_monthly, intent_of, poster

pytestmark = pytest.mark.django_db
SENT = {
    "id": "evt_1",
    "object": "v2.core.event",
    "type": "v1.payment_intent.succeeded",
    "created": "2026-11-10T14:00:00.000Z",
    "livemode": False,
    "context": None,
    "related_object": {"id": "pi_1", "type": "payment_intent", "url": "/v1/payment_intents/pi_1"},
}


def send(client, payload):
    body = json.dumps(payload)
    return poster(client)(body, stripe.WebhookSignature.generate_signature_header(body, "whsec_sandbox", None))


def a_life(sandbox):
    """A gift that is paid, refunded in part and disputed, and a monthly one that is charged twice and fails once."""
    once, monthly = give(sandbox, amount=10000), give_monthly(sandbox, amount=1000)
    sandbox.refund(intent_of(sandbox, once), amount=3000)
    sandbox.dispute(intent_of(sandbox, once), amount=2000)
    sandbox.capture()
    return once, monthly


def test_a_life_told_in_thin_events_is_booked_as_one_told_in_whole_ones(client, sandbox):
    once, monthly = a_life(sandbox)
    sandbox.habits.thin = True
    assert set(deliver(client, sandbox, shuffle=3)) == {200}
    thin = [books(gift) for gift in (once, monthly)]
    told = WebhookEvent.objects.exclude(reason="Its type is none that we book.")
    assert set(told.values_list("state", flat=True)) == {"processed"}
    assert set(told.values_list("type", flat=True)) <= set(webhooks.FINDERS)
    (payment,) = once.payments.all()
    assert (payment.amount, payment.reversed(), payment.fee) == (10000, 5000, 320)
    assert Gift.objects.get(pk=monthly.pk).status == "active"

    WebhookEvent.objects.all().delete()
    sandbox.habits.thin = False
    assert {poster(client)(*sandbox.signed(event)) for event in sandbox.events} == {200}
    assert [books(gift) for gift in (once, monthly)] == thin


def test_every_type_that_we_book_is_looked_up_when_its_thin_event_comes(client, sandbox):
    what = {"id": "gone_1", "type": "thing", "url": "/v1/things/gone_1"}
    for number, kind in enumerate(webhooks.FINDERS):
        sent = SENT | {"id": f"evt_{number}", "type": f"v1.{kind}", "related_object": what}
        assert send(client, sent) == 200
    found = WebhookEvent.objects.order_by("pk")
    assert list(found.values_list("type", flat=True)) == list(webhooks.FINDERS)
    assert set(found.values_list("object_id", "state")) == {("gone_1", "ignored")}
    unasked = found.exclude(reason__startswith="resource_missing")
    assert list(unasked.values_list("type", flat=True)) == ["customer.updated"]  # it is known by our own rows alone


def test_a_thin_event_that_comes_again_whole_is_left_alone(client, sandbox):
    give(sandbox)
    (event,) = [event for event in sandbox.events if event["type"] == "payment_intent.succeeded"]
    assert poster(client)(*sandbox.signed(event, thin=True)) == 200
    sandbox.fail_next(times=99)
    assert poster(client)(*sandbox.signed(event)) == 200
    assert (WebhookEvent.objects.get().attempts, Payment.objects.count()) == (1, 1)


def test_a_thin_event_that_could_not_be_booked_is_booked_by_its_next_delivery(client, sandbox):
    give(sandbox)
    (event,) = [event for event in sandbox.events if event["type"] == "payment_intent.succeeded"]
    sandbox.fail_next(status=500)
    assert poster(client)(*sandbox.signed(event, thin=True)) == 500
    assert poster(client)(*sandbox.signed(event, thin=True)) == 200
    assert Payment.objects.get().status == "succeeded"


@pytest.mark.parametrize(
    "changes",
    [
        {"type": "v1.customer.tax_id.created"},
        {"type": "v1.billing.meter.no_meter_found", "related_object": None},
        {"type": "v2.core.account.updated", "related_object": {"type": "v2.core.account", "url": "/v2/core/account"}},
        {"type": "payment_intent.succeeded.v3"},
    ],
)
def test_an_unknown_thin_type_is_ignored(client, sandbox, changes):
    assert send(client, SENT | changes) == 200
    assert WebhookEvent.objects.get().reason == "Its type is none that we book."


def test_a_thin_event_of_another_account_is_ignored_and_of_the_other_mode_parked(client, sandbox):
    assert send(client, SENT | {"context": "acct_1"}) == 200
    assert send(client, SENT | {"id": "evt_2", "livemode": True}) == 200
    assert list(WebhookEvent.objects.order_by("pk").values_list("state", flat=True)) == ["ignored", "parked"]


@pytest.mark.parametrize(
    "changes",
    [
        {"livemode": None},
        {"related_object": None},
        {"related_object": "pi_1"},
        {"related_object": {"id": "../refunds"}},
        {"type": None},
        {"id": ""},
        {"object": "event"},
    ],
)
def test_what_is_no_thin_event_of_use_is_refused(client, sandbox, changes):
    assert (send(client, SENT | changes), WebhookEvent.objects.count()) == (400, 0)
