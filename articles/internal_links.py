"""Links in a story that lead to pages of our own, and those of them that lead nowhere today."""

import re
from html import unescape
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.http import Http404, HttpRequest, QueryDict
from django.urls import Resolver404, resolve

_HREF = re.compile(r'<a href="([^"]*)"')
PRIVATE_PAGES = {"articles:preview", "articles:preview_picture"}
OTHER_PAGES = {"donations:donate", "donations:campaign"}  # pages for everybody besides the stories'


def internal_links(body):
    """The addresses on this site that sanitised `body` links to, as they are written there, each once."""
    links = dict.fromkeys(unescape(href) for href in _HREF.findall(body or ""))
    return [link for link in links if _is_ours(link)]


def _is_ours(link):
    parts = urlsplit(link)
    return parts.netloc.lower() == urlsplit(settings.SITE_URL).netloc.lower() if parts.netloc else link.startswith("/")


def dead(links):
    """Those of `links` (see `internal_links`) at which a reader finds no page today."""
    return tuple(link for link in links if not _answers(link))


def _answers(link):
    parts = urlsplit(link)
    path = unquote(parts.path or "/")
    match = _match(path) or _match(f"{path}/")  # a slash that is missing costs readers a redirect, no more
    if match is None or match.view_name in PRIVATE_PAGES:
        return False
    if match.namespace != "articles":
        return match.view_name in OTHER_PAGES
    # A reader's page is the same for everybody, so the view itself is asked: it knows best what it answers.
    try:
        return match.func(_request(path, parts.query), *match.args, **match.kwargs).status_code < 400
    except Http404:
        return False


def _match(path):
    try:
        return resolve(path)
    except Resolver404:
        return None


def _request(path, query):
    request, site = HttpRequest(), urlsplit(settings.SITE_URL)
    request.method, request.path = "GET", path
    request.GET = QueryDict(query)
    port = str(site.port or (443 if site.scheme == "https" else 80))
    request.META = {"SERVER_NAME": site.hostname, "SERVER_PORT": port, "QUERY_STRING": query}
    return request
