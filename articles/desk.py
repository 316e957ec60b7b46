"""What lies on a person's desk: their own stories by where they stand, and for editors what waits for them."""

from datetime import timedelta

from django.db.models import Exists, OuterRef
from django.utils.timezone import localdate

from .models import Article, Autosave, Publication, Review, StaffMail
from .models.article import roles_of
from .models.verbs.moving import BEING_WRITTEN
from .red_flags import own_scheduled, red_flags
from .workflow import EDITORS, Status

MOST = 30  # stories in one list; the rest is behind "All stories"
RECENT = 8
SOON = timedelta(days=7)


def desk_of(user, now):
    """The lists of the dashboard for `user` at `now`; empty for somebody who has no part in stories."""
    roles = roles_of(user)
    if not roles:
        return {}
    own = list(Article.objects.own(user).for_desk(now).exclude(status=Status.PUBLISHED)[: 4 * MOST])
    to_sign = list(_to_sign(user, now))
    drafts = [story for story in own if story.status == Status.DRAFT and not _waits_for_changes(story)]
    drafts = [story for story in drafts if story not in to_sign]
    desk = {
        "to_sign": to_sign,
        "typed": _typed(user),
        "asked_for_changes": [story for story in own if _waits_for_changes(story)],
        "assigned": [story for story in drafts if _is_assigned(story, user)],
        "drafts": [story for story in drafts if not _is_assigned(story, user)],
        "own_in_review": [story for story in own if story.status == Status.IN_REVIEW],
        "own_approved": [story for story in own if story.status == Status.APPROVED],
        "spiked": [story for story in own if story.status == Status.SPIKED],
        "may_write": user.has_perm("articles.save_article"),
        "recent": _recent(user, roles, now),
        "stuck_mails": user.has_perm("articles.resend_staff_mail") and StaffMail.objects.unfinished(now).count(),
    }
    if roles & EDITORS:
        return desk | _editors_desk(user, now) | red_flags(user)
    return desk | {"scheduled": own_scheduled(user)}


def _waits_for_changes(story):
    """An editor asked for changes and it was not submitted again; saving in between is part of the work."""
    return story.status in {Status.DRAFT, Status.CHANGES_REQUESTED} and story.asked_for_changes is not None


def _is_assigned(story, user):
    """Somebody else began it, and it was given to `user`."""
    return story.assignee_id == user.pk != story.creator_id


def _to_sign(user, now):
    """What editors changed and `user` is asked to submit."""
    asked = Article.objects.seen_by(user).filter(to_sign=user, status__in=BEING_WRITTEN)
    return asked.for_desk(now)[:MOST]


def _typed(user):
    """What `user` typed and never saved, the latest first: into stories they still see, and into new ones."""
    stories = Article.objects.seen_by(user)
    kept = Autosave.objects.in_places(stories.values("pk")).filter(by=user).select_related("article").order_by("-at")
    return [typed for typed in kept[:MOST] if not _is_stored(typed)]


def _is_stored(typed):
    """Whether it was saved after all: what a browser sent last may arrive after the save of the same words."""
    story = typed.article or Article.objects.filter(form_key=typed.form_key).first()
    return story is not None and story.content() == typed.content


def _editors_desk(user, now):
    seen = Article.objects.seen_by(user).for_desk(now)
    by_them = Review.objects.open().filter(article=OuterRef("pk"), submitted_by=user, subject=Review.Subject.CONTENT)
    waiting = seen.waiting_for_review().order_by("saved_at")
    return {
        "is_editor": True,
        "queue": _longest_first(waiting.filter(~Exists(by_them))[:MOST]),
        "own_in_review": _longest_first(waiting.filter(Exists(by_them))[:MOST]),  # for another editor to decide
        "approved": list(seen.filter(status=Status.APPROVED)[:MOST]),
        "with_authors": list(seen.filter(status=Status.CHANGES_REQUESTED)[:MOST]),
        "due": list(
            seen.filter(status__in=BEING_WRITTEN, due__lte=localdate(now) + SOON).order_by("due", "pk")[:MOST]
        ),
    }


def _longest_first(waiting):
    return sorted(waiting, key=lambda story: story.latest_review.submitted_at)


def _recent(user, roles, now):
    """What went out last: of all stories that editors see, of one's own for journalists."""
    versions = Publication.objects.visible(now).for_list().order_by("-visible_from")
    stories = Article.objects.seen_by(user) if roles & EDITORS else Article.objects.own(user)
    versions = versions.filter(article__in=stories.values("pk"))
    return list(versions[:RECENT])
