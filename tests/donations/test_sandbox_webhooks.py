"""Events on their way: signed, tried again, dropped, mixed, and never inside an API request."""

import json
import socket
import threading
import time
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import stripe

from donations.sandbox import delivery, payments, server
from donations.sandbox.account import API_VERSION
from donations.sandbox.events import BACKOFF
from donations.sandbox.mischief import Mischief

from .sandbox_factories import kinds, open_session, pay_once


class Newsroom(ThreadingHTTPServer):
    """A webhook endpoint that notes what comes; `answers` are used up first, then every answer is 200."""

    def __init__(self, answers=()):
        self.answers, self.came, self.work = list(answers), [], None
        super().__init__(("127.0.0.1", 0), Endpoint)
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}/stripe/webhook/"

    def stop(self):
        self.shutdown()
        self.server_close()


class Endpoint(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        stripe.WebhookSignature.verify_header(body.decode(), self.headers["Stripe-Signature"], "whsec_sandbox", 300)
        event = json.loads(body)
        self.server.came.append(event)
        if self.server.work:
            self.server.work(event)
        self.send_response(self.server.answers.pop(0) if self.server.answers else 200)
        self.send_header("Location", "/elsewhere/")
        self.end_headers()

    do_GET = do_POST

    def log_message(self, *args):
        """Quiet."""


@pytest.fixture
def newsroom(sandbox):
    endpoint = Newsroom()
    sandbox.account.webhook_url = endpoint.url
    yield endpoint
    endpoint.stop()


@pytest.fixture
def running(sandbox, newsroom, monkeypatch):
    """The sandbox of a demo: it delivers by itself, and life goes on, only faster."""
    monkeypatch.setattr(server, "TICK", 0.01)
    monkeypatch.setattr(payments, "CAPTURED_AFTER", 0.05)
    sandbox.live()
    return sandbox


def wait_for(condition, seconds=5):
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.005)


def test_a_signed_event_is_one_that_the_client_accepts(api, sandbox):
    pay_once(api, sandbox)
    body, header = sandbox.signed(sandbox.events[-1])
    client = stripe.StripeClient("sk_test_sandbox")
    event = client.construct_event(body, header, "whsec_sandbox")
    assert (event.id, event.type, event.api_version) == (sandbox.events[-1]["id"], kinds(sandbox)[-1], API_VERSION)
    with pytest.raises(stripe.SignatureVerificationError):
        client.construct_event(body + b" ", header, "whsec_sandbox")
    with pytest.raises(stripe.SignatureVerificationError):
        client.construct_event(body, header, "whsec_other")


def test_an_event_tells_what_was_and_not_what_became_of_it(api, sandbox):
    intent = pay_once(api, sandbox)
    sandbox.refund(intent)
    [told] = [event["data"]["object"] for event in sandbox.events if event["type"] == "charge.succeeded"]
    assert told["amount_refunded"] == 0
    [changed] = [event for event in sandbox.events if event["type"] == "payment_intent.created"]
    assert changed["data"]["object"]["status"] == "requires_payment_method"


def test_deliver_posts_each_event_once(api, sandbox, newsroom):
    pay_once(api, sandbox)
    outcomes = sandbox.deliver()
    assert [status for _, status in outcomes] == [200] * 4
    assert [event["id"] for event in newsroom.came] == [event["id"] for event in sandbox.events]
    assert sandbox.deliver() == []
    assert {event["pending_webhooks"] for event in sandbox.events} == {0}


def test_deliver_repeats_drops_and_shuffles(api, sandbox, newsroom):
    pay_once(api, sandbox)
    sandbox.deliver(drop=("payment_intent.created", sandbox.events[1]["id"]), repeat=2, shuffle=3)
    assert sorted(event["type"] for event in newsroom.came) == [
        "checkout.session.completed",
        "checkout.session.completed",
        "payment_intent.succeeded",
        "payment_intent.succeeded",
    ]
    assert sandbox.deliver() == []


