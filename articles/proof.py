"""A content as people read it: every field in words, and the difference between two contents.

Contents are dicts of `content.FIELDS`; the sections, authors, topics and pictures they name are looked up here.
"""

from dataclasses import dataclass
from functools import cached_property

from . import differences
from .bylines import byline_text
from .content import FIELDS, clean
from .models import Article, ArticleByline, Author, Picture, Section, Topic
from .models.aids import reading_minutes
from .models.content import LANGUAGES, Sensitivity, direction_of
from .places import places

LABELS = {name: str(Article._meta.get_field(name).verbose_name) for name in FIELDS if name != "byline"}
LABELS |= {"byline": "byline", "body": "text", "slug": "address"}
LABELS |= {"share_title": "title for sharing", "share_text": "text for sharing"}
NAMES = {"section", "byline", "topics", "lead_picture", "language", "sensitivity"}  # the other fields are prose


class Proof:
    """One content with everything it names, read like a row: `proof.headline`, `proof.section.name`."""

    def __init__(self, content):
        self.content = clean(content)  # an old revision knows nothing of a field that was added later

    def __getattr__(self, name):
        if name in FIELDS:
            return self.content[name]
        raise AttributeError(name)

    @cached_property
    def section(self):
        return Section.objects.filter(pk=self.content["section"]).first()

    @cached_property
    def topics(self):
        return list(Topic.objects.filter(pk__in=self.content["topics"]))

    @cached_property
    def lead_picture(self):
        return Picture.objects.filter(pk=self.content["lead_picture"]).first()

    @cached_property
    def body_pictures(self):
        return Picture.objects.in_bodies(self.body)

    @cached_property
    def lines(self):
        """The byline as rows that nobody saves: author and role in printing order."""
        authors = Author.objects.select_related("photo").in_bulk([line["author"] for line in self.content["byline"]])
        return [
            ArticleByline(author=authors[line["author"]], role=line["role"], position=position)
            for position, line in enumerate(self.content["byline"])
            if line["author"] in authors
        ]

    @property
    def byline(self):
        return byline_text(self.lines)

    @property
    def direction(self):
        return direction_of(self.language)

    @property
    def minutes(self):
        """Reading time, counted as on the public page."""
        return reading_minutes(self.body)

    def says(self, quote):
        """Whether the words of `quote` stand in it, whatever their line breaks and formatting."""
        return " ".join(quote.split()) in self._in_one_line

    @cached_property
    def _in_one_line(self):
        return " ".join(word for _, text in places(self.content) for word in text.split())

    def words(self, name):
        """Field `name` as a person would say it."""
        if name == "language":
            return dict(LANGUAGES).get(self.language, self.language)
        if name == "sensitivity":
            return Sensitivity(self.sensitivity).label
        if name == "topics":
            return ", ".join(topic.name for topic in self.topics)
        return str(getattr(self, name) or "")


@dataclass(frozen=True)
class FieldChange:
    name: str
    before: str
    after: str
    marked: object  # safe HTML with <ins> and <del>; of the body a list of `differences.Change`

    @property
    def label(self):
        return LABELS[self.name]


def changes(old, new):
    """The fields in which content `new` is not what content `old` was, in the order of the form."""
    before, after = Proof(old), Proof(new)
    return [_change(name, before, after) for name in FIELDS if before.content[name] != after.content[name]]


def _change(name, before, after):
    old, new = before.words(name), after.words(name)
    mark = differences.compare if name == "body" else differences.replaced if name in NAMES else differences.marked
    return FieldChange(name, old, new, mark(old, new))
