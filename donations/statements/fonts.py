"""The site's serif on paper, and the sans for scripts that it lacks; the licence of each lies beside its files.

Newsreader is the site's own, at two weights; a PDF can embed neither a variable font nor a compressed one.
"""

from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Final
from unicodedata import category, normalize

from fontTools.ttLib import TTFont

FONTS: Final = Path(__file__).parent / "fonts"
SERIF: Final = {"": "newsreader-400", "B": "newsreader-600"}
BESIDE: Final = tuple(
    f"source-sans-3-{script}" for script in ("cyrillic", "cyrillic-ext", "greek", "greek-ext", "vietnamese")
)
"""For names and titles in other scripts; in the order in which they are asked."""


def file_of(font: str) -> Path:
    return FONTS / f"{font}.ttf"


@cache
def letters_of(font: str) -> frozenset[int]:
    """The code points that a font can print."""
    with TTFont(file_of(font)) as opened:
        return frozenset(opened.getBestCmap())


def fonts_beside(text: str) -> list[str]:
    """The fonts that a text needs besides the serif."""
    missing = {ord(letter) for letter in text} - letters_of(SERIF[""])
    return [font for font in BESIDE if missing & letters_of(font)]


def is_known(letter: str) -> bool:
    return any(ord(letter) in letters_of(font) for font in (SERIF[""], *BESIDE))


def printable(text: str) -> str:
    """The text with what none of our fonts has in a plainer form, or left out; marks without a shape are left out."""
    return "".join(shapes(normalize("NFC", text)))


def shapes(text: str) -> Iterable[str]:
    for letter in text:
        if letter == "\n" or is_known(letter):
            yield letter
        elif letter.isspace():
            yield " "
        else:
            yield from filter(is_known, normalize("NFKD", letter))


def can_name(name: str) -> bool:
    """Whether a name can be printed letter by letter; a name with gaps would be somebody else's."""
    return all(printable(letter) for letter in normalize("NFC", name) if category(letter)[0] in "LN")
