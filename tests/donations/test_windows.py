"""When a campaign begins and ends, to the second: as its window, its totals, its kept sums and its JSON say it."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import pytest
from django.test import Client

from donations import closing
from donations.charging import charges
from donations.models import Campaign, Payment
from donations.tallies import differences, kept
from donations.totals import counted, counted_by_day, on_track, public_totals, raised_by_day, totals
from tests.donations.factories import make_campaign, make_gift

SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)


def utc(*moment):
    return datetime(*moment, tzinfo=UTC)


@dataclass(frozen=True)
class Window:
    zone: str
    starts: date
    ends: date
    begin: datetime
    over: datetime

    @property
    def campaign(self):
        return {"timezone": self.zone, "starts": self.starts, "ends": self.ends}


YEAR, LAST = date(2026, 1, 1), date(2026, 12, 31)
SUMMER, WINTER = date(2026, 3, 29), date(2026, 10, 25)  # Europe's days with a change of clocks
WINDOWS = {
    "west of UTC": Window("America/New_York", YEAR, LAST, utc(2026, 1, 1, 5), utc(2027, 1, 1, 5)),
    "east of UTC": Window("Europe/Berlin", YEAR, LAST, utc(2025, 12, 31, 23), utc(2026, 12, 31, 23)),
    "half an hour off": Window("Asia/Kolkata", YEAR, LAST, utc(2025, 12, 31, 18, 30), utc(2026, 12, 31, 18, 30)),
    "first of all": Window("Pacific/Kiritimati", YEAR, LAST, utc(2025, 12, 31, 10), utc(2026, 12, 31, 10)),
    "last of all": Window("Pacific/Pago_Pago", YEAR, LAST, utc(2026, 1, 1, 11), utc(2027, 1, 1, 11)),
    # A day of 23 hours, and one of 25; the change of clocks is in the middle of the night.
    "New York forward": Window(
        "America/New_York", date(2026, 3, 8), date(2026, 3, 8), utc(2026, 3, 8, 5), utc(2026, 3, 9, 4)
    ),
    "New York back": Window(
        "America/New_York", date(2026, 11, 1), date(2026, 11, 1), utc(2026, 11, 1, 4), utc(2026, 11, 2, 5)
    ),
    "Berlin forward": Window("Europe/Berlin", SUMMER, SUMMER, utc(2026, 3, 28, 23), utc(2026, 3, 29, 22)),
    "Berlin back": Window("Europe/Berlin", WINTER, WINTER, utc(2026, 10, 24, 22), utc(2026, 10, 25, 23)),
    # Where the first day has no midnight: it begins at one o'clock.
    "no midnight in São Paulo": Window(
        "America/Sao_Paulo", date(2018, 11, 4), date(2018, 11, 4), utc(2018, 11, 4, 3), utc(2018, 11, 5, 2)
    ),
    "no midnight in Beirut": Window("Asia/Beirut", SUMMER, SUMMER, utc(2026, 3, 28, 22), utc(2026, 3, 29, 21)),
    "no midnight in Havana": Window(
        "America/Havana", date(2026, 3, 8), date(2026, 3, 8), utc(2026, 3, 8, 5), utc(2026, 3, 9, 4)
    ),
    "no midnight on the Azores": Window("Atlantic/Azores", SUMMER, SUMMER, utc(2026, 3, 29, 1), utc(2026, 3, 30)),
    # Where the day after the last has none: the last ends when one o'clock comes.
    "no midnight after it in Beirut": Window(
        "Asia/Beirut", date(2026, 3, 1), date(2026, 3, 28), utc(2026, 2, 28, 22), utc(2026, 3, 28, 22)
    ),
    # Where midnight comes twice: the first of the two counts, as a beginning and as an end.
    "two midnights in Havana": Window(
        "America/Havana", date(2026, 11, 1), date(2026, 11, 1), utc(2026, 11, 1, 4), utc(2026, 11, 2, 5)
    ),
    "two midnights after it in Havana": Window(
        "America/Havana", date(2026, 10, 31), date(2026, 10, 31), utc(2026, 10, 31, 4), utc(2026, 11, 1, 4)
    ),
    "two midnights on the Azores": Window("Atlantic/Azores", WINTER, WINTER, utc(2026, 10, 25), utc(2026, 10, 26, 1)),
    # Where the hour before midnight comes twice: both belong to the last day.
    "eleven comes twice in São Paulo": Window(
        "America/Sao_Paulo", date(2018, 2, 17), date(2018, 2, 17), utc(2018, 2, 17, 2), utc(2018, 2, 18, 3)
    ),
    "eleven comes twice in Beirut": Window(
        "Asia/Beirut", date(2026, 10, 24), date(2026, 10, 24), utc(2026, 10, 23, 21), utc(2026, 10, 24, 22)
    ),
    "the leap day": Window(
        "America/New_York", date(2028, 2, 29), date(2028, 2, 29), utc(2028, 2, 29, 5), utc(2028, 3, 1, 5)
    ),
    "the end of a leap February": Window(
        "Europe/Berlin", date(2028, 2, 1), date(2028, 2, 29), utc(2028, 1, 31, 23), utc(2028, 2, 29, 23)
    ),
    "the end of a short February": Window(
        "Europe/Berlin", date(2027, 2, 1), date(2027, 2, 28), utc(2027, 1, 31, 23), utc(2027, 2, 28, 23)
    ),
}
each_window = pytest.mark.parametrize("window", WINDOWS.values(), ids=WINDOWS)


# --- By the clock alone ----------------------------------------------------------------------------------------------


@each_window
def test_a_window_begins_and_ends_at_these_instants(window):
    assert Campaign(**window.campaign).window() == (window.begin, window.over)


@each_window
def test_a_campaign_takes_gifts_from_its_first_second_to_its_last(window):
    campaign = Campaign(**window.campaign, status="live")
    asked = [window.begin - SECOND, window.begin, window.over - SECOND, window.over]
    assert [campaign.collects(now) for now in asked] == [False, True, True, False]
    assert [campaign.status_at(now) for now in asked] == ["live", "live", "live", "closed"]
    assert [campaign.is_over(now) for now in asked] == [False, False, False, True]


@each_window
def test_the_day_after_begins_where_this_one_ends(window):
    after = Campaign(timezone=window.zone, starts=window.ends + timedelta(days=1), ends=None)
    assert after.window() == (window.over, None)


@pytest.mark.parametrize(("name", "hours"), [("New York forward", 23), ("New York back", 25), ("the leap day", 24)])
def test_on_track_goes_by_the_hours_that_the_day_really_has(name, hours):
    window = WINDOWS[name]
    campaign = Campaign(**window.campaign, goal=hours * 100)
    assert [on_track(campaign, window.begin + hour * HOUR) for hour in range(hours + 1)] == [
        hour * 100 for hour in range(hours + 1)
    ]
    assert on_track(campaign, window.over + HOUR) == hours * 100


@pytest.mark.parametrize(
    ("anchor", "days"),
    [
        (utc(2026, 1, 31, 9), ["01-31", "02-28", "03-31", "04-30", "05-31", "06-30", "07-31"]),
        (utc(2028, 1, 31, 9), ["01-31", "02-29", "03-31", "04-30", "05-31", "06-30", "07-31"]),
        (utc(2028, 1, 30, 9), ["01-30", "02-29", "03-30", "04-30", "05-30", "06-30", "07-30"]),
        (utc(2028, 2, 29, 9), ["02-29", "03-29", "04-29", "05-29", "06-29", "07-29", "08-29"]),
        (utc(2026, 8, 31, 9), ["08-31", "09-30", "10-31", "11-30", "12-31", "01-31", "02-28"]),
    ],
)
def test_monthly_charges_keep_their_day_and_are_clipped_to_the_end_of_the_month(anchor, days):
    dates = charges(anchor, anchor + timedelta(days=205))
    assert [f"{charge:%m-%d}" for charge in dates][:7] == days


def test_a_gift_begun_on_a_leap_day_is_charged_on_the_28th_until_the_next_one():
    february = [charge.date() for charge in charges(utc(2028, 2, 29, 9), utc(2032, 3, 1)) if charge.month == 2]
    assert february == [
        date(2028, 2, 29),
        date(2029, 2, 28),
        date(2030, 2, 28),
        date(2031, 2, 28),
        date(2032, 2, 29),
    ]


def test_a_charge_keeps_its_hour_in_utc_when_the_clocks_of_the_campaign_change():
    assert {charge.hour for charge in charges(utc(2026, 1, 8, 5), utc(2027, 1, 1))} == {5}


# --- As it is counted -----------------------------------------------------------------------------------------------


def give_at(campaign, amounts, **fields):
    """One person's payments: {moment: amount}."""
    once = {"campaign": campaign, "status": "given", "currency": campaign.currency} | fields
    gift = make_gift(**once)
    payment = {"gift": gift, "channel": "stripe", "currency": campaign.currency, "livemode": False, "fee": 0}
    with kept(gift):
        Payment.objects.bulk_create(
            Payment(
                **payment,
                remote_id=f"pi_{gift.pk}_{amount}",
                amount=amount,
                status="succeeded",
                given_at=moment,
                entered_at=moment,
                confirmed_at=moment,
            )
            for moment, amount in amounts.items()
        )


