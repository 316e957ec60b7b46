"""The form for a gift, and the thanks. Nobody keeps a copy."""

import logging
import re
import uuid
from datetime import datetime
from functools import wraps
from typing import Any
from urllib.parse import urlsplit

from csp.decorators import csp_update
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from outbox.discreet import in_brief

from . import checkout, ledger, tries
from .breaker import hold_on
from .forms import OPEN_FOR, GiftForm, key_of, new_token, plain
from .ledger import NotBooked
from .models import Campaign, Gift, Payment
from .money import AmountRefused, parse_amount
from .standing import standing
from .stripe_gateway import StripeRefused, StripeTrouble
from .totals import public_totals

log = logging.getLogger(__name__)
COOKIE = "gift_form"
SESSION_ID = re.compile(r"[A-Za-z0-9_]{1,255}")
NOTHING_CHARGED = (
    "The payment page cannot be reached at the moment. Nothing was charged. Please try again in a few minutes."
)
NOT_SENT = (
    "No campaign takes gifts at the moment, so this was not sent and nothing was charged. What you typed is kept."
)
PAID_OR_NOT = (
    "We cannot see at the moment whether this gift was paid. If it was, the receipt comes by e-mail. "
    "Please try again in a few minutes."
)
REFUSED = {  # Stripe's codes for what only it can know, and what to do about them
    "email_invalid": ("email", "Stripe does not take this e-mail address. Check it, or use another one."),
    "amount_too_small": ("amount_other", "This is less than Stripe can charge. Choose a larger amount."),
    "amount_too_large": ("amount_other", "This is more than Stripe can charge at once. Choose a smaller amount."),
}


class SeeOther(HttpResponseRedirect):
    status_code = 303


def kept_by_nobody(view):
    """A page for one person: no store keeps it, no search engine lists it, no address of it is passed on."""

    @wraps(view)
    def wrapped(*args: Any, **kwargs: Any) -> HttpResponse:
        response = view(*args, **kwargs)
        response["X-Robots-Tag"] = "noindex"
        response["Referrer-Policy"] = "same-origin"
        return response

    return never_cache(wrapped)


def leads_to_the_payment_page(view):
    """Browsers may follow the form to Stripe's hosted page, or to that of the Stripe that the settings name."""

    @wraps(view)
    def wrapped(*args: Any, **kwargs: Any) -> HttpResponse:
        return csp_update({"form-action": hosted_pages()})(view)(*args, **kwargs)

    return wrapped


def hosted_pages() -> list[str]:
    api = urlsplit(settings.STRIPE_API_BASE)
    return ["https://checkout.stripe.com", *([f"{api.scheme}://{api.netloc}"] if api.netloc else [])]


# --- The form ---------------------------------------------------------------------------------------------------


@kept_by_nobody
@leads_to_the_payment_page
@require_http_methods(["GET", "HEAD", "POST"])
def donate(request: HttpRequest) -> HttpResponse:
    is_sent, now = request.method == "POST", timezone.now()
    before = None if is_sent else gift_before(request)
    asked = (request.POST if is_sent else request.GET).get("campaign", "") or (before.campaign.slug if before else "")
    campaign, named = Campaign.objects.to_give_to(asked, now), Campaign.objects.named(asked)
    instead_of = named if named != campaign else None
    if is_sent and (campaign is None or instead_of) and (answer := answer_for_paid(request, asked)):
        return answer
    if campaign is None:
        return keep_typed(request, asked, NOT_SENT, 422) if is_sent else render(request, "donations/no_campaign.html")
    if is_sent:
        return give(request, campaign, instead_of)
    first = values_of(before, campaign, request) if before else asked_values(request, campaign)
    return show(request, GiftForm(campaign=campaign, form_key=form_key_of(request), initial=first), instead_of)


