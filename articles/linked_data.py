"""What search engines read of a story: schema.org's NewsArticle."""

import json

from django.conf import settings
from django.urls import reverse
from django.utils.safestring import mark_safe

from .workflow import Kind

_UNSAFE = {ord("<"): "\\u003C", ord(">"): "\\u003E", ord("&"): "\\u0026"}


def absolute(path):
    """`path` with the site's address before it; what has a host already stays as it is."""
    return f"{settings.SITE_URL}{path}" if path.startswith("/") else path


def block(data):
    """`data` in a script element that no browser runs. What could end the element is escaped."""
    text = json.dumps(data, ensure_ascii=False).translate(_UNSAFE)
    return mark_safe(f'<script type="application/ld+json">{text}</script>')  # noqa: S308


def news_article(story, *, changes, images):
    """Publication `story` in schema.org's words; `changes` are the versions that readers were told of."""
    address = absolute(story.get_absolute_url())
    corrections = [change for change in changes if change.kind in {Kind.CORRECTION, Kind.RETRACTION}]
    data = {
        "@context": "https://schema.org",
        "@type": "NewsArticle",
        "headline": story.marked_headline,
        "description": story.description,
        "mainEntityOfPage": address,
        "url": address,
        "datePublished": story.first_published.isoformat(),
        "dateModified": (story.updated or story.first_published).isoformat(),
        "articleSection": story.section.name,
        "inLanguage": story.language,
        "isAccessibleForFree": True,
        "image": [absolute(image["url"]) for image in images],
        "author": [_person(author) for author in dict.fromkeys(line.author for line in story.byline_lines())],
        "publisher": _publisher(),
        "creativeWorkStatus": "Retracted" if story.is_retracted else "",
        "correction": [_correction(change) for change in corrections],
    }
    return {name: value for name, value in data.items() if value}


def _person(author):
    return {"@type": "Person", "name": author.name, "url": absolute(author.get_absolute_url())}


def _correction(change):
    return {
        "@type": "CorrectionComment",
        "text": change.public_note,
        "datePublished": change.visible_from.isoformat(),
    }


def _publisher():
    return {
        "@type": "NewsMediaOrganization",
        "name": settings.NEWSROOM_NAME,
        "url": settings.SITE_URL,
        "ethicsPolicy": absolute(reverse("articles:policy", args=["ethics"])),
        "correctionsPolicy": absolute(reverse("articles:policy", args=["corrections"])),
    }
