"""How a story changed, as readers are told: its versions, what may still be read of them, and what each step changed.

Readers count the versions that they could see: one that was scheduled and stopped has no number.
"""

from dataclasses import dataclass
from html import escape

from . import differences
from .figures import drawn, figures
from .models import Picture, Publication
from .models.content import LANGUAGES
from .workflow import Kind

NAMES = {"section", "byline", "topics", "language"}  # the other fields are prose
LABELS = {
    "kicker": "Line above the headline",
    "headline": "Headline",
    "standfirst": "Summary",
    "section": "Section",
    "byline": "Byline",
    "topics": "Topics",
    "language": "Language",
    "lead_picture": "Picture",
    "lead_alt": "Description of the picture",
    "lead_caption": "Words below the picture",
    "lead_credit": "Credit of the picture",
    "body": "Text",
}


@dataclass(frozen=True)
class Version:
    story: Publication
    number: int
    is_current: bool
    taken_back: Publication | None  # the retraction that took its words back
    before: "Version | None"

    @property
    def removed(self):
        """410 or 451 where its page answers that alone."""
        return self.story.removed

    @property
    def is_readable(self):
        return not (self.removed or self.taken_back)

    @property
    def note(self):
        return "" if self.removed else self.story.public_note

    @property
    def can_be_compared(self):
        return self.is_readable and self.before is not None and self.before.is_readable

    def steps(self):
        """What changed from the version before, field by field."""
        return steps(self.before.story, self.story)


@dataclass(frozen=True)
class Step:
    """What changed in one field: `marked` is safe HTML with <ins> and <del>; `runs` those of the text."""

    label: str
    marked: str = ""
    runs: tuple = ()


def versions_of(article_id, now):
    """The versions of a story that readers have seen by `now`, newest first; none of a story that is down."""
    stories = list(Publication.objects.seen(now).filter(article=article_id).for_page())
    retraction = next((story for story in stories if story.is_retracted), None)
    found = []
    for number, story in enumerate(reversed(stories), start=1):
        taken_back = retraction if retraction and story.version <= retraction.version else None
        found.append(Version(story, number, story.is_visible(now), taken_back, found[-1] if found else None))
    return found[::-1]


def number_of(story, now):
    """The number that readers know publication `story` by; None of one that they have not seen."""
    seen = Publication.objects.once_seen(now).filter(article=story.article_id, version__lte=story.version)
    return seen.count() if story.visible_from <= now else None


def told_on_the_page(versions):
    """Of `versions` (publications, newest first): the changes that a story's page tells, and the correction on top."""
    told = {Kind.UPDATE, Kind.REINSTATEMENT, Kind.CLARIFICATION, Kind.CORRECTION, Kind.RETRACTION}
    changes = [version for version in versions if version.kind in told and version.public_note and not version.removed]
    on_top = None
    for change in changes:
        if change.is_retracted:
            break  # what came before it was about words that are gone
        if change.kind == Kind.CORRECTION:
            on_top = change
            break
    return {"changes": changes, "correction": on_top}


# --- The difference between two versions ---------------------------------------------------------------------------


def steps(old, new):
    """What changed from version `old` to `new` in the words of the page, field by field."""
    return [step for name in LABELS if (step := _step(name, old, new))]


def _step(name, old, new):
    if name == "body":
        before, after = _texts(old.body, new.body)
        runs = differences.folded(differences.compare(before, after)) if before != after else ()
        return Step(LABELS[name], runs=tuple(runs)) if runs else None
    before, after = _words(old, name), _words(new, name)
    if name == "lead_picture":
        return Step(LABELS[name], marked=_exchanged(before, after)) if before != after else None
    mark = differences.replaced if name in NAMES else differences.marked
    return Step(LABELS[name], marked=mark(before, after)) if before != after else None


def _words(story, name):
    """Field `name` of a version as its page prints it; nothing of a picture that was withdrawn."""
    if name.startswith("lead_") and (story.lead_picture is None or story.lead_picture.withdrawn_at):
        return ""
    if name == "lead_picture":
        return str(story.lead_picture_id)
    if name == "topics":
        return ", ".join(topic["name"] for topic in story.shown_topics)
    if name == "language":
        return dict(LANGUAGES).get(story.language, story.language)
    return str(getattr(story, name) or "")


def _exchanged(before, after):
    if before and after:
        return "Another picture stands in its place."
    return "A picture was added." if after else "The picture was removed."


def _texts(old, new):
    """Two bodies in which each picture is a paragraph of the words that went with it, the same one by one number."""
    keys = list(dict.fromkeys(figure.picture for figure in (*figures(old), *figures(new))))
    withdrawn = Picture.objects.filter(pk__in=keys, withdrawn_at__isnull=False) if keys else ()
    hidden = {str(picture.pk) for picture in withdrawn}

    def in_words(figure):
        if figure.picture in hidden:
            return ""
        said = [figure.alt and f"Description: {figure.alt}", figure.caption, figure.credit]
        words = ". ".join([f"Picture {keys.index(figure.picture) + 1}", *(part.rstrip(".") for part in said if part)])
        return f"<p>{escape(words)}.</p>"

    return drawn(old, in_words), drawn(new, in_words)
