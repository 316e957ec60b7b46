"""What changed between two texts, by paragraph and then by word. No database.

An editor signs what this shows, so nothing that readers would notice is left out: not the target of a link, not a
heading that became a paragraph, not a word that is bold now.
"""

import re
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from html.parser import HTMLParser

from django.utils.html import conditional_escape, format_html
from django.utils.safestring import mark_safe

from .alignment import opcodes, ratio

SAME, ADDED, REMOVED, CHANGED = "same", "added", "removed", "changed"
ALIKE = 0.4  # from which share of common words on two paragraphs count as one that was changed
MOST_PAIRS = 4000  # of paragraphs weighed against each other in two texts; the rest is paired by its order alone
AROUND = 1  # unchanged paragraphs shown beside a change; the rest is folded

_BLOCKS = {"p", "h2", "h3", "li", "blockquote", "ul", "ol", "figure", "hr"}
_NAMES = {"h2": "Heading", "h3": "Subheading", "blockquote": "Quote", "figure": "Picture", "hr": "Divider"}
_OF_A_FIGURE = {
    "data-alt": "Alt text",
    "data-caption": "Caption",
    "data-credit": "Credit",
}
_PICTURE = ("data-picture",)  # marks the token that is a picture's key: compared, but shown as the picture
_WORDS = re.compile(r"\s+|\w+|[^\w\s]")


@dataclass(frozen=True)
class Token:
    """A word, a space or a sign, with the marks around it: `("strong",)`, `("a https://…",)`."""

    text: str
    marks: tuple = ()


@dataclass(frozen=True)
class Block:
    path: tuple  # the elements it stands in: ("ul", "li")
    tokens: tuple

    @property
    def element(self):
        return self.path[-1]

    @property
    def name(self):
        if "li" in self.path:
            return "Numbered item" if "ol" in self.path else "List item"
        return _NAMES.get(next((tag for tag in self.path if tag in _NAMES), ""), "Paragraph")

    @property
    def picture(self):
        """The key of the picture that it is; empty for text."""
        return next((token.text for token in self.tokens if token.marks == _PICTURE), "")

    @property
    def said(self):
        """Its tokens without that key."""
        return [token for token in self.tokens if token.marks != _PICTURE]

    @cached_property
    def words(self):
        return [token.text for token in self.tokens if not token.text.isspace()]

    @cached_property
    def counts(self):
        return Counter(self.words)


@dataclass(frozen=True)
class Change:
    kind: str
    block: Block
    html: str  # safe
    before: Block | None = None  # what a changed one was

    @property
    def pictures(self):
        """[(what happened to it, key), …]: the pictures to show beside the words, the one before first."""
        if self.kind != CHANGED or not self.before.picture:
            return [(self.kind, self.block.picture)] if self.block.picture else []
        if self.before.picture == self.block.picture:
            return [(SAME, self.block.picture)]
        return [(REMOVED, self.before.picture), (ADDED, self.block.picture)]


