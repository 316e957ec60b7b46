from unicodedata import normalize

from django.urls import path, register_converter
from django.urls.converters import StringConverter

from . import feeds, preview, views
from .content import is_slug
from .models.sections import RESERVED_NAMES


class Words(StringConverter):
    """Letters of any script with their marks, digits and hyphens: no dots, so that `/robots.txt` is no section.

    Some devices type “é” as a letter and a mark. That is the same word, and is redirected to it.
    """

    def to_python(self, value):
        value = normalize("NFC", value)
        if not is_slug(value):
            raise ValueError(f"{value!r} is no slug.")
        return value


class SectionName(Words):
    """A first name that is none of the site's own, which have a page or a redirect already."""

    def to_python(self, value):
        if value.lower() in RESERVED_NAMES:
            raise ValueError(f"{value!r} is an address of the site itself.")
        return super().to_python(value)


class StoryName(StringConverter):
    """The last part of a story's address: words for people, then the id, which alone finds the story."""

    regex = r"(?:[^/]*-)?[0-9]{1,18}"


register_converter(Words, "words")
register_converter(SectionName, "section")
register_converter(StoryName, "story")

STORY = "<str:section>/<str:year>/<str:month>/<story:name>"

app_name = "articles"
urlpatterns = [
    path("", views.home, name="home"),
    path("feed/rss.xml", feeds.NewestStories(), name="feed"),
    path("about/<words:policy>/", views.policy, name="policy"),
    path("preview/<str:token>/", preview.shared, name="preview"),
    path("preview/<str:token>/picture/<uuid:key>/", preview.shared_picture, name="preview_picture"),
    path("corrections/", views.corrections, name="corrections"),
    path("corrections/feed/rss.xml", feeds.Corrections(), name="corrections_feed"),
    path("topics/<words:slug>/", views.topic, name="topic"),
    path("topics/<words:slug>/feed/rss.xml", feeds.TopicStories(), name="topic_feed"),
    path("authors/<words:slug>/", views.author, name="author"),
    path("authors/<words:slug>/feed/rss.xml", feeds.AuthorStories(), name="author_feed"),
    path("<section:section>/", views.section, name="section"),
    path("<section:slug>/feed/rss.xml", feeds.SectionStories(), name="section_feed"),
    path(f"{STORY}/", views.article, name="article"),
    path(f"{STORY}/versions/", views.versions, name="versions"),
    path(f"{STORY}/versions/<int:number>/", views.version, name="version"),
    # Without their last slash: one redirect to where the page is today, not two.
    path("topics/<words:slug>", views.topic),
    path("authors/<words:slug>", views.author),
    path("<section:section>", views.section),
    path(STORY, views.article),
    path(f"{STORY}/versions", views.versions),
    path(f"{STORY}/versions/<int:number>", views.version),
]
