"""How a mail looks: the site's own palette and type, as mail programs want them, and the same words as plain text."""

import re
import textwrap
from functools import cache
from pathlib import Path
from typing import Any

from css_inline import CSSInliner
from django.conf import settings
from django.contrib.staticfiles import finders
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string

WIDTH = 72  # characters of a line of plain text


def written(name: str, told: dict[str, Any], *, to: str) -> EmailMultiAlternatives:
    """The mail `name`: `emails/<name>_subject.txt`, `.txt` and `.html`, each given what is `told`, to one address."""
    told = {"newsroom": settings.NEWSROOM_NAME, "site_url": settings.SITE_URL} | told
    message = EmailMultiAlternatives(
        subject=" ".join(render_to_string(f"emails/{name}_subject.txt", told).split()),
        body=wrapped(render_to_string(f"emails/{name}.txt", told)),
        to=[to],
        headers={"Auto-Submitted": "auto-generated"},
    )
    message.attach_alternative(in_our_look(render_to_string(f"emails/{name}.html", told)), "text/html")
    return message


def wrapped(text: str) -> str:
    """Plain text in lines that every mail program shows whole; an address is never cut, and no gap is a wide one."""
    lines = (
        textwrap.fill(line, WIDTH, break_long_words=False, break_on_hyphens=False) if len(line) > WIDTH else line
        for line in text.strip().splitlines()
    )
    return re.sub(r"\n{3,}", "\n\n", "\n".join(line.rstrip() for line in lines)) + "\n"


def in_our_look(html: str) -> str:
    """The mail with its styles on its elements, as mail programs want them; only the dark palette stays a rule."""
    return inliner().inline(html)


@cache
def inliner() -> CSSInliner:
    return CSSInliner(
        load_remote_stylesheets=False, keep_at_rules=True, resolve_css_variables=True, extra_css=palette()
    )


def palette() -> str:
    """The site's own tokens, without the fonts, which a mail does not fetch."""
    tokens = Path(str(finders.find("css/tokens.css"))).read_text()
    return re.sub(r"@font-face \{.*?\}", "", tokens, flags=re.DOTALL)
