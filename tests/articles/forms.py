"""What a browser would send: the fields of a page's form as they stand, with some of them typed over."""

from html import unescape
from html.parser import HTMLParser

from django.utils.html import strip_tags


class _Fields(HTMLParser):
    def __init__(self, form_id):
        super().__init__()
        self.form_id, self.inside, self.data, self.select, self.textarea, self.aside = (
            form_id,
            False,
            {},
            None,
            None,
            0,
        )

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if tag == "form":
            self.inside = attrs.get("id") == self.form_id
        elif tag == "template":
            self.aside += 1
        elif not self.inside or self.aside:
            return
        elif tag == "input":
            self._input(attrs)
        elif tag == "select":
            self.select = attrs["name"]
            self.data[self.select] = [""]
        elif tag == "option" and "selected" in attrs and self.select:
            self.data[self.select] = [attrs.get("value", "")]
        elif tag == "textarea":
            self.textarea = attrs["name"]
            self.data[self.textarea] = [""]

    def _input(self, attrs):
        kind, name = attrs.get("type", "text"), attrs.get("name")
        if not name or kind in {"submit", "file"} or (kind in {"checkbox", "radio"} and "checked" not in attrs):
            return
        self.data.setdefault(name, []).append(attrs.get("value", "on" if kind == "checkbox" else ""))

    def handle_data(self, data):
        if self.textarea:
            self.data[self.textarea][0] += data

    def handle_endtag(self, tag):
        if tag == "textarea" and self.textarea:
            self.data[self.textarea] = [self.data[self.textarea][0].removeprefix("\n")]
            self.textarea = None
        elif tag == "select":
            self.select = None
        elif tag == "template":
            self.aside -= 1
        elif tag == "form":
            self.inside = False


def filled(response, form_id="story", **typed):
    """The form `form_id` of `response` as POST data, with `typed` over it; None leaves a field out."""
    fields = _Fields(form_id)
    fields.feed(response.content.decode())
    data = fields.data | {name: value for name, value in typed.items() if value is not None}
    return {name: value for name, value in data.items() if not (name in typed and typed[name] is None)}


def words(response):
    """The page as it is read: without markup, in one line."""
    return " ".join(unescape(strip_tags(response.content.decode())).split())
