"""Where people look: the hosted payment page, the control page, and the files these two need."""

import re
from urllib.parse import parse_qs, urlsplit

from django.conf import settings

from . import control, hosted, returning
from .rendering import HERE, plain

KINDS = {".css": "text/css; charset=utf-8", ".woff2": "font/woff2"}
OURS = {"127.0.0.1", "localhost", "::1"}
ROUTES = (
    ("GET", re.compile(r"/"), control.show),
    ("POST", re.compile(r"/do/([a-z-]+)(?:/([\w]+))?"), control.do),
    ("GET", re.compile(r"/c/pay/(\w+)"), hosted.show),
    ("POST", re.compile(r"/c/pay/(\w+)"), hosted.pay),
    ("GET", re.compile(r"/c/pay/(\w+)/authenticate"), hosted.ask),
    ("POST", re.compile(r"/c/pay/(\w+)/authenticate"), hosted.authenticate),
    ("GET", re.compile(r"/p/session/(\w+)"), returning.show_portal),
    ("POST", re.compile(r"/p/session/(\w+)"), returning.change_card),
    ("GET", re.compile(r"/i/(\w+)"), returning.show_invoice),
    ("POST", re.compile(r"/i/(\w+)"), returning.confirm),
    ("GET", re.compile(r"/(css|fonts)/([\w.-]+)"), lambda sandbox, given, folder, name: _file(folder, name)),
)


def answer(sandbox, verb, parts, body, headers):
    if problem := _foreign(verb, headers):
        return plain(403, problem)
    verb = "GET" if verb == "HEAD" else verb
    given = {key: values[-1] for key, values in parse_qs(body or parts.query, keep_blank_values=True).items()}
    matches = [(method, pattern.fullmatch(parts.path), work) for method, pattern, work in ROUTES]
    for method, match, work in matches:
        if match and method == verb:
            return work(sandbox, given, *match.groups())
    if any(match for _, match, _ in matches):
        return plain(405, "This address takes another method.")
    return plain(404, "The sandbox has no such page.")


def _foreign(verb, headers):
    """Other sites must not press our buttons, nor reach us under a name of their own."""
    host = headers.get("Host", "")
    if urlsplit(f"//{host}").hostname not in OURS:
        return "The sandbox answers only on this machine: use 127.0.0.1 or localhost."
    origin = headers.get("Origin")
    if verb == "POST" and origin and urlsplit(origin).netloc != host:
        return f"The sandbox takes no forms from {origin}."
    return ""


def _file(folder, name):
    is_ours = folder == "css" and name != "tokens.css"  # palette and type are the newsroom's own files
    path = (HERE / "static" if is_ours else settings.BASE_DIR / "static" / folder) / name
    if path.suffix not in KINDS or not path.is_file():
        return plain(404, "The sandbox has no such file.")
    return (
        200,
        KINDS[path.suffix],
        path.read_bytes(),
        {"Cache-Control": "no-cache", "X-Content-Type-Options": "nosniff"},
    )
