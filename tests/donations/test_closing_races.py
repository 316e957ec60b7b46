"""Two workers at the end of a campaign, or a worker and a person, on real connections in real threads."""

from datetime import UTC, date, datetime
from threading import Event
from time import sleep

import pytest
from django.core.exceptions import ValidationError

from donations import closing, tallies
from donations.models import Campaign, CampaignReport

from .factories import make_campaign, make_gift, make_payment
from .test_booking_races import at_once

pytestmark = pytest.mark.django_db(transaction=True)
FINAL = datetime(2027, 1, 15, 5, tzinfo=UTC)
SOON = 0.3  # by then the other one waits for the sums, or on SQLite cannot come at all


def test_two_workers_close_once_hand_on_once_and_write_one_report():
    year = make_campaign(is_default=True)
    after = make_campaign(starts=date(2027, 1, 1), ends=None, follows=year)
    make_payment(gift=make_gift(campaign=year, status="given"))
    at_once(*[lambda: closing.tend(FINAL)] * 3)
    assert Campaign.objects.get(status="closed") == year
    assert Campaign.objects.get(is_default=True) == after
    assert CampaignReport.objects.get().figures["raised"] == 2500


def slowly(act, begun):
    def acts(*args):
        begun.set()
        sleep(SOON)
        return act(*args)

    return acts


def moves_days(campaign):
    """Gives it a later last day, as it was read just now; what came of it."""
    again = Campaign.objects.get(pk=campaign.pk)
    again.ends = date(2027, 6, 30)
    try:
        again.save()
    except ValidationError as refused:
        return refused.message
    return "moved"


def test_days_are_not_moved_under_a_report_that_is_being_made(monkeypatch):
    year, begun = make_campaign(status="closed"), Event()
    monkeypatch.setattr(closing, "as_json", slowly(closing.as_json, begun))

    def move():
        begun.wait(5)
        return moves_days(year)

    report, said = at_once(lambda: closing.report(year, FINAL), move)
    assert said.startswith(f"The final report of “{year}” is made")
    assert (Campaign.objects.get().ends, CampaignReport.objects.get()) == (date(2026, 12, 31), report)


def test_no_report_is_made_of_days_that_are_being_moved(monkeypatch):
    year, begun = make_campaign(status="closed"), Event()
    monkeypatch.setattr(tallies, "recount", slowly(tallies.recount, begun))

    def report():
        begun.wait(5)
        return closing.report(Campaign.objects.get(), FINAL)

    assert at_once(lambda: moves_days(year), report) == ["moved", None]
    assert not CampaignReport.objects.exists()
