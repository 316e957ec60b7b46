"""What must be in order before a story may be submitted. Points are data; the desk shows them while one writes.

No database: what only rows can tell is handed in as `Known`.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from .content import digest
from .figures import figures
from .places import places, plain, quoted

SHOWN = 3  # findings that a sentence quotes; the rest is counted
_TO_COME = re.compile(r"(?<![^\W_])TK(?:TK)*(?![^\W_])")  # the trade's sign for "to come", as a word of its own
_HEADING = re.compile(r"<(h[23])>(.*?)</\1>", re.DOTALL)


class Level(StrEnum):
    BLOCK = "block"
    WARN = "warn"


@dataclass(frozen=True)
class Known:
    """What the words alone do not say: which links lead nowhere, how the law was asked, what editors let pass."""

    dead_links: tuple = ()  # of the body's links to our own pages, those that answer with none
    legal: str = "not_needed"  # or "required", "done"
    legal_words: str = ""  # who required or recorded it, for whom and when, as a sentence
    legal_sha256: str = ""  # of the words that were checked
    waivers: Mapping = field(default_factory=dict)  # an item's key: the waiver that stands


@dataclass(frozen=True)
class Finding:
    """Something out of order: `key` names it for a waiver, `label` for people; both are the point's when empty."""

    problem: str
    key: str = ""
    label: str = ""


@dataclass(frozen=True)
class Point:
    """A row of the checklist. `find(content, known)` returns findings, or None where there is nothing to look at."""

    name: str
    level: Level
    find: Callable
    may_be_waived: bool = False
    problem: str = ""  # of a point that is always said in the same words: the page knows it beforehand


@dataclass(frozen=True)
class Item:
    """What one point, or one finding of it, says of a content."""

    point: Point
    problem: str  # what is wrong and what to do about it
    passed: bool = False
    key: str = ""
    label: str = ""
    waiver: object = None

    @property
    def name(self):
        return self.point.name

    @property
    def level(self):
        return self.point.level

    @property
    def may_be_waived(self):
        return self.point.may_be_waived

    @property
    def blocks(self):
        """Whether the story may not be submitted like this."""
        return self.level is Level.BLOCK and not self.passed and self.waiver is None

    @property
    def otherwise(self):
        """What is said of it when it is not in order."""
        return "waived" if self.waiver else "to do" if self.level is Level.BLOCK else "worth a look"

    @property
    def state(self):
        return "done" if self.passed else self.otherwise


# --- What is looked at -----------------------------------------------------------------------------------------------


def _is_there(name, problem):
    return lambda content, known: [] if content.get(name) else [Finding(problem)]


def _of_lead_picture(said, problem):
    """What goes with the lead picture; a waiver is for that picture, not for the next one."""

    def find(content, known):
        picture = content.get("lead_picture")
        return [Finding(problem, _of_picture(said, picture))] if picture and not content.get(f"lead_{said}") else []

    return find


def _of_picture(said, picture):
    return f"{said}:{str(picture).replace('-', '')}"


def _of_pictures_in_text(said, label, problem):
    def find(content, known):
        shown = figures(content.get("body"))
        missing = {}
        for number, figure in enumerate(shown, 1):
            if not getattr(figure, said):
                missing.setdefault(figure.picture, number)
        return [
            Finding(problem.format(number), _of_picture(said, picture), f"{label} of picture {number}")
            for picture, number in missing.items()
        ] or ([] if shown else None)

    return find


def _to_come(content, known):
    found = [
        f"in {where}: {quoted(text, *sign.span())}"
        for where, text in places(content)
        for sign in _TO_COME.finditer(text)
    ]
    return [Finding(f"“TK” stands {_listed(found)}. Write what was to come.")] if found else []


def _dead_links(content, known):
    if not known.dead_links:
        return []
    links = _listed([f"“{link}”" for link in known.dead_links])
    return [Finding(f"No page of ours answers at {links}. Correct or remove the link.")]


def _listed(found):
    more = len(found) - SHOWN
    return "; ".join([*found[:SHOWN], *([f"and {more} more"] if more > 0 else [])])


