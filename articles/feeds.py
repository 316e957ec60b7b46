"""RSS with the whole text of each story. Readers of feeds get a line about giving instead of an appeal."""

import re

from django.conf import settings
from django.contrib.syndication.views import Feed
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.feedgenerator import Rss201rev2Feed
from django.views.decorators.cache import cache_control
from django.views.decorators.http import conditional_page

from .images import to_share
from .linked_data import absolute
from .models import Author, FormerSlug, Publication, Section, Topic
from .views import find, moved
from .workflow import Kind

NEWEST = 30
SECONDS = 300
_NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_OWN_LINK = re.compile(r'(<a href=")(?=/[^/])')


class FullText(Rss201rev2Feed):
    """RSS 2.0 with `content:encoded` for the text and `dc:creator` for the byline."""

    def rss_attributes(self):
        return super().rss_attributes() | {
            "xmlns:content": "http://purl.org/rss/1.0/modules/content/",
            "xmlns:dc": "http://purl.org/dc/elements/1.1/",
        }

    def add_item_elements(self, handler, item):
        super().add_item_elements(handler, item)
        if item["byline"]:
            handler.addQuickElement("dc:creator", item["byline"])
        handler.addQuickElement("content:encoded", item["text"])


class NewestStories(Feed):
    feed_type = FullText
    language = settings.LANGUAGE_CODE
    description = f"News from {settings.NEWSROOM_NAME}, paid for by its readers."

    def __call__(self, request, *args, **kwargs):
        answer = conditional_page(cache_control(public=True, max_age=SECONDS)(self.answer))
        return answer(request, *args, **kwargs)

    def answer(self, request, **about):
        return super().__call__(request, **about)

    def title(self, about):
        return f"{settings.NEWSROOM_NAME}: {about}" if about else settings.NEWSROOM_NAME

    def link(self, about):
        return absolute(about.get_absolute_url() if about else reverse("articles:home"))

    def feed_url(self, about):
        return absolute(reverse("articles:feed"))

    def stories(self, about, now):
        return Publication.objects.visible(now)

    def items(self, about):
        return self.stories(about, timezone.now()).newest_first().for_page()[:NEWEST]

    def item_title(self, story):
        title = f"Retracted: {story.headline}" if story.kind == Kind.RETRACTION else story.headline
        return _NOT_IN_XML.sub("", title)

    def item_description(self, story):
        return _NOT_IN_XML.sub("", story.shown_standfirst)

    def item_link(self, story):
        return absolute(story.get_absolute_url())

    def item_guid(self, story):
        """The same for ever, whatever becomes of headline, section and address."""
        return f"{settings.SITE_URL}/#{story.article_id}"

    item_guid_is_permalink = False

    def item_pubdate(self, story):
        return story.first_published

    def item_updateddate(self, story):
        return story.updated or story.first_published

    def item_categories(self, story):
        return [story.section.name, *(topic["name"] for topic in story.topic_list or [])]

    def item_extra_kwargs(self, story):
        by = story.byline.removeprefix("By ")  # a feed reader writes that word itself
        return {"byline": _NOT_IN_XML.sub("", by), "text": full_text(story)}


def full_text(story):
    """A story for a feed: its picture, its words with links that work anywhere, a line about giving."""
    text = render_to_string(
        "articles/feed_item.html",
        {
            "story": story,
            "retracted": story.kind == Kind.RETRACTION,
            "picture": to_share(story.lead_picture),
            "body": _OWN_LINK.sub(rf"\1{settings.SITE_URL}", story.body),
            "newsroom": settings.NEWSROOM_NAME,
            "site_url": settings.SITE_URL,
        },
    )
    return _NOT_IN_XML.sub("", text).strip()


class StoriesAbout(NewestStories):
    """The feed of a section, topic or author; under a former name it leads to today's."""

    def answer(self, request, slug):
        found = find(self.rows(timezone.now()), self.kind, slug)
        if found.slug != slug:
            return moved(request, reverse(self.url_name, args=[found.slug]))
        return super().answer(request, about=found)

    def get_object(self, request, about):
        return about

    def feed_url(self, about):
        return absolute(reverse(self.url_name, args=[about.slug]))


class SectionStories(StoriesAbout):
    kind, url_name = FormerSlug.Kind.SECTION, "articles:section_feed"

    def rows(self, now):
        return Section.objects

    def stories(self, section, now):
        return super().stories(section, now).filter(section=section)


class TopicStories(StoriesAbout):
    kind, url_name = FormerSlug.Kind.TOPIC, "articles:topic_feed"

    def rows(self, now):
        return Topic.objects.public(now)

    def stories(self, topic, now):
        return super().stories(topic, now).filter(topics=topic)


class AuthorStories(StoriesAbout):
    kind, url_name = FormerSlug.Kind.AUTHOR, "articles:author_feed"

    def rows(self, now):
        return Author.objects.public(now)

    def stories(self, author, now):
        return super().stories(author, now).by(author)
