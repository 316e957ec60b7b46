"""Every order of one gift's messages books the same rows.

Of the two longest histories four messages stand for all eight and nine, unless EVERY_ORDER is set: `make test-long` does.
"""

import os
from collections import Counter
from datetime import date
from functools import cache
from math import factorial

import pytest
from django.db import transaction
from django.utils import timezone

from donations import webhooks
from donations.models import DayTally, Dispute, Gift, Payment, Refund, SentMail, Tally
from donations.stripe_gateway import Gateway
from tests.donations.factories import make_campaign
from tests.donations.giving import books, deliver, give, give_monthly, intent_of, subscription_of

pytestmark = pytest.mark.django_db
READS = (
    *("session", "intent", "charge", "refund", "refunds", "dispute", "disputes", "subscription", "invoice"),
    *("intents_of_invoice", "invoices_of_intent"),
)
EVERY_ORDER = "EVERY_ORDER" in os.environ
BOOKED = (Gift, Payment, Refund, Dispute, SentMail, Tally, DayTally)
OUR_MOMENTS = {"entered_at", "confirmed_at", "changed_at", "queued_at"}


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


def ends(events, look, seen):
    """What `look` sees after every order of the events, and after how many of them.

    Orders that begin alike are taken in once as far as they do. So is all that follows once the same messages have led
    to the same rows: the next booking reads nothing else, so it cannot tell them apart.
    """
    if not events:
        return Counter([look()])
    here = frozenset(event["id"] for event in events), rows_as_they_stand()
    if here not in seen:
        seen[here] = sum((ends_after(event, events, look, seen) for event in events), Counter())
    return seen[here]


def ends_after(event, events, look, seen):
    with transaction.atomic():
        assert take_in(event).state == "processed"
        found = ends([other for other in events if other is not event], look, seen)
        transaction.set_rollback(True)
    return found


def rows_as_they_stand():
    """Every row that a booking writes, but for keys that count up and for the moments at which we wrote."""
    payments = {str(pk): remote_id for pk, remote_id in Payment.objects.values_list("pk", "remote_id")}

    def told(name, value):
        if name in {"payment_id", "key"}:
            return payments.get(str(value), value)
        return value is not None if name in OUR_MOMENTS else value

    def rows(model):
        return sorted(
            repr([told(*column) for column in row.items() if column[0] != "id"]) for row in model.objects.values()
        )

    return repr([rows(model) for model in BOOKED])


def take_in(event):
    """What the endpoint does with a delivery whose signature it has checked."""
    now = timezone.now()
    row = webhooks.store(webhooks.delivery_in(event), now)
    webhooks.settle(row, now)
    return row


def messages(sandbox, kinds):
    """All that we book of what Stripe has to say; of some kinds, the last of each."""
    booked = [event for event in sandbox.events if event["type"] in webhooks.FINDERS]
    last = {event["type"]: event for event in booked}
    return booked if kinds is None else [last[kind] for kind in kinds]


PAGE = "checkout.session.completed"
REVERSED = [PAGE, "refund.created", "charge.dispute.created", "charge.dispute.closed"]
LATE = [PAGE, "payment_intent.succeeded", "invoice.payment_failed", "customer.subscription.updated"]


@pytest.mark.parametrize(
    ("history", "number", "kinds"),
    [
        (failed_debit, 4, None),
        (refunded_and_failed, 6, None),
        (stopped_monthly, 6, None),
        (refunded_and_disputed, 8, REVERSED),
        (late_monthly, 9, LATE),
    ],
)
def test_every_order_of_a_gifts_messages_books_the_same(client, sandbox, history, number, kinds, stripe_asked_once):
    gift = history(sandbox)
    sandbox.capture()
    assert len(messages(sandbox, None)) == number
    events = messages(sandbox, None if EVERY_ORDER else kinds)
    found = ends(events, lambda: repr(books(gift)), {})
    assert found.total() == factorial(len(events))
    assert Gift.objects.get().version == 0  # each order began with nothing
    assert set(deliver(client, sandbox)) == {200}  # all that there is to say, in the order in which it happened
    assert books(gift)["payments"]
    assert set(found) == {repr(books(gift))}
