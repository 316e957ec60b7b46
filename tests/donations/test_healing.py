"""Random histories of which some messages are lost: one comparison puts our books right, the next writes nothing.

The oracle is the sandbox's own list of balance transactions. HISTORIES says how many are tried.
"""

import os
import random
from datetime import date, timedelta

import pytest
from django.utils import timezone

from donations.models import Gift, Payment
from donations.reconcile import reconcile
from donations.sandbox.account import ApiError
from donations.sandbox.cards import Declined
from donations.totals import totals
from tests.donations.factories import make_campaign
from tests.donations.giving import deliver, everything, open_page
from tests.donations.test_sandbox_histories import CARDS, MONTHLY_CARDS, TO, newest

pytestmark = pytest.mark.django_db
HISTORIES = int(os.environ.get("HISTORIES", "8"))
VERBS = [*TO, "give", "give", "give monthly", "give monthly", "refund", "refund", "sell", "subscribe", "advance"]
VERBS += ["capture", "deliver", "lose"]


class History:
    """Deeds of givers, banks and others, picked by a seed, and what becomes of the messages about them."""

    def __init__(self, seed, sandbox, client):
        self.pick, self.sandbox, self.client = random.Random(seed), sandbox, client
        self.campaign = make_campaign(starts=date(2026, 1, 1), ends=None)
        sandbox.habits.dispute_fee_returned = self.pick.random() < 0.2
        sandbox.habits.debits_book_early = self.pick.random() < 0.4

    def play(self):
        for _ in range(self.pick.randint(4, 16)):
            try:
                self.do(self.pick.choice(VERBS))
            except (ApiError, Declined):
                continue  # it cannot happen to this one, and so it did not
        self.tell(lost=0.6)

    def do(self, verb):
        if verb in {"give", "give monthly"}:
            self.give(monthly=verb == "give monthly")
        elif verb == "refund":
            self.to_a("payment_intent", lambda sandbox, key: sandbox.refund(key, self.pick.randint(1, 3000)))
        elif verb == "advance":
            self.sandbox.advance(days=self.pick.randint(0, 20))
        elif verb in {"deliver", "lose"}:
            self.tell(lost=int(verb == "lose"))
        elif verb in TO:
            self.to_a(*TO[verb])
        else:
            getattr(self.sandbox, verb)()

    def give(self, *, monthly):
        how = self.pick.choice(["bank_debit", *(MONTHLY_CARDS if monthly else CARDS)])
        amount, frequency = self.pick.randint(100, 9000), "monthly" if monthly else "once"
        stored = self.pick.random() < 0.7
        gift = open_page(stored=stored, campaign=self.campaign, amount=amount, frequency=frequency)
        self.sandbox.pay(gift.session_id, **({"method": how} if how == "bank_debit" else {"card": how}))

    def to_a(self, noun, deed):
        if key := newest(self.sandbox, noun, self.pick.randint(0, 5)):
            deed(self.sandbox, key)

    def tell(self, *, lost):
        drop = {event["id"] for event in self.sandbox.events if self.pick.random() < lost}
        assert set(deliver(self.client, self.sandbox, drop=drop, shuffle=self.pick.random())) <= {200}


def moved(sandbox, what, *categories):
    """What Stripe's balance says of our payments; `what` is amount or fee."""
    ours = set(Payment.objects.values_list("charge_id", flat=True))

    def is_ours(source):
        thing = sandbox.account.anything(source)
        came = thing["object"] != "charge" or thing["status"] == "succeeded"  # a debit may be booked before it came
        return came and thing.get("charge", source) in ours

    rows = sandbox.objects["balance_transaction"].values()
    return sum(row[what] for row in rows if row["reporting_category"] in categories and is_ours(row["source"]))


def without_movement(sandbox, noun, status):
    """What Stripe says has happened, and has not put on the balance yet."""
    ours = set(Payment.objects.values_list("charge_id", flat=True))
    things = sandbox.account.find(noun, status=status, balance_transaction=None)
    return sum(thing["amount"] for thing in things if thing.get("charge", thing["id"]) in ours)


@pytest.mark.parametrize("seed", range(HISTORIES))
def test_what_was_lost_is_put_right_once(client, sandbox, seed):
    history = History(seed, sandbox, client)
    history.play()
    now = timezone.now() + timedelta(days=1)
    since = now - timedelta(days=3)
    assert reconcile(since, fix=True, now=now).remaining == 0
    before = everything()
    again = reconcile(since, fix=True, now=now)
    assert (again.drift, again.remaining, everything()) == ([], 0, before)

    figures = totals(history.campaign, now)
    refunds, disputes = ("refund", "refund_failure"), ("dispute", "dispute_reversal")
    assert figures.received == moved(sandbox, "amount", "charge") + without_movement(sandbox, "charge", "succeeded")
    back = without_movement(sandbox, "refund", "pending") - moved(sandbox, "amount", *refunds, *disputes)
    assert figures.reversed == back
    assert (figures.fees, figures.dispute_fees) == (moved(sandbox, "fee", "charge"), moved(sandbox, "fee", *disputes))
    booked = Payment.objects.filter(status="succeeded").values_list("remote_id", flat=True)
    gifts = {str(key) for key in Gift.objects.values_list("pk", flat=True)}
    named = [one for one in sandbox.objects["payment_intent"].values() if one["metadata"].get("gift") in gifts]
    assert {one["id"] for one in named if one["status"] == "succeeded"} <= set(booked)
    theirs = {one["metadata"].get("gift"): one["status"] for one in sandbox.objects["subscription"].values()}
    ours = Gift.objects.exclude(subscription_status="").values_list("pk", "subscription_status")
    assert {str(key): status for key, status in ours} == {key: theirs[key] for key in theirs if key in gifts}
