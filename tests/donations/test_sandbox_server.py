"""Starting, refusing, keeping and stopping."""

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from datetime import UTC, datetime
from pathlib import Path

import pytest
import stripe
from django.core.management import CommandError, call_command

from donations.sandbox.account import StateUnreadable
from donations.sandbox.server import Sandbox, SandboxRefused

from .sandbox_factories import begin_monthly, kinds, open_session, pay_once

ROOT = Path(__file__).resolve().parents[2]


def client(sandbox, key="sk_test_sandbox"):
    return stripe.StripeClient(key, base_addresses={"api": sandbox.url}, max_network_retries=0).v1


def test_it_refuses_to_start_when_debug_is_off(settings):
    settings.DEBUG = False
    with pytest.raises(SandboxRefused, match="starts only with DEBUG=1"):
        Sandbox().start()
    with pytest.raises(CommandError, match="starts only with DEBUG=1"):
        call_command("run_sandbox", "--port", "0")


def test_it_listens_on_this_machine_only(sandbox):
    assert sandbox.url.startswith("http://127.0.0.1:")


def test_a_taken_port_is_said_in_one_line(settings):
    settings.DEBUG = True
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(
            CommandError, match=rf"^Port {port} cannot be used: Address already in use\. Choose another with --port\.$"
        ):
            call_command("run_sandbox", "--port", str(port))


@pytest.mark.parametrize("port", ["-1", "99999"])
def test_what_is_no_port_is_said_in_one_line(settings, port):
    settings.DEBUG = True
    with pytest.raises(CommandError, match=rf"^{port} is no port\. Choose one from 1 to 65535 with --port\.$"):
        call_command("run_sandbox", f"--port={port}")


def test_the_state_is_kept_from_one_run_to_the_next(settings, tmp_path):
    settings.DEBUG = True
    path = tmp_path / "var" / "sandbox.json"
    first = Sandbox(state_file=path).start()
    api = client(first)
    opened, intent, subscription = open_session(api), pay_once(api, first), begin_monthly(api, first)
    first.stop()

    second = Sandbox(state_file=path).start()
    api = client(second)
    assert [event["id"] for event in second.events] == [event["id"] for event in first.events]
    second.next_month(subscription)
    second.refund(intent)
    session = api.checkout.sessions.retrieve(opened.id)
    assert session.url == f"{second.url}/c/pay/{opened.id}"
    assert second.pay(session.id)["payment_status"] == "paid"
    second.capture()
    assert len(api.balance_transactions.list().data) == 5
    second.stop()


def test_a_replay_is_known_after_a_restart(settings, tmp_path):
    settings.DEBUG = True

    def run():
        sandbox = Sandbox(state_file=tmp_path / "sandbox.json").start()
        options = {"idempotency_key": "k1"}
        product = client(sandbox).products.create(params={"name": "A gift"}, options=options).id
        sandbox.stop()
        return product

    assert run() == run()


@pytest.mark.parametrize("text", ["{", "[]", "{}", json.dumps({"api_version": "2020-01-01"})])
def test_a_state_that_cannot_be_read_names_its_file(settings, tmp_path, text):
    settings.DEBUG = True
    path = tmp_path / "sandbox.json"
    path.write_text(text)
    with pytest.raises(StateUnreadable, match=rf"^{path} cannot be read: .* Remove it to begin afresh\.$"):
        Sandbox(state_file=path)
    with pytest.raises(CommandError, match="Remove it to begin afresh"):
        call_command("run_sandbox", "--port", "0", "--state", str(path))
    assert path.read_text() == text


def test_old_events_are_forgotten_and_old_payments_are_not(settings, tmp_path):
    settings.DEBUG = True
    path = tmp_path / "sandbox.json"
    first = Sandbox(state_file=path).start()
    first.clock = datetime(2020, 1, 1, tzinfo=UTC)
    old = pay_once(client(first), first)
    first.clock = None
    new = pay_once(client(first), first)
    first.stop()
    second = Sandbox(state_file=path)
    assert set(second.objects["payment_intent"]) == {old, new}
    assert {event["data"]["object"]["id"] for event in second.events if event["type"] == "payment_intent.created"} == {
        new
    }


def test_the_clock_can_be_held_at_a_past_moment(api, sandbox):
    moment = datetime(2026, 8, 31, 13, tzinfo=UTC)
    sandbox.clock = moment
    intent = pay_once(api, sandbox)
    sandbox.capture()
    assert sandbox.clock == moment
    made = [*api.events.list().data, api.payment_intents.retrieve(intent), *api.charges.list().data]
    assert {row.created for row in [*made, *api.balance_transactions.list().data]} == {int(moment.timestamp())}
    body, header = sandbox.signed(sandbox.events[0])
    assert stripe.StripeClient("sk_test_x").construct_event(body, header, "whsec_sandbox").created == int(
        moment.timestamp()
    )


def test_the_clock_needs_a_time_zone(sandbox):
    with pytest.raises(ValueError, match="needs an aware datetime"):
        sandbox.clock = datetime(2026, 8, 31)


def test_money_that_names_no_gift_can_come_in_too(api, sandbox):
    product = api.products.create(params={"name": "A mug"}).id
    session = sandbox.open_session(price={"currency": "usd", "unit_amount": 4000, "product": product})
    intent = api.payment_intents.retrieve(sandbox.pay(session["id"])["payment_intent"])
    assert (intent.status, intent.amount, intent.metadata.to_dict()) == ("succeeded", 4000, {})


def test_sessions_expire_by_themselves(api, sandbox):
    session = open_session(api)
    sandbox._expire_old()
    assert api.checkout.sessions.retrieve(session.id).status == "open"
    sandbox.clock = datetime.fromtimestamp(session.expires_at, UTC)
    sandbox._expire_old()
    assert api.checkout.sessions.retrieve(session.id).status == "expired"
    assert kinds(sandbox) == ["checkout.session.expired"]


def test_a_debit_that_somebody_settled_is_not_settled_again(api, sandbox):
    intent = pay_once(api, sandbox, method="bank_debit")
    sandbox.settle(intent)
    sandbox.time_passes()
    assert kinds(sandbox).count("payment_intent.succeeded") == 1


def test_a_body_of_more_than_a_mebibyte_is_refused(sandbox):
    head = b"POST /v1/refunds HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1048577\r\n\r\n"
    with socket.create_connection(sandbox.url.removeprefix("http://").split(":")) as line:
        line.sendall(head)
        assert line.recv(100).startswith(b"HTTP/1.1 413 ")


def test_the_command_serves_until_it_is_told_to_end_and_then_saves(tmp_path):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    state = tmp_path / "sandbox.json"
    command = [sys.executable, "manage.py", "run_sandbox", "--port", str(port), "--state", str(state)]
    env = os.environ | {
        "DEBUG": "1",
        "VAR_DIR": str(tmp_path),
        "PYTHONUNBUFFERED": "1",
        "STRIPE_SECRET_KEY": "sk_test_sandbox",
    }
    with subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout.readline() == f"Stripe sandbox: http://127.0.0.1:{port}/\n"
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/") as answer:
                assert answer.status == 200
        finally:
            process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=10) == 0
    assert json.loads(state.read_text())["objects"]["charge"] == {}
