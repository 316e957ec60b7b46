"""Every order of one gift's messages books the same rows."""

from datetime import date
from functools import cache
from math import factorial

import pytest
from django.db import transaction
from django.utils import timezone

from donations import webhooks
from donations.models import Gift
from donations.stripe_gateway import Gateway
from tests.donations.factories import make_campaign
from tests.donations.giving import books, deliver, give, give_monthly, intent_of, subscription_of

pytestmark = pytest.mark.django_db
READS = (
    *("session", "intent", "charge", "refund", "refunds", "dispute", "disputes", "subscription", "invoice"),
    *("intents_of_invoice", "invoices_of_intent"),
)


def refunded_and_failed(sandbox):
    gift = give(sandbox, campaign=lasting(), amount=10000)
    sandbox.fail_refund(sandbox.refund(intent_of(sandbox, gift), amount=2500)["id"])
    return gift


def refunded_and_disputed(sandbox):
    gift = give(sandbox, campaign=lasting(), amount=10000)
    sandbox.refund(intent_of(sandbox, gift), amount=2500)
    sandbox.close_dispute(sandbox.dispute(intent_of(sandbox, gift))["id"], won=True)
    return gift


def failed_debit(sandbox):
    gift = give(sandbox, campaign=lasting(), method="bank_debit")
    sandbox.settle(intent_of(sandbox, gift), succeeds=False)
    return gift


def late_monthly(sandbox):
    gift = give_monthly(sandbox, campaign=lasting())
    sandbox.next_month(subscription_of(sandbox, gift), succeeds=False)
    return gift


def stopped_monthly(sandbox):
    gift = give_monthly(sandbox, campaign=lasting())
    sandbox.cancel(subscription_of(sandbox, gift))
    return gift


def lasting():
    return make_campaign(starts=date(2026, 1, 1), ends=None)


@pytest.fixture
def stripe_asked_once(monkeypatch):
    """Nothing happens at Stripe while its messages arrive, so each of its honest answers is good for all orders."""
    for name in READS:
        read = getattr(Gateway, name)
        kept = cache(lambda key, read=read: read(Gateway(), key))
        monkeypatch.setattr(Gateway, name, lambda self, key, kept=kept: kept(key))


def every_order(events, look):
    """What `look` sees after every order of the events; what begins alike is taken in once."""
    if not events:
        yield look()
    for place, event in enumerate(events):
        with transaction.atomic():
            assert take_in(event).state == "processed"
            yield from every_order(events[:place] + events[place + 1 :], look)
            transaction.set_rollback(True)


def take_in(event):
    """What the endpoint does with a delivery whose signature it has checked."""
    now = timezone.now()
    row = webhooks.store(webhooks.delivery_in(event), now)
    webhooks.settle(row, now)
    return row


PAGE = "checkout.session.completed"


@pytest.mark.parametrize(
    ("history", "types"),
    [
        (
            refunded_and_failed,
            [PAGE, "payment_intent.succeeded", "charge.updated", "refund.created", "refund.failed"],
        ),
        (refunded_and_disputed, [PAGE, "refund.created", "charge.dispute.created", "charge.dispute.closed"]),
        (
            failed_debit,
            [
                PAGE,
                "payment_intent.processing",
                "payment_intent.payment_failed",
                "checkout.session.async_payment_failed",
            ],
        ),
        (late_monthly, [PAGE, "payment_intent.succeeded", "invoice.payment_failed", "customer.subscription.updated"]),
        (stopped_monthly, [PAGE, "invoice.paid", "customer.subscription.created", "customer.subscription.deleted"]),
    ],
)
def test_every_order_of_a_gifts_messages_books_the_same(client, sandbox, history, types, stripe_asked_once):
    gift = history(sandbox)
    sandbox.capture()
    last = {event["type"]: event for event in sandbox.events}
    found = list(every_order([last[kind] for kind in types], lambda: books(gift)))
    assert len(found) == factorial(len(types))
    assert Gift.objects.get().version == 0  # each order began with nothing
    assert set(deliver(client, sandbox)) == {200}  # all that there is to say, in the order in which it happened
    whole = books(gift)
    assert whole["payments"]
    assert all(rows == whole for rows in found)
