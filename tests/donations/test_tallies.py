"""The kept sums equal the rows: after every step of whatever happens, and when two things happen at once."""

import os
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from io import StringIO

import hypothesis
import pytest
from django.core.management import CommandError, call_command
from hypothesis import given
from hypothesis import strategies as st

from cms.tasks import tend_tallies
from donations import ledger, offline
from donations.models import Campaign, DayTally, Payment, Refund, Tally
from donations.tallies import count_missing, differences, kept, recount
from donations.totals import counted, public_totals, raised_by_day
from tests.donations.factories import (
    NOON,
    make_campaign,
    make_dispute,
    make_donor,
    make_gift,
    make_payment,
    make_refund,
    make_user,
)
from tests.donations.giving import give, intent_of

pytestmark = pytest.mark.django_db


def all_differences():
    return [difference for campaign in Campaign.objects.all() for difference in differences(campaign)]


# --- Whatever happens --------------------------------------------------------------------------------------------

EDGES = [  # of the windows below, in New York and on Kiritimati
    datetime(2026, 1, 1, 4, 59, 59, tzinfo=UTC),
    datetime(2026, 1, 1, 5, tzinfo=UTC),
    datetime(2026, 3, 8, 7, tzinfo=UTC),  # clocks go forward
    datetime(2026, 11, 1, 5, 30, tzinfo=UTC),  # clocks go back
    datetime(2026, 12, 31, 10, tzinfo=UTC),
    datetime(2027, 1, 1, 4, 59, 59, 999999, tzinfo=UTC),
    datetime(2027, 1, 1, 5, tzinfo=UTC),
    datetime(2027, 6, 1, tzinfo=UTC),
]
moments, amounts, numbers = st.sampled_from(EDGES), st.integers(1, 5000), st.integers(0, 50)
STRIPES = [status for status in Refund.Status.values if status != Refund.Status.PROPOSED]  # of a card's refund
states = st.sampled_from(["open", "pending", "succeeded", "failed", "canceled"])
steps = st.one_of(
    st.tuples(
        st.just("give"), numbers, numbers, st.sampled_from(["once", "monthly"]), st.sampled_from(["USD", "EUR"])
    ),
    st.tuples(st.just("pay"), numbers, states, amounts, moments, st.sampled_from([None, False, True])),
    st.tuples(st.just("pay again"), numbers, states, amounts, moments),
    st.tuples(st.just("refund"), numbers, amounts, st.sampled_from(STRIPES)),
    st.tuples(st.just("refund again"), numbers, st.sampled_from(STRIPES)),
    st.tuples(st.just("dispute"), numbers, st.sampled_from([0, 1, 700, 5000]), st.sampled_from(["USD", "EUR"])),
    st.tuples(st.just("dispute again"), numbers, st.sampled_from([0, 1, 700, 5000])),
    st.tuples(st.just("edit"), numbers, moments, st.one_of(st.none(), st.integers(0, 400))),
    st.tuples(st.just("unchain")),
    st.tuples(st.just("chain")),
)


