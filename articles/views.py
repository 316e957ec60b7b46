"""The readers' pages. They never touch user, session, messages or CSRF: one copy is right for everybody."""

from functools import wraps
from urllib.parse import unquote

from django.conf import settings
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
from .versions import told_on_the_page, versions_of

FRONT = 40  # stories that the front page chooses from
IN_COLUMNS = 4
IN_A_BAND = 4
PER_PAGE = 20
READ_NEXT = 4
VERSIONS_PER_PAGE = 10


# A copy is shown only after asking whether it still holds: a takedown counts at once, and so does its end.
asked_again = cache_control(public=True, max_age=0, must_revalidate=True)


def reader_page(view):
    """A page that anybody may keep, and asks about by its ETag each time."""
    page = conditional_page(asked_again(view))
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
    stories = Publication.objects.visible(timezone.now()).filter(section=found)
    return list_of(request, found, stories, "section")


@reader_page
def topic(request, slug):
    now = timezone.now()
    found = find(Topic.objects.public(now), FormerSlug.Kind.TOPIC, slug)
    return list_of(request, found, Publication.objects.visible(now).about(found), "topic")


@reader_page
def author(request, slug):
    now = timezone.now()
    found = find(Author.objects.public(now).select_related("photo"), FormerSlug.Kind.AUTHOR, slug)
    return list_of(request, found, Publication.objects.visible(now).by(found), "author")


def find(rows, kind, slug):
    """Where this slug leads today: the one of `rows` that has it, or had it once; 404 otherwise."""
    found = rows.filter(slug=slug).first()
    if found is None:
        former = get_object_or_404(FormerSlug, kind=kind, slug=slug)
        found = get_object_or_404(rows, pk=former.target)
    return found.today


def list_of(request, found, stories, name):
    """The page of a section, topic or author, or one redirect to it."""
    if is_elsewhere(request, found.get_absolute_url()):
        return moved(request, found.get_absolute_url())
    return render(request, f"articles/{name}.html", {name: found, "page": page_of(request, stories)})


def page_of(request, stories):
    return page_in(request, Paginator(stories.newest_first().for_list(), PER_PAGE))


def page_in(request, pages):
    try:
        return pages.page(request.GET.get("page", 1))
    except InvalidPage as invalid:
        raise Http404("There is no such page of this list.") from invalid


@reader_page
def article(request, section, year, month, name):
    now, article_id = timezone.now(), id_in(name)
    versions = list(Publication.objects.seen(now).filter(article=article_id).for_page().with_one_text(now))
    story = next((version for version in versions if version.is_visible(now)), None)
    if story is None:
        return unavailable(request, article_id)
    if is_elsewhere(request, story.get_absolute_url()):
        return moved(request, story.get_absolute_url())
    story.body = story.shown_body
    return render(request, "articles/article.html", article_context(story, versions=versions, now=now))


def id_in(name):
    return int(name.rpartition("-")[2])


def is_elsewhere(request, path):
    return request.path != unquote(path)


def moved(request, path):
    """One permanent redirect to where the page is today, with the query that was asked."""
    query = request.META.get("QUERY_STRING")
    return HttpResponsePermanentRedirect(f"{path}?{query}" if query else path)


def unavailable(request, article_id):
    """410 or 451 for a story that was taken down; 404 for what never was public."""
    takedown = Takedown.objects.filter(article=article_id, lifted_at__isnull=True).first()
    if takedown is None:
        raise Http404("No public story has this address.")
    return gone(request, takedown.code, "story")


def gone(request, code, what, **more):
    """The notice in place of a `what` (story, version) that was removed. By RFC 7725 a 451 names who blocks it: us."""
    response = render(request, "articles/gone.html", {"code": code, "what": what, **more}, status=code)
    if code == Takedown.Code.LEGAL:
        response["Link"] = f'<{settings.SITE_URL}/>; rel="blocked-by"'
    return response