def _headings(content, known):
    first = next(_HEADING.finditer(content.get("body") or ""), None)
    if first is None or first[1] == "h2":
        return []
    return [Finding(f"The subheading “{plain(first[2])}” stands before any heading. Make a heading of it.")]


def _legal_check(content, known):
    if known.legal == "not_needed":
        return None
    return [Finding(f"{known.legal_words} An editor records it when it is done.")] if known.legal == "required" else []


def _legal_check_of_these_words(content, known):
    if known.legal != "done" or digest(content) == known.legal_sha256:
        return None
    return [Finding(f"{known.legal_words} The words have changed since. Ask whether they should be read again.")]


# --- The table -----------------------------------------------------------------------------------------------------

HEADLINE = "The headline is missing. Write one."
SECTION = "No section is chosen. Choose where readers will find it."
BYLINE = "The byline is empty. Add at least one author."
STANDFIRST = "There is no standfirst. Say in a sentence or two why to go on reading."
ALT = "The lead picture has no alt text. Say in a sentence what it shows."
CREDIT = "The lead picture has no credit. Name who made it."
ALT_IN_TEXT = "Picture {} in the text has no alt text. Say in a sentence what it shows."
CREDIT_IN_TEXT = "Picture {} in the text has no credit. Name who made it."

POINTS = (
    Point("headline", Level.BLOCK, _is_there("headline", HEADLINE), problem=HEADLINE),
    Point("section", Level.BLOCK, _is_there("section", SECTION), problem=SECTION),
    Point("byline", Level.BLOCK, _is_there("byline", BYLINE), may_be_waived=True, problem=BYLINE),
    Point("standfirst", Level.WARN, _is_there("standfirst", STANDFIRST), problem=STANDFIRST),
    Point("alt text", Level.BLOCK, _of_lead_picture("alt", ALT), may_be_waived=True, problem=ALT),
    Point("credit", Level.BLOCK, _of_lead_picture("credit", CREDIT), may_be_waived=True, problem=CREDIT),
    Point(
        "pictures' alt texts",
        Level.BLOCK,
        _of_pictures_in_text("alt", "alt text", ALT_IN_TEXT),
        may_be_waived=True,
    ),
    Point(
        "pictures' credits",
        Level.BLOCK,
        _of_pictures_in_text("credit", "credit", CREDIT_IN_TEXT),
        may_be_waived=True,
    ),
    Point("TK", Level.BLOCK, _to_come, may_be_waived=True),
    Point("links", Level.WARN, _dead_links),
    Point("headings", Level.WARN, _headings),
    Point("legal check", Level.BLOCK, _legal_check),
    Point("legal check of these words", Level.WARN, _legal_check_of_these_words),
)


def checklist(content, known=Known()):
    """Every point for `content` (a dict of `content.FIELDS`), in the order of the form; one item per finding."""
    return [item for point in POINTS for item in _items(point, content, known)]


def _items(point, content, known):
    found = point.find(content, known)
    if found == []:
        return [Item(point, point.problem, passed=True, key=point.name, label=point.name)]
    return [_item(point, finding, known) for finding in found or []]


def _item(point, finding, known):
    key = finding.key or point.name
    waiver = known.waivers.get(key) if point.may_be_waived else None
    return Item(point, finding.problem, key=key, label=finding.label or point.name, waiver=waiver)


def problems(content, known=Known()):
    """What keeps `content` from being submitted, as sentences; empty when nothing does."""
    return [item.problem for item in checklist(content, known) if item.blocks]


def minimum(content):
    """What even an emergency needs before readers can have it, as sentences; empty when nothing is missing.

    It is what the words themselves cannot do without; the legal check is for people to weigh.
    """
    return [item.problem for item in checklist(content) if item.blocks and not item.may_be_waived]


def about(key):
    """What the `key` of an item is about, for people, where the item itself is no longer on the list."""
    return {"alt": "alt text", "credit": "credit"}.get(key.partition(":")[0], key)
