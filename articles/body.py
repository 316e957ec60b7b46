"""The body of a story as readers get it. Pure functions on sanitised HTML, whose tags are known to be whole."""

import re

from django.utils.html import format_html, strip_tags

LONG = 450  # words from which on a story counts as long
MIDDLE = 0.45  # where a reader is asked, as a share of the words
NEAR = 0.15  # how far from there the sentence may still stand
BLOCKS_BEFORE_THE_END = 3

_TAG = re.compile(r"<(/?)([a-z][a-z0-9]*)[^>]*>")
_VOID = {"br", "hr"}


def blocks(html):
    """The outermost elements of `html`, in order; joined again they are `html`."""
    found, depth, start = [], 0, 0
    for tag in _TAG.finditer(html):
        if tag[2] not in _VOID:
            depth += -1 if tag[1] else 1
        if depth == 0:
            found.append(html[start : tag.end()])
            start = tag.end()
    return [*found, html[start:]] if html[start:] else found


def words_in(block):
    return len(strip_tags(block).split())


def _is_paragraph(block):
    return block.lstrip().startswith("<p>")


def place_for_a_sentence(parts):
    """How many of `parts` stand before the sentence in mid-text; None where it has no good place.

    It follows a whole paragraph near the middle and precedes another one or a heading: it never follows a heading or a
    picture, and never comes between a paragraph and the list or quote that the paragraph announces.
    """
    counts = [words_in(part) for part in parts]
    total = sum(counts)
    if total < LONG:
        return None
    places = []
    for place in range(1, len(parts) - BLOCKS_BEFORE_THE_END + 1):
        away = abs(sum(counts[:place]) / total - MIDDLE)
        if away <= NEAR and _is_paragraph(parts[place - 1]) and parts[place].lstrip().startswith(("<p>", "<h")):
            places.append((away, place))
    return min(places)[1] if places else None


def leading_to(html, target, sentence, language):
    """`html` with one paragraph in mid-text that leads down to `target` (`#appeal`); unchanged in a short story."""
    parts = blocks(html)
    place = place_for_a_sentence(parts)
    if place is None:
        return html
    link = format_html('<p class="leads-down" lang="{}" dir="ltr"><a href="{}">{}</a></p>', language, target, sentence)
    return "".join([*parts[:place], link, *parts[place:]])
