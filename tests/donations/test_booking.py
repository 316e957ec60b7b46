"""What Stripe says becomes rows, whatever the order and number of its messages."""

import itertools
from datetime import UTC, date, datetime, timedelta

import pytest
from django.utils import timezone

from donations import ledger
from donations.attribution import of_intent
from donations.models import Dispute, Gift, Payment, Refund, SentMail, WebhookEvent
from donations.stripe_gateway import Gateway
from donations.totals import totals
from tests.donations.factories import make_campaign, make_donor, make_gift, make_payment
from tests.donations.giving import (
    books,
    deliver,
    give,
    give_monthly,
    intent_of,
    only_payment,
    open_page,
    poster,
    subscription_of,
)

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)


def campaign_now(**fields):
    """A campaign without an end, so that what the sandbox does today is in its window."""
    return make_campaign(starts=date(2026, 1, 1), ends=None, **fields)


def book_intent(intent, *, gateway):
    return ledger.book(of_intent(intent, gateway), gateway=gateway, now=NOW)


def fresh(gift):
    return Gift.objects.select_related("campaign").get(pk=gift.pk)


# --- Given once --------------------------------------------------------------------------------------------------


def test_a_gift_by_card_is_one_payment_with_its_fee(client, sandbox):
    gift = give(sandbox, campaign=campaign_now(), amount=1999)
    sandbox.capture()
    assert set(deliver(client, sandbox)) == {200}
    payment = only_payment()
    intent = sandbox.objects["payment_intent"][intent_of(sandbox, gift)]
    charge = sandbox.objects["charge"][intent["latest_charge"]]
    assert (payment.gift_id, payment.remote_id, payment.charge_id) == (gift.pk, intent["id"], charge["id"])
    assert (payment.amount, payment.currency, payment.status, payment.livemode) == (1999, "USD", "succeeded", False)
    assert (payment.fee, payment.fee_currency, payment.method) == (88, "USD", "card")
    assert payment.given_at == datetime.fromtimestamp(charge["created"], UTC)
    assert payment.statement_descriptor == charge["calculated_statement_descriptor"] != ""
    gift = fresh(gift)
    assert (gift.status, gift.session_status) == ("given", "complete")
    assert gift.changed_at is not None
    assert totals(gift.campaign, timezone.now()).raised == 1999


def test_until_its_fee_is_known_a_payment_counts_without_it(client, sandbox):
    gift = give(sandbox, campaign=campaign_now(), amount=2500)
    deliver(client, sandbox)
    figures = totals(gift.campaign, timezone.now())
    assert (only_payment().fee, figures.raised, figures.fees, figures.fees_unknown) == (None, 2500, 0, 1)
    sandbox.capture()
    deliver(client, sandbox)
    figures = totals(gift.campaign, timezone.now())
    assert (only_payment().fee, figures.fees, figures.fees_unknown) == (103, 103, 0)


def test_the_worker_asks_again_for_fees_that_nobody_told_us(client, sandbox):
    gift = give(sandbox, campaign=campaign_now())
    deliver(client, sandbox)
    now = timezone.now().replace(minute=30)
    Payment.objects.update(confirmed_at=now)
    assert ledger.complete_fees(now) == 0
    sandbox.capture()
    assert ledger.complete_fees(now) == 1
    assert only_payment().fee == 103
    assert ledger.complete_fees(now) == 0
    assert totals(gift.campaign, now).fees_unknown == 0


def test_old_payments_are_asked_about_on_the_hour_and_then_no_more(client, sandbox):
    give(sandbox, campaign=campaign_now())
    deliver(client, sandbox)
    sandbox.capture()
    came = only_payment().confirmed_at
    assert ledger.complete_fees((came + timedelta(days=31)).replace(minute=0)) == 0
    assert ledger.complete_fees((came + timedelta(days=5)).replace(minute=1)) == 0
    assert ledger.complete_fees((came + timedelta(days=5)).replace(minute=0)) == 1


def test_a_fee_that_cannot_be_asked_for_delays_no_other(client, sandbox):
    lost = make_payment(gift=make_gift(status="given"), fee=None, entered_at=timezone.now())
    give(sandbox, campaign=campaign_now())
    deliver(client, sandbox)
    sandbox.capture()
    assert ledger.complete_fees(timezone.now()) == 1
    assert Payment.objects.get(pk=lost.pk).fee is None


