"""RSS with the whole text of each story. Readers of feeds get a line about giving instead of an appeal."""

import re
from functools import partial

from django.conf import settings
from django.contrib.syndication.views import Feed
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.feedgenerator import Rss201rev2Feed
from django.utils.html import linebreaks
from django.views.decorators.http import conditional_page

from .figures import drawn
from .images import to_share
from .linked_data import absolute
from .models import Author, FormerSlug, Picture, Publication, Section, Topic
from .views import asked_again, beside_their_stories, find, moved

NEWEST = 30
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
        answer = conditional_page(asked_again(self.answer))
        return answer(request, *args, **kwargs)

    def answer(self, request, **about):
        """The ETag alone says whether it changed: what is taken down or put right leaves the newest date as it was."""
        feed = super().__call__(request, **about)
        del feed["Last-Modified"]
        return feed

    def title(self, about):
        return _NOT_IN_XML.sub("", f"{settings.NEWSROOM_NAME}: {about}") if about else settings.NEWSROOM_NAME

    def link(self, about):
        return absolute(about.get_absolute_url() if about else reverse("articles:home"))

    def feed_url(self, about):
        return absolute(reverse("articles:feed"))

    def stories(self, about, now):
        return Publication.objects.visible(now)

    def items(self, about):
        stories = list(self.stories(about, timezone.now()).newest_first().for_page()[:NEWEST])
        pictures = Picture.objects.in_bodies(*(story.body for story in stories))  # of all of them at once
        for story in stories:
            story.body_pictures = pictures
        return stories

    def item_title(self, story):
        return _NOT_IN_XML.sub("", story.marked_headline)

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
        names = [story.section.name, *(topic["name"] for topic in story.shown_topics)]
        return [_NOT_IN_XML.sub("", name) for name in names]

    def item_extra_kwargs(self, story):
        by = story.byline.removeprefix("By ")  # a feed reader writes that word itself
        return {"byline": _NOT_IN_XML.sub("", by), "text": full_text(story)}


def _drawn_figure(story, figure):
    image = to_share(story.body_pictures.get(figure.picture))
    if image is None:
        return ""
    context = {"url": absolute(image["url"]), "image": image, "figure": figure}
    return render_to_string("articles/feed_figure.html", context)


def full_text(story):
    """A story for a feed: its picture, its words with links that work anywhere, a line about giving."""
    text = render_to_string(
        "articles/feed_item.html",
        {
            "story": story,
            "retracted": story.is_retracted,
            "picture": to_share(None if story.is_retracted else story.lead_picture),
            "body": drawn(_OWN_LINK.sub(rf"\1{settings.SITE_URL}", story.body), partial(_drawn_figure, story)),
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
        return super().stories(topic, now).about(topic)


class AuthorStories(StoriesAbout):
    kind, url_name = FormerSlug.Kind.AUTHOR, "articles:author_feed"

    def rows(self, now):
        return Author.objects.public(now)

    def stories(self, author, now):
        return super().stories(author, now).by(author)


class Corrections(NewestStories):
    """What was corrected, clarified and taken back, newest first."""

    description = f"Corrections, clarifications and retractions by {settings.NEWSROOM_NAME}."
    item_updateddate = None

    def title(self, about):
        return f"{settings.NEWSROOM_NAME}: corrections"

    def link(self, about):
        return absolute(reverse("articles:corrections"))

    def feed_url(self, about):
        return absolute(reverse("articles:corrections_feed"))

    def items(self, about):
        now = timezone.now()
        return beside_their_stories(Publication.objects.told(now).for_links()[:NEWEST], now)

    def item_title(self, told):
        change, story = told
        return _NOT_IN_XML.sub("", f"{change.told_kind}: {story.headline}")

    def item_description(self, told):
        return _NOT_IN_XML.sub("", told[0].public_note)

    def item_link(self, told):
        return absolute(told[1].get_absolute_url())

    def item_guid(self, told):
        return f"{settings.SITE_URL}/#{told[0].article_id}-{told[0].pk}"

    def item_pubdate(self, told):
        return told[0].visible_from

    def item_categories(self, told):
        return [told[0].told_kind]

    def item_extra_kwargs(self, told):
        return {"byline": "", "text": linebreaks(self.item_description(told), autoescape=True)}
