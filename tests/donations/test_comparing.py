"""Comparing what we have with what Stripe says, and writing only what differs."""

from datetime import UTC, datetime

import pytest

from donations import ledger
from donations.attribution import Hint, of_intent
from donations.models import Gift, Payment, SentMail
from donations.stripe_gateway import Gateway
from tests.donations.factories import make_gift
from tests.donations.giving import deliver, everything, give, give_monthly, intent_of, subscription_of

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)


def compare(intent, *, fix):
    gateway = Gateway()
    return ledger.compare(of_intent(intent, gateway), gateway=gateway, now=NOW, fix=fix)


def test_what_we_never_heard_of_is_told_and_not_written(sandbox):
    gift = give(sandbox, amount=2500)
    before = everything()
    told = {change.about: change for change in compare(intent_of(sandbox, gift), fix=False)}
    assert set(told) == {intent_of(sandbox, gift), f"gift {gift.pk}"}
    payment = told[intent_of(sandbox, gift)]
    assert (payment.had, payment.says["amount"], payment.says["status"]) == ({}, 2500, "succeeded")
    assert told[f"gift {gift.pk}"] == ledger.Change(f"gift {gift.pk}", {"status": "given"}, {"status": "begun"})
    assert everything() == before


def test_with_fix_it_is_written_once_and_then_nothing_is(sandbox):
    gift = give(sandbox, amount=2500)
    assert compare(intent_of(sandbox, gift), fix=True)
    assert (Payment.objects.count(), SentMail.objects.count()) == (1, 1)
    assert Gift.objects.get().version == 1
    before = everything()
    assert compare(intent_of(sandbox, gift), fix=True) == []
    assert everything() == before


def test_only_the_columns_that_differ_are_told(client, sandbox):
    gift = give(sandbox, amount=2500)
    refund = sandbox.refund(intent_of(sandbox, gift), amount=700)
    deliver(client, sandbox)
    sandbox.fail_refund(refund["id"])
    assert compare(intent_of(sandbox, gift), fix=True) == [
        ledger.Change(refund["id"], {"status": "failed"}, {"status": "succeeded"})
    ]


def test_a_monthly_gift_is_compared_with_its_subscription(client, sandbox):
    gift = give_monthly(sandbox)
    deliver(client, sandbox)
    key = subscription_of(sandbox, gift)
    sandbox.cancel(key)
    (change,) = ledger.compare(Hint(gift.pk, subscription=key), gateway=Gateway(), now=NOW, fix=False)
    assert (change.had["status"], change.says["status"], change.had["ended_at"]) == ("active", "ended", None)


def test_a_receipt_that_was_taken_back_is_not_sent(sandbox, django_capture_on_commit_callbacks):
    gift = give(sandbox)
    with django_capture_on_commit_callbacks() as callbacks:
        compare(intent_of(sandbox, gift), fix=False)
    assert callbacks == []
    assert not SentMail.objects.exists()


def test_money_of_no_gift_cannot_be_compared(sandbox):
    with pytest.raises(ledger.NotBooked, match="names no gift of ours"):
        ledger.compare(Hint(None), gateway=Gateway(), now=NOW, fix=True)


def test_a_gift_that_moves_meanwhile_is_asked_about_again(sandbox, monkeypatch):
    gift = give(sandbox)
    honest, others = Gateway.refunds, iter([ledger.book])

    def slow(self, intent_id):
        for book in others:
            book(of_intent(intent_id, Gateway()), gateway=Gateway(), now=NOW)
        return honest(self, intent_id)

    monkeypatch.setattr(Gateway, "refunds", slow)
    assert compare(intent_of(sandbox, gift), fix=True) == []
    assert (Gift.objects.get().version, make_gift().version) == (1, 0)
