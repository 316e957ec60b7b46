"""What was lost between Stripe and us is found by comparing the books, told, and put right once."""

import logging
from datetime import UTC, date, datetime, timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from donations import ledger
from donations import reconcile as reconciling
from donations.management.commands.reconcile_stripe import moment
from donations.models import Dispute, Gift, Inspection, Payment, Refund, SentMail, WebhookEvent
from donations.reconcile import Sum, reconcile
from donations.stripe_gateway import Gateway, StripeNotAllowed, StripeUnavailable
from donations.totals import totals
from tests.donations.factories import make_campaign, make_gift, make_payment
from tests.donations.giving import deliver, everything, give, give_monthly, intent_of, open_page, subscription_of

pytestmark = pytest.mark.django_db


def campaign_now(**fields):
    return make_campaign(starts=date(2026, 1, 1), ends=None, **fields)


def run(*, fix=True, days=35, later=timedelta()):
    now = timezone.now() + later
    return reconcile(now - timedelta(days=days), fix=fix, now=now)


def lose(client, sandbox):
    """Nothing that Stripe has to say arrives."""
    sandbox.deliver(post=lambda body, header: 200)


def raised(gift):
    return totals(gift.campaign, timezone.now()).raised


def abouts(report):
    return {drift.about for drift in report.drift}


def fixes(sandbox):
    """Puts everything right; True where nothing remains and a second run finds nothing and writes nothing."""
    report = run()
    before = everything()
    again = run()
    assert (report.remaining, again.drift, again.remaining) == (0, [], 0)
    assert everything() == before
    return bool(report.drift)


# --- Lost messages ---------------------------------------------------------------------------------------------------


def test_a_gift_of_which_no_message_came_is_told_and_booked_only_with_fix(client, sandbox):
    gift = give(sandbox, campaign=campaign_now(), amount=2500)
    sandbox.capture()
    lose(client, sandbox)
    before = everything()
    report = run(fix=False)
    assert abouts(report) == {intent_of(sandbox, gift), f"gift {gift.pk}"}
    assert all(drift.done == "not booked" for drift in report.drift)
    assert (report.remaining, raised(gift), everything()) == (4, 0, before)  # two objects, gross and fees
    assert fixes(sandbox)
    assert (raised(gift), Payment.objects.get().fee, SentMail.objects.count()) == (2500, 103, 1)
    assert run(fix=False).remaining == 0


def test_where_every_message_came_nothing_differs_and_no_version_moves(client, sandbox):
    gift = give(sandbox, campaign=campaign_now(), amount=2500)
    give_monthly(sandbox, campaign=gift.campaign)
    sandbox.capture()
    sandbox.refund(intent_of(sandbox, gift), amount=500)
    deliver(client, sandbox)
    before = everything()
    assert (run().drift, everything()) == ([], before)


def test_renewals_failures_and_an_end_that_were_lost_are_found(client, sandbox):
    gift = give_monthly(sandbox, campaign=campaign_now(), amount=1000)
    deliver(client, sandbox)
    sandbox.next_month(subscription_of(sandbox, gift))
    sandbox.next_month(subscription_of(sandbox, gift), succeeds=False)
    sandbox.capture()
    lose(client, sandbox)
    assert fixes(sandbox)
    late = Gift.objects.get()
    assert (raised(gift), late.status, late.open_amount) == (2000, "past_due", 1000)
    assert sorted(SentMail.objects.values_list("kind", flat=True)) == ["failing", "receipt", "renewal_receipt"]
    sandbox.cancel(subscription_of(sandbox, gift))
    lose(client, sandbox)
    assert fixes(sandbox)
    assert Gift.objects.get().status == "ended"


@pytest.mark.parametrize("succeeds", [True, False])
def test_the_lost_end_of_an_old_bank_debit_is_found_by_our_own_row(client, sandbox, succeeds):
    sandbox.clock = timezone.now() - timedelta(days=40)
    gift = give(sandbox, campaign=campaign_now(), method="bank_debit")
    deliver(client, sandbox)
    sandbox.settle(intent_of(sandbox, gift), succeeds=succeeds)
    lose(client, sandbox)
    assert fixes(sandbox)
    assert Payment.objects.get().status == ("succeeded" if succeeds else "failed")


def test_a_refund_of_an_old_gift_in_the_dashboard_is_found(client, sandbox):
    sandbox.clock = timezone.now() - timedelta(days=400)
    gift = give(sandbox, campaign=make_campaign(starts=date(2025, 1, 1), ends=None), amount=5000)
    deliver(client, sandbox)
    sandbox.clock = None
    sandbox.refund(intent_of(sandbox, gift), amount=1500)
    lose(client, sandbox)
    assert fixes(sandbox)
    assert raised(gift) == 3500