def show(request: HttpRequest, form: GiftForm, instead_of: Campaign | None, status: int = 200) -> HttpResponse:
    """The form as it stands. `instead_of` is the campaign that was asked for and takes no gifts now."""
    now, hold = timezone.now(), hold_on(form.to)
    told = standing(form.to, public_totals(form.to), now)
    told |= {"form": form, "instead_of": instead_of, "begins": instead_of and first_day_to_come(instead_of, now)}
    told |= {"is_set_up": bool(settings.STRIPE_SECRET_KEY), "hold": hold, "least": form.to.money(hold.minimum)}
    if hold.pauses(form.initial.get("frequency", "")):
        del form.initial["frequency"]  # nobody is made a monthly giver by not looking: the choice is theirs
    return render(request, "donations/donate.html", told, status=status)


def first_day_to_come(campaign: Campaign, now: datetime) -> str:
    """When a campaign begins, in words; empty where it has begun, or will never take gifts."""
    start = campaign.window()[0]
    return campaign.day(start) if campaign.status == Campaign.Status.LIVE and now < start else ""


def give(request: HttpRequest, campaign: Campaign, instead_of: Campaign | None) -> HttpResponse:
    form = GiftForm(request.POST, campaign=campaign, form_key=uuid.uuid4())
    if not form.is_valid() or instead_of:
        return show(request, form, instead_of, status=422)
    if answer := held_back(request, form):
        return answer
    try:
        url = checkout.payment_page(checkout.gift_of(form, timezone.now()))
    except StripeTrouble as trouble:
        return say_why(request, form, trouble)
    return remember_form(SeeOther(url), form)


def held_back(request: HttpRequest, form: GiftForm) -> HttpResponse | None:
    """Why this form leads no further now, with what was typed; nothing where it does. Stripe is not asked."""
    if not checkout.has_page(form):
        form.mind(hold_on(form.to))
    if form.errors:
        return show(request, form, None, status=422)
    if too_many := tries.of_gift(request, form=form.form_key.hex, campaign=form.to.slug, said=form.cleaned_data):
        form.add_error(None, too_many.of_gift)
        response = show(request, form, None, status=429)
        response["Retry-After"] = str(too_many.seconds)
        return response
    return None


def answer_for_paid(request: HttpRequest, asked: str) -> HttpResponse | None:
    """The way to the thanks, where this very form was paid while its campaign still took gifts."""
    gift = gift_sent(request, asked)
    try:
        url = checkout.thanks_page(gift) if gift else ""
    except StripeTrouble as trouble:
        log.warning("Nobody can see whether gift %s was paid: %s", gift and gift.pk, in_brief(trouble))
        return keep_typed(request, asked, PAID_OR_NOT, 503)
    return SeeOther(url) if url else None


def gift_sent(request: HttpRequest, asked: str) -> Gift | None:
    """The gift that this form, with the same values, became before."""
    key = key_of(request.POST.get("token", ""))
    before = Gift.objects.select_related("campaign", "donor").filter(form_key=key) if key else []
    for gift in (gift for gift in before if gift.campaign.slug == asked):
        form = GiftForm(request.POST, campaign=gift.campaign, form_key=key)
        if form.is_valid() and form.gift_id(live=settings.STRIPE_LIVE) == gift.pk:
            return gift
    return None


def keep_typed(request: HttpRequest, asked: str, words: str, status: int) -> HttpResponse:
    """What was typed, on the page that takes no gifts, to be sent again or copied."""
    campaign = Campaign.objects.named(asked) or Campaign(slug=asked)
    form = GiftForm(request.POST, campaign=campaign, form_key=uuid.uuid4())
    form.add_error(None, words)
    return render(request, "donations/no_campaign.html", {"form": form}, status=status)


def say_why(request: HttpRequest, form: GiftForm, trouble: StripeTrouble) -> HttpResponse:
    log.warning("No payment page for a gift: %s", in_brief(trouble))
    if isinstance(trouble, StripeRefused) and trouble.code in REFUSED:
        form.add_error(*REFUSED[trouble.code])
        return show(request, form, None, status=422)
    form.add_error(None, NOTHING_CHARGED)
    return show(request, form, None, status=503)


# Coming back from the payment page, a browser asks for the form anew. A cookie tells which form it was, so that what
# is sent then replaces what was sent before. It holds neither name nor address; the same browser alone gets them back.


