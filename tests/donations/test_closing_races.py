"""Two workers at the end of a campaign, on real connections in real threads."""

from datetime import UTC, date, datetime

import pytest

from donations import closing
from donations.models import Campaign, CampaignReport

from .factories import make_campaign, make_gift, make_payment
from .test_giving_races import at_once

pytestmark = pytest.mark.django_db(transaction=True)
FINAL = datetime(2027, 1, 15, 5, tzinfo=UTC)


def test_two_workers_close_once_hand_on_once_and_write_one_report():
    year = make_campaign(is_default=True)
    after = make_campaign(starts=date(2027, 1, 1), ends=None, follows=year)
    make_payment(gift=make_gift(campaign=year, status="given"))
    at_once(lambda: closing.tend(FINAL), times=3)
    assert Campaign.objects.get(status="closed") == year
    assert Campaign.objects.get(is_default=True) == after
    assert CampaignReport.objects.get().figures["raised"] == 2500
