"""What lies on a person's desk: their own stories by where they stand, and for editors what waits for them."""

from django.db.models import Exists, OuterRef

from .models import Article, Publication, Review
from .models.article import roles_of
from .workflow import EDITORS, Status

MOST = 30  # stories in one list; the rest is behind "All stories"
RECENT = 8


def desk_of(user, now):
    """The lists of the dashboard for `user` at `now`; empty for somebody who has no part in stories."""
    roles = roles_of(user)
    if not roles:
        return {}
    own = list(Article.objects.own(user).for_desk().exclude(status=Status.PUBLISHED)[: 4 * MOST])
    desk = {
        "asked_for_changes": [story for story in own if _waits_for_changes(story)],
        "drafts": [story for story in own if story.status == Status.DRAFT and not _waits_for_changes(story)],
        "own_in_review": [story for story in own if story.status == Status.IN_REVIEW],
        "own_approved": [story for story in own if story.status == Status.APPROVED],
        "spiked": [story for story in own if story.status == Status.SPIKED],
        "may_write": user.has_perm("articles.save_article"),
        "recent": _recent(user, roles, now),
    }
    return desk | _editors_desk(user) if roles & EDITORS else desk


def _waits_for_changes(story):
    """An editor asked for changes and it was not submitted again; saving in between is part of the work."""
    return story.status in {Status.DRAFT, Status.CHANGES_REQUESTED} and story.asked_for_changes is not None


def _editors_desk(user):
    seen = Article.objects.seen_by(user).for_desk()
    by_them = Review.objects.open().filter(article=OuterRef("pk"), submitted_by=user, subject=Review.Subject.CONTENT)
    waiting = seen.waiting_for_review().order_by("saved_at")
    return {
        "is_editor": True,
        "queue": _longest_first(waiting.filter(~Exists(by_them))[:MOST]),
        "own_in_review": _longest_first(waiting.filter(Exists(by_them))[:MOST]),  # for another editor to decide
        "approved": list(seen.filter(status=Status.APPROVED)[:MOST]),
        "with_authors": list(seen.filter(status=Status.CHANGES_REQUESTED)[:MOST]),
    }


def _longest_first(waiting):
    return sorted(waiting, key=lambda story: story.latest_review.submitted_at)


def _recent(user, roles, now):
    """What went out last: of all stories that editors see, of one's own for journalists."""
    versions = Publication.objects.visible(now).for_list().order_by("-visible_from")
    stories = Article.objects.seen_by(user) if roles & EDITORS else Article.objects.own(user)
    versions = versions.filter(article__in=stories.values("pk"))
    return list(versions[:RECENT])