def remember_form(response: HttpResponse, form: GiftForm) -> HttpResponse:
    response.set_cookie(
        COOKIE,
        new_token(form.form_key),
        max_age=OPEN_FOR,
        path=reverse("donations:donate"),
        secure=settings.CSRF_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
    return response


def form_key_of(request: HttpRequest) -> uuid.UUID:
    """The form that this browser has sent and that can still be paid; else a new one."""
    sent = key_of(request.COOKIES.get(COOKIE, ""))
    waiting = (Gift.Status.BEGUN, Gift.Status.EXPIRED)
    settled = sent and Gift.objects.filter(form_key=sent).exclude(status__in=waiting).exists()
    return sent if sent and not settled else uuid.uuid4()


def gift_before(request: HttpRequest) -> Gift | None:
    """The gift that a way back from the payment page names, while nothing was paid for it."""
    try:
        gift_id = uuid.UUID(request.GET.get("back", ""))
    except ValueError:
        return None
    return Gift.objects.select_related("campaign", "donor").filter(pk=gift_id, status__in=Gift.UNPAID).first()


def values_of(gift: Gift, campaign: Campaign, request: HttpRequest) -> dict[str, Any]:
    """What was typed for a gift; the person's own words only for the browser that typed them."""
    values = {"frequency": gift.frequency, "article": gift.article_id or "", "appeal": gift.appeal}
    values |= amount_from(plain(gift.amount, gift.currency), campaign) if gift.currency == campaign.currency else {}
    if gift.form_key and gift.form_key == key_of(request.COOKIES.get(COOKIE, "")):
        values |= {"email": gift.donor.email, "name": gift.name, "visibility": gift.visibility}
        values["may_write"] = gift.may_write_at is not None
    return values


def asked_values(request: HttpRequest, campaign: Campaign) -> dict[str, Any]:
    """What a link to the form asks it to begin with."""
    frequency = request.GET.get("frequency", "")
    return {
        "frequency": frequency if frequency in Gift.Frequency.values else Gift.Frequency.ONCE,
        "article": request.GET.get("article", ""),
        "appeal": request.GET.get("appeal", ""),
        **amount_from(request.GET.get("amount", ""), campaign),
    }


def amount_from(text: str, campaign: Campaign) -> dict[str, str]:
    """An amount in its place: the button of a suggestion, else the field for one's own."""
    try:
        minor = parse_amount(text, campaign.currency)
    except AmountRefused:
        return {}
    suggested = minor in {*campaign.suggested_once, *campaign.suggested_monthly}
    return {"amount" if suggested else "amount_other": plain(minor, campaign.currency)}


# --- Thanks -------------------------------------------------------------------------------------------------------


@kept_by_nobody
@require_safe
def thanks(request: HttpRequest) -> HttpResponse:
    """How a gift stands, for whoever comes back from its payment page. Nothing of the person is on it."""
    session_id = request.GET.get("session_id", "")
    if not SESSION_ID.fullmatch(session_id):
        raise Http404("No payment page is named.")
    gift = checkout.gift_paid_on(session_id)
    if gift is None:
        raise Http404("This payment page is none of ours.")
    try:
        ledger.book_session(gift, now=timezone.now())
        asked_stripe = True
    except (StripeTrouble, NotBooked) as trouble:
        log.warning("The thank-you page could not ask about gift %s: %s", gift.pk, in_brief(trouble))
        asked_stripe = False
    gift = Gift.objects.select_related("campaign").get(pk=gift.pk)
    told = {"gift": gift, "state": state_of(gift, asked_stripe), "back_url": gift.way_back()}
    return render(request, "donations/thanks.html", told)


def state_of(gift: Gift, asked_stripe: bool) -> str:
    """What can be told of a gift: that it came, is on its way or did not come; `unknown` where only Stripe knows."""
    came = set(gift.payments.values_list("status", flat=True))
    if Payment.Status.SUCCEEDED in came:
        return "given"
    if Payment.Status.PENDING in came:
        return "on_its_way"
    if gift.status not in Gift.UNPAID or not asked_stripe:
        return "unknown"
    return "failed" if gift.status == Gift.Status.FAILED else "unpaid"
