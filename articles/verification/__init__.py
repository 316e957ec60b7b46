"""Whether the history agrees with itself: hashes, numbers, and rows that tell of the same thing. Changes nothing.

A finding names rows, people's keys and times; no word of a story, so that a report may be passed on.
"""

from itertools import islice

from django.db import transaction

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
from .story import LISTS, Story

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
    """Of these stories, whose verbs wait meanwhile: what is half done would not agree."""
    with transaction.atomic():
        stories = Article.objects.select_for_update(of=("self",), no_key=True).filter(pk__in=keys).order_by("pk")
        found = []
        for article in stories.prefetch_related(*LISTS):
            story = Story(article)
            counted.update(story.counted)
            found += [finding for look in CHECKS for finding in look(story)]
    return found