def figures_everywhere(campaign, now):
    """What is raised and by how many, by every way there is to ask; they must agree."""
    told = Client().get(f"/campaigns/{campaign.slug}.json").json()
    rows = counted(campaign, live=False)
    sums, readers = totals(campaign, now), public_totals(campaign)
    tally = campaign.tallies.get(livemode=False)
    found = {
        (sums.raised, sums.supporters),
        (rows["raised"], rows["supporters"]),
        (tally.raised, tally.supporters),
        (told["raised"], told["supporters"]),
        (readers.raised, readers.supporters),
    }
    assert differences(campaign) == []
    assert len(found) == 1
    return found.pop()


def days(campaign):
    """What each day raised: as it is kept, which must be what the database says of the rows."""
    by_day = {day: row["once"] + row["monthly"] for day, row in raised_by_day(campaign).items()}
    rows = {day: row["once"] + row["monthly"] for day, row in counted_by_day(campaign, live=False).items()}
    assert by_day == rows
    return by_day


@pytest.mark.django_db
@each_window
def test_the_first_and_the_last_second_count_and_their_neighbours_do_not(window, time_machine):
    campaign = make_campaign(**window.campaign, status="live")
    edges = (window.begin - SECOND, window.begin, window.over - SECOND, window.over)
    give_at(campaign, dict(zip(edges, (1, 10, 100, 1000), strict=True)))
    time_machine.move_to(window.over - SECOND, tick=False)
    assert figures_everywhere(campaign, window.over - SECOND) == (110, 1)
    one_day = {window.starts: 110} if window.starts == window.ends else {window.starts: 10, window.ends: 100}
    assert days(campaign) == one_day


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["New York back", "two midnights in Havana", "Berlin forward", "last of all"])
def test_programs_are_told_the_days_as_written_and_the_status_by_the_second(name, time_machine, client):
    window = WINDOWS[name]
    campaign = make_campaign(**window.campaign)
    told = []
    for now in (window.over - SECOND, window.over):
        time_machine.move_to(now, tick=False)
        told.append(client.get(f"/campaigns/{campaign.slug}.json").json())
    assert [one["status"] for one in told] == ["live", "closed"]
    assert {(one["starts"], one["ends"], one["timezone"]) for one in told} == {
        (window.starts.isoformat(), window.ends.isoformat(), window.zone)
    }


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("zone", "first", "second", "day"),
    [
        ("America/New_York", utc(2026, 11, 1, 5, 30), utc(2026, 11, 1, 6, 30), date(2026, 11, 1)),
        ("Europe/Berlin", utc(2026, 10, 25, 0, 30), utc(2026, 10, 25, 1, 30), date(2026, 10, 25)),
        ("America/Havana", utc(2026, 11, 1, 4, 30), utc(2026, 11, 1, 5, 30), date(2026, 11, 1)),
        ("Atlantic/Azores", utc(2026, 10, 25, 0, 30), utc(2026, 10, 25, 1, 30), date(2026, 10, 25)),
        ("Asia/Beirut", utc(2026, 10, 24, 20, 30), utc(2026, 10, 24, 21, 30), date(2026, 10, 24)),
        ("America/Sao_Paulo", utc(2018, 2, 18, 1, 30), utc(2018, 2, 18, 2, 30), date(2018, 2, 17)),
    ],
)
def test_both_of_two_like_hours_count_on_the_same_day(zone, first, second, day, time_machine):
    campaign = make_campaign(timezone=zone, starts=date(2018, 1, 1), ends=None)
    give_at(campaign, {first: 10, second: 100})
    assert figures_everywhere(campaign, second) == (110, 1)
    assert days(campaign) == {day: 110}


