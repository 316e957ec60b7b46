"""The appeal on a story's page, the one place where giving meets reading, and on the page of a campaign's past."""

from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django import template
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString

from donations.models import Campaign
from donations.standing import standing
from donations.totals import public_totals

register = template.Library()


@register.simple_tag
def appeal(article_id: int) -> SafeString | str:
    """The default campaign's note, leading to a form that remembers the story; nothing where no campaign collects."""
    now = timezone.now()
    campaign = Campaign.objects.default(now)
    return note(campaign, now, article=article_id) if campaign else ""


@register.simple_tag
def appeal_is_over() -> SafeString | str:
    """In the place of a story's appeal: thanks, where the campaign that asked there is over and no other asks."""
    now = timezone.now()
    last = Campaign.objects.public().filter(is_default=True).first()
    if last is None or not last.is_over(now):
        return ""
    return render_to_string("donations/_quiet.html", standing(last, public_totals(last), now))


@register.simple_tag
def appeal_after(campaign: Campaign) -> SafeString | str:
    """On the page of a campaign that is over: what asks in its place now; nothing where no campaign collects."""
    now = timezone.now()
    asking = Campaign.objects.to_give_to(campaign.slug, now)
    return note(asking, now) if asking else ""


def note(campaign: Campaign, now: datetime, **asked: Any) -> SafeString:
    told = standing(campaign, public_totals(campaign), now)
    donate_url = f"{reverse('donations:donate')}?{urlencode({'campaign': campaign.slug, **asked})}"
    return render_to_string("donations/_appeal.html", told | {"donate_url": donate_url})
