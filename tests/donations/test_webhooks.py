"""Each answer of the webhook, with what it leaves in the inbox."""

import json
from datetime import timedelta

import pytest
import stripe
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from donations import webhooks
from donations.models import Gift, Payment, WebhookEvent
from tests.donations.giving import deliver, give, open_page, poster, subscription_of

pytestmark = pytest.mark.django_db
SECRET = "whsec_sandbox"
SENT = {
    "id": "evt_1",
    "object": "event",
    "type": "payment_intent.succeeded",
    "livemode": False,
    "data": {"object": {"id": "pi_1", "object": "payment_intent"}},
}


def signed(payload, *, secret=SECRET, timestamp=None):
    body = payload if isinstance(payload, str) else json.dumps(payload)
    return body.encode(), stripe.WebhookSignature.generate_signature_header(body, secret, timestamp)


def send(client, payload, **signing):
    body, header = signed(payload, **signing)
    return poster(client)(body, header)


def succeeded(sandbox):
    """The signed message that a payment came in."""
    (event,) = [event for event in sandbox.events if event["type"] == "payment_intent.succeeded"]
    return sandbox.signed(event)


def untouched(client, delivery):
    """Delivers again what is settled; True where the answer is 200 and the row stayed as it was."""
    before = WebhookEvent.objects.values().get()
    return poster(client)(*delivery) == 200 and WebhookEvent.objects.values().get() == before


# --- 200 -------------------------------------------------------------------------------------------------------------


def test_what_can_be_booked_is_processed_and_left_alone_when_it_comes_again(client, sandbox):
    gift = give(sandbox)
    assert poster(client)(*succeeded(sandbox)) == 200
    event = WebhookEvent.objects.get()
    assert (event.state, event.reason, event.attempts, event.gift_id) == ("processed", "", 1, gift.pk)
    assert event.settled_at is not None
    assert event.payment_intent_id == event.object_id == Payment.objects.get().remote_id
    sandbox.fail_next(times=99)
    assert untouched(client, succeeded(sandbox))


def test_a_type_that_we_do_not_book_is_ignored(client, sandbox):
    delivery = signed(SENT | {"type": "customer.tax_id.created"})
    assert poster(client)(*delivery) == 200
    assert WebhookEvent.objects.get().state == "ignored"
    assert WebhookEvent.objects.get().reason == "Its type is none that we book."
    assert untouched(client, delivery)


def test_an_unknown_type_may_be_about_something_without_an_id(client, sandbox):
    assert send(client, SENT | {"type": "balance.available", "data": {"object": {"object": "balance"}}}) == 200
    assert (WebhookEvent.objects.get().state, WebhookEvent.objects.get().object_id) == ("ignored", "")


def test_an_event_of_a_connected_account_is_ignored(client, sandbox):
    assert send(client, SENT | {"account": "acct_1"}) == 200
    assert WebhookEvent.objects.get().reason == "It is of a connected account, and none is ours."


@pytest.mark.parametrize(
    ("kind", "key"),
    [
        ("payment_intent.succeeded", "pi_gone"),
        ("charge.updated", "ch_gone"),
        ("refund.created", "re_gone"),
        ("charge.dispute.closed", "du_gone"),
        ("invoice.paid", "in_gone"),
        ("customer.subscription.updated", "sub_gone"),
        ("checkout.session.completed", "cs_gone"),
    ],
)
def test_what_stripe_does_not_know_is_ignored(client, sandbox, kind, key):
    assert send(client, SENT | {"type": kind, "data": {"object": {"id": key}}}) == 200
    event = WebhookEvent.objects.get()
    assert event.state == "ignored"
    assert event.reason.startswith("resource_missing: Stripe answered 404: No such")


def test_an_event_of_the_other_mode_is_parked(client, sandbox):
    delivery = signed(SENT | {"livemode": True})
    assert poster(client)(*delivery) == 200
    assert WebhookEvent.objects.get().state == "parked"
    assert WebhookEvent.objects.get().reason == "It is of live mode, and this installation of test mode."
    assert untouched(client, delivery)


def test_what_was_parked_is_booked_once_its_mode_is_ours(client, sandbox, settings):
    give(sandbox)
    settings.STRIPE_LIVE = True
    assert set(deliver(client, sandbox)) == {200}
    assert not Payment.objects.exists()
    assert webhooks.process_inbox(timezone.now() + timedelta(hours=1)) == 0
    settings.STRIPE_LIVE = False
    assert webhooks.process_inbox(timezone.now() + timedelta(hours=1)) > 0
    assert Payment.objects.count() == 1
    assert not WebhookEvent.objects.filter(state="parked").exists()