def test_a_shuffle_is_the_same_for_the_same_seed_and_not_the_order_of_life(api, sandbox):
    pay_once(api, sandbox)
    pay_once(api, sandbox)

    def order(seed):
        return [event["id"] for event in sandbox._in_order((), 1, seed)]

    assert order(1) == order(1)
    assert order(1) != [event["id"] for event in sandbox.events]
    assert sorted(order(1)) == sorted(event["id"] for event in sandbox.events)


def test_deliver_can_hand_events_to_a_function_in_place_of_http(api, sandbox):
    pay_once(api, sandbox)
    with pytest.raises(ValueError, match="no webhook_url"):
        sandbox.deliver()
    got = []
    sandbox.deliver(post=lambda body, header: got.append((json.loads(body)["type"], header[:2])) or 200)
    assert [kind for kind, _ in got] == kinds(sandbox)
    assert {header for _, header in got} == {"t="}


@pytest.mark.parametrize("status", [301, 302, 400, 404, 500, 503])
def test_whatever_is_not_2xx_comes_again(api, sandbox, newsroom, status):
    pay_once(api, sandbox)
    newsroom.answers = [status]
    sandbox.deliver()
    first = sandbox.account.deliveries[sandbox.events[0]["id"]]
    assert (first["state"], first["attempts"], first["last"]) == ("waiting", 1, str(status))
    assert round(first["at"] - time.time()) == BACKOFF[0]
    assert [event.id for event in api.events.list(params={"delivery_success": False}).data] == [
        sandbox.events[0]["id"]
    ]
    sandbox.deliver()
    assert first["state"] == "delivered"
    assert api.events.list(params={"delivery_success": False}).data == []


def test_a_newsroom_that_is_away_is_tried_again_and_then_given_up(api, sandbox):
    sandbox.account.webhook_url = "http://127.0.0.1:9/stripe/webhook/"
    pay_once(api, sandbox)
    for _ in range(len(BACKOFF) + 1):
        sandbox.deliver(drop=kinds(sandbox)[1:])
    first = sandbox.account.deliveries[sandbox.events[0]["id"]]
    assert (first["state"], first["attempts"]) == ("failed", len(BACKOFF) + 1)
    assert "refused" in first["last"]
    assert sandbox.deliver() == []


def test_a_running_sandbox_delivers_by_itself_with_the_late_fee(running, api, newsroom):
    intent = pay_once(api, running)
    wait_for(lambda: "charge.updated" in [event["type"] for event in newsroom.came])
    assert sorted(event["type"] for event in newsroom.came) == sorted(kinds(running))
    charge = api.payment_intents.retrieve(
        intent, params={"expand": ["latest_charge.balance_transaction"]}
    ).latest_charge
    assert charge.balance_transaction.fee == 103


def test_the_endpoint_can_ask_the_api_while_it_answers(running, api, newsroom):
    asked = []
    newsroom.work = lambda event: asked.append(api.events.retrieve(event["id"]).type)
    pay_once(api, running)
    wait_for(lambda: len(asked) == 5)
    assert sorted(asked) == sorted(kinds(running))


def test_an_api_request_does_not_wait_for_a_slow_newsroom(running, api, newsroom):
    answer = threading.Event()
    newsroom.work = lambda event: answer.wait(10)
    pay_once(api, running)
    wait_for(lambda: newsroom.came)
    assert len(api.events.list().data) >= 4
    assert running.account.deliveries[newsroom.came[0]["id"]]["attempts"] == 0
    answer.set()
    wait_for(lambda: len(newsroom.came) == 5)


def test_a_running_sandbox_tries_again_after_a_failure(running, api, newsroom, monkeypatch):
    monkeypatch.setattr("donations.sandbox.events.BACKOFF", (0.02, 0.02, 0.02))
    newsroom.answers = [500, 302, 500]
    pay_once(api, running)
    wait_for(lambda: len({event["id"] for event in newsroom.came}) == 5)
    wait_for(lambda: all(one["state"] == "delivered" for one in running.account.deliveries.values()))
    assert len(newsroom.came) == 8


