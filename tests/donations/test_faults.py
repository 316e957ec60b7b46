"""Every fault of the line to Stripe at every place that asks it: the promised answer, and afterwards all is as meant."""

import re
from contextlib import contextmanager
from datetime import timedelta

import pytest
import stripe
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from donations import checkout, reconcile, webhooks
from donations.models import Gift, Payment, Refund, SentMail, WebhookEvent
from donations.sandbox.mischief import Mischief
from donations.stripe_gateway import gateway
from tests.donations.factories import make_campaign
from tests.donations.fundraisers import a_fundraiser
from tests.donations.giving import books, deliver, give, give_monthly, intent_of, poster, subscription_of
from tests.donations.test_stop_page import address

pytestmark = pytest.mark.django_db
OFTEN = 9  # more than the library's tries

FAULTS = {
    "429": lambda sandbox, **where: sandbox.fail_next(OFTEN, status=429, **where),
    "500": lambda sandbox, **where: sandbox.fail_next(OFTEN, status=500, **where),
    "slow": lambda sandbox, **where: sandbox.slow_next(0.15, OFTEN, **where),
    "cut": lambda sandbox, **where: sandbox.cut_next(OFTEN, **where),
    "lost answer": lambda sandbox, **where: sandbox.cut_next(OFTEN, after=True, **where),
}
every_fault = pytest.mark.parametrize("fault", FAULTS)


@pytest.fixture(autouse=True)
def costs():
    return make_campaign(slug="publishing-costs", is_default=True, ends=None)


@pytest.fixture
def trouble(sandbox, monkeypatch):
    """A time in which Stripe does not answer as it should, and after which it does."""
    monkeypatch.setattr(stripe.HTTPClient, "INITIAL_DELAY", 0.001)
    monkeypatch.setattr(stripe.HTTPClient, "MAX_DELAY", 0.001)
    gateway.Gateway().create_product()  # so that the work whose answer is lost is a page

    @contextmanager
    def with_stripe(fault, **where):
        with monkeypatch.context() as patched:
            if fault == "slow":
                patched.setattr(gateway, "TIMEOUT", (1, 0.05))
            FAULTS[fault](sandbox, **where)
            yield
        sandbox.account.faults.clear()

    return with_stripe


def typed(client, **changes):
    token = client.get("/donate/").context["form"].initial["token"]
    ours = {"frequency": "once", "amount_other": "19.99", "email": "ann@example.org", "name": "Ann Poe"}
    return ours | {"visibility": "anonymous", "token": token} | changes


def of_status(sandbox, status):
    return [one for one in sandbox.objects["checkout.session"].values() if one["status"] == status]


def message(sandbox, kind="payment_intent.succeeded"):
    (event,) = [event for event in sandbox.events if event["type"] == kind]
    return sandbox.signed(event)


# --- The gift form ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("fault", "frequency"), [*((fault, "once") for fault in FAULTS), ("lost answer", "monthly")])
def test_the_form_keeps_what_was_typed_and_then_opens_one_page(client, sandbox, trouble, fault, frequency):
    fields = typed(client, frequency=frequency)
    with trouble(fault, path="checkout/sessions", verb="POST"):
        answer = client.post("/donate/", fields)
    html = answer.content.decode()
    assert answer.status_code == 503
    assert "Nothing was charged." in html
    assert ('value="19.99"' in html, 'value="ann@example.org"' in html, 'value="Ann Poe"' in html) == (True,) * 3
    assert client.post("/donate/", fields).status_code == 303
    assert (Gift.objects.count(), len(sandbox.objects["checkout.session"])) == (1, 1)
    sandbox.pay(Gift.objects.get().session_id)
    assert set(deliver(client, sandbox)) == {200}
    assert (Payment.objects.count(), SentMail.objects.count()) == (1, 1)
    assert len(sandbox.objects["subscription"]) == (frequency == "monthly")


@every_fault
def test_while_an_earlier_page_cannot_be_closed_no_second_one_is_open(client, sandbox, trouble, fault):
    client.post("/donate/", typed(client))
    fields = typed(client, amount_other="30")
    with trouble(fault, path="checkout/sessions"):
        answer = client.post("/donate/", fields)
    assert (answer.status_code, 'value="30"' in answer.content.decode()) == (503, True)
    assert len(of_status(sandbox, "open")) <= 1
    assert client.post("/donate/", fields).status_code == 303
    (page,) = of_status(sandbox, "open")
    assert page["amount_total"] == 3000


def test_one_lost_answer_is_had_without_anybody_noticing(client, sandbox, trouble):
    fields = typed(client)
    sandbox.cut_next(after=True, path="checkout/sessions", verb="POST")
    assert client.post("/donate/", fields).status_code == 303
    assert len(sandbox.objects["checkout.session"]) == 1


# --- The thank-you page, the messages and the worker ---------------------------------------------------------------


@every_fault
def test_the_thank_you_page_claims_nothing_and_then_thanks(client, sandbox, trouble, fault):
    client.post("/donate/", typed(client))
    gift = Gift.objects.get()
    sandbox.pay(gift.session_id)
    with trouble(fault):
        html = client.get("/thanks/", {"session_id": gift.session_id}).content.decode()
    assert ("We cannot see your gift yet" in html, "has arrived" in html, Payment.objects.count()) == (True, False, 0)
    assert "has arrived" in client.get("/thanks/", {"session_id": gift.session_id}).content.decode()
    assert (Payment.objects.count(), SentMail.objects.count()) == (1, 1)