def test_money_that_names_no_gift_is_ignored_and_listed(client, sandbox):
    give(sandbox)
    for intent in sandbox.objects["payment_intent"].values():
        intent["metadata"] = {"gift": "somebody else's"}
    delivery = succeeded(sandbox)
    assert poster(client)(*delivery) == 200
    event = WebhookEvent.objects.unattributed().get()
    assert (event.state, event.reason, event.payment_intent_id) == ("ignored", "unattributed", event.object_id)
    assert untouched(client, delivery)
    assert not Payment.objects.exists()


def test_a_debit_that_names_no_gift_and_fails_is_listed_no_longer(client, sandbox):
    gift = give(sandbox, method="bank_debit")
    (key,) = sandbox.objects["payment_intent"]
    sandbox.objects["payment_intent"][key]["metadata"] = {}
    sandbox.objects["checkout.session"][gift.session_id]["payment_intent"] = None
    processing = SENT | {"type": "payment_intent.processing", "data": {"object": {"id": key}}}
    assert send(client, processing) == 200
    assert WebhookEvent.objects.unattributed().count() == 1
    sandbox.settle(key, succeeds=False)
    failed = SENT | {"id": "evt_2", "type": "payment_intent.payment_failed", "data": {"object": {"id": key}}}
    assert send(client, failed) == 200
    assert not WebhookEvent.objects.unattributed().exists()


def test_what_is_neither_ours_nor_money_is_not_listed(client, sandbox):
    gift = give(sandbox, frequency="monthly")
    key = subscription_of(sandbox, gift)
    sandbox.objects["subscription"][key]["metadata"] = {}
    assert send(client, SENT | {"type": "customer.subscription.updated", "data": {"object": {"id": key}}}) == 200
    assert WebhookEvent.objects.get().reason == "It names no gift of ours."
    assert not WebhookEvent.objects.unattributed().exists()


def test_metadata_never_leads_to_a_gift_that_was_made_offline(client, sandbox):
    gift = give(sandbox)
    Gift.objects.filter(pk=gift.pk).update(session_id=None, livemode=None)
    assert poster(client)(*succeeded(sandbox)) == 200
    assert WebhookEvent.objects.unattributed().count() == 1


def test_events_that_arrive_before_our_request_was_answered_find_the_gift(client, sandbox):
    gift = give(sandbox, stored=False)
    assert set(deliver(client, sandbox)) == {200}
    booked = Gift.objects.get(pk=gift.pk)
    assert (booked.status, booked.session_id) == ("given", gift.session_id)


def test_nothing_of_a_payload_is_believed_but_ids(client, sandbox):
    gift = give(sandbox, amount=2500)
    body, _ = succeeded(sandbox)
    event = json.loads(body)
    event["data"]["object"] |= {"amount_received": 999999, "currency": "jpy", "metadata": {}, "status": "processing"}
    assert send(client, event) == 200
    payment = Payment.objects.get()
    assert (payment.gift_id, payment.amount, payment.currency, payment.status) == (gift.pk, 2500, "USD", "succeeded")


# --- 500, and again --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [500, 503, 429])
def test_when_stripe_cannot_be_asked_the_next_delivery_tries_again(client, sandbox, status):
    give(sandbox)
    sandbox.fail_next(status=status)
    assert poster(client)(*succeeded(sandbox)) == 500
    event = WebhookEvent.objects.get()
    assert (event.state, event.attempts, event.settled_at) == ("failed", 1, None)
    assert event.reason.startswith(f"StripeUnavailable: Stripe answered {status}")
    assert not Payment.objects.exists()
    assert poster(client)(*succeeded(sandbox)) == 200
    event = WebhookEvent.objects.get()
    assert (event.state, event.reason, event.attempts) == ("processed", "", 2)
    assert Payment.objects.count() == 1


def test_when_stripe_does_not_answer_at_all(client, sandbox):
    give(sandbox)
    delivery = succeeded(sandbox)
    sandbox.stop()
    assert poster(client)(*delivery) == 500
    assert WebhookEvent.objects.get().reason.startswith("StripeUnavailable: Stripe answered nothing")


def test_a_wrong_or_missing_key_fails_until_it_is_put_right(client, sandbox, settings):
    give(sandbox)
    for key in ("sk_test_wrong_0123456789", ""):
        settings.STRIPE_SECRET_KEY = key
        assert poster(client)(*succeeded(sandbox)) == 500
        assert WebhookEvent.objects.get().reason.startswith("StripeNotAllowed")
    settings.STRIPE_SECRET_KEY = "sk_test_sandbox"
    assert poster(client)(*succeeded(sandbox)) == 200


