"""Links in a story that lead to pages of our own, and those of them that lead nowhere today."""

import re
from dataclasses import dataclass
from html import unescape
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.http import Http404, HttpRequest, QueryDict
from django.urls import Resolver404, resolve
from django.utils import timezone

from .models import Author, Publication, Section, Topic

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
    """Those of `links` (see `internal_links`) at which a reader finds no page today.

    What most links lead to is looked up in the rows, a query for each kind of page. All the rest is asked of the
    page itself, which knows best what it answers: former addresses, lists from page 2 on, feeds.
    """
    pages = {link: _page_of(link) for link in links}
    there = _there({page for page in pages.values() if page}, timezone.now())
    return tuple(link for link, page in pages.items() if page not in there and not _may_answer(link, page))


# --- Looked up in the rows -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Page:
    """One whose rows tell whether it is there: its `kind`, and by what the row is found."""

    kind: str
    key: object


def _stories(keys, now):
    """A story's address answers, or leads to the one that does, while the story is up."""
    return Publication.objects.visible(now).filter(article__in=keys).values_list("article", flat=True)


def _sections(slugs, now):
    return Section.objects.filter(slug__in=slugs).values_list("slug", flat=True)


def _topics(slugs, now):
    return Topic.objects.public(now).filter(slug__in=slugs).values_list("slug", flat=True)


def _authors(slugs, now):
    return Author.objects.public(now).filter(slug__in=slugs).values_list("slug", flat=True)


ROWS = {"article": _stories, "section": _sections, "topic": _topics, "author": _authors}
NAMED = {"section": "section", "topic": "slug", "author": "slug"}  # what the address calls the row by


def _page_of(link):
    """The page that `link` leads to; None where rows alone do not tell whether it answers."""
    match, query = _match_of(link)
    name = match and match.namespace == "articles" and match.url_name
    if name == "article":
        return Page(name, int(match.kwargs["name"].rpartition("-")[2]))
    return Page(name, match.kwargs[NAMED[name]]) if name in NAMED and not query else None


def _may_answer(link, page):
    """Of what the rows do not have: a name may be a former one, but no story is up that they do not know."""
    return (page is None or page.kind != "article") and _answers(link)


def _there(pages, now):
    """Those of `pages` that readers find."""
    found = set()
    for kind, rows in ROWS.items():
        if keys := {page.key for page in pages if page.kind == kind}:
            found |= {Page(kind, key) for key in rows(keys, now)}
    return found


# --- Asked of the page -----------------------------------------------------------------------------------------------


def _answers(link):
    match, query = _match_of(link)
    if match is None or match.view_name in PRIVATE_PAGES:
        return False
    if match.namespace != "articles":
        return match.view_name in OTHER_PAGES
    # A reader's page is the same for everybody, so the view itself can be asked.
    try:
        return match.func(_request(_path(link), query), *match.args, **match.kwargs).status_code < 400
    except Http404:
        return False


def _path(link):
    return unquote(urlsplit(link).path or "/")


def _match_of(link):
    """What answers at `link`, and the query it would be asked; a missing slash costs readers a redirect, no more."""
    path = _path(link)
    return _match(path if path.endswith("/") else f"{path}/") or _match(path), urlsplit(link).query


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