def test_the_thank_you_page_books_before_any_message_came(client, sandbox):
    gift = give(sandbox, campaign=campaign_now())
    ledger.book_session(fresh(gift), now=timezone.now())
    assert (only_payment().status, fresh(gift).status) == ("succeeded", "given")
    before = books(gift)
    deliver(client, sandbox)
    assert books(gift) == before


def test_an_open_page_counts_for_nothing(client, sandbox):
    gift = open_page(campaign=campaign_now())
    ledger.book_session(gift, now=NOW)
    assert not Payment.objects.exists()
    assert (fresh(gift).status, fresh(gift).session_status) == ("begun", "open")


def test_a_declined_card_is_a_failed_payment_and_the_giver_may_try_another(client, sandbox):
    gift = open_page(campaign=campaign_now())
    with pytest.raises(Exception, match="declined"):
        sandbox.pay(gift.session_id, card="4000000000000002")
    deliver(client, sandbox)
    assert (only_payment().status, fresh(gift).status) == ("failed", "begun")
    assert not SentMail.objects.exists()
    sandbox.pay(gift.session_id)
    deliver(client, sandbox)
    assert (only_payment().status, fresh(gift).status) == ("succeeded", "given")


def test_a_page_that_expires_is_an_abandoned_gift(client, sandbox):
    gift = open_page(campaign=campaign_now())
    sandbox.expire(gift.session_id)
    deliver(client, sandbox)
    assert fresh(gift).status == "expired"
    assert not Payment.objects.exists()


def test_an_older_page_of_the_gift_says_nothing_about_it(client, sandbox):
    older = open_page(campaign=campaign_now())
    Gift.objects.filter(pk=older.pk).update(session_id=None)
    gift = Gift.objects.get(pk=older.pk)
    gift.next_attempt()
    newer = Gateway().create_session(gift)
    Gift.objects.filter(pk=gift.pk).update(session_id=newer.id)
    sandbox.pay(newer.id)
    sandbox.expire(older.session_id)
    assert set(deliver(client, sandbox, shuffle=1)) == {200}
    assert (fresh(gift).session_id, fresh(gift).status) == (newer.id, "given")


# --- Bank debits ---------------------------------------------------------------------------------------------------


def test_a_bank_debit_is_pending_until_it_succeeds(client, sandbox):
    gift = give(sandbox, campaign=campaign_now(), amount=30000, method="bank_debit")
    deliver(client, sandbox)
    figures = totals(gift.campaign, timezone.now())
    assert (figures.raised, figures.pending, figures.supporters) == (0, 30000, 0)
    assert (only_payment().status, fresh(gift).status) == ("pending", "processing")
    assert not SentMail.objects.exists()
    given_at = only_payment().given_at
    sandbox.settle(intent_of(sandbox, gift))
    deliver(client, sandbox)
    figures = totals(gift.campaign, timezone.now())
    assert (figures.raised, figures.pending, figures.supporters) == (30000, 0, 1)
    assert (only_payment().given_at, SentMail.objects.count()) == (given_at, 1)


def test_a_bank_debit_that_fails_was_never_raised(client, sandbox):
    gift = give(sandbox, campaign=campaign_now(), amount=30000, method="bank_debit")
    deliver(client, sandbox)
    sandbox.settle(intent_of(sandbox, gift), succeeds=False)
    deliver(client, sandbox)
    figures = totals(gift.campaign, timezone.now())
    assert (figures.raised, figures.pending) == (0, 0)
    assert (only_payment().status, fresh(gift).status) == ("failed", "failed")


# --- Reversals -----------------------------------------------------------------------------------------------------


def test_refunds_in_parts_are_rows(client, sandbox):
    gift = give(sandbox, campaign=campaign_now(), amount=25000)
    for amount in (5000, 2500):
        sandbox.refund(intent_of(sandbox, gift), amount=amount)
    deliver(client, sandbox)
    assert sorted(Refund.objects.values_list("amount", "status")) == [(2500, "succeeded"), (5000, "succeeded")]
    assert totals(gift.campaign, timezone.now()).raised == 17500