def test_a_failure_of_our_own_is_a_failed_event_too_and_no_log_tells_a_person(client, sandbox, caplog):
    give(sandbox, name="Ann Poe")
    for intent in sandbox.objects["payment_intent"].values():
        intent["amount_received"] = 100_000_000  # the database refuses it
    assert poster(client)(*succeeded(sandbox)) == 500
    assert WebhookEvent.objects.get().reason == "IntegrityError payment_amount_in_range"
    assert "IntegrityError payment_amount_in_range" in caplog.text
    assert "in write_payment" in caplog.text  # where it happened
    assert "100000000" not in caplog.text  # PostgreSQL's words hold the whole row


def test_what_one_delivery_settled_another_that_failed_does_not_unsettle(client, sandbox):
    give(sandbox)
    assert poster(client)(*succeeded(sandbox)) == 200
    event = WebhookEvent.objects.get()
    webhooks.write_down(event, webhooks.Verdict(WebhookEvent.State.FAILED, "too late"), timezone.now())
    assert (event.state, event.attempts) == ("processed", 1)


# --- 400, 405, 503: nothing is stored --------------------------------------------------------------------------------

DEEP = "[" * 100_000


@pytest.mark.parametrize(
    ("payload", "words"),
    [
        pytest.param(DEEP, "not JSON", id="nested without end"),
        ("{", "not JSON"),
        ("", "not JSON"),
        ("[]", "not an event"),
        ('"x"', "not an event"),
        ("null", "not an event"),
        ("7", "not an event"),
        ("{}", "not an event"),
        (SENT | {"id": None}, "no usable id"),
        (SENT | {"id": 7}, "no usable id"),
        (SENT | {"id": "evt_\x00"}, "no usable id"),
        (SENT | {"id": "e" * 256}, "no usable id"),
        (SENT | {"type": ["payment_intent.succeeded"]}, "no usable id or type"),
        (SENT | {"livemode": None}, "not an event"),
        (SENT | {"livemode": "false"}, "not an event"),
        (SENT | {"data": []}, "not an event"),
        (SENT | {"data": {"object": "pi_1"}}, "not an event"),
        (SENT | {"data": {"object": {}}}, "names no object"),
        (SENT | {"data": {"object": {"id": ""}}}, "names no object"),
        (SENT | {"data": {"object": {"id": "../refunds"}}}, "names no object"),
        ({"id": "evt_1", "object": "v2.core.event", "type": "v1.billing.meter.no_meter_found"}, "not an event"),
    ],
)
def test_what_is_signed_but_no_event_is_refused(client, sandbox, payload, words):
    body, header = signed(payload)
    answer = client.post(
        "/stripe/webhook/", body, content_type="application/json", headers={"Stripe-Signature": header}
    )
    assert (answer.status_code, WebhookEvent.objects.count()) == (400, 0)
    assert words in answer.content.decode()


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "nonsense",
        "t=,v1=",
        "t=1,v1=",
        "t=1",
        "v1=00",
        "t=" + "9" * 5000 + ",v1=00",
        f"t={2**31},v1=é",
    ],
)
def test_what_stripe_did_not_sign_is_refused(client, sandbox, header):
    body, _ = signed(SENT)
    assert (poster(client)(body, header), WebhookEvent.objects.count()) == (400, 0)


def test_a_signature_of_another_secret_time_or_body_is_refused(client, sandbox):
    body, _ = signed(SENT)
    others = signed(SENT, secret="whsec_other"), signed(SENT, timestamp=1_700_000_000), signed(SENT | {"id": "evt_2"})
    assert [poster(client)(body, header) for _, header in others] == [400, 400, 400]
    assert not WebhookEvent.objects.exists()


def test_a_body_in_another_encoding_is_refused(client, sandbox):
    _, header = signed(SENT)
    assert (poster(client)(b"\xff\xfe{", header), WebhookEvent.objects.count()) == (400, 0)


def test_a_body_larger_than_a_mebibyte_is_refused(client, sandbox):
    fits = SENT | {"padding": ""}
    fits["padding"] = "x" * (webhooks.LARGEST - len(json.dumps(fits)))
    assert send(client, fits | {"padding": fits["padding"] + "x"}) == 400
    assert not WebhookEvent.objects.exists()
    assert send(client, fits) == 200


def test_without_a_secret_nothing_is_taken(client, sandbox, settings):
    settings.STRIPE_WEBHOOK_SECRET = ""
    assert send(client, SENT) == 503
    assert send(client, SENT, secret="") == 503
    assert not WebhookEvent.objects.exists()


@pytest.mark.parametrize("method", ["get", "head", "put", "delete", "options"])
def test_only_a_post_is_a_delivery(client, sandbox, method):
    answer = getattr(client, method)("/stripe/webhook/")
    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")


