"""The readers' pages. They never touch user, session, messages or CSRF: one copy is right for everybody."""

from functools import wraps
from operator import itemgetter
from urllib.parse import unquote

from django.core.paginator import InvalidPage, Paginator
from django.http import Http404, HttpResponsePermanentRedirect
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.cache import cache_control
from django.views.decorators.http import conditional_page, require_safe

from .images import rendered, to_share
from .linked_data import absolute, block, news_article
from .models import Author, FormerSlug, Publication, Section, Takedown, Topic
from .policies import POLICIES
from .workflow import Kind

FRONT = 40  # stories that the front page chooses from
IN_COLUMNS = 4
IN_A_BAND = 4
PER_PAGE = 20
READ_NEXT = 4
TOLD_TO_READERS = {Kind.UPDATE, Kind.CLARIFICATION, Kind.CORRECTION}


def reader_page(view):
    """A page that anybody may keep for a minute and ask about again by its ETag."""
    page = conditional_page(cache_control(public=True, max_age=60)(view))
    return require_safe(wraps(view)(page))


@reader_page
def home(request):
    stories = list(Publication.objects.visible(timezone.now()).newest_first().for_list()[:FRONT])
    lead, beside, rest = stories[:1], stories[1 : IN_COLUMNS + 1], stories[IN_COLUMNS + 1 :]
    half = (len(beside) + 1) // 2
    return render(
        request,
        "articles/home.html",
        {
            "front": True,
            "lead": lead[0] if lead else None,
            "columns": [column for column in (beside[:half], beside[half:]) if column],
            "bands": bands(rest),
        },
    )


def bands(stories):
    """`stories` under their sections, in the order of the navigation."""
    by_section = {}
    for story in stories:
        by_section.setdefault(story.section, []).append(story)
    in_order = sorted(by_section, key=lambda section: (section.position, section.name))
    return [{"section": section, "stories": by_section[section][:IN_A_BAND]} for section in in_order]


@reader_page
def section(request, section):
    found = find(Section.objects, FormerSlug.Kind.SECTION, section)
    if found.slug != section:
        return moved(request, found.get_absolute_url())
    stories = Publication.objects.visible(timezone.now()).filter(section=found)
    return render(request, "articles/section.html", {"section": found, "page": page_of(request, stories)})


@reader_page
def topic(request, slug):
    now = timezone.now()
    found = find(Topic.objects.public(now), FormerSlug.Kind.TOPIC, slug)
    if found.slug != slug:
        return moved(request, found.get_absolute_url())
    stories = Publication.objects.visible(now).filter(topics=found)
    return render(request, "articles/topic.html", {"topic": found, "page": page_of(request, stories)})


@reader_page
def author(request, slug):
    now = timezone.now()
    found = find(Author.objects.public(now).select_related("photo"), FormerSlug.Kind.AUTHOR, slug)
    if found.slug != slug:
        return moved(request, found.get_absolute_url())
    stories = Publication.objects.visible(now).by(found)
    return render(request, "articles/author.html", {"author": found, "page": page_of(request, stories)})


def find(rows, kind, slug):
    """The one of `rows` that has this slug today, or had it once; 404 otherwise."""
    found = rows.filter(slug=slug).first()
    if found is None:
        former = get_object_or_404(FormerSlug, kind=kind, slug=slug)
        found = get_object_or_404(rows, pk=former.target)
    return found


def page_of(request, stories):
    try:
        return Paginator(stories.newest_first().for_list(), PER_PAGE).page(request.GET.get("page", 1))
    except InvalidPage as invalid:
        raise Http404("There is no such page of this list.") from invalid


@reader_page
def article(request, section, year, month, name):
    now, article_id = timezone.now(), int(name.rpartition("-")[2])
    versions = list(Publication.objects.seen(now).filter(article=article_id).for_page())
    story = next((version for version in versions if version.is_visible(now)), None)
    if story is None:
        return unavailable(request, article_id)
    if request.path != unquote(story.get_absolute_url()):
        return moved(request, story.get_absolute_url())
    return render(request, "articles/article.html", article_context(story, versions=versions, now=now))


def moved(request, path):
    """One permanent redirect to where the page is today, with the query that was asked."""
    query = request.META.get("QUERY_STRING")
    return HttpResponsePermanentRedirect(f"{path}?{query}" if query else path)


def unavailable(request, article_id):
    """410 or 451 for a story that was taken down; 404 for what never was public."""
    takedown = Takedown.objects.filter(article=article_id, lifted_at__isnull=True).first()
    if takedown is None:
        raise Http404("No public story has this address.")
    return render(request, "articles/taken_down.html", {"takedown": takedown}, status=takedown.code)


def told_to_readers(versions):
    """Of `versions`, newest first: the changes that a story's page tells, and the correction on top of it."""
    changes = [version for version in versions if version.kind in TOLD_TO_READERS and version.public_note]
    correction = next((change for change in changes if change.kind == Kind.CORRECTION), None)
    return {"changes": changes, "correction": correction}


def article_context(story, *, versions, now):
    """What `articles/article.html` prints of publication `story`; `versions` are those that readers have seen."""
    lines = list(story.byline_lines())
    told = told_to_readers(versions)
    canonical = absolute(story.get_absolute_url())
    picture = None if story.is_retracted else story.lead_picture  # its notice stands in place of text and picture
    share_picture = to_share(picture)
    return {
        "story": story,
        "section": story.section,
        "navigation": sorted((Section(**row) for row in story.navigation), key=lambda s: (s.position, s.name)),
        "lines": lines,
        "authors": list(dict.fromkeys(line.author for line in lines if line.author.bio)),
        "minutes": story.minutes,
        "topics": [Topic(**row) for row in sorted(story.topic_list or [], key=itemgetter("name"))],
        "retracted": story.is_retracted,
        **told,
        "related": list(Publication.objects.beside(story, now, READ_NEXT).for_links()),
        "canonical": canonical,
        "description": story.description,
        "share_picture": share_picture and share_picture | {"url": absolute(share_picture["url"])},
        "linked_data": block(news_article(story, lines=lines, changes=told["changes"], images=rendered(picture)[-1:])),
    }


@reader_page
def policy(request, policy):
    if policy not in POLICIES:
        raise Http404("The newsroom has no page of this name.")
    return render(request, POLICIES[policy].template, {"policy": POLICIES[policy]})
