"""What a story's history says of an event beside who did it and when: its data in words."""

from datetime import datetime

from django import template

from articles.moments import in_words
from articles.workflow import Kind

register = template.Library()


@register.filter
def detail(event):
    """ "version 2, a correction; December 8, 2026, 6:00 a.m. CET"; empty where there is nothing more to say."""
    return "; ".join(said for said in _details(event.verb, event.data) if said)


def _details(verb, data):
    yield _which(data)
    if verb == "schedule":
        yield _moment(data["at"])
    elif verb == "embargo":
        yield from _embargo(data)
    elif verb == "switch_appeal":
        yield "on" if data.get("on") else "off"
    elif "revisions" in data:
        yield _revisions(data["revisions"])
    if data.get("code"):
        yield f"readers get {data['code']}"
    if data.get("title"):
        yield f"“{data['title']}”"
    if data.get("blanked"):
        yield "what was written beside it is blanked"


def _which(data):
    named = [f"{name} {data[name]}" for name in ("revision", "version") if data.get(name) and data[name] is not True]
    kind = data.get("kind")
    return ", ".join([*named[:1], *([Kind(kind).label.lower()] if kind and kind != Kind.FIRST else [])])


def _embargo(data):
    yield f"until {_moment(data['until'])}" if data["until"] else "lifted"
    if data["from"]:
        yield f"before, until {_moment(data['from'])}"
    if data.get("unscheduled"):
        yield "this took it off the schedule"


def _revisions(numbers):
    *most, last = map(str, numbers)
    return f"revisions {', '.join(most)} and {last}" if most else f"revision {last}"


def _moment(iso):
    return in_words(datetime.fromisoformat(iso))
