"""What the desk's pages of a story have in common."""

from django.contrib import admin, messages
from django.http import HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone

from articles.models import Article
from articles.versions import number_of
from articles.workflow import Status

from .flags import flags


def page(request, template, context, status=200):
    return TemplateResponse(request, template, {**admin.site.each_context(request), **context}, status=status)


def to_story(article):
    return HttpResponseRedirect(reverse("admin:articles_article_change", args=[article.pk]))


def onward(request, article, page="change"):
    """To a page of the story; to the desk once a byline without this person hides the story from them."""
    if Article.objects.seen_by(request.user).filter(pk=article.pk).exists():
        return HttpResponseRedirect(reverse(f"admin:articles_article_{page}", args=[article.pk]))
    messages.warning(request, "You are no longer among this story's people, so it has left your desk.")
    return HttpResponseRedirect(reverse("admin:index"))


def tell_who_approves(request, article):
    """Said with a submission where nobody, or only the story's own people, could approve it."""
    if problem := article.approval_problem(request.user):
        messages.warning(request, problem)


def standing(article, live):
    """What the head of every page of a story says of it; `live` is its public version, if any."""
    now, status = timezone.now(), Status(article.status)
    return {
        "article": article,
        "status": status,
        "status_label": status.label,
        "live": live,
        "live_number": live and number_of(live, now),
        "flags": flags(article, live, now),
    }
