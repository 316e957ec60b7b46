"""One POST button per verb. The model judges; its answer becomes a message, and nothing that was typed is lost."""

from django.contrib import messages
from django.db import transaction
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.html import format_html
from django.views.decorators.http import require_POST

from articles.models import Article, ArticleChanged
from articles.workflow import VERBS, MoveNotAllowed

from . import reading
from .pages import onward

BACK_TO_THE_DESK = {
    "request_changes",
    "publish",
    "approve_and_publish",
    "spike",
}  # done with; the next one waits there


def _approve(article, post, **who):
    article.approve(sha256=post.get("sha256", ""), **who)


def _approve_and_publish(article, post, **who):
    _approve(article, post, **who)
    article.publish(**who | {"lock_version": article.lock_version})


def _request_changes(article, post, **who):
    article.request_changes(comment=post.get("comment", ""), **who)


def _switch_appeal(article, post, lock_version, **who):
    """Not a word of the story, and its buttons say what they want: no version to compare."""
    article.switch_appeal(on=post.get("on") == "1", reason=post.get("reason", ""), **who)


# What a verb takes from its form. The others take nothing but who and when.
TAKES = {"approve": _approve, "request_changes": _request_changes}
BEYOND_THE_TABLE = {"approve_and_publish": _approve_and_publish, "switch_appeal": _switch_appeal}


def _seen(post):
    """The version of the story on the page whose button was pressed; −1, which no story has, where it says none."""
    version = post.get("lock_version", "")
    return int(version) if version.isdecimal() and len(version) < 10 else -1


def _why(refusal):
    if isinstance(refusal, MoveNotAllowed):
        return str(refusal)
    done = f"{refusal.meanwhile} after you opened the page, so nothing was done."
    return f"{done} Read what stands here now, then decide again."


def view_of(name):
    """The view behind the button of verb `name`, for `ArticleAdmin.of_story`."""
    act = (TAKES | BEYOND_THE_TABLE).get(name) or (lambda article, post, **who: getattr(article, name)(**who))

    def do(request, article):
        post = request.POST
        try:
            with transaction.atomic():  # a button that stands for two verbs does both or neither
                act(article, post, by=request.user, now=timezone.now(), lock_version=_seen(post))
        except (MoveNotAllowed, ArticleChanged) as refusal:
            fresh = get_object_or_404(Article.objects.seen_by(request.user), pk=article.pk)
            return reading.read(request, fresh, refusal=_why(refusal), refused=name)
        messages.success(request, _said(name, article))
        return redirect("admin:index") if name in BACK_TO_THE_DESK else onward(request, article)

    do.__name__ = name
    return require_POST(do)


def _said(name, article):
    """What the desk says once it is done, with the way to the public page when there is something to see."""
    if name == "switch_appeal":
        return f"The appeal on this story is switched {'off' if article.appeal_off else 'on'}."
    goes_public = name in {"publish", "approve_and_publish"}
    said = format_html(VERBS["publish" if goes_public else name].said, story=article)
    if not goes_public:
        return said
    return format_html('{} <a href="{}">Read it as they do</a>.', said, article.live.get_absolute_url())