@pytest.mark.django_db
def test_one_moment_is_another_day_in_another_zone():
    noon = utc(2026, 6, 30, 10, 30)
    found = {}
    for zone in ("Pacific/Kiritimati", "UTC", "Pacific/Pago_Pago"):
        campaign = make_campaign(timezone=zone)
        give_at(campaign, {noon: 10})
        found[zone] = list(days(campaign))
    assert found == {
        "Pacific/Kiritimati": [date(2026, 7, 1)],
        "UTC": [date(2026, 6, 30)],
        "Pacific/Pago_Pago": [date(2026, 6, 29)],
    }


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("zone", "projected"),
    [("Pacific/Kiritimati", 11_000), ("UTC", 12_000), ("Pacific/Pago_Pago", 12_000)],
)
def test_a_charge_at_the_edge_is_projected_into_the_year_in_which_it_will_count(zone, projected):
    campaign = make_campaign(timezone=zone)
    anchor = utc(2026, 1, 31, 10)  # the last one falls on 31 December 10:00, when Kiritimati has the new year
    monthly = {"frequency": "monthly", "status": "active", "monthly_amount": 1000, "anchor": anchor}
    give_at(campaign, {anchor: 1000}, amount=1000, **monthly)
    assert totals(campaign, anchor + HOUR).projected == projected


