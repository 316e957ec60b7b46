"""Moments in the desk's pages: in the newsroom's zone, with how far they are."""

from django import template
from django.utils import timezone
from django.utils.html import format_html

from articles import moments

register = template.Library()
register.filter("in_words", moments.in_words)
register.filter("zone_name", moments.zone_name)


@register.simple_tag
def to_come(moment):
    """ "December 8, 2026, 6:00 a.m. CET, in 3 h 12 min"; a script keeps the last part true while the page is open."""
    iso, now = moment.isoformat(), timezone.now()
    said = moments.in_words(moment), iso, moments.from_now(moment, now)
    return format_html('<time datetime="{}">{}</time>, <span data-from-now="{}">{}</span>', iso, *said)