def test_a_refund_that_fails_later_gives_the_amount_back_to_the_bar(client, sandbox):
    gift = give(sandbox, campaign=campaign_now(), amount=4000)
    refund = sandbox.refund(intent_of(sandbox, gift))
    deliver(client, sandbox)
    assert totals(gift.campaign, timezone.now()).raised == 0
    sandbox.fail_refund(refund["id"])
    deliver(client, sandbox)
    assert totals(gift.campaign, timezone.now()).raised == 4000
    assert (only_payment().status, Refund.objects.get().status) == ("succeeded", "failed")


def test_a_refund_by_staff_is_booked_with_its_reason_and_only_once(client, sandbox):
    give(sandbox, campaign=campaign_now(), amount=4000)
    deliver(client, sandbox)
    for _ in range(2):  # the button pressed twice
        ledger.refund(only_payment(), amount=1500, reason="Given twice", key="form-1", now=NOW)
    refund = Refund.objects.get()
    assert (refund.amount, refund.reason, refund.status) == (1500, "Given twice", "succeeded")
    deliver(client, sandbox)
    assert Refund.objects.count() == 1
    with pytest.raises(ledger.NotBooked, match=r"\$25.01 of .* cannot be given back. Up to \$25.00 can be given back"):
        ledger.refund(only_payment(), amount=2501, reason="", key="form-2", now=NOW)


@pytest.mark.parametrize(("won", "raised"), [(False, 0), (True, 6000)])
def test_a_dispute_takes_the_money_until_it_is_won(client, sandbox, won, raised):
    gift = give(sandbox, campaign=campaign_now(), amount=6000)
    dispute = sandbox.dispute(intent_of(sandbox, gift))
    deliver(client, sandbox)
    assert totals(gift.campaign, timezone.now()).raised == 0
    sandbox.close_dispute(dispute["id"], won=won)
    deliver(client, sandbox)
    figures = totals(gift.campaign, timezone.now())
    assert (figures.raised, figures.dispute_fees, figures.received) == (raised, 1500, 6000)
    assert Dispute.objects.get().status == ("won" if won else "lost")


def settle_in_euro(sandbox, dispute):
    for row in dispute["balance_transactions"]:
        row["currency"] = "eur"
        row["amount"] = row["amount"] * 9 // 10


@pytest.mark.parametrize(("won", "raised"), [(False, 0), (True, 6000)])
def test_a_dispute_that_moves_another_currency_takes_all_of_it_or_nothing(client, sandbox, won, raised):
    gift = give(sandbox, campaign=campaign_now(), amount=6000)
    dispute = sandbox.dispute(intent_of(sandbox, gift))
    sandbox.close_dispute(dispute["id"], won=won)
    settle_in_euro(sandbox, dispute)
    deliver(client, sandbox)
    figures = totals(gift.campaign, timezone.now())
    assert (figures.raised, figures.dispute_fees) == (raised, 0)
    assert figures.fees_unknown == 2  # the payment's, not captured here, and the dispute's, in euro
    assert (Dispute.objects.get().fee, Dispute.objects.get().fee_currency) == (1500, "EUR")


def test_an_inquiry_that_moves_nothing_takes_nothing(client, sandbox):
    gift = give(sandbox, campaign=campaign_now(), amount=6000)
    dispute = sandbox.dispute(intent_of(sandbox, gift))
    dispute["balance_transactions"].clear()
    dispute["status"] = "warning_needs_a_crystal_ball"  # statuses keep growing
    deliver(client, sandbox)
    assert totals(gift.campaign, timezone.now()).raised == 6000
    assert Dispute.objects.get().status == "warning_needs_a_crystal_ball"


def test_what_once_succeeded_stays_whatever_stripe_says_later(client, sandbox):
    gift = give(sandbox, campaign=campaign_now(), amount=2500)
    deliver(client, sandbox)
    before = books(gift)
    intent = sandbox.objects["payment_intent"][intent_of(sandbox, gift)]
    intent |= {"status": "requires_payment_method", "amount_received": 0}
    ledger.book_session(fresh(gift), now=NOW)
    assert books(gift) == before


