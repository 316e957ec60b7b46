"""What the desk's pages of a story have in common."""

from django.contrib import admin
from django.http import HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse

from articles.workflow import Status


def page(request, template, context, status=200):
    return TemplateResponse(request, template, {**admin.site.each_context(request), **context}, status=status)


def to_story(article):
    return HttpResponseRedirect(reverse("admin:articles_article_change", args=[article.pk]))


def standing(article):
    """What the head of every page of a story says of it."""
    status = Status(article.status)
    live = article.live if article.pk else None
    return {"article": article, "status": status, "status_label": status.label, "live": live}
