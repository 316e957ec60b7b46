"""Who works on a story and until when, as the desk says it."""

from django import template
from django.utils import timezone
from django.utils.dateformat import format as date_format

from articles.models.verbs.moving import BEING_WRITTEN
from articles.moments import in_words

register = template.Library()


@register.filter
def moment(at):
    """For the middle of a sentence, where `_moment.html` would leave a space before the sign that follows."""
    return in_words(at)


@register.filter
def due_in_words(article):
    """When the words of `article` should be ready: "October 5, 2026, 2 days overdue". Empty where no date is set."""
    if not article.due:
        return ""
    day = date_format(article.due, "F j, Y")
    return f"{day}, {_away((article.due - timezone.localdate()).days)}" if article.status in BEING_WRITTEN else day


def _away(days):
    if days in (0, 1):
        return "tomorrow" if days else "today"
    count = f"{abs(days)} day{'' if abs(days) == 1 else 's'}"
    return f"in {count}" if days > 0 else f"{count} overdue"


@register.filter
def is_overdue(article):
    return bool(article.due) and article.status in BEING_WRITTEN and article.due < timezone.localdate()
