"""What must be in order before a story may be submitted. Items are data; the desk shows them while one writes."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Item:
    name: str
    passed: bool
    problem: str  # what is missing and what to do about it


def checklist(content):
    """The blocking items for `content` (a dict of `content.FIELDS`), in the order of the form."""
    picture = content.get("lead_picture")
    return [
        Item("headline", bool(content.get("headline")), "The headline is missing. Write one."),
        Item("section", bool(content.get("section")), "No section is chosen. Choose where readers will find it."),
        Item("byline", bool(content.get("byline")), "The byline is empty. Add at least one author."),
        Item(
            "alt text",
            not picture or bool(content.get("lead_alt")),
            "The lead picture has no alt text. Say in a sentence what it shows.",
        ),
        Item(
            "credit",
            not picture or bool(content.get("lead_credit")),
            "The lead picture has no credit. Name who made it.",
        ),
    ]


def problems(content):
    """What keeps `content` from being submitted, as sentences; empty when nothing does."""
    return [item.problem for item in checklist(content) if not item.passed]