def test_a_refund_that_has_moved_nothing_yet_is_found_and_so_is_its_end(client, sandbox):
    gift = give(sandbox, campaign=campaign_now(), amount=5000, card="4000000000007726")
    deliver(client, sandbox)
    refund = sandbox.refund(intent_of(sandbox, gift), amount=1500)
    lose(client, sandbox)
    assert fixes(sandbox)
    assert (Refund.objects.get().status, raised(gift)) == ("pending", 3500)
    sandbox.finish_refund(refund["id"])
    sandbox.fail_refund(refund["id"])
    lose(client, sandbox)
    assert fixes(sandbox)
    assert (Refund.objects.get().status, raised(gift)) == ("failed", 5000)


def test_a_refund_that_fails_after_the_time_asked_for_is_found(client, sandbox):
    sandbox.clock = timezone.now() - timedelta(days=50)
    gift = give(sandbox, campaign=campaign_now(), amount=5000)
    refund = sandbox.refund(intent_of(sandbox, gift))
    deliver(client, sandbox)
    sandbox.clock = None
    sandbox.fail_refund(refund["id"])
    lose(client, sandbox)
    assert fixes(sandbox)
    assert raised(gift) == 5000


def test_disputes_and_inquiries_that_were_lost_are_found(client, sandbox):
    campaign = campaign_now()
    disputed, asked = (give(sandbox, campaign=campaign, amount=6000) for _ in range(2))
    deliver(client, sandbox)
    dispute = sandbox.dispute(intent_of(sandbox, disputed))
    inquiry = sandbox.dispute(intent_of(sandbox, asked), inquiry=True)
    lose(client, sandbox)
    assert fixes(sandbox)
    assert (Dispute.objects.count(), raised(disputed)) == (2, 6000)
    sandbox.close_dispute(dispute["id"], won=True)
    sandbox.close_dispute(inquiry["id"])
    lose(client, sandbox)
    assert fixes(sandbox)
    assert set(Dispute.objects.values_list("status", flat=True)) == {"won", "warning_closed"}
    assert raised(disputed) == 12000


def test_fees_that_came_after_thirty_days_are_found(client, sandbox):
    sandbox.clock = timezone.now() - timedelta(days=60)
    give(sandbox, campaign=campaign_now())
    deliver(client, sandbox)
    assert run().remaining == 0  # unknown at Stripe too is no difference
    sandbox.clock = None
    sandbox.capture()
    lose(client, sandbox)
    assert fixes(sandbox)
    assert Payment.objects.get().fee == 103


def test_a_page_that_expired_unheard_is_an_abandoned_gift(client, sandbox):
    gift = open_page(campaign=campaign_now())
    Gift.objects.update(session_status="open")
    assert run().drift == []
    sandbox.expire(gift.session_id)
    lose(client, sandbox)
    assert fixes(sandbox)
    assert Gift.objects.get().status == "expired"


def test_a_page_that_we_never_stored_and_that_was_paid_is_found(client, sandbox):
    gift = give(sandbox, stored=False, campaign=campaign_now())
    lose(client, sandbox)
    assert fixes(sandbox)
    booked = Gift.objects.get()
    assert (booked.session_id, booked.session_status, booked.status) == (gift.session_id, "complete", "given")


def test_two_paid_pages_and_a_second_gift_of_one_person_settle_in_one_run(client, sandbox):
    gift = open_page(campaign=campaign_now(), amount=1500)
    first = gift.session_id
    gift.next_attempt()
    for session in (first, Gateway().create_session(gift).id):
        sandbox.pay(session)
    give(sandbox, campaign=gift.campaign, donor=gift.donor, amount=700)
    lose(client, sandbox)
    assert fixes(sandbox)
    assert raised(gift) == 3700


# --- Undelivered messages --------------------------------------------------------------------------------------------


def test_a_message_that_was_never_delivered_is_taken_in_once(client, sandbox):
    gift = give(sandbox, campaign=campaign_now())
    deliver(client, sandbox, drop={"payment_intent.succeeded"})
    (lost,) = [event for event in sandbox.events if event["type"] == "payment_intent.succeeded"]
    assert run().drift == []  # it may be on its way
    later = timedelta(minutes=6)
    told = run(fix=False, later=later)
    assert (abouts(told), told.remaining) == ({lost["id"]}, 1)
    (taken,) = run(later=later).drift
    assert (taken.about, taken.done, taken.remains) == (lost["id"], "taken in: booked", False)
    event = WebhookEvent.objects.get(event_id=lost["id"])
    assert (event.state, event.gift_id, event.object_id) == ("processed", gift.pk, intent_of(sandbox, gift))
    before = everything()
    assert (run(later=later).drift, everything()) == ([], before)