def test_what_came_in_is_booked_not_what_was_asked_for(client, sandbox):
    gift = give(sandbox, campaign=campaign_now(), amount=2500)
    sandbox.objects["payment_intent"][intent_of(sandbox, gift)]["amount_received"] = 2400
    deliver(client, sandbox)
    assert only_payment().amount == 2400


# --- Monthly -------------------------------------------------------------------------------------------------------


def test_a_monthly_gift_is_active_with_its_first_payment(client, sandbox):
    gift = give_monthly(sandbox, campaign=campaign_now(), amount=1500)
    sandbox.capture()
    assert set(deliver(client, sandbox)) == {200}
    subscription = sandbox.objects["subscription"][subscription_of(sandbox, gift)]
    gift = fresh(gift)
    assert (gift.status, gift.stripe_subscription, gift.monthly_amount) == ("active", subscription["id"], 1500)
    assert gift.anchor == datetime.fromtimestamp(subscription["billing_cycle_anchor"], UTC)
    assert gift.stripe_customer == subscription["customer"]
    payment = only_payment()
    assert (payment.amount, payment.status, payment.fee) == (1500, "succeeded", 74)
    assert payment.invoice_id == subscription["latest_invoice"]
    figures = totals(gift.campaign, timezone.now())
    assert (figures.raised, figures.active, figures.run_rate) == (1500, 1, 1500)


def test_renewals_are_payments_of_the_same_gift(client, sandbox):
    gift = give_monthly(sandbox, campaign=campaign_now(), amount=1500)
    for month in range(1, 4):
        sandbox.clock = datetime.now(UTC) + timedelta(days=31 * month)
        sandbox.next_month(subscription_of(sandbox, gift))
    deliver(client, sandbox)
    assert list(Payment.objects.values_list("amount", "gift")) == [(1500, gift.pk)] * 4
    assert Payment.objects.values("invoice_id").distinct().count() == 4
    assert sorted(SentMail.objects.values_list("kind", flat=True)) == ["receipt"] + 3 * ["renewal_receipt"]
    assert fresh(gift).status == "active"


def test_a_renewal_is_found_through_its_invoice_though_its_payment_names_no_gift(client, sandbox):
    gift = give_monthly(sandbox, campaign=campaign_now())
    deliver(client, sandbox)
    sandbox.next_month(subscription_of(sandbox, gift))
    renewal = [event for event in sandbox.events if event["type"] == "payment_intent.succeeded"][-1]
    assert renewal["data"]["object"]["metadata"] == {}
    others = {event["id"] for event in sandbox.events if event["id"] != renewal["id"]}
    assert deliver(client, sandbox, drop=others) == [200]
    assert Payment.objects.count() == 2


def test_without_the_right_to_look_invoices_up_the_invoices_own_message_books_it(client, sandbox, monkeypatch):
    gift = give_monthly(sandbox, campaign=campaign_now())
    monkeypatch.setattr(Gateway, "invoices_of_intent", lambda self, intent_id: [])
    sandbox.capture()
    assert set(deliver(client, sandbox)) == {200}
    assert (only_payment().gift_id, fresh(gift).status) == (gift.pk, "active")
    assert not WebhookEvent.objects.unattributed().exists()


def test_a_renewal_that_fails_is_at_risk_until_it_is_paid(client, sandbox):
    campaign = make_campaign(starts=date(2026, 1, 1), ends=date(2099, 12, 31))
    gift = give_monthly(sandbox, campaign=campaign, amount=1000)
    sandbox.next_month(subscription_of(sandbox, gift), succeeds=False)
    deliver(client, sandbox)
    gift = fresh(gift)
    assert (gift.status, gift.open_amount) == ("past_due", 1000)
    figures = totals(campaign, timezone.now())
    assert (figures.raised, figures.active, figures.run_rate) == (1000, 0, 0)
    assert figures.at_risk > 1000
    assert figures.projected == 1000
    assert sorted(Payment.objects.values_list("status", flat=True)) == ["failed", "succeeded"]


