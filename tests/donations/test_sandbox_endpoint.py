"""The newsroom's endpoint at Stripe: what it asks for, how it is switched off, and the mishaps on the way to it."""

import json

import pytest
import stripe

from donations.sandbox.account import API_VERSION
from donations.sandbox.mischief import Mischief

from .sandbox_factories import kinds, open_session, pay_once
from .stripe_annotations import complaints

URL = "http://127.0.0.1:9/stripe/webhook/"


@pytest.fixture
def came(sandbox):
    """The types of the events that arrived, in order; `came.status` is what the newsroom answers."""

    class Came(list):
        status = 200

        def deliver(self, **how):
            return sandbox.deliver(post=self.take, **how)

        def take(self, body, header):
            self.append(json.loads(body)["type"])
            return self.status

    sandbox.account.webhook_url = URL
    return Came()


# --- the endpoint
def test_the_endpoint_says_what_it_asks_for_and_whether_it_is_on(api, sandbox, came):
    [endpoint] = api.webhook_endpoints.list().data
    assert (endpoint.url, endpoint.status, endpoint.enabled_events) == (URL, "enabled", ["*"])
    assert endpoint.api_version == API_VERSION
    sandbox.habits.enabled_events = ["charge.succeeded"]
    sandbox.habits.endpoint_version = "2024-06-20"
    sandbox.habits.endpoint_is_on = False
    endpoint = api.webhook_endpoints.retrieve(endpoint.id)
    assert (endpoint.status, endpoint.enabled_events) == ("disabled", ["charge.succeeded"])
    assert endpoint.api_version == "2024-06-20"
    assert complaints(endpoint.to_dict()) == []
    with pytest.raises(stripe.InvalidRequestError, match="No such webhook endpoint: 'we_none'"):
        api.webhook_endpoints.retrieve("we_none")


def test_only_the_events_that_were_asked_for_are_delivered(api, sandbox, came):
    sandbox.habits.enabled_events = ["charge.succeeded", "checkout.session.completed"]
    pay_once(api, sandbox)
    came.deliver()
    assert came == ["charge.succeeded", "checkout.session.completed"]
    assert len(kinds(sandbox)) == 4
    assert api.events.list(params={"delivery_success": False}).data == []


def test_an_endpoint_that_fails_too_often_is_switched_off_and_misses_what_comes(api, sandbox, came):
    sandbox.habits.switch_off_after, came.status = 3, 500
    pay_once(api, sandbox)
    came.deliver()
    assert len(came) == 3
    assert api.webhook_endpoints.list().data[0].status == "disabled"
    lost = [event.type for event in api.events.list(params={"delivery_success": False}).data]
    assert lost == kinds(sandbox)[::-1]
    open_session(api)
    sandbox.expire(open_session(api).id)
    assert came.deliver() == []

    sandbox.switch_on()
    came.status = 200
    assert came.deliver() == []  # what was missed is not told
    pay_once(api, sandbox)
    assert len(came.deliver()) == 4


def test_a_delivery_that_is_taken_ends_the_row_of_failures(api, sandbox, came):
    sandbox.habits.switch_off_after = 3
    sandbox.expire(open_session(api).id)
    for came.status in (500, 500, 200):
        came.deliver()
    sandbox.expire(open_session(api).id)
    came.status = 500
    came.deliver()
    assert api.webhook_endpoints.list().data[0].status == "enabled"


# --- thin notifications
def test_a_thin_notification_says_only_what_happened_to_what(api, sandbox):
    intent = pay_once(api, sandbox)
    api.refunds.create(params={"payment_intent": intent}, options={"idempotency_key": "refund:1"})
    client = stripe.StripeClient("sk_test_sandbox")
    body, header = sandbox.signed(sandbox.events[-2], thin=True)
    told = client.parse_event_notification(body, header, "whsec_sandbox")
    assert (told.id, told.type) == (sandbox.events[-2]["id"], "v1.refund.created")
    assert told.reason.request.idempotency_key == "refund:1"
    assert json.loads(body)["related_object"]["url"] == f"/v1/refunds/{sandbox.account.find('refund')[0]['id']}"
    assert "data" not in json.loads(body)
    with pytest.raises(ValueError, match="thin event"):
        client.construct_event(body, header, "whsec_sandbox")
    body, _ = sandbox.signed(sandbox.events[3], thin=True)
    assert json.loads(body)["related_object"]["url"].startswith("/v1/checkout/sessions/cs_test_")


def test_an_endpoint_may_ask_for_thin_notifications(api, sandbox, came):
    sandbox.habits.thin = True
    pay_once(api, sandbox)
    came.deliver()
    assert came == [f"v1.{kind}" for kind in kinds(sandbox)]


# --- mishaps
def test_a_delayed_event_comes_with_the_next_delivery(api, sandbox, came):
    pay_once(api, sandbox)
    came.deliver(delay=("payment_intent.succeeded",))
    assert came == ["payment_intent.created", "charge.succeeded", "checkout.session.completed"]
    came.deliver()
    assert came[3:] == ["payment_intent.succeeded"]


def fates(api, sandbox, came, seed):
    """How often each of 40 events arrived, in three deliveries: (dropped, once, twice, late)."""
    sandbox.account.empty()
    for _ in range(10):
        pay_once(api, sandbox)
    mischief = Mischief(seed, dropped=0.2, repeated=0.2, delayed=0.2)
    arrived = [[event["id"] for event, _ in came.deliver(mischief=mischief)] for _ in range(3)]
    ids = [event["id"] for event in sandbox.events]
    return [(arrived[0].count(key), arrived[1].count(key), arrived[2].count(key)) for key in ids]


def test_mischief_drops_repeats_and_delays_as_its_seed_says(api, sandbox, came):
    first = fates(api, sandbox, came, seed=1)
    assert set(first) == {(0, 0, 0), (1, 0, 0), (2, 0, 0), (0, 1, 0)}
    assert fates(api, sandbox, came, seed=1) == first
    assert fates(api, sandbox, came, seed=2) != first


def test_what_was_dropped_can_be_found_as_undelivered_and_resent(api, sandbox, came):
    pay_once(api, sandbox)
    came.deliver(mischief=Mischief(dropped=1.0))
    lost = api.events.list(params={"delivery_success": False}).data
    assert (len(lost), came) == (4, [])
    sandbox.resend(lost[0].id)
    came.deliver()
    assert came == [lost[0].type]
    with pytest.raises(ValueError, match="No such event: evt_none"):
        sandbox.resend("evt_none")


def test_mischief_mixes_each_delivery(api, sandbox, came):
    for _ in range(5):
        pay_once(api, sandbox)
    came.deliver(mischief=Mischief(7, shuffled=True))
    assert came != kinds(sandbox)
    assert sorted(came) == sorted(kinds(sandbox))


@pytest.mark.parametrize("shares", [{"dropped": 1.1}, {"repeated": -0.1}, {"dropped": 0.6, "delayed": 0.5}])
def test_shares_that_cannot_be_are_refused(shares):
    with pytest.raises(ValueError, match="together they are at most 1"):
        Mischief(**shares)
