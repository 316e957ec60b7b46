"""How a campaign stands, in words and figures: for the appeal, the gift form and the campaign's own page."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.urls import reverse

from .models import Campaign
from .totals import PublicTotals


def standing(campaign: Campaign, totals: PublicTotals, now: datetime) -> dict[str, Any]:
    """What `donations/_bar.html` and its neighbours print."""
    percent = totals.percent
    return {
        "campaign": campaign,
        "raised": totals.raised,
        "raised_words": campaign.money(totals.raised),
        "goal": campaign.goal,
        "goal_words": campaign.money(campaign.goal) if campaign.goal else "",
        "percent": percent,
        "bar": min(percent or 0, 100),
        "reached": percent is not None and percent >= 100,
        "collects": campaign.collects(now),
        "ended": campaign.is_over(now),
        "json_url": reverse("donations:campaign_json", args=[campaign.slug]),
        "bar_url": reverse("donations:campaign_bar", args=[campaign.slug]),
        "test_mode": not settings.STRIPE_LIVE,
    }


def published(campaign: Campaign, totals: PublicTotals, now: datetime) -> dict[str, Any]:
    """The same for other people's programs; amounts are minor units, dates are inclusive, the status is `now`'s."""
    changed = totals.changed_at
    return {
        "campaign": campaign.slug,
        "currency": totals.currency,
        "goal": totals.goal,
        "raised": totals.raised,
        "pending": totals.pending,
        "percent": totals.percent,
        "supporters": totals.supporters,
        "starts": campaign.starts.isoformat(),
        "ends": campaign.ends.isoformat() if campaign.ends else None,
        "timezone": campaign.timezone,
        "status": campaign.status_at(now),
        "livemode": settings.STRIPE_LIVE,
        "updated_at": f"{changed:%Y-%m-%dT%H:%M:%SZ}" if changed else None,
    }
