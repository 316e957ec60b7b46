"""The newsroom's time: said with its zone, typed on a wall clock that jumps in spring and repeats itself in autumn."""

from datetime import UTC, datetime, timedelta

import pytest

from articles.moments import NoSuchMoment, TwoMoments, from_now, in_words, on_the_clock

NOON = datetime(2026, 10, 13, 12, 0, tzinfo=UTC)


def test_a_moment_is_said_in_the_newsrooms_time_with_its_name(settings):
    moment = datetime(2026, 12, 8, 5, 0, tzinfo=UTC)
    settings.TIME_ZONE = "Europe/Berlin"
    assert in_words(moment) == "December 8, 2026, 6:00 a.m. CET"
    settings.TIME_ZONE = "Asia/Kolkata"
    assert in_words(moment) == "December 8, 2026, 10:30 a.m. IST"


@pytest.mark.parametrize(
    ("away", "said"),
    [
        (timedelta(hours=3, minutes=12), "in 3 h 12 min"),
        (timedelta(hours=3, minutes=11, seconds=1), "in 3 h 12 min"),
        (timedelta(seconds=1), "in 1 min"),
        (timedelta(hours=2), "in 2 h"),
        (timedelta(days=1, hours=4, minutes=9), "in 1 day 4 h"),
        (timedelta(days=9, minutes=9), "in 9 days"),
        (timedelta(0), "just now"),
        (timedelta(seconds=-59), "just now"),
        (timedelta(minutes=-14, seconds=-30), "14 min ago"),
    ],
)
def test_how_far_it_is_is_said_too(away, said):
    assert from_now(NOON + away, NOON) == said


@pytest.mark.parametrize(
    ("zone", "wall", "moment"),
    [
        ("Europe/Berlin", datetime(2026, 12, 8, 6, 0), datetime(2026, 12, 8, 5, 0, tzinfo=UTC)),
        ("Europe/Berlin", datetime(2026, 7, 8, 6, 0), datetime(2026, 7, 8, 4, 0, tzinfo=UTC)),
        ("Asia/Kolkata", datetime(2026, 3, 29, 2, 30), datetime(2026, 3, 28, 21, 0, tzinfo=UTC)),
        ("UTC", datetime(2026, 3, 29, 2, 30), datetime(2026, 3, 29, 2, 30, tzinfo=UTC)),
    ],
)
def test_what_is_typed_is_the_newsrooms_wall_clock(settings, zone, wall, moment):
    settings.TIME_ZONE = zone
    assert on_the_clock(wall) == moment


@pytest.mark.parametrize(
    ("zone", "wall", "said"),
    [
        (
            "Europe/Berlin",
            datetime(2027, 3, 28, 2, 30),
            "2:30 a.m. on March 28, 2027 does not exist: the clocks go forward over it. "
            "Choose 1:30 a.m. CET or 3:30 a.m. CEST.",
        ),
        (
            "America/New_York",
            datetime(2027, 3, 14, 2, 0),
            "2:00 a.m. on March 14, 2027 does not exist: the clocks go forward over it. "
            "Choose 1:00 a.m. EST or 3:00 a.m. EDT.",
        ),
    ],
)
def test_a_time_that_the_clocks_jump_over_is_refused_with_both_neighbours(settings, zone, wall, said):
    settings.TIME_ZONE = zone
    with pytest.raises(NoSuchMoment, match=f"^{said}$"):
        on_the_clock(wall)


def test_the_minutes_around_a_jump_are_ordinary_times(settings):
    settings.TIME_ZONE = "Europe/Berlin"
    assert on_the_clock(datetime(2027, 3, 28, 1, 59)) == datetime(2027, 3, 28, 0, 59, tzinfo=UTC)
    assert on_the_clock(datetime(2027, 3, 28, 3, 0)) == datetime(2027, 3, 28, 1, 0, tzinfo=UTC)


def test_a_time_that_comes_twice_names_both_and_takes_the_one_that_is_chosen(settings):
    settings.TIME_ZONE = "Europe/Berlin"
    wall = datetime(2026, 10, 25, 2, 30)
    earlier, later = datetime(2026, 10, 25, 0, 30, tzinfo=UTC), datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    with pytest.raises(TwoMoments, match=r"the earlier one, 2:30 a.m. CEST, or the later one, 2:30 a.m. CET") as twice:
        on_the_clock(wall)
    assert twice.value.candidates == [earlier, later]
    assert (on_the_clock(wall, 0), on_the_clock(wall, 1)) == (earlier, later)


def test_half_an_hour_is_repeated_where_the_clocks_go_back_by_that(settings):
    settings.TIME_ZONE = "Australia/Lord_Howe"
    with pytest.raises(TwoMoments) as twice:
        on_the_clock(datetime(2027, 4, 4, 1, 45))
    earlier, later = twice.value.candidates
    assert later - earlier == timedelta(minutes=30)


def test_which_one_says_nothing_of_a_time_that_comes_once(settings):
    settings.TIME_ZONE = "Europe/Berlin"
    wall = datetime(2026, 10, 24, 2, 30)
    assert on_the_clock(wall, 1) == on_the_clock(wall)
