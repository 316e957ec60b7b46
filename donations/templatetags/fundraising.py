"""What the fundraiser's pages ask of a template."""

from django import template
from django.utils import timezone

from donations.admin import breaker, dashboard, health

register = template.Library()


@register.filter
def money(minor, campaign):
    """Minor units in a campaign's currency, in words."""
    return campaign.money(minor)


@register.simple_tag(takes_context=True)
def fundraising_desk(context):
    """The fundraiser's part of the dashboard; nothing for people who may not see who gave."""
    user = context["request"].user
    if not dashboard.is_for(user):
        return None
    return dashboard.desk(user, timezone.now()) | {"holding": breaker.holding()}


@register.simple_tag
def trouble_with_stripe():
    """How it stands between Stripe and our books, in a line, where something is wrong with it."""
    return health.trouble(timezone.now())