def test_a_monthly_gift_that_is_stopped_gives_no_more_and_keeps_what_it_gave(client, sandbox):
    gift = give_monthly(sandbox, campaign=campaign_now(), amount=1500)
    deliver(client, sandbox)
    ledger.stop(fresh(gift), now=NOW)
    gift = fresh(gift)
    assert gift.status == "ended"
    assert gift.ended_at is not None
    figures = totals(gift.campaign, timezone.now())
    assert (figures.raised, figures.active, figures.run_rate) == (1500, 0, 0)
    before = books(gift)
    deliver(client, sandbox)
    assert books(gift) == before
    assert ledger.stop(fresh(gift), now=NOW) is True  # a second press is no error


def test_a_gift_that_has_not_begun_cannot_be_stopped(sandbox):
    with pytest.raises(ledger.NotBooked, match="nothing to stop"):
        ledger.stop(make_gift(frequency="monthly"), now=NOW)


@pytest.mark.parametrize(
    ("change", "status", "active"),
    [
        ({"pause_collection": {"behavior": "void", "resumes_at": None}}, "paused", 0),
        ({"cancel_at": 1893456000, "cancel_at_period_end": True}, "active", 1),
        ({"status": "unpaid"}, "past_due", 0),
        ({"status": "trialing"}, "unclear", 0),
        ({"status": "a_status_of_next_year"}, "unclear", 0),
    ],
)
def test_what_a_subscription_says_is_what_the_gift_is(client, sandbox, change, status, active):
    gift = give_monthly(sandbox, campaign=campaign_now(), amount=1500)
    sandbox.objects["subscription"][subscription_of(sandbox, gift)] |= change
    deliver(client, sandbox)
    assert (fresh(gift).status, totals(gift.campaign, timezone.now()).active) == (status, active)


def test_a_subscription_of_another_rhythm_is_in_no_projection(client, sandbox):
    gift = give_monthly(sandbox, campaign=campaign_now(), amount=1500)
    item = sandbox.objects["subscription"][subscription_of(sandbox, gift)]["items"]["data"][0]
    item["price"]["recurring"]["interval_count"] = 3
    deliver(client, sandbox)
    assert (fresh(gift).status, fresh(gift).monthly_amount) == ("active", None)
    assert totals(gift.campaign, timezone.now()).run_rate == 0


def test_an_invoice_paid_outside_stripe_is_no_money(client, sandbox):
    gift = give_monthly(sandbox, campaign=campaign_now(), amount=1500)
    sandbox.next_month(subscription_of(sandbox, gift), succeeds=False)
    subscription = sandbox.objects["subscription"][subscription_of(sandbox, gift)]
    Gateway().v1.invoices.pay(subscription["latest_invoice"], {"paid_out_of_band": True})
    deliver(client, sandbox)
    assert totals(gift.campaign, timezone.now()).raised == 1500
    assert fresh(gift).status == "active"


def test_a_second_monthly_gift_of_a_person_is_accepted_and_seen(client, sandbox):
    campaign, donor = campaign_now(), make_donor()
    begun = timezone.now()
    give_monthly(sandbox, campaign=campaign, donor=donor, begun_at=begun)
    second = give_monthly(sandbox, campaign=campaign, donor=donor, begun_at=begun + timedelta(minutes=1))
    deliver(client, sandbox)
    assert list(Gift.objects.duplicates()) == [second]


# --- Any order, any number ---------------------------------------------------------------------------------------


def histories(sandbox):
    """A gift with much that happened to it, by name."""

    def refunded_and_disputed():
        gift = give(sandbox, campaign=campaign_now(), amount=10000)
        sandbox.fail_refund(sandbox.refund(intent_of(sandbox, gift), amount=1000)["id"])
        sandbox.refund(intent_of(sandbox, gift), amount=2500)
        sandbox.close_dispute(sandbox.dispute(intent_of(sandbox, gift), amount=3000)["id"], won=False)
        return gift

    def failed_debit():
        gift = give(sandbox, campaign=campaign_now(), amount=10000, method="bank_debit")
        sandbox.settle(intent_of(sandbox, gift), succeeds=False)
        return gift

    def monthly():
        gift = give_monthly(sandbox, campaign=campaign_now(), amount=10000)
        sandbox.next_month(subscription_of(sandbox, gift))
        sandbox.next_month(subscription_of(sandbox, gift), succeeds=False)
        return gift

    def monthly_and_over():
        gift = give_monthly(sandbox, campaign=campaign_now(), amount=10000, method="bank_debit")
        invoice = sandbox.objects["subscription"][subscription_of(sandbox, gift)]["latest_invoice"]
        sandbox.settle(Gateway().intents_of_invoice(invoice)[0])
        sandbox.cancel(subscription_of(sandbox, gift))
        return gift

    return {
        "refunded and disputed": refunded_and_disputed,
        "failed debit": failed_debit,
        "monthly": monthly,
        "monthly and over": monthly_and_over,
    }


