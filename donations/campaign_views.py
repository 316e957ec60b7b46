"""A campaign's page for everyone, its bar and its figures: anybody may keep them, and asks whether they still hold."""

from functools import wraps
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.cache import cache_control
from django.views.decorators.http import conditional_page, require_safe

from .campaign_page import besides
from .closing import ending
from .models import Campaign
from .money import format_money
from .standing import published, standing
from .totals import PublicTotals, public_totals


def asked_for_again(view):
    """Anybody may keep it, and asks by its ETag whether it still holds."""
    return require_safe(wraps(view)(conditional_page(cache_control(no_cache=True)(view))))


@asked_for_again
def campaign(request: HttpRequest, slug: str) -> HttpResponse:
    found = get_object_or_404(Campaign.objects.public(), slug=slug)
    figures, now = public_totals(found), timezone.now()
    told = standing(found, figures, now) | in_full(found, figures) | {"ending": ending(found, figures, now)}
    told |= besides(found, now, request.GET.get("page", "1"))
    return render(request, "donations/campaign.html", told)


def in_full(found: Campaign, figures: PublicTotals) -> dict[str, Any]:
    """Every public figure, exactly, and what comes after a campaign that is over."""
    exact = {
        name: format_money(amount, found.currency)
        for name, amount in (("raised", figures.raised), ("goal", figures.goal), ("pending", figures.pending))
        if amount is not None
    }
    next_campaign = Campaign.objects.public().filter(follows=found).first()
    zone = found.timezone.rpartition("/")[2].replace("_", " ")
    return {"figures": figures, "exact": exact, "next_campaign": next_campaign, "zone": zone}


@asked_for_again
def campaign_bar(request: HttpRequest, slug: str) -> HttpResponse:
    """The bar alone, in the server's own words, for pages that were kept for a while."""
    found = get_object_or_404(Campaign.objects.public(), slug=slug)
    told = standing(found, public_totals(found), timezone.now())
    response = render(request, "donations/_bar.html", told)
    response["X-Robots-Tag"] = "noindex"
    return response


def for_any_site(view):
    """Scripts of other sites may read every answer, also that nothing changed or that there is no such campaign."""

    @wraps(view)
    def answer(request: HttpRequest, **asked: str) -> HttpResponse:
        try:
            response = view(request, **asked)
        except Http404:
            response = JsonResponse({"error": "There is no such campaign."}, status=404)
        response["Access-Control-Allow-Origin"] = "*"
        return response

    return answer


@for_any_site
@asked_for_again
def campaign_json(request: HttpRequest, slug: str) -> HttpResponse:
    found = get_object_or_404(Campaign.objects.public(), slug=slug)
    return JsonResponse(published(found, public_totals(found), timezone.now()))
