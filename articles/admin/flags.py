"""On top of a story's pages, beside its status: times to come, what is away, what waits for a second person."""

from dataclasses import dataclass

from django.urls import reverse

from articles.models import Review, Takedown
from articles.models.verbs.together import name_of
from articles.moments import in_words

Subject = Review.Subject
PROPOSALS = {
    Subject.EMERGENCY: (
        "Published without review",
        "by {who}, {when}. No other editor has confirmed it yet.",
        "confirm_emergency",
        "Read it, then confirm or object",
    ),
    Subject.RETRACTION: (
        "Retraction proposed",
        "by {who}, {when}. Another editor has to confirm it.",
        "confirm_retraction",
        "Read the notice, then confirm or drop it",
    ),
}


@dataclass(frozen=True)
class Flag:
    name: str
    words: str
    is_red: bool = False
    url: str = ""  # where a second person decides
    link: str = ""
    opener: object = None  # who cannot be the second person
    at: object = None  # a moment to come


def flags(article, live, now):
    """Those of a stored story, the red ones first."""
    if article.pk is None:
        return []
    return [*_waiting(article), *_away(article, live), *_to_come(article, now)]


def _waiting(article):
    for review in reversed(article.newest_reviews()):
        if review.outcome is not None or review.subject == Subject.CONTENT:
            continue
        name, words, verb, link = PROPOSALS[review.subject]
        who = review.submitted_by
        said = words.format(who=name_of(who), when=in_words(review.submitted_at))
        yield Flag(name, said, is_red=True, url=_page(article, verb), link=link, opener=who)
    for blanking in article.blankings.filter(is_done__isnull=True).select_related("proposed_by"):
        who, link = blanking.proposed_by, "Read what would go, then confirm or drop it"
        said = f"by {name_of(who)}, {in_words(blanking.proposed_at)}. Another editor has to confirm it."
        yield Flag("Blanking proposed", said, is_red=True, url=_page(article, "confirm_blank"), link=link, opener=who)


def _away(article, live):
    for takedown in article.takedowns.filter(lifted_at__isnull=True).select_related("by"):
        because = " for legal reasons (451)" if takedown.code == Takedown.Code.LEGAL else " (410)"
        said = f"{in_words(takedown.at)}: readers get a short notice{because}."
        if blanking := article.blankings.filter(is_done=True, decided_at=takedown.at).first():
            who = f"{name_of(blanking.proposed_by)} and {name_of(blanking.decided_by)}"
            yield Flag("Taken down", f"Its words were blanked by {who}, {said}", is_red=True)
        else:
            yield Flag("Taken down", f"by {name_of(takedown.by)}, {said} {takedown.reason}", is_red=True)
    if live and live.is_retracted:
        yield Flag("Retracted", "Readers find a notice in place of the story.", is_red=True)


def _to_come(article, now):
    if article.unbooked:
        since = in_words(article.unbooked.visible_from)
        yield Flag("Public", f"since {since}, not booked yet: its history says so once the worker is back.")
    if waiting := article.scheduled_version:
        yield Flag("Goes public", "", at=waiting.visible_from)
    if article.embargo and article.embargo > now:
        yield Flag("Embargo", "Nothing goes out before.", at=article.embargo)


def _page(article, verb):
    return reverse(f"admin:articles_article_{verb}", args=[article.pk])
