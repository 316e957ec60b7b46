"""A time of the newsroom as a form field. It works without script; the zone is said beside it."""

from datetime import UTC

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.dateparse import parse_datetime

from articles.moments import NoSuchMoment, TwoMoments, a_year_after, here, in_words, on_the_clock, time_in_words

FORMAT = "%Y-%m-%dT%H:%M"
UNREADABLE = "Give a day and a time, such as 2026-12-08T06:00."


def read(text, which=""):
    """What was typed as a moment in UTC. Raises `NoSuchMoment`, `TwoMoments`, or `ValueError` for what is no time."""
    wall = parse_datetime(text.strip().replace(" ", "T", 1))
    if wall is None:
        raise ValueError(text)
    number = int(which) if which in {"0", "1"} else None
    try:
        moment = wall.astimezone(UTC) if wall.tzinfo else on_the_clock(wall, number)
        here(moment)
    except OverflowError as edge:  # of the calendar: the other clock has no such day
        raise ValueError(text) from edge
    return moment


class WallClock(forms.MultiWidget):
    """Day and time; beside them, for a time that comes twice, the choice between the two."""

    use_fieldset = False

    def __init__(self):
        day_and_time = forms.DateTimeInput({"type": "datetime-local"}, format=FORMAT)
        super().__init__([day_and_time, forms.Select({"aria-label": "Which of the two"})])

    def id_for_label(self, id_):
        return f"{id_}_0" if id_ else id_

    def decompress(self, moment):
        if moment is None:
            return ["", ""]
        wall = here(moment)
        return [wall.strftime(FORMAT), str(wall.fold)]

    def get_context(self, name, value, attrs):
        context = super().get_context(name, value, attrs)
        typed = value if isinstance(value, list) else self.decompress(value)
        candidates = _candidates(typed[0] or "")
        which = context["widget"]["subwidgets"].pop()
        if candidates:
            earlier, later = map(time_in_words, candidates)
            choices = [("", "Which of the two?"), ("0", f"The earlier, {earlier}"), ("1", f"The later, {later}")]
            select = forms.Select({"aria-label": "Which of the two"}, choices=choices)
            again = select.get_context(which["name"], typed[1], {**attrs, "id": f"{attrs.get('id', name)}_1"})
            context["widget"]["subwidgets"].append(again["widget"])
        return context


def _candidates(text):
    try:
        read(text)
    except TwoMoments as twice:
        return twice.candidates
    except (NoSuchMoment, ValueError):
        return []
    return []


class NewsroomTimeField(forms.Field):
    """Cleans to a moment in UTC; a time that does not exist or comes twice is refused with what to choose instead."""

    widget = WallClock

    def clean(self, value):
        text, which = (part or "" for part in value or ("", ""))
        if not text.strip():
            self.validate(None)
            return None
        try:
            return read(text, which)
        except (NoSuchMoment, TwoMoments) as refusal:
            raise ValidationError(str(refusal)) from refusal
        except ValueError as unreadable:
            raise ValidationError(UNREADABLE) from unreadable


def refuse_far(moment, now):
    """A time more than a year away is a slip of the finger in the year more often than a plan."""
    if moment and moment > a_year_after(now):
        raise ValidationError(f"{in_words(moment)} is more than a year away. Choose a time within a year from now.")
    return moment


def whose_time(now):
    """The zone by its names: "Newsroom’s time: Europe/Berlin, CET now"."""
    return f"In the newsroom’s time: {settings.TIME_ZONE}, now {time_in_words(now)}."
