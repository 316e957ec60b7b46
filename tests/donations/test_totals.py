"""The figures of a campaign, by example: docs/money.md tells the same stories in words."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import hypothesis
import pytest
from hypothesis import given
from hypothesis import strategies as st

from donations.charging import charges
from donations.models import Gift
from donations.totals import PublicTotals, Totals, public_totals, totals
from tests.donations.factories import (
    make_campaign,
    make_dispute,
    make_donor,
    make_gift,
    make_payment,
    make_refund,
)

pytestmark = pytest.mark.django_db
NEW_YORK = ZoneInfo("America/New_York")
NOW = datetime(2026, 10, 15, 12, tzinfo=NEW_YORK)


def at(month, day, year=2026, hour=9):
    return datetime(year, month, day, hour, tzinfo=NEW_YORK)


def card_fee(amount):
    """2.9 % + 0.30, half a cent rounded up."""
    return (29 * amount + 500) // 1000 + 30


def by_card(campaign, amount, *, gift=None, **fields):
    gift = gift or make_gift(campaign=campaign, amount=amount, status="given")
    fields = {"fee": card_fee(amount), "given_at": at(10, 1)} | fields
    return make_payment(gift=gift, amount=amount, **fields)


def monthly(campaign, amount, *, since, paid, status="active", **fields):
    gift = make_gift(
        campaign=campaign,
        amount=amount,
        frequency="monthly",
        status=status,
        anchor=since,
        monthly_amount=amount,
        **fields,
    )
    for given_at in paid:
        by_card(campaign, amount, gift=gift, given_at=given_at)
    return gift


def by_cheque(campaign, amount, *, status):
    gift = make_gift(
        campaign=campaign, amount=amount, livemode=None, status="given" if status == "succeeded" else "promised"
    )
    return make_payment(gift=gift, channel="cheque", amount=amount, status=status, given_at=at(10, 1))


def golden_campaign():
    campaign = make_campaign()
    by_card(campaign, 10000)
    make_refund(payment=by_card(campaign, 25000), amount=5000)
    make_refund(payment=by_card(campaign, 4000), status="failed")
    make_dispute(payment=by_card(campaign, 50000), status="lost")
    make_dispute(payment=by_card(campaign, 6000), status="won", moved=0)
    by_card(campaign, 30000, status="pending", fee=None, method="us_bank_account")
    monthly(campaign, 2500, since=at(8, 31), paid=[at(8, 31), at(9, 30)])
    late = monthly(campaign, 1000, since=at(9, 15), paid=[at(9, 15)], status="past_due", open_amount=1000)
    by_card(campaign, 1000, gift=late, given_at=at(10, 15), status="failed", fee=None)
    monthly(
        campaign, 1500, since=at(7, 20), paid=[at(7, 20), at(8, 20), at(9, 20)], status="ended", ended_at=at(9, 25)
    )
    by_cheque(campaign, 100000, status="succeeded")
    by_cheque(campaign, 75000, status="pending")
    by_card(campaign, 99900, livemode=True, gift=make_gift(campaign=campaign, status="given", livemode=True))
    by_card(campaign, 2000)
    return campaign


GOLDEN = Totals(
    currency="USD",
    goal=1_000_000,
    percent=15,
    raised=152_500,
    pending=30_000,
    supporters=9,
    changed_at=None,
    received=207_500,
    reversed=55_000,
    fees=3_480,
    dispute_fees=3_000,
    fees_unknown=0,
    promised=75_000,
    active=1,
    run_rate=2_500,
    projected=160_000,
    at_risk=3_000,
    on_track=787_557,
)


def test_the_year_of_a_newsroom_adds_up():
    figures = totals(golden_campaign(), NOW)
    assert figures == GOLDEN
    assert figures.net == 146_020


def test_readers_see_the_same_figures_as_staff():
    assert public_totals(golden_campaign()) == PublicTotals(
        currency="USD", goal=1_000_000, percent=15, raised=152_500, pending=30_000, supporters=9, changed_at=None
    )


def test_the_figures_of_an_appeal_cost_one_query(django_assert_num_queries):
    follower = make_campaign(starts=date(2027, 1, 1), ends=None, follows=golden_campaign())
    with django_assert_num_queries(1):
        public_totals(follower)
    with django_assert_num_queries(2):
        totals(follower, NOW)


@pytest.mark.parametrize("goal", [None, 500_000])
def test_a_campaign_goes_on_counting_the_monthly_gifts_of_the_one_before(goal):
    first = make_campaign()
    second = make_campaign(follows=first, starts=date(2027, 1, 1), ends=date(2027, 12, 31), goal=goal)
    paid = [at(8, 31), at(9, 30), at(10, 31), at(11, 30), at(12, 31), at(1, 31, 2027)]
    monthly(first, 2500, since=at(8, 31), paid=paid)
    now = datetime(2027, 2, 10, 12, tzinfo=NEW_YORK)
    assert totals(first, now).raised == 12_500
    assert totals(first, now).projected == 12_500
    assert totals(second, now).raised == 2_500
    assert totals(second, now).projected == 30_000
    assert totals(second, now).run_rate == 2_500


def test_a_chain_of_three_counts_through():
    first = make_campaign(starts=date(2025, 1, 1), ends=date(2025, 12, 31))
    second = make_campaign(follows=first)
    third = make_campaign(follows=second, starts=date(2027, 1, 1), ends=date(2027, 12, 31))
    gift = monthly(first, 500, since=at(12, 10, 2025), paid=[at(12, 10, 2025), at(1, 10), at(1, 10, 2027)])
    assert [totals(campaign, NOW).raised for campaign in (first, second, third)] == [500, 500, 500]
    by_card(third, 700, given_at=at(1, 11, 2027))
    assert [totals(campaign, NOW).raised for campaign in (first, second, third)] == [500, 500, 1200]
    assert gift.campaign == first


def test_a_chain_that_bites_its_tail_still_answers():
    first = make_campaign()
    second = make_campaign(follows=first, starts=date(2027, 1, 1), ends=None)
    type(first).objects.filter(pk=first.pk).update(follows=second)
    first.refresh_from_db()
    by_card(first, 2500)
    assert public_totals(first).raised == 2500


# --- Windows -----------------------------------------------------------------------------------------------------


def in_utc(*parts):
    return datetime(*parts, tzinfo=UTC)


@pytest.mark.parametrize(
    ("given_at", "raised"),
    [
        (in_utc(2026, 3, 8, 4, 59, 59), 0),  # 23:59:59 the day before, still winter time
        (in_utc(2026, 3, 8, 5), 2500),  # midnight, winter time
        (in_utc(2026, 11, 1, 3, 59, 59), 2500),  # still 31 October, summer time
        (in_utc(2026, 11, 2, 4, 59, 59), 2500),  # the last second, winter time again
        (in_utc(2026, 11, 2, 5), 0),  # the midnight after is no longer in it
    ],
)
def test_a_window_runs_from_local_midnight_to_local_midnight(given_at, raised):
    campaign = make_campaign(starts=date(2026, 3, 8), ends=date(2026, 11, 1))
    by_card(campaign, 2500, given_at=given_at)
    assert public_totals(campaign).raised == raised


def test_where_midnight_comes_twice_the_first_one_counts():
    # In Havana clocks went from 01:00 back to 00:00 on 1 November 2026: midnight is at 04:00 and again at 05:00 UTC.
    campaign = make_campaign(timezone="America/Havana", starts=date(2026, 11, 1), ends=None)
    assert campaign.window() == (in_utc(2026, 11, 1, 4), None)


def test_where_midnight_is_skipped_the_day_begins_with_its_first_second():
    # In Santiago clocks went from 24:00 on 5 September 2026 to 01:00 on the 6th: the 6th begins at 04:00 UTC.
    campaign = make_campaign(timezone="America/Santiago", starts=date(2026, 9, 6), ends=None)
    assert campaign.window() == (in_utc(2026, 9, 6, 4), None)


def test_a_gift_outside_the_window_is_nothing_there():
    campaign = make_campaign()
    by_card(campaign, 2500, given_at=at(12, 31, 2025))
    by_card(campaign, 2500, given_at=at(1, 1, 2027), status="pending")
    assert public_totals(campaign) == public_totals(make_campaign())


# --- What counts -------------------------------------------------------------------------------------------------


def test_a_campaign_without_gifts_has_raised_nothing():
    figures = totals(make_campaign(goal=None), NOW)
    assert (figures.raised, figures.percent, figures.supporters, figures.net) == (0, None, 0, 0)
    assert (figures.projected, figures.on_track) == (0, None)


def test_another_currency_is_not_added_up():
    campaign = make_campaign()
    gift = make_gift(campaign=campaign, currency="EUR", status="given")
    make_payment(gift=gift, currency="EUR")
    assert public_totals(campaign).raised == 0


@pytest.mark.parametrize("status", ["open", "pending", "failed", "canceled"])
def test_what_has_not_succeeded_is_not_raised(status):
    campaign = make_campaign()
    by_card(campaign, 2500, status=status)
    figures = totals(campaign, NOW)
    assert (figures.raised, figures.received, figures.supporters, figures.fees) == (0, 0, 0, 0)
    assert figures.pending == (2500 if status == "pending" else 0)


def test_a_refund_above_the_amount_takes_nothing_from_other_gifts():
    campaign = make_campaign()
    twice = by_card(campaign, 2500)
    make_refund(payment=twice, amount=2500)
    make_dispute(payment=twice, moved=2500)
    by_card(campaign, 1000)
    figures = totals(campaign, NOW)
    assert (figures.raised, figures.received, figures.reversed) == (1000, 3500, 5000)
    assert figures.net == 3500 - 5000 - card_fee(2500) - card_fee(1000) - 1500


@pytest.mark.parametrize(
    ("status", "raised"),
    [("pending", 0), ("requires_action", 0), ("succeeded", 0), ("other", 0), ("failed", 2500), ("canceled", 2500)],
)
def test_every_refund_counts_but_failed_and_cancelled_ones(status, raised):
    campaign = make_campaign()
    make_refund(payment=by_card(campaign, 2500), status=status)
    assert public_totals(campaign).raised == raised


def test_several_reversals_of_one_payment_are_added_up_once_each():
    campaign = make_campaign()
    payment = by_card(campaign, 10000)
    for amount in (1000, 2000, 500):
        make_refund(payment=payment, amount=amount)
    make_dispute(payment=payment, amount=3000, moved=3000)
    make_dispute(payment=payment, amount=1500, moved=1500)
    figures = totals(campaign, NOW)
    assert (figures.raised, figures.received, figures.reversed, figures.dispute_fees) == (2000, 10000, 8000, 3000)


def test_money_of_the_other_mode_never_counts(settings):
    campaign = make_campaign()
    by_card(campaign, 2500)
    by_card(campaign, 700, livemode=True, gift=make_gift(campaign=campaign, status="given", livemode=True))
    by_cheque(campaign, 10000, status="succeeded")
    monthly(campaign, 500, since=at(9, 1), paid=[])
    monthly(campaign, 900, since=at(9, 1), paid=[], livemode=True)
    assert (public_totals(campaign).raised, totals(campaign, NOW).run_rate) == (12500, 500)
    settings.STRIPE_LIVE = True
    assert (public_totals(campaign).raised, totals(campaign, NOW).run_rate) == (10700, 900)


def test_a_person_who_gives_twice_is_one_supporter():
    campaign, donor = make_campaign(), make_donor()
    for _ in range(2):
        by_card(campaign, 2500, gift=make_gift(campaign=campaign, donor=donor, status="given"))
    make_refund(payment=by_card(campaign, 2500))  # somebody who took everything back
    assert public_totals(campaign).supporters == 1


def test_a_scrubbed_donor_changes_no_figure():
    campaign, donor = make_campaign(), make_donor()
    by_card(campaign, 2500, gift=make_gift(campaign=campaign, donor=donor, status="given", name="Ann"))
    before = totals(campaign, NOW)
    donor.email, donor.scrubbed_at = None, NOW
    donor.save()
    Gift.objects.filter(donor=donor).update(name="")
    assert totals(campaign, NOW) == before
    assert before.supporters == 1


def test_unknown_fees_are_told_not_guessed():
    campaign = make_campaign()
    by_card(campaign, 2500, fee=None)
    by_card(campaign, 2500, fee=95, fee_currency="EUR")
    by_card(campaign, 2500, fee=0, fee_currency="")
    make_dispute(payment=by_card(campaign, 2500, fee=103), moved=0, fee=1400, fee_currency="EUR")
    figures = totals(campaign, NOW)
    assert (figures.fees, figures.dispute_fees, figures.fees_unknown) == (103, 0, 3)


def test_the_last_change_is_that_of_any_gift_that_counts():
    campaign = make_campaign()
    for day in (3, 9, 5):
        by_card(campaign, 2500, gift=make_gift(campaign=campaign, status="given", changed_at=at(10, day)))
    assert public_totals(campaign).changed_at == at(10, 9)


@hypothesis.settings(deadline=None, max_examples=15)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["open", "pending", "succeeded", "failed"]),
            st.integers(1, 5000),
            st.lists(st.tuples(st.sampled_from(["succeeded", "pending", "failed"]), st.integers(1, 6000)), max_size=3),
            st.lists(st.integers(0, 6000), max_size=2),
        ),
        max_size=5,
    )
)
def test_raised_is_what_is_left_of_each_confirmed_payment(history):
    campaign = make_campaign()
    left = []
    for status, amount, refunds, disputes in history:
        payment = by_card(campaign, amount, status=status)
        for refund_status, refunded in refunds:
            make_refund(payment=payment, status=refund_status, amount=refunded)
        for moved in disputes:
            make_dispute(payment=payment, moved=moved)
        back = sum(refunded for refund_status, refunded in refunds if refund_status != "failed") + sum(disputes)
        left += [max(0, amount - back)] if status == "succeeded" else []
    figures = totals(campaign, NOW)
    assert figures.raised == sum(left)
    assert figures.supporters == sum(bool(kept) for kept in left)
    assert figures.raised >= figures.received - figures.reversed


# --- What is to come ---------------------------------------------------------------------------------------------


def test_charges_are_counted_from_the_anchor_and_clipped_to_short_months():
    anchor = datetime(2026, 12, 31, 23, 30, tzinfo=UTC)
    dates = list(charges(anchor, datetime(2027, 6, 1, tzinfo=UTC)))
    assert [(date.month, date.day) for date in dates] == [(12, 31), (1, 31), (2, 28), (3, 31), (4, 30), (5, 31)]
    assert {(date.hour, date.minute) for date in dates} == {(23, 30)}


def test_a_charge_on_the_last_evening_of_new_york_falls_into_the_next_year_in_utc():
    campaign = make_campaign()
    monthly(campaign, 100, since=datetime(2026, 10, 1, 3, tzinfo=UTC), paid=[])  # 30 September, 23:00 there
    assert totals(campaign, NOW).projected == 300  # 1 November, December, and January 03:00 UTC, before midnight there


def test_a_gift_that_will_stop_is_projected_until_then():
    campaign = make_campaign()
    monthly(campaign, 100, since=at(9, 20), paid=[], cancel_at=in_utc(2026, 11, 20, 13))
    assert totals(campaign, NOW).projected == 100  # 20 October; it stops at the charge of 20 November


def test_paused_ended_and_odd_monthly_gifts_promise_nothing():
    campaign = make_campaign()
    monthly(campaign, 100, since=at(9, 20), paid=[], status="paused")
    monthly(campaign, 100, since=at(9, 20), paid=[], status="ended")
    make_gift(campaign=campaign, frequency="monthly", status="active", anchor=at(9, 20))  # not one price of one month
    figures = totals(campaign, NOW)
    assert (figures.active, figures.run_rate, figures.projected, figures.at_risk) == (0, 0, 0, 0)


def test_without_an_end_only_the_open_invoice_is_at_risk_and_nothing_is_projected():
    campaign = make_campaign(ends=None)
    monthly(campaign, 1000, since=at(9, 15), paid=[], status="past_due", open_amount=700)
    monthly(campaign, 2500, since=at(9, 15), paid=[at(9, 15)])
    figures = totals(campaign, NOW)
    assert (figures.raised, figures.projected, figures.on_track) == (2500, None, None)
    assert (figures.at_risk, figures.run_rate) == (700, 2500)


def test_before_its_first_day_a_campaign_counts_only_the_charges_in_its_window():
    first = make_campaign()
    second = make_campaign(follows=first, starts=date(2027, 1, 1), ends=date(2027, 3, 31))
    monthly(first, 100, since=at(9, 10), paid=[])
    monthly(first, 50, since=at(9, 10), paid=[], status="past_due", open_amount=50)
    assert totals(first, NOW).projected == 200  # November and December
    assert totals(second, NOW).projected == 300
    assert (totals(first, NOW).at_risk, totals(second, NOW).at_risk) == (150, 150)


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (at(1, 1, 2025), 0),
        (at(1, 1, hour=0), 0),
        (in_utc(2026, 1, 1, 5) + timedelta(days=365) / 2, 500_000),
        (at(1, 1, 2027, hour=0) - timedelta(microseconds=1), 999_999),
        (at(1, 1, 2027, hour=0), 1_000_000),
        (at(6, 1, 2030), 1_000_000),
    ],
)
def test_on_track_grows_evenly_with_the_seconds_of_the_window(now, expected):
    assert totals(make_campaign(), now).on_track == expected
