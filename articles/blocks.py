"""Every word of a body stands in a paragraph, a heading, a list item or a quote. Pure functions on whole HTML.

The editor makes it so by itself. What is typed without it, or posted past it, is brought into the same shape.
"""

import re
from html.parser import HTMLParser

from .figures import Figure

DEEPEST = 6  # quotes and lists in one another; what lies deeper stands beside them
SAME_AS = {"h1": "h2", "h4": "h3", "h5": "h3", "h6": "h3"}
BETWEEN = set("div section article header footer main aside nav address figcaption dl dt dd pre".split())
_MARKS, _LEAVES, _LISTS = {"a", "strong", "em"}, {"p", "h2", "h3"}, {"ul", "ol"}
_NESTED = {"blockquote", *_LISTS}
_BLANK_LINE = re.compile(r"\n[ \t]*\n\s*")


def in_blocks(html):
    """`html`, in which every element is closed, with its words in blocks; what the editor made stays as it is."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return "".join(reader.written)


class _Reader(HTMLParser):
    def __init__(self):
        super().__init__(convert_charrefs=False)
        self.written = []
        self.open = []  # the blocks around: (element, what closes it; empty when it was not written)
        self.leaf, self.loose = "", False  # what closes the paragraph or heading; whether nobody asked for it
        self.space = ""  # between loose words, written when more of them follow
        self.marks = []  # [element, its opening tag (none inside another such element), whether that is written]

    def handle_starttag(self, tag, attrs):
        if tag == "br":
            self._say("<br>")
        elif tag in _MARKS:
            again = any(mark[0] == tag for mark in self.marks)
            self.marks.append([tag, "" if again else self.get_starttag_text(), False])
        else:
            self._end_leaf()
            self._start_block(SAME_AS.get(tag, tag), attrs)

    def handle_endtag(self, tag):
        if tag in _MARKS:
            if self.marks.pop()[2]:
                self.written.append(f"</{tag}>")
        else:
            self._end_leaf()
            self.written.append(self.open.pop()[1])

    def handle_data(self, data):
        if self.leaf and not self.loose:
            self._say(data)
        elif not self.leaf and not data.strip():
            self.written.append(data)
        else:
            first, *others = _BLANK_LINE.split(data)
            self._say_loosely(first)
            for part in others:
                self._end_leaf()
                self._say_loosely(part)

    def handle_entityref(self, name):
        self._say(f"&{name};")

    def handle_charref(self, name):
        self._say(f"&#{name};")

    def close(self):
        super().close()
        self._end_leaf()

    def _start_block(self, tag, attrs):
        before, after = ("<li>", "</li>") if tag != "li" and self._within() in _LISTS else ("", "")
        if tag == "hr":
            self.written.append(f"{before}<hr>{after}")
            return
        closing = ""
        if tag in _LEAVES:
            self.leaf, self.loose = f"</{tag}>{after}", False
            self.written.append(f"{before}<{tag}>")
        elif tag == "figure" and (figure := Figure.of(dict(attrs))):
            self.written.append(f"{before}{figure.html}{after}")
        elif self._may_stand(tag):
            closing = f"</{tag}>{after}"
            self.written.append(f"{before}<{tag}>")
        self.open.append((tag, closing))

    def _within(self):
        return next((tag for tag, closing in reversed(self.open) if closing), "")

    def _may_stand(self, tag):
        if tag == "li":
            return self._within() in _LISTS
        return tag in _NESTED and sum(1 for outer, closing in self.open if closing and outer in _NESTED) < DEEPEST

    def _say_loosely(self, text):
        words = text.strip()
        if self.leaf and text[:1].isspace():
            self.space = " "
        if words:
            self._say(words)
            self.space = " " if text[-1].isspace() else ""

    def _say(self, words):
        """Write `words` with the marks around them; where no paragraph is open, in one of their own."""
        if not self.leaf:
            self._start_block("p", [])
            self.open.pop()
            self.loose = True
        elif self.space:
            self.written.append(self.space)
        self.space = ""
        for mark in self.marks:
            if mark[1] and not mark[2]:
                self.written.append(mark[1])
                mark[2] = True
        self.written.append(words)

    def _end_leaf(self):
        if not self.leaf:
            return
        for mark in reversed(self.marks):
            if mark[2]:
                self.written.append(f"</{mark[0]}>")
                mark[2] = False
        self.written.append(self.leaf)
        self.leaf = self.space = ""
