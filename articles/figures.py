"""Pictures in the text of a story. Pure functions on sanitised HTML.

A body names a picture and says what readers are told of it: `<figure data-picture="uuid" data-alt data-caption
data-credit></figure>`. What is shown there is looked up when the text is drawn, so a picture can be withdrawn.
"""

import re
from dataclasses import dataclass
from html import escape, unescape

SAID = ("alt", "caption", "credit")
ATTRIBUTES = {"data-picture", *(f"data-{name}" for name in SAID)}
_KEY = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_FIGURE = re.compile(r"<figure([^>]*)></figure>")
_ATTRIBUTE = re.compile(r'(data-\w+)="([^"]*)"')


@dataclass(frozen=True)
class Figure:
    """One picture in a text: its key, and the words that go with it there."""

    picture: str
    alt: str = ""
    caption: str = ""
    credit: str = ""

    @classmethod
    def of(cls, attributes):
        """What the `attributes` of an element say; None where they name no picture."""
        key = (attributes.get("data-picture") or "").strip()
        if not _KEY.fullmatch(key):
            return None
        return cls(key.lower(), *(" ".join((attributes.get(f"data-{name}") or "").split()) for name in SAID))

    @property
    def html(self):
        """The one form in which it is stored: attributes in this order, empty ones left out."""
        said = [(name, getattr(self, name)) for name in ("picture", *SAID)]
        attributes = "".join(f' data-{name}="{escape(words)}"' for name, words in said if words)
        return f"<figure{attributes}></figure>"


def _read(found):
    return Figure.of({name: unescape(value) for name, value in _ATTRIBUTE.findall(found[1])})


def figures(body):
    """The figures of `body`, in order of reading."""
    return [_read(found) for found in _FIGURE.finditer(body or "")]


def drawn(body, draw):
    """`body` with `draw(figure)`, safe HTML, in place of every figure; an empty string leaves one out."""
    return _FIGURE.sub(lambda found: draw(_read(found)), body)


def pictures_of(content):
    """The keys of all pictures that `content` (a content dict) names, on top and in its body, each once."""
    on_top = [str(content["lead_picture"])] if content.get("lead_picture") else []
    return list(dict.fromkeys([*on_top, *(figure.picture for figure in figures(content.get("body")))]))
