"""What the desk says of the stories that moved readers to give."""

from django import template
from django.utils import timezone

from cms.movers import on_the_desk

register = template.Library()


@register.simple_tag(takes_context=True)
def movers_on_desk(context):
    """The rows for the desk of the person who asks; none for people who have no part in stories."""
    return on_the_desk(context["request"].user, timezone.now())