def start_over(gift):
    """Forget all that was booked, as if no message had come yet."""
    SentMail.objects.all().delete()
    for model in (Refund, Dispute, WebhookEvent, Payment):
        model.objects.all().delete()
    Gift.objects.filter(pk=gift.pk).update(
        status="begun", version=0, session_status="", stripe_subscription=None, stripe_customer=None, anchor=None,
        subscription_status="", monthly_amount=None, open_amount=0, ended_at=None, cancel_at=None,
    )  # fmt: skip


def test_the_first_payment_is_greeted_as_such_though_a_later_one_is_booked_before_it(client, sandbox):
    gift = give_monthly(sandbox, campaign=campaign_now())
    sandbox.next_month(subscription_of(sandbox, gift))
    post = poster(client)
    first, second = (event for event in sandbox.events if event["type"] == "invoice.paid")
    assert [post(*sandbox.signed(event)) for event in (second, first)] == [200, 200]
    kinds = dict(SentMail.objects.values_list("payment__invoice_id", "kind"))
    assert kinds == {
        first["data"]["object"]["id"]: "receipt",
        second["data"]["object"]["id"]: "renewal_receipt",
    }


@pytest.mark.parametrize("name", ["refunded and disputed", "failed debit", "monthly", "monthly and over"])
def test_any_order_and_number_of_messages_books_the_same(client, sandbox, name):
    gift = histories(sandbox)[name]()
    sandbox.capture()
    events, post = list(sandbox.events), poster(client)
    for event in events:
        assert post(*sandbox.signed(event)) == 200
    in_order = books(gift)
    assert in_order["payments"]
    for shuffle in range(2):
        start_over(gift)
        for event, status in sandbox_again(sandbox, events, post, repeat=2, shuffle=shuffle):
            assert status == 200, event["type"]
        assert books(gift) == in_order


def sandbox_again(sandbox, events, post, **kwargs):
    for event in events:
        sandbox.account.deliveries[event["id"]]["state"] = "unaddressed"
    return sandbox.deliver(post=post, **kwargs)


@pytest.mark.parametrize("order", list(itertools.permutations(["payment_intent", "checkout.session", "refund"])))
def test_messages_overtake_each_other_while_things_still_happen(client, sandbox, order):
    gift = give(sandbox, campaign=campaign_now(), amount=10000)
    refund = sandbox.refund(intent_of(sandbox, gift), amount=1000)
    early = {event["data"]["object"]["object"]: event for event in sandbox.events}
    post = poster(client)
    assert post(*sandbox.signed(early[order[0]])) == 200
    sandbox.capture()
    sandbox.fail_refund(refund["id"])
    for kind in order[1:]:
        assert post(*sandbox.signed(early[kind])) == 200  # an old message, of what is no longer so
    figures = totals(gift.campaign, timezone.now())
    assert (figures.raised, figures.net) == (10000, 10000 - 320)


class Interrupted(Gateway):
    """Stripe, which takes so long to answer that other bookings come in between."""

    def __init__(self, *meanwhile):
        super().__init__()
        self.meanwhile = list(meanwhile)

    def refunds(self, intent_id):
        answer = super().refunds(intent_id)
        if self.meanwhile:
            self.meanwhile.pop(0)()
        return answer


