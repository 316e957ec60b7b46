"""A monthly gift's own page, for whoever holds the link from a receipt: how it stands, another card, its end.

Nothing of the person is on it, and nothing but these two things can be done from it.
"""

import logging
from datetime import datetime
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from donations import ledger
from donations.ledger import NotBooked
from donations.models import Gift
from donations.monthly import gift_of, masked
from donations.stripe_gateway import StripeTrouble
from donations.views import SeeOther, kept_by_nobody
from outbox.discreet import in_brief

from .deed_views import back_from_card_page, leads_to_the_card_page, standing_of, to_card_page

log = logging.getLogger(__name__)


def linked(token: str) -> Gift:
    gift = gift_of(token)
    if gift is None:
        raise Http404("No monthly gift has this address.")
    return gift


@leads_to_the_card_page
@kept_by_nobody
@require_http_methods(["GET", "HEAD", "POST"])
def gift_page(request: HttpRequest, token: str) -> HttpResponse:
    """How the gift stands, with the buttons; POST stops it."""
    gift, now = linked(token), timezone.now()
    if request.method == "POST" and gift.can_be_stopped:
        return stop(request, gift, now)
    return show_gift(request, gift)


def stop(request: HttpRequest, gift: Gift, now: datetime) -> HttpResponse:
    try:
        booked = ledger.stop(gift, now=now)
    except (StripeTrouble, NotBooked) as trouble:
        log.warning("Gift %s was not stopped: %s", gift.pk, in_brief(trouble))
        return show_gift(request, gift, failed=True, status=503)
    return SeeOther(request.path) if booked else show_gift(request, gift, just_stopped=True)


@leads_to_the_card_page
@kept_by_nobody
@require_POST
def gift_page_card(request: HttpRequest, token: str) -> HttpResponse:
    """To Stripe's page for another card, which shows nobody more than the last digits of the present one."""
    return to_card_page(request, linked(token), reverse("donations:gift_page_card_back", args=[token]), show_gift)


@leads_to_the_card_page
@kept_by_nobody
@require_safe
def gift_page_card_back(request: HttpRequest, token: str) -> HttpResponse:
    return back_from_card_page(request, linked(token), show_gift)


def show_gift(
    request: HttpRequest,
    gift: Gift,
    *,
    failed: bool = False,
    just_stopped: bool = False,
    status: int = 200,
    **card: Any,
) -> HttpResponse:
    """`just_stopped`: at Stripe it is stopped, and our books do not say so yet. `card` tells of another card."""
    told = standing_of(gift, timezone.now()) | {"trouble": "", "said": "", "card": None} | card
    told |= {
        "goes_on": gift.can_be_stopped and not just_stopped,
        "just_stopped": just_stopped,
        "since": gift.anchor and gift.campaign.day(gift.anchor),
        "ended": gift.ended_at and gift.campaign.day(gift.ended_at),
        "receipts_go_to": masked(gift.donor.email),
        "failed": failed,
        "stop_url": reverse("donations:gift_page", kwargs=request.resolver_match.kwargs),
        "card_url": reverse("donations:gift_page_card", kwargs=request.resolver_match.kwargs),
    }
    return render(request, "donations/gift_page.html", told, status=status)