# --- Money of others -------------------------------------------------------------------------------------------------


def test_money_of_which_no_message_told_is_listed_for_staff_once(client, sandbox):
    mug = sandbox.sell(1200)
    member = sandbox.subscribe(900)
    sandbox.capture()
    sandbox.pay_out(5000)
    lose(client, sandbox)
    told = run(fix=False)
    assert (len(told.drift), told.remaining, WebhookEvent.objects.count()) == (2, 2, 0)
    assert fixes(sandbox)
    listed = WebhookEvent.objects.unattributed()
    assert {event.payment_intent_id for event in listed} == set(sandbox.objects["payment_intent"]) > {mug["id"]}
    assert {event.type for event in listed} == {"reconcile_stripe"}
    report = run()
    assert report.looked_at["payments that name no gift"] == 2
    assert report.sums == [Sum("USD", "fees", 121, 0, 121), Sum("USD", "gross", 2100, 0, 2100)]
    assert "Left alone, for they are no gifts: 1 of payout." in report.notes
    assert not Payment.objects.exists()
    assert member["id"] in sandbox.objects["subscription"]


def test_what_staff_gave_a_gift_agrees_from_then_on(client, sandbox):
    mug = sandbox.sell(1200)
    sandbox.capture()
    lose(client, sandbox)
    run()
    ledger.attribute(mug["id"], make_gift(campaign=campaign_now(), amount=1200), now=timezone.now())
    before = everything()
    report = run()
    assert (report.drift, report.remaining, everything()) == ([], 0, before)
    assert report.sums[1] == Sum("USD", "gross", 1200, 1200, 0)


def test_a_second_subscription_of_a_gift_is_listed_until_it_ended_though_no_message_told(client, sandbox):
    gift = give_monthly(sandbox, campaign=campaign_now(), amount=1000)
    deliver(client, sandbox)
    second = sandbox.subscribe(1000, metadata={"gift": str(gift.pk)})
    lose(client, sandbox)
    told = run(fix=False)
    assert second["id"] in abouts(told)
    assert not WebhookEvent.objects.second_subscriptions().exists()
    assert fixes(sandbox)
    assert [event.object_id for event in WebhookEvent.objects.second_subscriptions()] == [second["id"]]
    assert raised(gift) == 2000
    sandbox.cancel(second["id"])
    lose(client, sandbox)
    assert fixes(sandbox)
    assert not WebhookEvent.objects.second_subscriptions().exists()
    assert Gift.objects.get().status == "active"


def test_stopping_a_gift_stops_a_second_subscription_that_only_a_comparison_found(client, sandbox):
    gift = give_monthly(sandbox, campaign=campaign_now(), amount=1000)
    deliver(client, sandbox)
    second = sandbox.subscribe(1000, metadata={"gift": str(gift.pk)})
    lose(client, sandbox)
    run()
    ledger.stop(Gift.objects.get(), now=timezone.now())
    assert {given["status"] for given in sandbox.objects["subscription"].values()} == {"canceled"}
    assert sandbox.objects["subscription"][second["id"]]["ended_at"] is not None


# --- The sums --------------------------------------------------------------------------------------------------------


def test_the_sums_are_those_of_everything_that_moved(client, sandbox):
    campaign = campaign_now()
    gift, other = (give(sandbox, campaign=campaign, amount=10000) for _ in range(2))
    sandbox.capture()
    sandbox.refund(intent_of(sandbox, gift), amount=2500)
    sandbox.fail_refund(sandbox.refund(intent_of(sandbox, gift), amount=100)["id"])
    sandbox.dispute(intent_of(sandbox, other), amount=4000)
    deliver(client, sandbox)
    report = run()
    assert report.sums == [
        Sum("USD", "fees", 320 * 2 + 1500, 320 * 2 + 1500),
        Sum("USD", "gross", 20000, 20000),
        Sum("USD", "reversed", 6500, 6500),
    ]
    assert (report.remaining, report.notes) == (0, [])


