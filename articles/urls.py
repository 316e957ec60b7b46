from django.urls import path, register_converter
from django.urls.converters import StringConverter

from . import feeds, views


class Words(StringConverter):
    """Letters of any script, digits and hyphens: no dots, so that `/robots.txt` is not taken for a section."""

    regex = r"[-\w]+"


class StoryName(StringConverter):
    """The last part of a story's address: words for people, then the id, which alone finds the story."""

    regex = r"(?:[^/]*-)?[0-9]{1,18}"


register_converter(Words, "words")
register_converter(StoryName, "story")

app_name = "articles"
urlpatterns = [
    path("", views.home, name="home"),
    path("feed/rss.xml", feeds.NewestStories(), name="feed"),
    path("about/<words:policy>/", views.policy, name="policy"),
    path("topics/<words:slug>/", views.topic, name="topic"),
    path("topics/<words:slug>/feed/rss.xml", feeds.TopicStories(), name="topic_feed"),
    path("authors/<words:slug>/", views.author, name="author"),
    path("authors/<words:slug>/feed/rss.xml", feeds.AuthorStories(), name="author_feed"),
    path("<words:section>/", views.section, name="section"),
    path("<words:slug>/feed/rss.xml", feeds.SectionStories(), name="section_feed"),
    path("<str:section>/<str:year>/<str:month>/<story:name>/", views.article, name="article"),
    path("<str:section>/<str:year>/<str:month>/<story:name>", views.article),  # one redirect, not two
]