class History:
    """Three campaigns, two of them in a chain, and three people; each step is one thing that may happen."""

    def __init__(self):
        self.first = make_campaign()
        self.second = make_campaign(starts=date(2027, 1, 1), ends=None, follows=self.first)
        away = make_campaign(timezone="Pacific/Kiritimati", ends=None)
        self.campaigns, self.people = [self.first, self.second, away], [make_donor() for _ in range(3)]
        self.gifts, self.payments, self.refunds, self.disputes = [], [], [], []
        self.clock = NOON

    def step(self, what, *facts):
        self.clock += timedelta(seconds=1)
        getattr(self, what.replace(" ", "_"))(*facts)

    @contextmanager
    def writing(self, gift):
        with kept(gift):
            yield
            type(gift).objects.filter(pk=gift.pk).update(changed_at=self.clock)

    def give(self, campaign, donor, frequency, currency):
        who = {"campaign": self.campaigns[campaign % 3], "donor": self.people[donor % 3]}
        self.gifts.append(make_gift(**who, frequency=frequency, currency=currency))

    def pay(self, gift, status, amount, given_at, live):
        if not self.gifts:
            return
        gift = self.gifts[gift % len(self.gifts)]
        fields = {"status": status, "amount": amount, "given_at": given_at, "currency": gift.currency}
        if live is None and status in ("pending", "succeeded", "canceled"):
            self.payments.append(make_payment(gift=gift, channel="cheque", **fields))
        else:
            self.payments.append(make_payment(gift=gift, livemode=bool(live), **fields))

    def pay_again(self, payment, status, amount, given_at):
        """Stripe tells otherwise: a debit arrives, a charge has another time than its PaymentIntent."""
        payment = self.payments and self.payments[payment % len(self.payments)]
        if payment and payment.channel == "stripe":
            confirmed = {"confirmed_at": NOON if status == "succeeded" else None}
            with self.writing(payment.gift):
                rows = Payment.objects.filter(pk=payment.pk)
                rows.update(status=status, amount=amount, given_at=given_at, fee=None, **confirmed)

    def refund(self, payment, amount, status):
        if self.payments:
            payment = self.payments[payment % len(self.payments)]
            self.refunds.append(make_refund(payment=payment, amount=amount, status=status))

    def refund_again(self, refund, status):
        if self.refunds:
            refund = self.refunds[refund % len(self.refunds)]
            with self.writing(refund.payment.gift):
                type(refund).objects.filter(pk=refund.pk).update(status=status)

    def dispute(self, payment, moved, currency):
        if self.payments:
            payment = self.payments[payment % len(self.payments)]
            self.disputes.append(make_dispute(payment=payment, moved=moved, fee_currency=currency))

    def dispute_again(self, dispute, moved):
        if self.disputes:
            dispute = self.disputes[dispute % len(self.disputes)]
            with self.writing(dispute.payment.gift):
                type(dispute).objects.filter(pk=dispute.pk).update(moved=moved)

    def edit(self, campaign, starts, days):
        campaign = self.campaigns[campaign % 3]
        campaign.starts = starts.date()
        campaign.ends = None if days is None else starts.date() + timedelta(days=days)
        campaign.save()

    def unchain(self):
        self.second.follows = None
        self.second.save()

    def chain(self):
        self.second.follows = self.first
        self.second.save()


@hypothesis.settings(deadline=None, max_examples=int(os.environ.get("RANDOM_SUMS", "4")))
@given(st.lists(steps, min_size=8, max_size=16))
def test_the_sums_equal_the_rows_after_every_step_of_any_history(history):
    told = History()
    for campaign in range(3):  # somebody gave to each, so that there is something to happen to
        told.give(campaign, campaign, "once", "USD")
        told.pay(campaign, "succeeded", 2500, NOON, False)
    for step in history:
        told.step(*step)
        assert [difference for campaign in told.campaigns for difference in differences(campaign)] == []


# --- Through the doors by which money comes in -------------------------------------------------------------------


def test_a_gift_through_stripe_moves_the_sums_in_its_own_booking(sandbox, api, now):
    gift = give(sandbox, amount=2500)
    ledger.book_session(gift, now=now)
    assert Tally.objects.get(campaign=gift.campaign, livemode=False).raised == 2500
    api.refunds.create(params={"payment_intent": intent_of(sandbox, gift), "amount": 700})
    ledger.book_session(gift, now=now + timedelta(minutes=1))
    figures = public_totals(gift.campaign)
    assert (figures.raised, figures.supporters, figures.changed_at) == (1800, 1, now + timedelta(minutes=1))
    assert all_differences() == []


def test_a_booking_that_changes_nothing_writes_no_sums(sandbox, now, django_assert_num_queries):
    gift = give(sandbox)
    ledger.book_session(gift, now=now)
    before = list(Tally.objects.values()), list(DayTally.objects.values())
    with django_assert_num_queries(3 + 2), kept(gift):  # the gift, its payments twice; two savepoints
        pass
    ledger.book_session(gift, now=now + timedelta(days=1))
    assert (list(Tally.objects.values()), list(DayTally.objects.values())) == before


