"""Texts as the desk shows them: with their private pictures, and with what readers would not see."""

from django import template
from django.template.loader import render_to_string
from django.utils.safestring import mark_safe

from articles.figures import drawn
from articles.models import Picture

register = template.Library()


@register.filter
def with_pictures(body):
    """Sanitised `body` with its pictures from private storage, their words, and what is missing of them."""
    return _drawn(body, Picture.objects.in_bodies(body))


@register.filter
def with_words_of_pictures(body):
    """Sanitised `body` with the words of its pictures alone, where nobody is signed in to see them."""
    return _drawn(body, {})


def _drawn(body, pictures):
    def draw(figure):
        context = {"figure": figure, "picture": pictures.get(figure.picture)}
        return render_to_string("admin/articles/article/_figure.html", context)

    return mark_safe(drawn(body, draw))  # noqa: S308