class _Reader(HTMLParser):
    """Reads sanitised HTML into blocks."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.blocks, self._path, self._marks, self._tokens = [], [], [], []

    def handle_starttag(self, tag, attrs):
        if tag in _BLOCKS:
            self._flush()
            self._path.append(tag)
            self._describe(tag, dict(attrs))
        elif tag == "br":
            self._tokens.append(Token("\n"))
        else:
            target = dict(attrs).get("href")
            self._marks.append(f"{tag} {target}" if target else tag)

    def handle_endtag(self, tag):
        if tag in _BLOCKS:
            self._flush()
            if tag in self._path:
                del self._path[len(self._path) - 1 - self._path[::-1].index(tag) :]
        elif self._marks and tag != "br":
            self._marks.pop()

    def handle_data(self, data):
        if self._tokens or data.strip():
            self._tokens += [
                Token(" " if word.isspace() else word, tuple(self._marks)) for word in _WORDS.findall(data)
            ]

    def close(self):
        super().close()
        self._flush()

    def _describe(self, tag, attrs):
        """What has no words of its own is compared by what it shows."""
        if tag == "hr":
            self._tokens.append(Token("⁂"))
            self._flush()
            self._path.pop()
        elif tag == "figure":
            self._tokens.append(Token(attrs.get("data-picture") or "", _PICTURE))
            for name, label in _OF_A_FIGURE.items():
                words = _WORDS.findall(attrs.get(name) or ("missing" if name == "data-alt" else ""))
                # The mark keeps words that moved from the alt text to the caption from counting as the same ones.
                self._tokens += [Token(word, (name,)) for word in (f"{label}: ", *words, "\n") if words]

    def _flush(self):
        if any(not token.text.isspace() for token in self._tokens):
            self.blocks.append(Block(tuple(self._path) or ("p",), tuple(_trimmed(self._tokens))))
        self._tokens = []


def _trimmed(tokens):
    end = len(tokens)
    while end and tokens[end - 1].text.isspace():
        end -= 1
    return tokens[:end]


def blocks(html):
    """The paragraphs, headings, list items and quotes of sanitised `html`, in order."""
    reader = _Reader()
    reader.feed(html or "")
    reader.close()
    return reader.blocks


def compare(old, new):
    """How the body `old` became `new`: a list of `Change`, in the order of reading."""
    before, after, found, left = blocks(old), blocks(new), [], MOST_PAIRS
    for kind, i, i_end, j, j_end in opcodes(before, after):
        if kind == "equal":
            found += [Change(SAME, block, _rendered(block.said)) for block in after[j:j_end]]
            continue
        weighed = (i_end - i) * (j_end - j)
        pairs = _best_pairs if weighed <= left else _pairs_in_order
        left -= weighed if weighed <= left else 0
        found += _replaced(before[i:i_end], after[j:j_end], pairs)
    return found


def marked(old, new):
    """`new` as safe HTML with what was added in <ins> and what is gone in <del>; plain texts."""
    return _marked(_plain(old), _plain(new))


def replaced(old, new):
    """`old` and `new` as two wholes, for names rather than prose."""
    parts = [("del", old), ("ins", new)]
    return mark_safe(" ".join(format_html("<{0}>{1}</{0}>", tag, text) for tag, text in parts if text))  # noqa: S308


def folded(changes):
    """`changes` as [(hidden, [Change, …]), …]: long runs without a change are hidden until asked for."""
    near = {
        position + step
        for position, change in enumerate(changes)
        if change.kind != SAME
        for step in range(-AROUND, AROUND + 1)
    }
    runs = []
    for position, change in enumerate(changes):
        hidden = position not in near
        if not runs or runs[-1][0] != hidden:
            runs.append((hidden, []))
        runs[-1][1].append(change)
    return [(hidden and len(run) > 1, run) for hidden, run in runs]


# --- Pairing paragraphs ------------------------------------------------------------------------------------------


def _replaced(before, after, pairs):
    """Paragraphs that stand for others: those that are alike are one changed paragraph, the rest is gone or new."""
    found, i, j = [], 0, 0
    alike = [(n, m) for n, m in pairs(before, after) if ratio(before[n].words, after[m].words) >= ALIKE]
    for pair in [*alike, (len(before), len(after))]:
        found += [Change(REMOVED, block, _rendered(block.said, show_targets=True)) for block in before[i : pair[0]]]
        found += [Change(ADDED, block, _rendered(block.said, show_targets=True)) for block in after[j : pair[1]]]
        i, j = pair[0] + 1, pair[1] + 1
        if pair != (len(before), len(after)):
            found.append(_changed(before[pair[0]], after[pair[1]]))
    return found


def _changed(old, new):
    if old == new:
        return Change(SAME, new, _rendered(new.said))
    words = _marked(old.said, new.said)
    if old.path != new.path:
        words = format_html('<ins class="diff-became">{} → {}</ins> {}', old.name, new.name, words)
    return Change(CHANGED, new, words, before=old)


def _pairs_in_order(before, after):
    return [(n, n) for n in range(min(len(before), len(after)))]


def _best_pairs(before, after):
    """The pairing in order with the most words in common, as [(index before, index after), …].

    Shares are squared, so that one paragraph found again outweighs two that have only “the” and “of” in common.
    """
    best = {}
    for i in range(len(before) - 1, -1, -1):
        for j in range(len(after) - 1, -1, -1):
            skip = max(best.get((i + 1, j), (0, ())), best.get((i, j + 1), (0, ())), key=lambda found: found[0])
            shared = _shared(before[i], after[j])
            rest = best.get((i + 1, j + 1), (0, ()))
            take = (rest[0] + shared**2, ((i, j), rest[1])) if shared >= ALIKE else (0, ())
            best[i, j] = max(take, skip, key=lambda found: found[0])
    return _unlinked(best.get((0, 0), (0, ()))[1])


def _unlinked(chain):
    pairs = []
    while chain:
        pair, chain = chain
        pairs.append(pair)
    return pairs


def _shared(old, new):
    """Which share of their words is in both, in whatever order: quickly told, and never below their `ratio`."""
    return 2 * (old.counts & new.counts).total() / (len(old.words) + len(new.words))


# --- Marking words -------------------------------------------------------------------------------------------------


def _plain(text):
    return [Token(word) for word in _WORDS.findall(text or "")]


def _marked(old, new):
    parts = []
    for kind, before, after in _runs(old, new):
        if kind == "equal":
            parts.append(_rendered(after))
            continue
        if before:
            parts.append(format_html("<del>{}</del>", _rendered(before, show_targets=True)))
        if after:
            space, after = ([], after) if before else _space_before(after)
            parts.append(format_html("{}<ins>{}</ins>", _rendered(space), _rendered(after, show_targets=True)))
    return mark_safe("".join(parts))  # noqa: S308


def _space_before(added):
    """The space that added words begin with, and the words: the sign of the mark would stand before the space.

    A space that is all that was added stays marked.
    """
    return (added[:1], added[1:]) if len(added) > 1 and added[0].text == " " else ([], added)


def _runs(old, new):
    """[(kind, tokens before, tokens after), …]; a lone space between two changes belongs to them."""
    runs = []
    for kind, i, i_end, j, j_end in opcodes(old, new):
        before, after = list(old[i:i_end]), list(new[j:j_end])
        only_space = kind == "equal" and all(token.text.isspace() for token in after)
        last = j_end == len(new) and i_end == len(old)
        if runs and runs[-1][0] != "equal" and (kind != "equal" or (only_space and not last)):
            runs[-1][1].extend(before)
            runs[-1][2].extend(after)
        else:
            runs.append((kind, before, after))
    return runs


def _rendered(tokens, *, show_targets=False):
    """Tokens as safe HTML. With `show_targets` links say where they lead, since that may be all that changed."""
    parts, start = [], 0
    for end in range(1, len(tokens) + 1):
        if end == len(tokens) or tokens[end].marks != tokens[start].marks:
            text = "".join(token.text for token in tokens[start:end])
            parts.append(_wrapped(text, tokens[start].marks, show_targets))
            start = end
    return mark_safe("".join(parts))  # noqa: S308


def _wrapped(text, marks, show_targets):
    html = mark_safe(conditional_escape(text).replace("\n", "<br>"))  # noqa: S308
    for mark in reversed(marks):
        tag, _, target = mark.partition(" ")
        if tag == "a":
            shown = format_html(' <span class="diff-target">({})</span>', target) if show_targets else ""
            html = format_html('<span class="diff-link">{}</span>{}', html, shown)
        elif tag in {"strong", "em"}:
            html = format_html("<{0}>{1}</{0}>", tag, html)
    return html