def test_a_booking_that_is_taken_back_takes_its_sums_back(sandbox, now, monkeypatch):
    gift = give(sandbox)
    monkeypatch.setattr(ledger.booking, "write_gift", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        ledger.book_session(gift, now=now)
    assert (public_totals(gift.campaign).raised, all_differences()) == (0, [])


def test_a_cheque_moves_the_sums_of_both_modes_from_promise_to_bounce(now):
    campaign, ann, ben = make_campaign(), make_user(), make_user()
    entry = offline.Entry(amount=5000, channel="cheque", given_on=date(2026, 10, 1), email="reader@example.org")
    payment = offline.enter(campaign, entry, by=ann, now=now)
    tallies = Tally.objects.filter(campaign=campaign)
    assert list(tallies.values_list("promised", "raised", "supporters")) == [(5000, 0, 0)] * 2
    offline.confirm(payment, by=ben, now=now)
    assert list(tallies.values_list("promised", "raised", "supporters")) == [(0, 5000, 1)] * 2
    bounced = offline.propose_reversal(payment, amount=5000, seen=5000, reason="It bounced.", by=ben, now=now)
    assert list(tallies.values_list("reversed", "raised", "supporters")) == [(0, 5000, 1)] * 2
    offline.confirm_reversal(bounced, by=ann, now=now)
    assert list(tallies.values_list("received", "raised", "supporters")) == [(5000, 0, 0)] * 2
    assert all_differences() == []


def test_a_promise_that_is_withdrawn_is_promised_no_longer(now):
    campaign = make_campaign()
    entry = offline.Entry(amount=5000, channel="bank", given_on=date(2026, 10, 1))
    payment = offline.enter(campaign, entry, by=make_user(), now=now)
    offline.withdraw(payment, now=now)
    assert list(Tally.objects.filter(campaign=campaign).values_list("promised", flat=True)) == [0, 0]
    assert all_differences() == []


# --- People and days ---------------------------------------------------------------------------------------------


def test_who_takes_the_last_cent_back_supports_no_longer_unless_by_another_gift():
    campaign, donor = make_campaign(), make_donor()
    one, other = (make_payment(gift=make_gift(campaign=campaign, donor=donor, status="given")) for _ in range(2))
    make_refund(payment=one)
    assert public_totals(campaign).supporters == 1
    last = make_refund(payment=other)
    assert public_totals(campaign).supporters == 0
    with kept(other.gift):
        Refund.objects.filter(pk=last.pk).update(status="failed")
    assert public_totals(campaign).supporters == 1


def test_each_day_of_the_campaigns_zone_has_its_own_sum():
    campaign = make_campaign()
    late = datetime(2026, 10, 2, 3, 59, tzinfo=UTC)  # 1 October, 23:59 in New York
    make_payment(gift=make_gift(campaign=campaign, status="given"), given_at=late)
    monthly = make_gift(campaign=campaign, frequency="monthly", status="begun")
    make_payment(gift=monthly, amount=500, given_at=late)
    make_payment(gift=monthly, amount=700, given_at=late + timedelta(minutes=1))
    make_refund(payment=make_payment(gift=make_gift(campaign=campaign, status="given"), given_at=late))
    assert raised_by_day(campaign) == {
        date(2026, 10, 1): {"once": 2500, "monthly": 500, "payments": 2},
        date(2026, 10, 2): {"once": 0, "monthly": 700, "payments": 1},
    }


# --- Counting anew -----------------------------------------------------------------------------------------------


def test_other_days_of_a_campaign_are_counted_at_once():
    campaign = make_campaign()
    make_payment(gift=make_gift(campaign=campaign, status="given"), given_at=datetime(2026, 10, 1, 12, tzinfo=UTC))
    campaign.starts = date(2026, 10, 2)
    campaign.save()
    assert (public_totals(campaign).raised, raised_by_day(campaign)) == (0, {})
    campaign.starts = date(2026, 10, 1)
    campaign.save()
    assert public_totals(campaign).raised == 2500


def test_a_campaign_that_begins_to_follow_counts_what_was_given_before_and_so_do_its_own_followers():
    first = make_campaign()
    second = make_campaign(starts=date(2027, 1, 1), ends=date(2027, 12, 31))
    third = make_campaign(starts=date(2028, 1, 1), ends=None, follows=second)
    gift = make_gift(campaign=first, frequency="monthly", status="begun")
    for year in (2026, 2027, 2028):
        make_payment(gift=gift, given_at=datetime(year, 2, 1, tzinfo=UTC))
    assert [public_totals(campaign).raised for campaign in (first, second, third)] == [2500, 0, 0]
    second.follows = first
    second.save()
    assert [public_totals(campaign).raised for campaign in (first, second, third)] == [2500, 2500, 2500]
    assert all_differences() == []


def test_words_of_a_campaign_are_changed_without_counting(django_assert_max_num_queries):
    campaign = make_campaign()
    campaign.title = "Another"
    with django_assert_max_num_queries(6):  # its unit, before and after, the row, a savepoint's two
        campaign.save()


def test_where_no_sums_are_kept_the_rows_are_counted_until_migrate_keeps_them():
    payment = make_payment()
    campaign = payment.gift.campaign
    Tally.objects.all().delete()
    DayTally.objects.all().delete()
    make_refund(payment=payment, amount=700)
    assert (public_totals(campaign).raised, Tally.objects.count()) == (1800, 0)
    count_missing()
    assert (public_totals(campaign).raised, Tally.objects.count(), all_differences()) == (1800, 2, [])


def bend(campaign):
    Tally.objects.filter(campaign=campaign, livemode=False).update(raised=1, supporters=7)
    DayTally.objects.filter(campaign=campaign).update(once=3)


def test_the_check_names_what_differs_and_counts_it_anew_when_asked():
    campaign = make_payment().gift.campaign
    bend(campaign)
    out = StringIO()
    with pytest.raises(CommandError, match="check_tallies --fix"):
        call_command("check_tallies", stdout=out)
    assert out.getvalue().splitlines() == [
        f"{campaign}, test mode: raised is kept as 1, the rows say 2500.",
        f"{campaign}, test mode: supporters is kept as 7, the rows say 1.",
        f"{campaign}, test mode, 2026-10-01: kept are {{'once': 3, 'monthly': 0, 'payments': 1}},"
        " the rows say {'once': 2500, 'monthly': 0, 'payments': 1}.",
    ]
    with pytest.raises(CommandError, match="counted anew"):
        call_command("check_tallies", fix=True, stdout=out)
    call_command("check_tallies", stdout=out)
    assert out.getvalue().endswith("The sums of 1 campaigns are what their rows say.\n")


def test_a_sum_that_is_missing_or_too_old_is_found():
    campaign = make_payment(gift=make_gift(status="given", changed_at=NOON)).gift.campaign
    Tally.objects.filter(livemode=True).delete()
    Tally.objects.filter(livemode=False).update(changed_at=NOON - timedelta(days=1))
    old, gone = differences(campaign)
    assert old.startswith(f"{campaign}, test mode: kept as of 2026-09-30")
    assert gone == f"{campaign}: nothing is kept for live mode."


def test_the_worker_puts_wrong_sums_right_at_night_and_says_so(caplog):
    campaign = make_payment().gift.campaign
    bend(campaign)
    tend_tallies()
    assert public_totals(campaign).raised == 2500
    assert "raised is kept as 1, the rows say 2500" in caplog.text


def test_counting_anew_finds_what_bookings_kept():
    campaign = make_campaign()
    make_refund(payment=make_payment(gift=make_gift(campaign=campaign, status="given")), amount=700)
    before = Tally.objects.filter(campaign=campaign, livemode=False).values().get()
    recount(campaign)
    assert Tally.objects.filter(campaign=campaign, livemode=False).values().get() == before
    assert before["raised"] == counted(campaign, False)["raised"] == 1800