def article_context(story, *, versions, now):
    """What `articles/article.html` prints of publication `story`; `versions` are those that readers have seen."""
    told = told_on_the_page(versions)
    own_notice = [change for change in told["changes"] if change != story or not story.is_retracted]
    picture = None if story.is_retracted else story.lead_picture  # its notice stands in place of text and picture
    share_picture = to_share(picture)
    images = rendered(picture)[-1:]
    return words_context(story) | {
        **told,
        "changes": own_notice,
        "versions_url": versions_url(story) if len(versions) > 1 else "",
        "asks": story.shows_appeal,
        "related": list(Publication.objects.beside(story, now, READ_NEXT).for_links()),
        "canonical": absolute(story.get_absolute_url()),
        "description": story.description,
        "share_picture": share_picture and share_picture | {"url": absolute(share_picture["url"])},
        "linked_data": block(news_article(story, changes=told["changes"], images=images)),
    }


def words_context(story):
    """What a page prints of the words of publication `story`, whether readers see it today or saw it once."""
    lines = list(story.byline_lines())
    return {
        "story": story,
        "page_title": story.share_title or story.marked_headline,
        "section": story.section,
        "navigation": sorted((Section(**row) for row in story.navigation), key=lambda s: (s.position, s.name)),
        "lines": lines,
        "authors": list(dict.fromkeys(line.author for line in lines if line.author.bio)),
        "minutes": story.minutes,
        "topics": [Topic(**row) for row in story.shown_topics],
        "retracted": story.is_retracted,
    }


# --- How a story changed -------------------------------------------------------------------------------------------


def versions_url(story):
    return f"{story.get_absolute_url()}versions/"


@reader_page
def versions(request, section, year, month, name):
    found = versions_of(id_in(name), timezone.now())
    current = current_of(found)
    if current is None:
        return unavailable(request, id_in(name))
    if is_elsewhere(request, versions_url(current)):
        return moved(request, versions_url(current))
    page = page_in(request, Paginator(found, VERSIONS_PER_PAGE))
    context = {"story": current, "section": current.section, "page": page, "url": versions_url(current)}
    return render(request, "articles/versions.html", context)


@reader_page
def version(request, section, year, month, name, number):
    found = versions_of(id_in(name), timezone.now())
    current = current_of(found)
    if current is None:
        return unavailable(request, id_in(name))
    asked = next((version for version in found if version.number == number), None)
    if asked is None:
        raise Http404("Readers have seen no version of this number.")
    path = f"{versions_url(current)}{number}/"
    if is_elsewhere(request, path):
        return moved(request, path)
    if asked.removed:
        return gone(request, asked.removed, "version", all_versions=versions_url(current))
    return render(request, "articles/version.html", version_context(asked, current, len(found)))


def current_of(versions):
    """The publication among `versions` that readers see today; None of a story that is not up."""
    return next((version.story for version in versions if version.is_current), None)


def version_context(version, current, count):
    """A version's words as they stood; where they were taken back, the notice that says so."""
    return words_context(version.taken_back or version.story) | {
        "version": version,
        "count": count,
        "current": current,
        "all_versions": versions_url(current),
        "canonical": absolute(current.get_absolute_url()),
    }


@reader_page
def corrections(request):
    now = timezone.now()
    page = page_in(request, Paginator(Publication.objects.told(now).for_links(), PER_PAGE))
    return render(request, "articles/corrections.html", {"page": page, "told": beside_their_stories(page, now)})


def beside_their_stories(told, now):
    """[(correction, the version of its story that readers see today), …]"""
    told = list(told)
    stories = Publication.objects.visible(now).filter(article__in=[change.article_id for change in told]).for_links()
    today = {story.article_id: story for story in stories}
    return [(change, today[change.article_id]) for change in told]


@reader_page
def policy(request, policy):
    if policy not in POLICIES:
        raise Http404("The newsroom has no page of this name.")
    return render(request, POLICIES[policy].template, {"policy": POLICIES[policy]})
