"""The checklist at the desk: beside the form, on the review, and on a page where editors let something pass."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import path, reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from articles.checklist import about, checklist
from articles.company_forms import as_typed
from articles.forms import BylineLines, StoryForm
from articles.internal_links import dead, internal_links
from articles.models import Article
from articles.models.verbs.checking import LONGEST_NAME, LONGEST_NOTE, LONGEST_REASON, MAY
from articles.workflow import MoveNotAllowed

from .beside import stored_words
from .pages import page, standing

LIMITS = {"longest_name": LONGEST_NAME, "longest_note": LONGEST_NOTE, "longest_reason": LONGEST_REASON}


def checks(article, user, words):
    """What `_checklist.html` shows of `words` (a content dict), as the words of `article`."""
    items = checklist(words, article.known(dead(internal_links(words.get("body")))))
    return {"items": items, "may_waive": user.has_perm(MAY)}


def check_words(article):
    """Where the form of `article` asks about the words that stand in it."""
    if article.pk is None:
        return reverse("admin:articles_article_typed_checks_new")
    return reverse("admin:articles_article_typed_checks", args=[article.pk])


def typed(request, article):
    """The points of the checklist for what stands in the form just now, to be put in place by a script."""
    if not request.user.has_perm("articles.save_article"):
        raise PermissionDenied
    return _typed(request, article)


@require_POST
def _typed(request, article):
    form, lines = (
        StoryForm(request.POST, None, article=article, user=request.user),
        BylineLines(request.POST, prefix="byline"),
    )
    try:
        words = as_typed(form, lines, stored_words(article))
    except ValidationError:
        return HttpResponse(status=422)  # longer than anything that can be saved; saving says so
    context = {"article": article, **checks(article, request.user, words)}
    return page(request, "admin/articles/article/_checks.html", context)


def typed_new(request):
    """The same for a story that was never saved."""
    return typed(request, Article(creator=request.user))


@require_safe
def show(request, article):
    return _page(request, article)


def _page(request, article, refusal="", refused=""):
    shown = checks(article, request.user, article.content())
    needed = {item.key for item in shown["items"] if item.waiver}
    spare = [(about(waiver.item), waiver) for waiver in article.open_waivers() if waiver.item not in needed]
    context = standing(article, article.live) | {
        "title": f"Checklist: {article}",
        "revision": article.latest_revision,
        "spare_waivers": spare,
        "refusal": refusal,
        "refused": refused,
        "typed": request.POST if refusal else {},
        **shown,
        **LIMITS,
    }
    return page(request, "admin/articles/article/checks.html", context, status=409 if refusal else 200)


# --- What editors record: (what it does, what is said once it is done) -----------------------------------------------


def _waive(article, post, **who):
    article.waive(post.get("item", ""), reason=post.get("reason", ""), **who)


def _unwaive(article, post, **who):
    article.unwaive(post.get("item", ""), **who)


def _require_legal(article, post, **who):
    article.require_legal_check(note=post.get("note", ""), **who)


def _record_legal(article, post, **who):
    number = post.get("revision", "")
    revision = int(number) if number.isdecimal() and len(number) < 10 else 0
    names = {"done_by": post.get("done_by", ""), "note": post.get("note", "")}
    article.record_legal_check(revision=revision, **names, **who)


def _drop_legal(article, post, **who):
    article.drop_legal_check(**who)


RECORDS = {
    "waive": (_waive, "Waived. The editor who approves the story sees your reason."),
    "unwaive": (_unwaive, "The waiver is taken back."),
    "require_legal": (_require_legal, "A legal check is required before the story can be submitted or approved."),
    "record_legal": (_record_legal, "The legal check is recorded."),
    "drop_legal": (_drop_legal, "No legal check is needed."),
}


def _recording(name):
    act, said = RECORDS[name]

    def record(request, article):
        post = {field: text.replace("\0", "") for field, text in request.POST.items()}  # which PostgreSQL cannot keep
        try:
            act(article, post, by=request.user, now=timezone.now())
        except MoveNotAllowed as refusal:
            article.refresh_from_db()
            return _page(request, article, refusal=str(refusal), refused=name)
        messages.success(request, said)
        return HttpResponseRedirect(reverse("admin:articles_article_checks", args=[article.pk]))

    record.__name__ = name
    return require_POST(record)


def addresses(story, of_story):
    """The addresses of all this below a story's own; `of_story` wraps a view of one story."""
    records = [
        path(f"{story}/{name}/", of_story(_recording(name)), name=f"articles_article_{name}") for name in RECORDS
    ]
    return [
        path(f"{story}/checks/", of_story(show), name="articles_article_checks"),
        path(f"{story}/checks/typed/", of_story(typed), name="articles_article_typed_checks"),
        *records,
    ]