def test_a_booking_that_was_overtaken_asks_again(client, sandbox):
    gift = give(sandbox, campaign=campaign_now(), amount=10000)
    intent = intent_of(sandbox, gift)

    def another_process():
        sandbox.refund(intent, amount=4000)
        book_intent(intent, gateway=Gateway())

    book_intent(intent, gateway=Interrupted(another_process))
    assert totals(gift.campaign, timezone.now()).raised == 6000
    assert (Refund.objects.count(), SentMail.objects.count()) == (1, 1)


def test_a_slow_answer_never_overwrites_a_newer_one(client, sandbox):
    gift = give(sandbox, campaign=campaign_now(), amount=10000)
    intent = intent_of(sandbox, gift)
    refund = sandbox.refund(intent, amount=4000)

    def another_process():
        sandbox.fail_refund(refund["id"])
        book_intent(intent, gateway=Gateway())

    book_intent(intent, gateway=Interrupted(another_process))
    assert Refund.objects.get().status == "failed"
    assert totals(gift.campaign, timezone.now()).raised == 10000


def test_a_gift_that_keeps_moving_is_left_for_later(client, sandbox):
    gift = give(sandbox, campaign=campaign_now(), amount=10000)
    intent = intent_of(sandbox, gift)

    def another_process():
        book_intent(intent, gateway=Gateway())

    with pytest.raises(ledger.GiftKeptMoving, match="booked by others 5 times"):
        book_intent(intent, gateway=Interrupted(*[another_process] * 5))
    assert SentMail.objects.count() == 1


# --- Receipts ------------------------------------------------------------------------------------------------------


def test_one_payment_owes_one_receipt_whatever_is_replayed(client, sandbox):
    gift = give(sandbox, campaign=campaign_now())
    deliver(client, sandbox, repeat=3)
    ledger.book_session(fresh(gift), now=NOW)
    mail = SentMail.objects.get()
    assert (mail.kind, mail.key, mail.gift_id, mail.payment) == (
        "receipt",
        str(mail.payment_id),
        gift.pk,
        only_payment(),
    )


def test_a_receipt_is_owed_exactly_when_its_payment_is_written(client, sandbox):
    gift = give(sandbox, campaign=campaign_now())
    dispute = sandbox.dispute(intent_of(sandbox, gift))
    dispute["amount"] = 0  # the last row of the same transaction is refused by the database
    assert 500 in deliver(client, sandbox)
    assert (Payment.objects.count(), SentMail.objects.count()) == (0, 0)
    dispute["amount"] = 2500
    assert set(deliver(client, sandbox)) == {200}
    assert (Payment.objects.count(), SentMail.objects.count()) == (1, 1)


# --- Money that names no gift of ours ------------------------------------------------------------------------------


def test_unattributed_money_can_be_given_a_gift(client, sandbox):
    stranger = give(sandbox, campaign=campaign_now(), amount=7000)
    intent = sandbox.objects["payment_intent"][intent_of(sandbox, stranger)]
    intent["metadata"] = {}
    ours = {event["id"] for event in sandbox.events if event["type"].startswith("checkout.")}
    assert set(deliver(client, sandbox, drop=ours)) == {200}
    assert not Payment.objects.exists()
    event = WebhookEvent.objects.unattributed().get(type="payment_intent.succeeded")
    gift = make_gift(campaign=campaign_now(), amount=7000)
    ledger.attribute(event.payment_intent_id, gift, now=NOW)
    assert (only_payment().gift, totals(gift.campaign, timezone.now()).raised) == (gift, 7000)
    assert not WebhookEvent.objects.unattributed().exists()
    with pytest.raises(ledger.NotBooked, match="is booked for gift"):
        ledger.attribute(event.payment_intent_id, make_gift(), now=NOW)


@pytest.mark.parametrize("currency", ["ISK", "EUR"])
def test_money_in_another_currency_than_the_gifts_is_not_given_to_it(client, sandbox, currency):
    stranger = give(sandbox, campaign=campaign_now(), amount=7000)
    key = intent_of(sandbox, stranger)
    sandbox.objects["payment_intent"][key] |= {"metadata": {}, "currency": currency.lower()}
    with pytest.raises(ledger.NotBooked, match=f"This money is in {currency} and the gift in USD"):
        ledger.attribute(key, make_gift(campaign=campaign_now(), amount=7000), now=NOW)
    assert not Payment.objects.exists()
