"""One POST button per verb. The model judges; its answer becomes a message, and nothing that was typed is lost."""

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponseNotAllowed
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.html import format_html

from articles.models import Article, ArticleChanged
from articles.moments import from_now, in_words
from articles.workflow import VERBS, MoveNotAllowed

from . import reading, said_of_change
from .pages import onward, tell_who_approves, to_story
from .verb_forms import form_of
from .verb_pages import PAGES, ask

BACK_TO_THE_DESK = {
    "request_changes",
    "publish",
    "approve_and_publish",
    "schedule",
    "spike",
}  # done with; the next one waits there
GOES_PUBLIC = {"publish", "approve_and_publish", "publish_unreviewed", "reinstate"}
LOOK_AGAIN = "Not done yet: something below needs another look. What you typed is still here."


def _approve_and_publish(article, *, sha256, **who):
    article.approve(sha256=sha256, **who)
    article.publish(**who | {"lock_version": article.lock_version})


def _switch_appeal(article, *, lock_version, on, reason, **who):
    """Not a word of the story, and its buttons say what they want: no version to compare."""
    article.switch_appeal(on=on, reason=reason, **who)


BEYOND_THE_TABLE = {"approve_and_publish": _approve_and_publish, "switch_appeal": _switch_appeal}
METHODS = {"embargo": "set_embargo"}  # the field has the verb's name


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
    """The view behind the button of verb `name`, for `ArticleAdmin.of_story`; on GET its page, or the story's."""
    act = BEYOND_THE_TABLE.get(name) or (lambda article, **how: getattr(article, METHODS.get(name, name))(**how))

    def do(request, article):
        if request.method != "POST":
            return _page(request, article, name)
        form = form_of(name, article, timezone.now(), request.POST)
        if "_find" in request.POST:
            return _again(request, article, name, form, "", status=200)
        if not form.is_valid():
            return _again(request, article, name, form, LOOK_AGAIN, status=422)
        who = {"by": request.user, "now": form.now, "lock_version": _seen(request.POST)}
        try:
            with transaction.atomic():  # a button that stands for two verbs does both or neither
                act(article, **who, **form.arguments())
        except (MoveNotAllowed, ArticleChanged) as refusal:
            return _again(request, article, name, form, _why(refusal), status=409)
        messages.success(request, _said(name, article, form.now))
        if name == "submit":
            said_of_change.keep(request, article, is_done=True)
            tell_who_approves(request, article)
        return redirect("admin:index") if name in BACK_TO_THE_DESK else onward(request, article)

    do.__name__ = name
    return do


def _page(request, article, name):
    if request.method not in {"GET", "HEAD"}:
        return HttpResponseNotAllowed(["GET", "HEAD", "POST"])
    if name not in PAGES:  # somebody signed in on the way, or reloads what a refused button left in the address
        return to_story(article)
    try:
        return ask(request, article, name)
    except MoveNotAllowed as refusal:
        return reading.read(request, article, refusal=str(refusal))


def _again(request, article, name, form, trouble, status):
    """The page whose button was pressed, with what was typed and why nothing was done."""
    fresh = get_object_or_404(Article.objects.seen_by(request.user), pk=article.pk).as_at(form.now)
    form = form.again(fresh)
    if name in PAGES:
        try:
            return ask(request, fresh, name, form=form, trouble=trouble, status=status)
        except MoveNotAllowed:
            pass  # it cannot be asked any more: the story as it stands, with what was typed
    return reading.read(request, fresh, refusal=trouble, form=form, status=status)


def _said(name, article, now):
    """What the desk says once it is done, with the way to the public page when there is something to see."""
    if name == "switch_appeal":
        return f"The appeal on this story is switched {'off' if article.appeal_off else 'on'}."
    said = format_html(VERBS["publish" if name == "approve_and_publish" else name].said, story=article)
    if name == "schedule":
        at = article.scheduled_version.visible_from
        return format_html("“{}” goes public on {}, {}.", article, in_words(at), from_now(at, now))
    if name == "embargo" and article.events.filter(verb="embargo").last().data.get("unscheduled"):
        return f"{said} This took it off the schedule: it is approved and does not go out by itself."
    if name not in GOES_PUBLIC:
        return said
    return format_html('{} <a href="{}">Read it as they do</a>.', said, article.live_at(now).get_absolute_url())
