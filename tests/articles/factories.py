"""The newsroom of the tests. Keyword arguments only, naming just what a test is about."""

import io
from datetime import UTC, datetime, timedelta

from django.contrib.auth.models import Group, User
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from articles.figures import Figure
from articles.models import Article, Author, Picture, Publication, Section, Topic

BEGIN = datetime(2026, 10, 1, 9, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
FIRST_SEEN = BEGIN + timedelta(minutes=15)  # of a story that was `published`
LATER = BEGIN + timedelta(hours=1)
AT_NOON = BEGIN + timedelta(hours=3)
TOMORROW = BEGIN + timedelta(days=1)
NEXT_WEEK = BEGIN + timedelta(days=7)
WHY = "The dam broke and everybody has to leave."  # of an emergency
NOTICE = "This story named the wrong person."  # of a retraction
BODY = "<p>The pier will close for repairs on Monday.</p><h2>What comes next</h2><p>The council votes in May.</p>"


def a_person(*, username, group=None, **names):
    person, made = User.objects.get_or_create(username=username, defaults={"is_staff": True, **names})
    if group and made:
        person.groups.add(Group.objects.get(name=group))
    return person


def a_journalist(*, username="ana"):
    return a_person(username=username, group="Journalists", first_name=username.capitalize())


def an_editor(*, username="tomas"):
    return a_person(username=username, group="Editors", first_name=username.capitalize())


def a_managing_editor(*, username="ruth"):
    return a_person(username=username, group="Managing editors", first_name=username.capitalize())


def an_author(*, name="Ana Reyes", user=None, slug=None, **fields):
    slug = slug or name.lower().replace(" ", "-")
    return Author.objects.get_or_create(slug=slug, defaults={"name": name, "user": user, **fields})[0]


def a_section(*, name="Coast", slug=None):
    return Section.objects.get_or_create(slug=slug or name.lower().replace(" ", "-"), defaults={"name": name})[0]


def a_topic(*, name="Harbour"):
    return Topic.objects.get_or_create(slug=name.lower(), defaults={"name": name})[0]


def picture_file(*, width=1200, height=800, colour=(40, 80, 110), name="pier.jpg"):
    buffer = io.BytesIO()
    Image.new("RGB", (width, height), colour).save(buffer, "JPEG")
    return SimpleUploadedFile(name, buffer.getvalue(), content_type="image/jpeg")


def a_picture(*, title="The pier", by=None, **size):
    by = by or a_journalist()
    return Picture.objects.create(title=title, original=picture_file(**size), uploaded_by=by, uploaded_at=BEGIN)


def a_figure(picture, **said):
    """`picture` as it stands in a body, with its `alt`, `caption` and `credit`; as the checklist wants it."""
    return Figure(str(picture.pk), **{"alt": "The pier", "credit": "Photo: Ana", **said}).html


def content(**changes):
    """A content that passes the checklist, with `changes`."""
    author = changes.pop("author", None) or an_author()
    return {
        "headline": "Pier closes for repairs",
        "standfirst": "Nobody fishes there until spring.",
        "body": BODY,
        "section": a_section().pk,
        "byline": [{"author": author.pk, "role": ""}],
        "language": "en",
        **changes,
    }


def a_draft(*, by=None, at=BEGIN, **changes):
    by = by or a_journalist()
    article = Article.start(by=by, now=at)
    article.save_content(content(**changes), by=by, now=at, lock_version=article.lock_version)
    return article


def submitted(*, by=None, at=BEGIN, **changes):
    by = by or a_journalist()
    article = a_draft(by=by, at=at, **changes)
    article.submit(by=by, now=at + timedelta(minutes=5))
    return article


def sign(article, *, by=None, at=BEGIN):
    """Approve what is under review, as the editor who has read it."""
    article.approve(by=by or an_editor(), now=at, sha256=article.latest_review.sha256)
    return article


def approved(*, by=None, at=BEGIN, **changes):
    return sign(submitted(by=by, at=at, **changes), at=at + timedelta(minutes=10))


def published(*, by=None, at=BEGIN, **changes):
    article, editor = submitted(by=by, at=at, **changes), an_editor()
    sign(article, by=editor, at=at + timedelta(minutes=10)).publish(by=editor, now=at + timedelta(minutes=15))
    return article


def rewritten(article, *, at, **changes):
    """`article` with its next words saved by whoever began it."""
    words = {**article.content(), **changes}
    article.save_content(words, by=article.creator, now=at, lock_version=article.lock_version)
    return article


def approved_again(article, *, at, kind=None, public_note="", **changes):
    """A change to a story, as far as the second signature."""
    rewritten(article, at=at, **changes).submit(by=article.creator, now=at, kind=kind, public_note=public_note)
    return sign(article, at=at)


def republish(article, *, at, **change):
    """A change to a live story, all the way to readers."""
    return approved_again(article, at=at, **change).publish(by=an_editor(), now=at)


def scheduled(*, at, by=None, begin=BEGIN, **changes):
    """Approved words that wait for `at`."""
    article = approved(by=by, at=begin, **changes)
    article.schedule(by=an_editor(), now=begin + timedelta(minutes=15), at=at)
    return article


def retracted(*, notice="This story was wrong.", at=BEGIN + timedelta(days=1), **changes):
    """A story in whose place two editors have put `notice`."""
    article = published(**changes)
    review = article.propose_retraction(by=an_editor(), now=at, notice=notice)
    article.confirm_retraction(by=a_managing_editor(), now=at + timedelta(minutes=5), sha256=review.sha256)
    return article


def taken_down(*, reason="An error of law", code=410, at=BEGIN + timedelta(days=1), **changes):
    article = published(**changes)
    article.take_down(by=a_managing_editor(), now=at, reason=reason, code=code)
    return article


def reinstated(article, *, at, note="", **changes):
    """A story that came back after a retraction or takedown, in words that were approved anew."""
    by = article.creator
    article.save_content({**article.content(), **changes}, by=by, now=at, lock_version=article.lock_version)
    article.submit(by=by, now=at, public_note=note)
    sign(article, at=at)
    article.reinstate(by=a_managing_editor(), now=at, reason="The court lifted its order.")
    return article


def seen_headline(now):
    """What readers of the newsroom's only story see on top of it at `now`; None while it is not public."""
    return Publication.objects.visible(now).values_list("headline", flat=True).first()