def test_what_settles_in_another_currency_is_compared_by_its_fees_alone_and_that_is_said(client, sandbox):
    sandbox.habits.settles_in, sandbox.habits.rate = "eur", "0.90"
    gift = give(sandbox, campaign=campaign_now(), amount=10000)
    sandbox.capture()
    sandbox.refund(intent_of(sandbox, gift), amount=2500)
    sandbox.dispute(intent_of(sandbox, gift), amount=4000)
    deliver(client, sandbox)
    report = run()
    assert report.sums == [Sum("EUR", "fees", 291 + 1500, 291 + 1500)]
    assert [note.partition(" cannot")[0] for note in report.notes] == ["1 charge", "1 refund", "1 dispute"]
    assert report.remaining == 0


def test_what_began_before_the_time_asked_for_is_left_out_of_the_sums_and_that_is_said(client, sandbox):
    sandbox.clock = timezone.now() - timedelta(days=20)
    gift = give(sandbox, campaign=campaign_now(), amount=6000)
    dispute = sandbox.dispute(intent_of(sandbox, gift))
    sandbox.clock = None
    sandbox.close_dispute(dispute["id"], won=True)
    deliver(client, sandbox)
    report = run(days=10)
    assert (report.sums, report.remaining) == ([], 0)
    assert report.notes[0].startswith("1 dispute cannot be compared by sums: began before")


def test_a_payment_that_stripe_does_not_know_is_a_difference_that_remains(client, sandbox):
    give(sandbox, campaign=campaign_now(), amount=2500)
    sandbox.capture()
    deliver(client, sandbox)
    invented = make_payment(gift=make_gift(status="given"), amount=900, charge_id="ch_no", given_at=timezone.now())
    report = run()
    (drift,) = report.drift
    assert (drift.about, drift.remains) == (invented.remote_id, True)
    assert "No such payment_intent" in drift.done
    assert [each.difference for each in report.sums] == [-103, -900]
    assert report.remaining == 3


def test_payments_of_the_other_mode_and_offline_ones_are_nobodys_business(client, sandbox):
    make_payment(livemode=True, charge_id="ch_live", status="succeeded", given_at=timezone.now())
    make_payment(channel="cheque", amount=700, given_at=timezone.now())
    assert (run().drift, run().sums) == ([], [])


# --- A Stripe with less --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [404, 403])
def test_without_its_lists_our_own_open_rows_are_compared_and_the_rest_is_named(client, sandbox, status):
    gift = give(sandbox, campaign=campaign_now(), method="bank_debit")
    deliver(client, sandbox)
    sandbox.settle(intent_of(sandbox, gift))
    lose(client, sandbox)
    sandbox.habits.endpoints, sandbox.habits.missing = "needed", status
    report = run()
    assert (report.remaining, report.sums, Payment.objects.get().status) == (0, [], "succeeded")
    assert list(report.unasked) == [
        "balance transactions",
        "PaymentIntents",
        "refunds",
        "disputes",
        "subscriptions",
        "sessions",
        "undelivered events",
    ]


@pytest.mark.parametrize("status", [404, 403])
def test_without_its_lists_a_lost_renewal_is_found_by_its_subscription(client, sandbox, status):
    gift = give_monthly(sandbox, campaign=campaign_now(), amount=1000)
    deliver(client, sandbox)
    sandbox.next_month(subscription_of(sandbox, gift))
    lose(client, sandbox)
    sandbox.habits.endpoints, sandbox.habits.missing = "needed", status
    assert (run(fix=False).remaining, raised(gift)) == (1, 1000)
    assert fixes(sandbox)
    assert (raised(gift), SentMail.objects.filter(kind="renewal_receipt").count()) == (2000, 1)


def test_a_thing_that_cannot_be_asked_about_keeps_no_other_from_being_booked(client, sandbox):
    campaign = campaign_now()
    gifts = [give(sandbox, campaign=campaign, amount=amount) for amount in (1000, 2000)]
    lose(client, sandbox)
    broken = intent_of(sandbox, gifts[0])
    sandbox.fail_next(times=3, status=500, path=f"payment_intents/{broken}")  # two tries again, then it is given up
    report = run()
    assert [drift.about for drift in report.drift if drift.remains] == [broken]
    assert raised(gifts[0]) == 3000  # its page led to it all the same
    assert run().drift == []


def test_a_stripe_that_is_down_ends_the_run(client, sandbox, settings):
    settings.STRIPE_API_BASE = "http://127.0.0.1:9"
    with pytest.raises(StripeUnavailable):
        run()


def test_a_wrong_key_ends_the_run(sandbox, settings):
    settings.STRIPE_SECRET_KEY = "sk_test_wrong_0123456789"
    with pytest.raises(StripeNotAllowed):
        run()


# --- By hand and by night --------------------------------------------------------------------------------------------


