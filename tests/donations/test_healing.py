"""Whatever happens, and whatever becomes of the messages about it: our figures are those of Stripe's own books.

Delivered in any order and as often as may be, messages alone make them so; where some were lost, one comparison does,
and the next writes nothing. HISTORIES says how many are tried; they are others each time where it is set.
"""

import os
import random
from contextlib import contextmanager
from datetime import date, timedelta

import hypothesis
import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from donations.models import Gift
from donations.reconcile import reconcile
from donations.sandbox.account import ApiError
from donations.sandbox.cards import Declined
from donations.sandbox.server import Sandbox
from donations.tallies import differences
from donations.totals import totals
from tests.donations.factories import make_campaign
from tests.donations.giving import deliver, everything, open_page
from tests.donations.oracle import Oracle
from tests.donations.test_sandbox_histories import CARDS, MONTHLY_CARDS, TO, newest

pytestmark = pytest.mark.django_db
HISTORIES = int(os.environ.get("HISTORIES", "10"))
PARTS = max(1, HISTORIES // 50)  # which several workers share

amounts, places, seeds = st.integers(100, 9000), st.integers(0, 5), st.integers(0, 2**16)
stored = st.sampled_from([True, True, False])
gifts = st.one_of(
    st.tuples(st.just("once"), amounts, st.sampled_from((*CARDS, "bank_debit")), stored),
    st.tuples(st.just("monthly"), amounts, st.sampled_from((*MONTHLY_CARDS, "bank_debit")), stored),
)
messages = st.tuples(st.just("tell"), seeds, st.sampled_from([1, 2]), st.sampled_from([0.0, 0.6, 1.0]))
deeds = st.one_of(
    gifts,
    st.tuples(st.sampled_from(sorted(TO)), places),
    st.tuples(st.just("refund"), places, st.integers(1, 3000)),
    st.tuples(st.just("dispute what was refunded"), places),
    st.tuples(st.just("advance"), st.integers(0, 45)),
    st.tuples(st.sampled_from(["sell", "subscribe", "capture"])),
    messages,
)
habits = st.fixed_dictionaries(
    {
        "settles_in": st.sampled_from(["", "", "eur"]),
        "rate": st.just("2"),  # so that what was settled can be told back exactly
        "captures": st.sampled_from(["soon", "late", "never"]),
        "retries_end": st.sampled_from(["past_due", "unpaid", "cancel"]),
        "uncollectible": st.booleans(),
        "dispute_fee_returned": st.booleans(),
        "debits_book_early": st.booleans(),
        "thin": st.booleans(),
        "expands": st.booleans(),
    }
)
histories = st.tuples(gifts, st.lists(deeds, min_size=3, max_size=18), messages)


class History:
    """Deeds of givers, banks and others, and what becomes of the messages about them."""

    def __init__(self, sandbox, client, *, may_lose):
        self.sandbox, self.client, self.may_lose = sandbox, client, may_lose
        self.campaign = make_campaign(starts=date(2026, 1, 1), ends=None)

    def play(self, first, deeds, last):
        for verb, *about in (first, *deeds, last):
            try:
                self.do(verb, *about)
            except (ApiError, Declined):
                continue  # it cannot happen to this one, and so it did not

    def do(self, verb, *about):
        if verb in {"once", "monthly"}:
            self.give(verb, *about)
        elif verb == "tell":
            self.tell(*about)
        elif verb == "refund":
            self.to_a("payment_intent", about[0], lambda sandbox, key: sandbox.refund(key, about[1]))
        elif verb == "dispute what was refunded":
            self.to_a("payment_intent", about[0], lambda sandbox, key: sandbox.dispute(key, refunded_too=True))
        elif verb == "advance":
            self.sandbox.advance(days=about[0])
        elif verb in TO:
            noun, deed = TO[verb]
            self.to_a(noun, about[0], deed)
        else:
            getattr(self.sandbox, verb)()

    def give(self, frequency, amount, how, stored):
        gift = open_page(stored=stored, campaign=self.campaign, amount=amount, frequency=frequency)
        self.sandbox.pay(gift.session_id, **({"method": how} if how == "bank_debit" else {"card": how}))

    def to_a(self, noun, place, deed):
        if key := newest(self.sandbox, noun, place):
            deed(self.sandbox, key)

    def tell(self, seed, repeat, lost):
        pick = random.Random(seed)
        drop = {event["id"] for event in self.sandbox.events if self.may_lose and pick.random() < lost}
        answers = deliver(self.client, self.sandbox, drop=drop, repeat=repeat, shuffle=seed)
        assert set(answers) <= {200}


@contextmanager
def a_stripe_of_its_own(settings, habits):
    """What a history leaves behind, here or there, is gone before the next."""
    settings.DEBUG = True
    sandbox = Sandbox(secret_key="sk_test_sandbox", webhook_secret="whsec_sandbox").start()
    settings.DEBUG = False
    settings.STRIPE_API_BASE, settings.STRIPE_SECRET_KEY = sandbox.url, "sk_test_sandbox"
    settings.STRIPE_WEBHOOK_SECRET, settings.STRIPE_LIVE = "whsec_sandbox", False
    for name, value in habits.items():
        setattr(sandbox.habits, name, value)
    try:
        with transaction.atomic():
            yield sandbox
            transaction.set_rollback(True)
    finally:
        sandbox.stop()


def agree(campaign, oracle, now):
    """Every figure, the sums that are kept, and how each subscription stands."""
    theirs, figures = oracle.figures(), totals(campaign, now)
    assert {name: getattr(figures, name) for name in theirs} == theirs
    assert differences(campaign) == []
    standing = {one["metadata"]["gift"]: one["status"] for one in oracle.subscriptions().values()}
    ours = Gift.objects.exclude(subscription_status="").values_list("pk", "subscription_status")
    assert {str(key): status for key, status in ours} == standing


@pytest.mark.parametrize("part", range(PARTS))
@hypothesis.settings(
    max_examples=HISTORIES // PARTS,
    deadline=None,
    derandomize="HISTORIES" not in os.environ,
    suppress_health_check=list(HealthCheck),
)
@given(habits=habits, history=histories, may_lose=st.booleans())
def test_our_figures_are_those_of_stripes_books(client, settings, part, habits, history, may_lose):
    with a_stripe_of_its_own(settings, habits) as sandbox:
        played = History(sandbox, client, may_lose=may_lose)
        played.play(*history)
        oracle, now = Oracle(sandbox), timezone.now() + timedelta(days=1)
        if not may_lose:
            agree(played.campaign, oracle, now)
        since = now - timedelta(days=3)
        assert reconcile(since, fix=True, now=now).remaining == 0
        agree(played.campaign, oracle, now)

        before = everything()
        again = reconcile(since, fix=True, now=now)
        assert (again.drift, again.remaining, everything()) == ([], 0, before)