@pytest.mark.parametrize("path", ["/stripe/webhook/", "/stripe/webhook"])
def test_with_and_without_the_slash_there_is_no_redirect_no_cookie_and_no_copy(sandbox, path):
    body, header = signed(SENT)
    answer = Client(enforce_csrf_checks=True).post(
        path, body, content_type="application/json", headers={"Stripe-Signature": header}
    )
    assert answer.status_code == 200
    assert "no-store" in answer.headers["Cache-Control"]
    assert not answer.cookies


# --- The worker ------------------------------------------------------------------------------------------------------


def fail_all(client, sandbox):
    """Every message fails to be booked, for Stripe is down."""
    sandbox.fail_next(times=99)
    assert 500 in deliver(client, sandbox)
    sandbox.account.faults.clear()
    return WebhookEvent.objects.filter(state="failed").count()


def test_the_worker_books_what_failed_after_ever_longer_pauses(client, sandbox):
    give(sandbox)
    failed = fail_all(client, sandbox)
    now = timezone.now()
    assert webhooks.process_inbox(now) == 0
    assert webhooks.process_inbox(now + timedelta(minutes=3)) == failed
    assert Payment.objects.count() == 1
    assert webhooks.process_inbox(now + timedelta(days=1)) == 0


def test_the_worker_waits_when_stripe_is_down(client, sandbox, settings):
    give(sandbox)
    failed = fail_all(client, sandbox)
    settings.STRIPE_API_BASE = "http://127.0.0.1:9"  # nobody answers there
    assert webhooks.process_inbox(timezone.now() + timedelta(minutes=3)) == 0
    assert WebhookEvent.objects.filter(state="failed", attempts=1).count() == failed - 1


def test_events_that_are_not_due_yet_keep_no_other_from_its_turn(client, sandbox, monkeypatch):
    monkeypatch.setattr(webhooks, "AT_ONCE", 2)
    now = timezone.now()
    failed = {"type": "charge.updated", "livemode": False, "state": "failed", "reason": "Down", "attempts": 10}
    for number in range(3):
        times = {"received_at": now - timedelta(days=1), "attempted_at": now - timedelta(minutes=1)}
        WebhookEvent.objects.create(event_id=f"evt_{number}", object_id="ch_1", **failed, **times)
    for number in range(3):
        key = {"event_id": f"evt_new_{number}", "type": "charge.updated", "object_id": "ch_gone", "livemode": False}
        WebhookEvent.objects.create(received_at=now - timedelta(minutes=5), **key)
    assert webhooks.process_inbox(now) == 2  # no more at once
    assert webhooks.process_inbox(now) == 1


def test_an_event_that_a_killed_process_left_is_booked_by_the_worker(client, sandbox):
    gift = open_page()
    sandbox.expire(gift.session_id)
    now = timezone.now()
    key = {"type": "checkout.session.expired", "object_id": gift.session_id, "livemode": False}
    WebhookEvent.objects.create(event_id="evt_left", received_at=now, **key)
    almost = now + timedelta(minutes=4, seconds=59)
    assert webhooks.process_inbox(almost) == 0  # the web process may still be at it
    assert webhooks.process_inbox(now + timedelta(minutes=5)) == 1
    assert Gift.objects.get().status == "expired"


def test_the_inbox_can_be_worked_off_by_hand(client, sandbox, capsys):
    give(sandbox)
    failed = fail_all(client, sandbox)
    WebhookEvent.objects.update(attempted_at=timezone.now() - timedelta(hours=1))
    call_command("process_inbox")
    assert capsys.readouterr().out == f"{failed} events settled.\n"


def test_these_are_the_types_that_we_ask_stripe_for():
    assert sorted(webhooks.FINDERS) == [
        "charge.dispute.closed",
        "charge.dispute.created",
        "charge.dispute.funds_reinstated",
        "charge.dispute.funds_withdrawn",
        "charge.dispute.updated",
        "charge.updated",
        "checkout.session.async_payment_failed",
        "checkout.session.async_payment_succeeded",
        "checkout.session.completed",
        "checkout.session.expired",
        "customer.subscription.created",
        "customer.subscription.deleted",
        "customer.subscription.updated",
        "customer.updated",
        "invoice.marked_uncollectible",
        "invoice.paid",
        "invoice.payment_action_required",
        "invoice.payment_failed",
        "invoice.voided",
        "payment_intent.canceled",
        "payment_intent.payment_failed",
        "payment_intent.processing",
        "payment_intent.succeeded",
        "refund.created",
        "refund.failed",
        "refund.updated",
    ]