def test_by_hand_it_prints_what_differs_and_ends_with_an_error(client, sandbox, capsys):
    gift = give(sandbox, campaign=campaign_now(), amount=2500, name="Ann Poe")
    sandbox.capture()
    lose(client, sandbox)
    with pytest.raises(CommandError, match="4 differences were found; --fix puts right what can be"):
        call_command("reconcile_stripe")
    told = capsys.readouterr().out
    row = next(line for line in told.splitlines() if line.startswith(intent_of(sandbox, gift)))
    assert "amount 2500" in row
    assert row.endswith(" not booked")
    assert "nothing" in row
    assert "Ann Poe" not in told
    assert gift.donor.email not in told
    call_command("reconcile_stripe", "--since", "12h", "--fix")
    assert "booked" in capsys.readouterr().out
    call_command("reconcile_stripe", "--fix")
    assert capsys.readouterr().out.endswith("Our books say what Stripe's say.\n")


@pytest.mark.parametrize("missing", ["balance_transactions", "payment_intents"])
def test_by_hand_without_a_list_of_all_payments_it_says_so_and_ends_with_an_error(sandbox, missing):
    sandbox.fail_next(status=403, path=missing)
    with pytest.raises(CommandError, match=r"1 of Stripe's lists could not be had\. A payment may be missing"):
        call_command("reconcile_stripe", "--fix")
    assert Inspection.objects.get().blind


def test_by_hand_without_another_list_it_claims_no_more_than_it_asked(sandbox, capsys):
    sandbox.fail_next(status=404, path="disputes")
    call_command("reconcile_stripe", "--fix")
    told = capsys.readouterr().out
    assert "Stripe's list of disputes cannot be had" in told
    assert told.endswith("\nWhat could be asked agrees; 1 of Stripe's lists could not be had.\n")
    assert not Inspection.objects.get().blind


def test_the_moment_to_look_back_to():
    now = datetime(2026, 11, 24, 9, tzinfo=UTC)
    assert moment("12h", now) == now - timedelta(hours=12)
    assert moment("35d", now) == now - timedelta(days=35)
    assert moment("2026-10-01", now) == timezone.make_aware(datetime(2026, 10, 1))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no time to look back to"),
        ("35", "no time to look back to"),
        ("35 days", "no time to look back to"),
        ("2026-13-01", "no time to look back to"),
        ("-3d", "no time to look back to"),
        ("99999999999d", "no time to look back to"),
        ("0d", "is not in the past"),
        ("2027-01-01", "is not in the past"),
    ],
)
def test_what_is_no_moment_is_refused_with_what_to_write(text, words):
    with pytest.raises(CommandError, match=f"{words}.*Write hours as 12h, days as 35d, or a day as 2026-10-01"):
        moment(text, datetime(2026, 11, 24, 9, tzinfo=UTC))


def test_without_a_key_by_hand_says_so_and_by_night_nothing_happens(settings):
    settings.STRIPE_SECRET_KEY = ""
    assert reconciling.nightly() is None
    with pytest.raises(CommandError, match="Giving is switched off"):
        call_command("reconcile_stripe")


def test_by_night_what_differed_is_put_right_and_logged(client, sandbox, caplog):
    gift = give(sandbox, campaign=campaign_now(), amount=2500)
    lose(client, sandbox)
    with caplog.at_level(logging.WARNING):
        reconciling.nightly()
    assert raised(gift) == 2500
    assert f"Our books differed from Stripe's: {intent_of(sandbox, gift)}" in caplog.text


def test_by_night_a_stripe_that_does_not_answer_is_logged(sandbox, settings, caplog):
    settings.STRIPE_SECRET_KEY = "sk_test_wrong_0123456789"
    assert reconciling.nightly() is None
    assert "could not be held against Stripe's to the end: StripeNotAllowed 401\n" in caplog.text


def test_by_night_that_a_payment_may_be_missing_is_logged(sandbox, caplog):
    sandbox.fail_next(status=404, path="disputes")
    reconciling.nightly()
    assert caplog.text == ""
    sandbox.fail_next(status=403, path="payment_intents")
    reconciling.nightly()
    assert "A payment may be missing in our books, for Stripe's lists cannot be had: PaymentIntents\n" in caplog.text


def test_by_night_sums_that_differ_are_logged(client, sandbox, caplog):
    invented = make_payment(gift=make_gift(status="given"), amount=900, charge_id="ch_no", given_at=timezone.now())
    reconciling.nightly()
    assert f"{invented.remote_id}: Stripe says nothing" in caplog.text
    assert (
        "Our sums differ from Stripe's: USD gross since then, in minor units: Stripe says 0; we have 900"
        in caplog.text
    )
