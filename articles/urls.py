from django.urls import path, register_converter
from django.urls.converters import StringConverter

from . import feeds, views


class StoryName(StringConverter):
    """The last part of a story's address: words for people, then the id, which alone finds the story."""

    regex = r"(?:[^/]*-)?[0-9]{1,18}"


register_converter(StoryName, "story")

app_name = "articles"
urlpatterns = [
    path("", views.home, name="home"),
    path("feed/rss.xml", feeds.NewestStories(), name="feed"),
    path("about/<str:policy>/", views.policy, name="policy"),
    path("topics/<str:slug>/", views.topic, name="topic"),
    path("topics/<str:slug>/feed/rss.xml", feeds.TopicStories(), name="topic_feed"),
    path("authors/<str:slug>/", views.author, name="author"),
    path("authors/<str:slug>/feed/rss.xml", feeds.AuthorStories(), name="author_feed"),
    path("<str:section>/", views.section, name="section"),
    path("<str:section>/feed/rss.xml", feeds.SectionStories(), name="section_feed"),
    path("<str:section>/<str:year>/<str:month>/<story:name>/", views.article, name="article"),
    path("<str:section>/<str:year>/<str:month>/<story:name>", views.article),  # one redirect, not two
]
