"""Moments as the newsroom reads and types them: in its own zone, with the zone's name. No database.

Stored moments are UTC. What is typed is a wall clock's time, which may not exist, or exist twice, when clocks change.
"""

from datetime import UTC, timedelta

from django.utils.dateformat import format as date_format
from django.utils.timezone import get_default_timezone, localtime


class NoSuchMoment(Exception):
    """A wall clock in the newsroom never shows this time. The message names the times before and after."""


class TwoMoments(Exception):
    """A wall clock in the newsroom shows this time twice. `candidates` are both, the earlier one first."""

    def __init__(self, message, candidates):
        super().__init__(message)
        self.candidates = candidates


def here(moment):
    """`moment` on the newsroom's wall clock."""
    return localtime(moment, get_default_timezone())


def zone_name(moment):
    """ "CET", "CEST". Django's own format leaves it out of the hour that comes twice, where it is needed most."""
    return here(moment).tzname()


def in_words(moment):
    """`moment` as people at the desk read it: "October 1, 2026, 5:05 a.m. EDT"."""
    return f"{date_format(here(moment), 'F j, Y, g:i a')} {zone_name(moment)}"


def shortly(moment):
    """For a list, where the year is clear: "Oct 1, 5:05 a.m. EDT"."""
    return f"{date_format(here(moment), 'M j, g:i a')} {zone_name(moment)}"


def time_in_words(moment):
    return f"{date_format(here(moment), 'g:i a')} {zone_name(moment)}"


def from_now(moment, now):
    """How far `moment` is: "in 3 h 12 min", "in 2 days 4 h", "5 min ago". A part of a minute to come counts whole."""
    seconds = (moment - now).total_seconds()
    if seconds <= 0:
        minutes = int(-seconds // 60)
        return f"{_span(minutes)} ago" if minutes else "just now"
    minutes = -int(-seconds // 60)
    return f"in {_span(minutes)}"


def _span(minutes):
    days, rest = divmod(minutes, 24 * 60)
    hours, minutes = divmod(rest, 60)
    parts = [(days, "day" if days == 1 else "days"), (hours, "h"), (minutes, "min")]
    found = [f"{count} {unit}" for count, unit in parts if count]
    return " ".join(found[:2]) if days and hours else found[0] if days else " ".join(found)


def on_the_clock(wall, which=None):
    """The moment (UTC) at which the newsroom's clock shows `wall`, a naive datetime.

    Raises `NoSuchMoment` for a time that the clocks jump over, and `TwoMoments` for one that comes twice, unless
    `which` says the earlier (0) or the later (1).
    """
    zone = get_default_timezone()
    first, second = (wall.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
    moments = [first.astimezone(UTC), second.astimezone(UTC)]
    if first.utcoffset() < second.utcoffset():
        raise NoSuchMoment(
            f"{_said(wall)} does not exist: the clocks go forward over it. "
            f"Choose {time_in_words(moments[1])} or {time_in_words(moments[0])}."
        )
    if first.utcoffset() > second.utcoffset() and which is None:
        raise TwoMoments(
            f"{_said(wall)} comes twice: the clocks go back. Say which one is meant: the earlier one, "
            f"{time_in_words(moments[0])}, or the later one, {time_in_words(moments[1])}.",
            moments,
        )
    return moments[which or 0]


def _said(wall):
    return date_format(wall, "g:i a \\o\\n F j, Y")


def a_year_after(now):
    return now + timedelta(days=366)
