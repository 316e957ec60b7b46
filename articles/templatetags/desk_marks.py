"""Marks beside a story in the desk's lists."""

from django import template
from django.utils import timezone
from django.utils.html import format_html_join

from articles.red_flags import marks

register = template.Library()


@register.simple_tag
def story_marks(story):
    """`marks` of a story from `Article.objects.for_desk`."""
    return format_html_join(" ", '<span class="status status--{}">{}</span>', marks(story, timezone.now()))
