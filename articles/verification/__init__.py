"""Whether the history agrees with itself: hashes, numbers, and rows that tell of the same thing. Changes nothing.

A finding names rows, people's keys and times; no word of a story, so that a report may be passed on.
"""

from itertools import islice

from django.db import DataError, transaction

from articles.models import Article

from .blanking import blankings_hold, what_is_blanked_was_blanked_by_two
from .publishing import embargoes_hold, schedules_hold, takedowns_hold, times_hold, versions_hold
from .signing import (
    events_hold,
    numbers_have_no_gaps,
    reviews_are_there,
    reviews_hold,
    revisions_hold,
    the_working_copy_is_the_latest_revision,
)
from .standing import the_status_follows
from .story import LISTS, Finding, Story

AT_A_TIME = 50  # stories held in memory, and kept still, at once
CHECKS = (
    numbers_have_no_gaps,
    events_hold,
    revisions_hold,
    reviews_hold,
    reviews_are_there,
    versions_hold,
    embargoes_hold,
    times_hold,
    the_status_follows,
    schedules_hold,
    takedowns_hold,
    blankings_hold,
    what_is_blanked_was_blanked_by_two,
    the_working_copy_is_the_latest_revision,
)


def findings(articles, counted):
    """Yield what does not agree in `articles` (a queryset); `counted` (a Counter) learns how many rows were read."""
    keys = articles.order_by("pk").values_list("pk", flat=True).iterator()
    while some := list(islice(keys, AT_A_TIME)):
        yield from _of(some, counted)


def _of(keys, counted):
    """Of these stories, or of each alone where one of them cannot even be fetched."""
    try:
        return _together(keys, counted)
    except (DataError, ValueError):
        if len(keys) > 1:
            return [finding for key in keys for finding in _of([key], counted)]
        return [Finding(f"story {keys[0]}", "its rows cannot be read: one is in a form that nothing writes.")]


def _together(keys, counted):
    """Of these stories, whose verbs wait meanwhile: what is half done would not agree."""
    with transaction.atomic():
        stories = Article.objects.select_for_update(of=("self",), no_key=True).filter(pk__in=keys).order_by("pk")
        found = []
        for article in stories.prefetch_related(*LISTS):
            story = Story(article)
            counted.update(story.counted)
            found += [finding for look in CHECKS for finding in _found(look, story)]
    return found


def _found(look, story):
    """What `look` finds, to its end or as far as it can read what somebody bent."""
    try:
        yield from look(story)
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as failure:
        words = f"{look.__name__} goes no further ({type(failure).__name__}): a row is in a form that nothing writes."
        yield Finding(f"story {story.article.pk}", words)
