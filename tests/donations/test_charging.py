"""Monthly gifts looked at together bring exactly what each of them brings."""

import random
from datetime import UTC, date, datetime, timedelta

import pytest

from donations.charging import charges, number_of_charges
from donations.models import Gift
from donations.totals import totals
from tests.donations.factories import make_campaign, make_donor, make_gift

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 2, 28, 12, 0, 0, tzinfo=UTC)
HOURS = [timedelta(), timedelta(hours=4, minutes=59), timedelta(hours=5), timedelta(hours=12), timedelta(hours=23)]
INSTANTS = [timedelta(), timedelta(microseconds=1)]


def one_by_one(gifts, now, campaign):
    """As the figures are defined: each gift's own dates after `now`, inside the window and before it stops."""
    start, end = campaign.window()
    return sum(
        (gift.monthly_amount or 0)
        * sum(at > now and at >= start for at in charges(gift.anchor, min(end, gift.cancel_at or end)))
        for gift in gifts
    )


def random_gifts(campaign, pick, number=60):
    """Moments on the edges themselves and an instant beside them, on days that short months do not have."""
    donor = make_donor()
    for _ in range(number):
        day = datetime(2025, pick.choice([10, 12]), pick.choice([27, 28, 29, 30, 31]), tzinfo=UTC)
        moment = day + pick.choice(HOURS) + pick.choice(INSTANTS)
        stops = moment + timedelta(days=pick.choice([59, 90, 151])) if pick.random() < 0.2 else None
        status = pick.choice(["active", "past_due"])
        amount = pick.choice([500, 1500, None])
        make_gift(
            campaign=campaign,
            donor=donor,
            frequency="monthly",
            status=status,
            anchor=moment,
            cancel_at=stops,
            monthly_amount=amount,
            open_amount=700 if status == "past_due" else 0,
        )


@pytest.mark.parametrize("seed", range(3))
def test_gifts_looked_at_together_promise_what_each_promises(seed):
    pick = random.Random(seed)
    campaign = make_campaign(starts=date(2026, 2, 28), ends=date(2026, 7, 30))
    random_gifts(campaign, pick)
    active, late = Gift.objects.active(), Gift.objects.at_risk()
    for now in (NOW, NOW - timedelta(hours=7, microseconds=1), NOW - timedelta(hours=7), NOW + timedelta(days=1)):
        figures = totals(campaign, now)
        due_now = 700 * late.count() if campaign.window()[0] <= now else 0
        assert figures.active == active.count()
        assert figures.run_rate == sum(gift.monthly_amount for gift in active)
        assert figures.projected == one_by_one(active, now, campaign)
        assert figures.at_risk == due_now + one_by_one(late, now, campaign)


def test_charges_since_a_day_begin_in_its_month():
    anchor, until = datetime(2020, 1, 31, 9, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC)
    assert list(charges(anchor, until, NOW)) == [
        datetime(2026, 2, 28, 9, tzinfo=UTC),
        datetime(2026, 3, 31, 9, tzinfo=UTC),
    ]
    assert number_of_charges(anchor, NOW, until) == 1


def test_charges_since_a_day_before_the_anchor_are_all():
    anchor, until = datetime(2026, 1, 31, 9, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC)
    assert list(charges(anchor, until, datetime(2025, 1, 1, tzinfo=UTC))) == list(charges(anchor, until))
