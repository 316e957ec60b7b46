"""How a campaign came to where it stands: days and months add up to the figures, monthly gifts join and leave once."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from donations.course import Day, Membership, days, membership, months
from donations.totals import totals
from tests.donations.factories import make_campaign, make_gift, make_payment, make_refund

pytestmark = pytest.mark.django_db
NEW_YORK = ZoneInfo("America/New_York")
NOW = datetime(2026, 3, 20, 12, tzinfo=NEW_YORK)


def at(month, day, hour=9, year=2026, minute=0):
    return datetime(year, month, day, hour, minute, tzinfo=NEW_YORK)


def pay(campaign, amount, given_at, **fields):
    return make_payment(gift=make_gift(campaign=campaign, status="given"), amount=amount, given_at=given_at, **fields)


def monthly(campaign, *, since, ended_at=None, status="active", paid=(), **fields):
    status = "ended" if ended_at else status
    gift = make_gift(
        campaign=campaign,
        frequency="monthly",
        amount=1000,
        monthly_amount=1000,
        status=status,
        anchor=since,
        ended_at=ended_at,
        **fields,
    )
    for given_at in paid:
        make_payment(gift=gift, amount=1000, given_at=given_at)
    return gift


def test_each_day_tells_what_came_once_and_monthly_and_what_was_raised_so_far():
    campaign = make_campaign(goal=3_650_000)
    make_refund(payment=pay(campaign, 5000, at(1, 2)), amount=2000)
    monthly(campaign, since=at(1, 2), paid=[at(1, 2), at(2, 2)])
    pay(campaign, 700, at(2, 2, 23, minute=59))
    rows = days(campaign, NOW)
    assert rows == [
        Day(day=date(2026, 1, 2), once=3000, monthly=1000, payments=2, so_far=4000, on_track=20_000),
        Day(day=date(2026, 2, 2), once=700, monthly=1000, payments=2, so_far=5700, on_track=330_000),
        Day(day=date(2026, 3, 20), once=0, monthly=0, payments=0, so_far=5700, on_track=rows[-1].on_track),
    ]


def test_the_latest_day_is_where_the_figures_stand():
    campaign = make_campaign()
    pay(campaign, 5000, at(1, 2))
    figures, latest = totals(campaign, NOW), days(campaign, NOW)[-1]
    assert (latest.day, latest.so_far, latest.on_track) == (date(2026, 3, 20), figures.raised, figures.on_track)


def test_after_its_last_day_a_campaign_stands_still():
    campaign = make_campaign(ends=date(2026, 1, 31), goal=1000)
    latest = days(campaign, NOW)[-1]
    assert (latest.day, latest.on_track) == (date(2026, 1, 31), 1000)
    assert [row.first for row in membership(campaign, NOW)] == [date(2026, 1, 1)]


def test_before_its_first_day_there_is_nothing_to_tell():
    campaign = make_campaign(starts=date(2026, 6, 1))
    assert days(campaign, NOW) == months(campaign, [], NOW) == membership(campaign, NOW) == []


def test_without_goal_or_end_there_is_no_pace():
    assert days(make_campaign(ends=None), NOW)[-1].on_track is None
    assert days(make_campaign(goal=None), NOW)[-1].on_track is None


def test_months_add_up_their_days_and_none_is_left_out():
    campaign = make_campaign()
    pay(campaign, 5000, at(1, 2))
    pay(campaign, 300, at(1, 31, 23, minute=59))
    monthly(campaign, since=at(3, 1), paid=[at(3, 1, 0)])
    rows = months(campaign, days(campaign, NOW), NOW)
    assert [(row.first, row.once, row.monthly, row.together, row.payments) for row in rows] == [
        (date(2026, 1, 1), 5300, 0, 5300, 2),
        (date(2026, 2, 1), 0, 0, 0, 0),
        (date(2026, 3, 1), 0, 1000, 1000, 1),
    ]
    assert sum(row.together for row in rows) == totals(campaign, NOW).raised


def test_monthly_gifts_join_when_first_charged_and_leave_when_they_end():
    campaign = make_campaign()
    monthly(campaign, since=at(1, 31, 23, minute=59))
    monthly(campaign, since=at(2, 1, 0), status="past_due")
    monthly(campaign, since=at(2, 3), status="paused")
    monthly(campaign, since=at(1, 5), ended_at=at(2, 28, 23, minute=59))
    monthly(campaign, since=at(1, 5), ended_at=at(3, 1, 0))
    assert membership(campaign, NOW) == [
        Membership(date(2026, 1, 1), joined=3, left=0, going_on=3),
        Membership(date(2026, 2, 1), joined=2, left=1, going_on=4),
        Membership(date(2026, 3, 1), joined=0, left=1, going_on=3),
    ]


def test_a_gift_that_nothing_was_charged_for_neither_joins_nor_leaves():
    campaign = make_campaign()
    for status in ("begun", "expired", "failed", "unclear"):
        make_gift(campaign=campaign, frequency="monthly", status=status)
    monthly(campaign, since=at(1, 5), livemode=True)
    assert {(row.joined, row.left, row.going_on) for row in membership(campaign, NOW)} == {(0, 0, 0)}


def test_gifts_of_the_campaign_before_go_on_without_joining_again():
    before = make_campaign(starts=date(2025, 1, 1), ends=date(2025, 12, 31))
    monthly(before, since=at(11, 30, year=2025))
    monthly(before, since=at(11, 30, year=2025), ended_at=at(12, 31, 23, year=2025))
    monthly(before, since=at(12, 31, 23, year=2025), ended_at=at(1, 1, 0))
    campaign = make_campaign(follows=before)
    assert [(row.joined, row.left, row.going_on) for row in membership(campaign, NOW)] == [
        (0, 1, 1),
        (0, 0, 1),
        (0, 0, 1),
    ]
    assert membership(before, NOW)[-1] == Membership(date(2025, 12, 1), joined=1, left=1, going_on=2)


def test_months_are_those_of_the_campaigns_zone_whatever_its_hours():
    campaign = make_campaign(timezone="Asia/Kathmandu")
    for minute, joined in ((14, 1), (15, 2)):  # midnight there is a quarter past six in the evening of UTC
        monthly(campaign, since=datetime(2026, 1, 31, 18, minute, tzinfo=UTC))
        assert membership(campaign, NOW)[1].joined == joined - 1


def test_the_whole_course_costs_three_queries(django_assert_num_queries):
    campaign = make_campaign()
    monthly(campaign, since=at(1, 5), paid=[at(1, 5)])
    with django_assert_num_queries(3):
        months(campaign, days(campaign, NOW), NOW)
        membership(campaign, NOW)
