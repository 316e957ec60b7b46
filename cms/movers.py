"""Which stories moved readers to give, where giving meets stories: by story, section, author or month.

Fundraisers know it in full, for the gifts are theirs to look after. The newsroom is told of stories that readers see
today, and of gifts in company alone (`donations.movers.in_company`), so that its tables add up to nothing else.
Gifts and showings are counted once in ten minutes; who may see a story, under which headline, is asked every time.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from hashlib import sha256

from babel.dates import format_date
from django.conf import settings
from django.core.cache import cache

from articles.models import Article, Publication, PublicationByline
from articles.models.article import roles_of
from articles.workflow import EDITORS
from donations.money import decimal_text, format_money
from donations.movers import moved, shown, titles, told
from donations.sheets import Sheet

BY = {"story": "Story", "section": "Section", "author": "Author", "month": "Month"}
GONE = "No longer public"
OF_LATE = timedelta(days=90)  # how old a story may be that the desk begins with
FIRST_FEW = 5
KEPT_FOR = 600  # seconds


@dataclass(frozen=True)
class Story:
    """What the figures say of a story that readers see."""

    headline: str
    section: str
    authors: tuple = ()


@dataclass
class Row:
    """What came of one story, section, author or month, in one currency; without one where nothing may be told."""

    key: int | str | date
    name: str
    currency: str = ""
    shown: int = 0
    gifts: int = 0
    monthly: int = 0
    at_first: int = 0
    raised: int = 0
    givers: set = field(default_factory=set)
    is_story: bool = False

    def add(self, came):
        self.gifts += came.gifts
        self.monthly += came.monthly
        self.at_first += came.at_first
        self.raised += came.raised
        self.givers |= came.givers

    @property
    def number_of_givers(self):
        return len(self.givers)

    @property
    def rate(self):
        """Gifts for every 1,000 showings; None where it was not shown, or nothing may be told."""
        return round(Decimal(1000 * self.gifts) / self.shown, 1) if self.shown and self.currency else None

    @property
    def money(self):
        return format_money(self.raised, self.currency)

    @property
    def money_in_brief(self):
        return format_money(self.raised, self.currency, trim=True)

    @property
    def money_at_first(self):
        return format_money(self.at_first, self.currency)


# --- Who may know what -------------------------------------------------------------------------------------------


def stories_of(user):
    """The stories whose figures the newsroom's `user` may see: an editor's all, a journalist's own."""
    roles = roles_of(user)
    stories = Article.objects.seen_by(user) if roles & EDITORS else Article.objects.own(user)
    return stories if roles else stories.none()


def for_the_newsroom(user, by, now):
    """The rows that `user` may see, of stories that readers see at `now`."""
    mine = stories_of(user).values("pk")
    return told_of(public_stories(now, among=mine, with_authors=by == "author"), by, now)


def told_of(stories, by, now):
    """The rows of `stories` in sums that the newsroom may know.

    What stands there, and whether a story does, says nothing of gifts that are not told.
    """
    every = kept("told", now, lambda: told(now)), kept("shown", now, shown)
    return rows(by, *([each for each in found if each.article in stories] for found in every), stories, {})


def in_full(by, now):
    """Every row, for those who look after the gifts."""
    stories, came = public_stories(now, with_authors=by == "author"), kept("moved", now, moved)
    gone = titles({each.article for each in came} - stories.keys()) if by == "story" else {}
    return rows(by, came, kept("shown", now, shown), stories, gone)


def on_the_desk(user, now):
    """The few stories of late that moved most, for the desk of `user`; none where none may be told."""
    if not roles_of(user):
        return []
    stories = public_stories(now, among=stories_of(user).values("pk"), since=now - OF_LATE)
    these = sha256(repr(sorted(stories.items())).encode()).hexdigest()
    return kept(these, now, lambda: first_few(stories, now))  # of others, or under another headline, there are others


def first_few(stories, now):
    few = [row for row in told_of(stories, "story", now) if row.currency]
    return in_order(few, "story", "raised")[:FIRST_FEW]