@pytest.mark.parametrize(
    ("fault", "path"), [*((fault, "payment_intents") for fault in FAULTS), ("cut", "refunds"), ("500", "disputes")]
)
def test_a_message_that_cannot_be_booked_is_asked_for_again(client, sandbox, trouble, fault, path):
    give(sandbox)
    with trouble(fault, path=path):
        assert poster(client)(*message(sandbox)) == 500
    assert (WebhookEvent.objects.get().state, Payment.objects.count()) == ("failed", 0)
    assert WebhookEvent.objects.get().reason.startswith("StripeUnavailable: Stripe answered")
    assert poster(client)(*message(sandbox)) == 200
    assert (WebhookEvent.objects.get().state, Payment.objects.count()) == ("processed", 1)


@every_fault
def test_the_worker_leaves_a_message_for_its_next_round(client, sandbox, trouble, fault):
    give(sandbox)
    now = timezone.now()
    with trouble(fault):
        assert poster(client)(*message(sandbox)) == 500
        assert webhooks.process_inbox(now + timedelta(hours=1)) == 0
    assert (WebhookEvent.objects.get().state, WebhookEvent.objects.get().attempts) == ("failed", 2)
    assert webhooks.process_inbox(now + timedelta(hours=2)) == 1
    assert (WebhookEvent.objects.get().state, Payment.objects.count(), SentMail.objects.count()) == ("processed", 1, 1)


# --- What people ask for --------------------------------------------------------------------------------------------


@every_fault
def test_a_refund_by_staff_is_made_once(client, sandbox, trouble, fault):
    gift = give(sandbox, amount=2500)
    deliver(client, sandbox)
    payment = Payment.objects.get()
    client.force_login(a_fundraiser())
    page = reverse("admin:donations_payment_refund", args=[payment.pk])
    form = {"amount": "5", "reason": "Given twice", "key": client.get(page).context["form"]["key"].value()}
    with trouble(fault, path="refunds", verb="POST"):
        answer = client.post(page, form)
    assert answer.status_code == (409 if fault == "500" else 503)
    words = {409: "Nothing was given back by this form.", 503: "Press the button again: nothing is given back twice."}
    assert words[answer.status_code] in " ".join(answer.content.decode().split())
    again = form | {"key": answer.context["form"]["key"].value()}
    assert (again == form) is (answer.status_code == 503)
    assert client.post(page, again).status_code == 302
    deliver(client, sandbox)
    assert [one["amount"] for one in sandbox.objects["refund"].values()] == [500]
    assert Refund.objects.get().amount == 500
    assert gift.payments.get().refundable() == 2000


@every_fault
def test_a_monthly_gift_whose_stop_met_trouble_can_be_stopped(client, sandbox, trouble, fault):
    gift = give_monthly(sandbox)
    deliver(client, sandbox)
    gift.refresh_from_db()
    with trouble(fault, path="subscriptions"):
        answer = client.post(address(gift))
    assert (answer.status_code, Gift.objects.get().status) == (503, "active")
    assert "We cannot see whether the gift was stopped" in answer.content.decode()
    assert client.post(address(gift)).status_code == 303
    assert (Gift.objects.get().status, Payment.objects.count()) == ("ended", 1)
    assert sandbox.objects["subscription"][subscription_of(sandbox, gift)]["status"] == "canceled"


# --- The night --------------------------------------------------------------------------------------------------------


@every_fault
def test_a_night_without_stripe_books_nothing_wrong_and_the_next_one_all(client, sandbox, trouble, fault, caplog):
    gift = give(sandbox)
    deliver(client, sandbox, drop=tuple(event["id"] for event in sandbox.events))
    with trouble(fault):
        assert reconcile.nightly() is None
    assert "could not be held against Stripe's to the end: StripeUnavailable" in caplog.text
    assert not Payment.objects.exists()
    assert reconcile.nightly().remaining == 0
    assert (Payment.objects.get().remote_id, SentMail.objects.count()) == (intent_of(sandbox, gift), 1)
    assert reconcile.nightly().drift == []


# --- Messages on their way -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "mishap",
    [
        {"drop": ("payment_intent.succeeded", "checkout.session.completed")},
        {"repeat": 3},
        {"shuffle": 5},
        {"delay": ("payment_intent.succeeded", "charge.updated")},
        {"mischief": Mischief(11, dropped=0.3, repeated=0.3, delayed=0.3, shuffled=True)},
    ],
    ids=["dropped", "repeated", "shuffled", "delayed", "all at once"],
)
def test_whatever_befalls_the_messages_the_books_are_those_of_a_quiet_day(client, sandbox, mishap):
    once, monthly = give(sandbox, amount=9000), give_monthly(sandbox)
    sandbox.refund(intent_of(sandbox, once), amount=4000)
    sandbox.capture()
    assert set(deliver(client, sandbox, **mishap)) <= {200}
    deliver(client, sandbox)  # what was delayed
    if {"drop", "mischief"} & mishap.keys():
        assert reconcile.nightly().remaining == 0
    booked = [books(gift) for gift in (once, monthly)]
    assert {poster(Client())(*sandbox.signed(event)) for event in sandbox.events} == {200}
    assert [books(gift) for gift in (once, monthly)] == booked
    assert (once.payments.get().reversed(), Payment.objects.count(), SentMail.objects.count()) == (4000, 2, 2)


def test_what_stripe_says_about_a_page_before_our_own_request_was_answered_is_booked(client, sandbox, trouble):
    fields = typed(client)
    with trouble("lost answer", path="checkout/sessions", verb="POST"):
        assert client.post("/donate/", fields).status_code == 503
    (session,) = sandbox.objects["checkout.session"]
    sandbox.pay(session)
    assert set(deliver(client, sandbox)) == {200}
    assert (Gift.objects.get().status, Gift.objects.get().session_id, Payment.objects.count()) == ("given", session, 1)
    assert re.fullmatch(r"/thanks/\?session_id=.+", checkout.payment_page(Gift.objects.get()))
