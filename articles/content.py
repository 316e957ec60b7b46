"""What is signed: one tuple of fields, one canonical form, one hash. No database.

A content is a plain dict with the keys of `FIELDS`. `clean` brings typed input into the one form that is stored;
`digest` hashes it. Empty values are left out of the canonical form, so a field added later leaves old hashes standing.
"""

import hashlib
import json
import re
import unicodedata
from html import unescape
from itertools import takewhile

import nh3

from .blocks import BETWEEN, SAME_AS, in_blocks
from .figures import ATTRIBUTES

SCHEMA = 1
FIELDS = (
    "kicker",
    "headline",
    "standfirst",
    "body",
    "slug",
    "section",  # id
    "byline",  # [{"author": id, "role": text}, …] in printing order
    "topics",  # ids, ascending
    "lead_picture",  # uuid
    "lead_alt",
    "lead_caption",
    "lead_credit",
    "lead_focal",  # "x,y" in percent from the top left corner; empty is the middle
    "language",
    "sensitivity",
    "share_title",
    "share_text",
)
TEXTS = tuple(name for name in FIELDS if name not in {"body", "slug", "section", "byline", "topics", "lead_picture"})
OF_A_NOTICE = frozenset(  # what stays of a retracted story beside the notice to readers
    {"kicker", "headline", "slug", "section", "byline", "topics", "language", "sensitivity"}
)
OF_A_BLANK = frozenset({"section", "byline", "topics", "language", "sensitivity"})  # no word that somebody typed
SLUG_LENGTH = 80
_NO_LETTERS = re.compile(r"[^\w\s-]+")

# What the editor can make, and all that a body may hold. A picture in the body is a figure naming a Picture; any other
# image is dropped, whatever path it came by.
EDITOR_EXTENSIONS = {
    "Bold": True,
    "Italic": True,
    "Heading": {"levels": [2, 3]},
    "BulletList": True,
    "OrderedList": {"enableListAttributes": False},
    "ListItem": True,
    "Blockquote": True,
    "HardBreak": True,
    "HorizontalRule": True,
    "Link": {"enableTarget": False, "protocols": ["http", "https", "mailto"]},
    "History": True,
}
_WITHOUT_SCHEME = re.compile(r"(//)?[\w-]+(\.[\w-]+)+(:\d+)?([/?#].*)?$")  # example.org/page, //example.org


def _link(tag, attribute, value):
    """A link leads to a page of ours (/about/), to a place on the page (#top) or, with its scheme, elsewhere."""
    if (tag, attribute) != ("a", "href"):
        return value
    value = value.strip()
    if re.match(r"https?://|mailto:|#|/(?!/)", value, re.IGNORECASE):
        return value
    return f"https://{value.removeprefix('//')}" if _WITHOUT_SCHEME.match(value) else None


_TAGS = {"p", "h2", "h3", "ul", "ol", "li", "blockquote", "a", "strong", "em", "br", "hr", "figure"}
_RULES = dict(
    attributes={"a": {"href"}, "figure": ATTRIBUTES},
    clean_content_tags={"script", "style", "template", "iframe", "object"},
    attribute_filter=_link,
    url_schemes={"http", "https", "mailto"},
    link_rel=None,
    strip_comments=True,
)
_POSTED = nh3.Cleaner(tags=_TAGS | BETWEEN | set(SAME_AS), **_RULES)
_SANITISER = nh3.Cleaner(tags=_TAGS, **_RULES)
_OF_A_TABLE = re.compile(r"<(/?)(?:table|caption|thead|tbody|tfoot|tr|th|td)(?=[\s>/])", re.IGNORECASE)
_UNSEEN = {"Cc", "Cf", "Zl", "Zp", "Zs"}  # Unicode's names for what nobody sees: controls, joiners, spaces


def sanitise(html):
    """`html` reduced to what a body may hold, every word in a block. Doing it twice changes nothing more."""
    html = _OF_A_TABLE.sub(r"<\1div", html or "")  # every cell by itself, also one whose table was not copied
    posted = _POSTED.clean(unicodedata.normalize("NFC", html))
    body = _SANITISER.clean(in_blocks(posted)).strip()
    return "" if _shows_nothing(body) else body


def _shows_nothing(body):
    words = unescape(re.sub(r"<(?!figure|hr)[^>]*>", "", body))
    return _is_unseen(words)


def _is_unseen(text):
    return all(unicodedata.category(sign) in _UNSEEN for sign in text)


def _text(value):
    text = unicodedata.normalize("NFC", value or "").replace("\r\n", "\n").strip()
    return "" if _is_unseen(text) else text


def make_slug(headline):
    """An address from a headline: whole words, at most `SLUG_LENGTH` characters, letters of any script."""
    words = _NO_LETTERS.sub(_marks, _normal(_normal(headline).lower()))
    slug = re.sub(r"[-\s]+", "-", _normal(words)).strip("-_")
    if len(slug) <= SLUG_LENGTH:
        return slug
    return slug[: SLUG_LENGTH + 1].rsplit("-", 1)[0][:SLUG_LENGTH].rstrip("-_")


def _normal(text):
    return unicodedata.normalize("NFKC", text)


def _marks(signs):
    """Of the signs after a letter only its marks stay: Hindi, Tamil and others write their vowels with them."""
    return "".join(takewhile(is_mark, signs[0]))


def is_mark(sign):
    return unicodedata.category(sign) in {"Mn", "Mc"} and not "\ufe00" <= sign <= "\ufe0f"  # looks of the sign before


def is_slug(text):
    """Whether `text` has letters, their marks, digits, hyphens and underscores only, of any script."""
    return bool(text) and all(sign.isalnum() or sign in "-_" or is_mark(sign) for sign in text)


def clean(content):
    """`content` in the form in which it is stored, compared and hashed. Unknown keys are an error of the program."""
    unknown = set(content) - set(FIELDS)
    if unknown:
        raise ValueError(f"Not fields of a story: {', '.join(sorted(unknown))}. Add them to FIELDS or leave them out.")
    cleaned = {name: _text(content.get(name)) for name in TEXTS}
    cleaned["body"] = sanitise(content.get("body"))
    cleaned["slug"] = make_slug(_text(content.get("slug")) or cleaned["headline"])
    cleaned["section"] = content.get("section")
    cleaned["byline"] = [
        {"author": line["author"], "role": _text(line.get("role"))} for line in content.get("byline") or []
    ]
    cleaned["topics"] = sorted(set(content.get("topics") or []))
    cleaned["lead_picture"] = str(content["lead_picture"]) if content.get("lead_picture") else None
    return {name: cleaned[name] for name in FIELDS}


def only(content, names):
    """`content` with nothing but the fields `names`."""
    return clean({name: value for name, value in content.items() if name in names})


def canonical(content, **signed):
    """The bytes that are hashed: sorted keys, NFC, UTF-8, empty values left out. `signed` are facts signed with it."""
    return _canonical(clean(content), signed)


def _canonical(cleaned, signed):
    values = {**cleaned, **{name: _text(value) for name, value in signed.items()}}
    kept = {name: value for name, value in values.items() if value not in ("", None, [])}
    text = json.dumps({"schema": SCHEMA, **kept}, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return text.encode()


def digest(content, **signed):
    """The sha256 (hex) over `canonical`. A review signs `kind` and `public_note` together with the words."""
    return hashlib.sha256(canonical(content, **signed)).hexdigest()


def digest_of_stored(content, **signed):
    """`digest` of a content as it lies in its row. It is not cleaned again, so whatever crept in there is noticed."""
    return hashlib.sha256(_canonical(content, signed)).hexdigest()
