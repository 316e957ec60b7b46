"""Stripe's lists, walked to their ends, of nothing but what was asked for."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from donations import webhooks
from donations.sandbox import api as stand_in
from donations.stripe_gateway import Listing, StripeMissing, StripeNotAllowed
from tests.donations.sandbox_factories import begin_monthly, open_session, pay_once

BEFORE = datetime(2026, 10, 1, tzinfo=UTC)
SINCE = datetime(2026, 10, 2, tzinfo=UTC)
LISTS = ("movements", "sessions", "tried_intents", "refunded_intents", "disputed_intents")


@pytest.fixture
def two_days(api, sandbox):
    """Everything happened once before the day asked for, and once on it; the PaymentIntents of the second."""
    for day in (BEFORE, SINCE):
        sandbox.clock = day
        refunded, disputed = pay_once(api, sandbox), pay_once(api, sandbox)
        sandbox.capture()
        sandbox.refund(refunded, amount=500)
        sandbox.dispute(disputed)
        open_session(api)
    return refunded, disputed


def test_only_what_was_made_since_is_listed(two_days, sandbox):
    refunded, disputed = two_days
    stripe = Listing()
    assert stripe.tried_intents(SINCE) == [disputed, refunded]
    assert (stripe.refunded_intents(SINCE), stripe.disputed_intents(SINCE)) == ([refunded], [disputed])
    assert [session.status for session in stripe.sessions(SINCE)] == ["open", "complete", "complete"]
    moved = stripe.movements(SINCE)
    assert [(row.category, row.moved.amount, row.moved.fee, row.moved.currency) for row in moved] == [
        ("dispute", -2500, 1500, "USD"),
        ("refund", -500, 0, "USD"),
        ("charge", 2500, 103, "USD"),
        ("charge", 2500, 103, "USD"),
    ]
    assert {row.created for row in moved} == {SINCE}
    assert moved[0].source in sandbox.objects["dispute"]


def test_rows_that_were_not_asked_for_are_dropped(two_days, sandbox, monkeypatch):
    """A Stripe that ignores its filters: then the whole account arrives."""
    honest = stand_in.answer
    wanted = {name: getattr(Listing(), name)(SINCE) for name in LISTS}

    def deaf(account, *, verb, path, text, headers):
        return honest(account, verb=verb, path=path, text="limit=100", headers=headers)

    monkeypatch.setattr(stand_in, "answer", deaf)
    assert {name: getattr(Listing(), name)(SINCE) for name in LISTS} == wanted


def test_lists_are_walked_beyond_their_first_page(api, sandbox):
    sandbox.clock = SINCE
    intent = pay_once(api, sandbox, amount=50000)
    for _ in range(101):
        sandbox.refund(intent, amount=1)
    assert len(Listing().movements(SINCE)) == 101


def test_subscriptions_are_all_but_the_cancelled_ones(api, sandbox):
    over, late, ours = (begin_monthly(api, sandbox) for _ in range(3))
    sandbox.cancel(over)
    sandbox.next_month(late, succeeds=False)
    assert set(Listing().subscriptions()) == {late, ours}


def test_undelivered_events_of_more_types_than_stripe_takes_at_once(api, sandbox):
    begin_monthly(api, sandbox)
    sandbox.sell(1200)
    sandbox.deliver(post=lambda body, header: 200, drop={"customer.subscription.created", "payment_intent.succeeded"})
    types = list(webhooks.FINDERS)
    assert len(types) > 20
    found = Listing().undelivered(types, timezone.now() - timedelta(hours=1))
    assert sorted(event.type for event in found) == [
        "customer.subscription.created",
        *["payment_intent.succeeded"] * 2,
    ]
    assert found[0].object_id in sandbox.objects["subscription"] | sandbox.objects["payment_intent"]
    assert (found[0].livemode, found[0].account) == (False, "")


@pytest.mark.parametrize(("status", "kind"), [(404, StripeMissing), (403, StripeNotAllowed)])
def test_a_list_that_this_key_may_not_see_says_so(sandbox, status, kind):
    sandbox.habits.endpoints, sandbox.habits.missing = "needed", status
    for name in LISTS:
        with pytest.raises(kind):
            getattr(Listing(), name)(SINCE)
    with pytest.raises(kind):
        Listing().subscriptions()
    with pytest.raises(kind):
        Listing().undelivered(["charge.updated"], SINCE)