@pytest.mark.django_db
def test_a_chain_hands_over_in_one_instant_and_counts_no_charge_twice(time_machine):
    window = WINDOWS["two midnights after it in Havana"]
    before = make_campaign(**window.campaign)
    after = make_campaign(timezone=window.zone, starts=date(2026, 11, 1), ends=None, follows=before)
    monthly = {"frequency": "monthly", "status": "active", "monthly_amount": 10, "anchor": window.begin}
    give_at(before, {window.over - SECOND: 10, window.over: 100}, **monthly)
    now = window.over + HOUR
    assert [figures_everywhere(campaign, now) for campaign in (before, after)] == [(10, 1), (100, 1)]
    assert [days(campaign) for campaign in (before, after)] == [{date(2026, 10, 31): 10}, {date(2026, 11, 1): 100}]


# --- Without an end, without decimals ---------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_campaign_without_an_end_counts_on_and_promises_no_sum(client):
    campaign = make_campaign(ends=None)
    give_at(campaign, {utc(2039, 12, 31, 23, 59, 59): 10})
    figures = totals(campaign, utc(2040, 1, 1))
    assert (figures.projected, figures.on_track) == (None, None)
    assert figures_everywhere(campaign, utc(2040, 1, 1)) == (10, 1)
    told = client.get(f"/campaigns/{campaign.slug}.json").json()
    assert (told["ends"], told["status"]) == (None, "live")
    assert not campaign.is_over(utc(2099, 1, 1))
    assert closing.unreported(utc(2099, 1, 1)) == []


@pytest.mark.django_db
def test_yen_are_whole_in_sums_words_and_report(client, time_machine):
    campaign = make_campaign(timezone="Asia/Tokyo", currency="JPY", goal=1_500_000)
    end = utc(2026, 12, 31, 15)
    give_at(campaign, {end - SECOND: 1_234_567, end: 5})
    assert figures_everywhere(campaign, end) == (1_234_567, 1)
    assert days(campaign) == {date(2026, 12, 31): 1_234_567}
    assert client.get(f"/campaigns/{campaign.slug}.json").json()["goal"] == 1_500_000
    closing.tend(end + timedelta(days=1))
    time_machine.move_to(end + timedelta(days=1))
    html = " ".join(client.get(f"/campaigns/{campaign.slug}/").content.decode().split())
    assert "Final report of January 2, 2027: ¥1,234,567 raised by 1 supporter." in html
    assert "¥1,500,000, of which 82% is raised" in html