def kept(name, now, count):
    """What `count` found out, in this mode and these ten minutes of the clock: 200,000 gifts take seconds to read.

    So what is made of what was kept is no older than that itself.
    """
    of_now = f"{'live' if settings.STRIPE_LIVE else 'test'}:{now.timestamp() // KEPT_FOR:.0f}"
    return cache.get_or_set(f"movers:{of_now}:{name}", count, KEPT_FOR)


# --- Rows --------------------------------------------------------------------------------------------------------


def public_stories(now, *, among=None, since=None, with_authors=False):
    """{key: Story} of the stories that readers see at `now`."""
    versions = Publication.objects.visible(now)
    versions = versions if among is None else versions.filter(article__in=among)
    versions = versions if since is None else versions.filter(first_published__gte=since)
    authors = defaultdict(dict)  # each once, in the order of the byline
    if with_authors:
        lines = PublicationByline.objects.filter(publication__in=versions).order_by("publication", "position")
        for article, name in lines.values_list("publication__article", "author__name"):
            authors[article][name] = True
    found = versions.order_by().values_list("article", "headline", "section__name")
    return {article: Story(headline, section, tuple(authors[article])) for article, headline, section in found}


def rows(by, gifts, showings, stories, gone):
    """One row per key and currency. A story by two people counts for each of them.

    `gone` is {key: headline} of stories that readers no longer see.
    """
    times, found = Counter(), {}
    for each in showings:
        for key in keys_of(by, stories.get(each.article), each.article, each.month):
            times[key] += each.times
    for came in gifts:
        for key in keys_of(by, stories.get(came.article), came.article, came.month):
            if (key, came.currency) not in found:
                found[key, came.currency] = Row(key, name_of(by, key, stories, gone), came.currency)
            found[key, came.currency].add(came)
    with_gifts = {key for key, _ in found}
    silent = [Row(key, name_of(by, key, stories, gone)) for key in times if key not in with_gifts]
    for row in (together := [*found.values(), *silent]):
        row.shown, row.is_story = times[row.key], by == "story" and row.key in stories
    return together


def keys_of(by, story, article, month):
    """Under what something of a story and month is counted."""
    if by == "story":
        return [article]
    if by == "month":
        return [month]
    if story is None:
        return [GONE]
    return [story.section] if by == "section" else story.authors


def name_of(by, key, stories, gone):
    if by == "story":
        return stories[key].headline if key in stories else gone.get(key) or f"Story {key}"
    return format_date(key, "MMMM y", locale="en_US") if by == "month" else key


ORDERS = {
    "raised": lambda row: row.raised,
    "gifts": lambda row: row.gifts,
    "monthly": lambda row: row.monthly,
    "givers": lambda row: row.number_of_givers,
    "at_first": lambda row: row.at_first,
    "shown": lambda row: row.shown,
    "rate": lambda row: row.rate or 0,
}


def in_order(rows, by, order):
    """The most first; by name where nothing else is asked for, months with the latest first."""
    named = sorted(rows, key=lambda row: (row.key if by == "month" else row.name, row.currency), reverse=by == "month")
    return sorted(named, key=ORDERS[order], reverse=True) if order in ORDERS else named


# --- To take home ------------------------------------------------------------------------------------------------


def as_sheet(rows, by, *, full):
    """The same rows as cells; where nothing may be told the sheet says so, as the page does."""
    heads = (BY[by], "Shown", "Gifts", "Monthly", "Currency", "At first", "Per 1,000 showings")
    more = ("Givers", "Raised so far") if full else ()
    cells = [[*cells_of(row, by), *(of_givers(row) if full else ())] for row in rows]
    return Sheet("movers", "Stories that moved readers to give", heads + more, cells)


def cells_of(row, by):
    name = row.key if by == "month" else row.name
    if not row.currency:
        return [name, row.shown, *[None] * 5]
    return [name, row.shown, row.gifts, row.monthly, row.currency, exactly(row.at_first, row), row.rate]


def of_givers(row):
    return [row.number_of_givers, exactly(row.raised, row)] if row.currency else [0, None]


def exactly(minor, row):
    return Decimal(decimal_text(minor, row.currency))
