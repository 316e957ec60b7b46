"""Tags of the readers' pages. None of them looks at the person who asks."""

from functools import partial

from django import template
from django.core.cache import cache
from django.template.loader import render_to_string
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import mark_safe

from articles.body import leading_to as with_a_sentence_to
from articles.bylines import groups, joined
from articles.figures import drawn
from articles.images import by_type, focus_classes, rendered, srcset
from articles.models import Section
from articles.models.content import default_language
from articles.policies import POLICIES

register = template.Library()
NAVIGATION = "readers:sections"
NAVIGATION_SECONDS = 60
SENTENCE = "This reporting is paid for by readers. How you can help"


@register.simple_tag(takes_context=True)
def sections(context):
    """The site's sections for its navigation: those that the page brings along, else asked for once a minute."""
    if "navigation" in context:
        return context["navigation"]
    return cache.get_or_set(NAVIGATION, lambda: list(Section.objects.all()), NAVIGATION_SECONDS)


@register.simple_tag
def policies():
    return POLICIES.values()


def _is_foreign(story):
    return story.language != default_language()


@register.simple_tag
def spoken(story):
    """Attributes for words in the story's own language."""
    if not _is_foreign(story):
        return ""
    return format_html(' lang="{}" dir="{}"', story.language, story.direction)


@register.simple_tag
def ours(story):
    """Attributes for the newsroom's own words within a story in another language."""
    return format_html(' lang="{}" dir="ltr"', default_language()) if _is_foreign(story) else ""


@register.simple_tag
def byline(lines):
    """`byline_text` with every name leading to that author's page."""
    parts = [f"{conditional_escape(role)} {joined(map(_author_link, authors))}" for role, authors in groups(lines)]
    return mark_safe("; ".join(parts))  # noqa: S308


def _author_link(author):
    return format_html('<a href="{}">{}</a>', author.get_absolute_url(), author.name)


@register.simple_tag
def body(story, leading_to=""):
    """The story's words; where an appeal follows (`leading_to`), a long story has one sentence that leads there."""
    html = story.body
    if leading_to:
        html = with_a_sentence_to(html, "#appeal", SENTENCE, default_language())
    return mark_safe(drawn(html, partial(_drawn_figure, story)))  # noqa: S308


def _drawn_figure(story, figure):
    """A picture in the text, or nothing of it while readers are not to see it."""
    picture = story.body_pictures.get(figure.picture)
    if picture is None or not picture.is_shown:
        return ""
    return render_to_string("articles/_figure.html", {"figure": figure, "picture": picture})


@register.inclusion_tag("articles/_picture.html")
def picture(picture, alt, sizes, focal="", first=False):
    """A picture in all its renditions; nothing while none is made. `first`: the page's largest, fetched at once."""
    types = by_type(rendered(picture))
    if not types:
        return {}
    *lighter, (_, common) = types
    return {
        "sources": [{"type": kind, "srcset": srcset(images)} for kind, images in lighter],
        "image": common[-1] | {"srcset": srcset(common)},
        "alt": alt,
        "sizes": sizes,
        "focus": focus_classes(focal),
        "first": first,
    }