def test_the_next_deliveries_can_be_lost(running, api, newsroom):
    running.account.drop_next = 2
    pay_once(api, running)
    wait_for(lambda: len(running.events) == 5 and not delivery.due(running.account, time.time()))
    wait_for(lambda: len(newsroom.came) == 3)
    states = [running.account.deliveries[event["id"]]["state"] for event in running.events]
    assert states == ["dropped", "dropped", "delivered", "delivered", "delivered"]


def test_a_shuffled_sandbox_delivers_everything_all_the_same(running, api, newsroom):
    running.account.shuffled = True
    pay_once(api, running)
    pay_once(api, running)
    wait_for(lambda: len(newsroom.came) == 10)
    assert sorted(event["id"] for event in newsroom.came) == sorted(event["id"] for event in running.events)


def test_a_running_sandbox_goes_on_after_what_is_no_longer_possible(running, api, newsroom, monkeypatch):
    monkeypatch.setattr(payments, "DISPUTED_AFTER", 0)
    session = open_session(api)
    with running.account.lock:  # refunded before the dispute's time has come, so there is nothing left to dispute
        running.refund(running.pay(session.id, card="4000000000000259")["payment_intent"])
    wait_for(lambda: not any(job["verb"] == "dispute" for job in running.account.later))
    pay_once(api, running)
    wait_for(lambda: kinds(running).count("charge.updated") == 2)
    assert api.disputes.list().data == []


@pytest.mark.parametrize(("share", "times"), [("repeated", 2), ("delayed", 1)])
def test_a_running_sandbox_repeats_and_delays_as_its_mischief_says(running, api, newsroom, monkeypatch, share, times):
    monkeypatch.setattr(delivery, "DELAY", 0.02)
    running.account.mischief = Mischief(**{share: 1.0})
    pay_once(api, running)
    wait_for(lambda: len(newsroom.came) == 5 * times)
    came = [event["id"] for event in newsroom.came]
    assert {came.count(event["id"]) for event in running.events} == {times}


def test_an_event_may_come_before_the_request_that_made_it_has_been_answered(running, api, newsroom):
    intent = pay_once(api, running)
    wait_for(lambda: len(newsroom.came) == 5)
    running.slow_next(0.3, after=True, path="refunds")
    api.refunds.create(params={"payment_intent": intent})
    assert "refund.created" in [event["type"] for event in newsroom.came]


@pytest.mark.parametrize("answer", [b"", b"nonsense", b"HTTP/1.1 xx"])
def test_an_endpoint_that_does_not_speak_http_is_no_delivery(api, sandbox, answer):
    with socket.create_server(("127.0.0.1", 0)) as door:
        sandbox.account.webhook_url = f"http://127.0.0.1:{door.getsockname()[1]}/"
        pay_once(api, sandbox)

        def open_once():
            line, _ = door.accept()
            with line:
                line.recv(65536)
                line.sendall(answer)

        threading.Thread(target=open_once, daemon=True).start()
        [(event, status)] = sandbox.deliver(drop=kinds(sandbox)[1:])
    assert str(status).startswith("none: ")
    assert sandbox.account.deliveries[event["id"]]["state"] == "waiting"


def test_an_event_that_is_forgotten_while_it_is_told_again_breaks_nothing(api, sandbox, tmp_path):
    pay_once(api, sandbox)

    def post(body, header):
        sandbox.clock = datetime.now(UTC) + timedelta(days=40)
        sandbox.account.save(tmp_path / "state.json")
        return 200

    outcomes = sandbox.deliver(post=post, repeat=2)
    assert {status for _, status in outcomes} == {200}
    assert sandbox.account.events == []
