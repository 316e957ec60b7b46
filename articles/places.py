"""Where the words of a story stand. Pure functions on a content dict, whose body is sanitised HTML."""

import re
from html import unescape

from django.utils.html import strip_tags

from .body import blocks
from .figures import SAID, figures

FIELDS = {
    "kicker": "the kicker",
    "headline": "the headline",
    "standfirst": "the standfirst",
    "lead_alt": "the lead picture's alt text",
    "lead_caption": "the lead picture's caption",
    "lead_credit": "the lead picture's credit",
    "share_title": "the title for sharing",
    "share_text": "the text for sharing",
}
BLOCKS = {"h2": "a heading", "h3": "a subheading", "ul": "a list", "ol": "a list", "blockquote": "a quote"}
OF_A_PICTURE = {"alt": "alt text", "caption": "caption", "credit": "credit"}
NEAR = 24  # characters quoted on either side

_APART = re.compile(r"</(?:p|h2|h3|li|blockquote)>|<[bh]r>")  # words before and after it are no neighbours
_FIRST_TAG = re.compile(r"\s*<(\w+)")


def places(content):
    """Every text that people wrote into `content`, as (where it stands, plain text), in the order of the form."""
    yield from ((where, content.get(name) or "") for name, where in FIELDS.items())
    yield from (("the byline", line.get("role") or "") for line in content.get("byline") or [])
    yield from _of_the_body(content.get("body") or "")


def _of_the_body(body):
    paragraphs = 0
    for block in blocks(body):
        tag = _FIRST_TAG.match(block)
        name = tag[1] if tag else ""
        paragraphs += name == "p"
        yield BLOCKS.get(name, f"paragraph {paragraphs}"), plain(block)
    for number, figure in enumerate(figures(body), 1):
        yield from ((f"the {OF_A_PICTURE[said]} of picture {number}", getattr(figure, said)) for said in SAID)


def plain(html):
    """The words of `html` in one line."""
    return " ".join(unescape(strip_tags(_APART.sub(" ", html))).split())


def quoted(text, start, end):
    """`text[start:end]` with the words around it: “…the TK councillors voted…”."""
    before, after = text[:start], text[end:]
    if len(before) > NEAR:
        before = f"…{before[-NEAR:].partition(' ')[2]}"
    if len(after) > NEAR:
        after = f"{after[:NEAR].rpartition(' ')[0]}…"
    return f"“{before}{text[start:end]}{after}”"
