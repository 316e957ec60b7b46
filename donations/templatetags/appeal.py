"""The appeal on a story's page: the one place where giving meets reading."""

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
    if campaign is None:
        return ""
    asked = urlencode({"campaign": campaign.slug, "article": article_id})
    told = standing(campaign, public_totals(campaign), now)
    return render_to_string("donations/_appeal.html", told | {"donate_url": f"{reverse('donations:donate')}?{asked}"})
