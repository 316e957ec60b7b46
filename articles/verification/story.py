"""A story with all that is kept of it, as the checks read it; and what a check says of a row."""

from collections import Counter
from dataclasses import dataclass

from articles import content
from articles.models import Publication

LISTS = (
    "revisions",
    "reviews",
    "events",
    "publications__bylines",
    "publications__topics",
    "takedowns",
    "blankings",
    "bylines",
    "topics",
)
SAVES = {"save", "restore", "discard"}  # each tells of a revision


@dataclass(frozen=True)
class Finding:
    row: str
    words: str

    def __str__(self):
        return f"{self.row}: {self.words}"


class Story:
    """Everything that is kept of one story."""

    def __init__(self, article):
        self.article = article
        self.revisions, self.reviews = list(article.revisions.all()), list(article.reviews.all())
        self.events, self.versions = list(article.events.all()), list(article.publications.all())
        self.takedowns, self.blankings = list(article.takedowns.all()), list(article.blankings.all())
        self.revision = {revision.pk: revision for revision in self.revisions}
        self.seen = [version for version in self.versions if version.visible_until != version.visible_from]
        self.counted = Counter(stories=1, revisions=len(self.revisions), reviews=len(self.reviews))
        self.counted.update(events=len(self.events), versions=len(self.versions))
        for event in self.events:
            event.data = event.data if isinstance(event.data, dict) else {}  # bent, and told by what it no longer says

    def told(self, verbs, at=None, actor=None, **data):
        """The events of `verbs`, at that moment and by that person where they are given, whose data say `data`."""
        return [
            event
            for event in self.events
            if event.verb in verbs
            and at in {None, event.at}
            and actor in {None, event.actor_id}
            and all(event.data.get(name) == value for name, value in data.items())
        ]

    def finding(self, row, words):
        kind = "version" if isinstance(row, Publication) else row._meta.verbose_name
        number = getattr(row, "number", None) or getattr(row, "version", None)
        which = f"{kind} {number}" if number else kind
        return Finding(f"story {self.article.pk}, {which} ({row._meta.db_table} {row.pk})", words)

    def unless(self, is_so, row, words):
        return [] if is_so else [self.finding(row, words)]


def gives(words, sha256, **signed):
    """Whether these stored words give that hash."""
    return isinstance(words, dict) and content.digest_of_stored(words, **signed) == sha256
