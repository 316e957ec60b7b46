"""What the demo newsroom is made of, read from newsroom.toml and stories/. No database.

Times are told from the day of seeding, so that the newsroom is always this week's.
"""

import tomllib
from dataclasses import dataclass, fields
from datetime import UTC, datetime, time, timedelta
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

from django.conf import settings

PASSWORD = "demo"  # noqa: S105 - known to everybody, which is why DEBUG is asked for
HERE = Path(__file__).resolve().parent
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@dataclass(frozen=True)
class When:
    """The `day` of the last seven days before today, `weeks` earlier, `at` a local time."""

    day: str
    at: str
    weeks: int = 0
    hours_later: int = 0

    def moment(self, now):
        """The aware instant (UTC) that is meant when it is `now`."""
        zone = ZoneInfo(settings.TIME_ZONE)
        today = now.astimezone(zone).date()
        back = (today.weekday() - DAYS.index(self.day) - 1) % 7 + 1
        date = today - timedelta(days=back, weeks=self.weeks)
        return datetime.combine(date, time.fromisoformat(self.at), zone).astimezone(UTC) + self.later

    @property
    def later(self):
        return timedelta(hours=self.hours_later)


def tomorrow(at, now):
    """The local time `at` of the day after `now`, as an aware instant (UTC)."""
    zone = ZoneInfo(settings.TIME_ZONE)
    date = now.astimezone(zone).date() + timedelta(days=1)
    return datetime.combine(date, time.fromisoformat(at), zone).astimezone(UTC)


@dataclass(frozen=True)
class Person:
    username: str
    name: str
    group: str
    account: bool = False
    bio: str = ""
    photo: str = ""


@dataclass(frozen=True)
class Picture:
    by: str
    file: str
    title: str
    alt: str
    credit: str


@dataclass(frozen=True)
class Story:
    """A story and how it came about; `ends` is one of `stories.ENDINGS`."""

    file: str
    ends: str
    when: When
    section: str
    by: tuple
    headline: str
    kicker: str = ""
    standfirst: str = ""
    slug: str = ""
    topics: tuple = ()
    language: str = "en"
    sensitivity: str = ""
    picture: str = ""
    alt: str = ""
    caption: str = ""
    credit: str = ""
    focal: str = ""
    in_text: tuple = ()  # words of the paragraph below which a picture of the archive stands, its file, its caption
    share_title: str = ""
    share_text: str = ""
    moves: int = 2  # how many readers give after it, beside the other stories
    read_by: str = "Tomas Lindqvist"
    asked: str = ""  # an editor wanted the end of it added, in these words, before it went out
    comment: str = ""  # and with these the last review left it with its author
    wrong: tuple = ()  # right words, and what the first version said in their place
    corrected: When | None = None
    note: str = ""  # what readers are told of the correction
    retracted: When | None = None  # and `note` is the notice
    goes_out: str = ""  # the local time of tomorrow for which it is scheduled
    rewrite: tuple = ()  # pairs of words: what the author is changing now
    rewritten: When | None = None

    @property
    def authors(self):
        """The byline as (name, role) in printing order."""
        return [(line, "") if isinstance(line, str) else tuple(line) for line in self.by]

    @property
    def body(self):
        """As the editor would write it: one line, no spaces between the blocks."""
        return "".join((HERE / "stories" / f"{self.file}.html").read_text(encoding="utf-8").splitlines())


def read_as(kind, row):
    """A table of the file as `kind`; an unknown key is an error of the file."""
    whens = {field.name for field in fields(kind) if "When" in str(field.type)}
    return kind(**{key: When(**value) if key in whens else value for key, value in row.items()})


@cache
def newsroom():
    """The whole file: `people`, `sections`, `topics`, `pictures`, `stories`, `campaign`, `past_campaign`."""
    told = tomllib.loads((HERE / "newsroom.toml").read_text(encoding="utf-8"))
    kinds = {"people": Person, "pictures": Picture, "stories": Story}
    return told | {name: [read_as(kind, row) for row in told[name]] for name, kind in kinds.items()}


def picture_file(name):
    return HERE / "pictures" / name
