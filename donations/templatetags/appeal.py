"""The appeal on a story's page, the one place where giving meets reading, and on the page of a campaign's past."""

from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django import template
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString

from donations.models import Campaign, Gift
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
    from_the_middle = donate_url(campaign, Gift.Appeal.MIDDLE, article=article_id)
    shown_url = reverse("donations:appeal_shown", args=[article_id])
    ours = {"donate_url_from_the_middle": from_the_middle, "shown_url": shown_url}
    return note(campaign, now, ours | {"donate_url": donate_url(campaign, Gift.Appeal.END, article=article_id)})


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
    return note(asking, now, {"donate_url": donate_url(asking, Gift.Appeal.CAMPAIGN)}) if asking else ""


def note(campaign: Campaign, now: datetime, ours: dict[str, Any]) -> SafeString:
    told = standing(campaign, public_totals(campaign), now)
    return render_to_string("donations/_appeal.html", told | ours)


def donate_url(campaign: Campaign, appeal: Gift.Appeal, **asked: Any) -> str:
    """The form, which remembers where it was come to from."""
    known = {"campaign": campaign.slug, **asked, "appeal": appeal.value}
    return f"{reverse('donations:donate')}?{urlencode(known)}"
