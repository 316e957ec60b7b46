"""What givers change about a monthly gift: amount, pause, end, card. Each press asks Stripe, and is booked."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import wraps
from typing import Any
from uuid import UUID

from csp.decorators import csp_update
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from donations import deeds
from donations.deeds import NewCard, Tried
from donations.ledger import NotBooked
from donations.models import Donor, Gift
from donations.monthly import next_charge
from donations.stripe_gateway import StripeMissing, StripeNotAllowed, StripeRefused, StripeTrouble
from donations.views import SeeOther, hosted_pages, kept_by_nobody
from outbox.discreet import in_brief

from .deed_forms import AmountForm, DeedForm, PauseForm, ResumeForm, StopForm
from .door import for_the_giver

log = logging.getLogger(__name__)
CARD_PAGES = "https://billing.stripe.com"
AS_IT_WAS = "Your gift is as it was."
NOT_REACHED = (
    "Stripe, which takes the payments, does not answer at the moment, so we cannot see whether this is done. "
    "Please try again in a few minutes; nothing is done twice."
)
NOT_ALLOWED = f"This cannot be done on this page at the moment. {AS_IT_WAS} Write to us, and we do it for you."
REFUSED = f"Stripe refused it. {AS_IT_WAS} Look it over and try again, or write to us."
AMOUNTS = {  # Stripe's codes for amounts that only it can judge
    "amount_too_small": "This is less than Stripe can charge. Type a larger amount.",
    "amount_too_large": "This is more than Stripe can charge at once. Type a smaller amount.",
}


def in_words(trouble: StripeTrouble) -> str:
    """Why something was not done, for the giver; what Stripe said of it is for the log."""
    is_no_endpoint = isinstance(trouble, StripeMissing) and not trouble.code
    if isinstance(trouble, StripeNotAllowed) or is_no_endpoint:
        return NOT_ALLOWED
    return REFUSED if isinstance(trouble, StripeRefused) else NOT_REACHED


def leads_to_the_card_page(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Browsers may follow the button to Stripe's page for cards, or to that of the Stripe that the settings name."""

    @wraps(view)
    def wrapped(*args: Any, **kwargs: Any) -> HttpResponse:
        response: HttpResponse = csp_update({"form-action": [CARD_PAGES, *hosted_pages()[1:]]})(view)(*args, **kwargs)
        return response

    return wrapped


def of_their_gift(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """A page about one monthly gift of the giver's own; of anybody else's nothing can be told from here."""

    @wraps(view)
    def wrapped(request: HttpRequest, gift_id: UUID, *, giver: Donor) -> HttpResponse:
        begun = giver.gifts.monthly().of_mode(settings.STRIPE_LIVE).exclude(stripe_subscription=None)
        gift = begun.select_related("campaign", "donor").filter(pk=gift_id).first()
        if gift is None:
            raise Http404("No monthly gift of this giver's has this address.")
        return view(request, gift)

    return kept_by_nobody(require_http_methods(["GET", "HEAD", "POST"])(for_the_giver(wrapped)))


# --- Amount, pause, end -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Change:
    """A page with a form, and what its button does: `do` gets the gift, the form and the time."""

    template: str
    form: type[DeedForm]
    do: Callable[[Gift, Any, datetime], bool]
    is_done: Callable[[Gift], bool]  # whether the gift stands so
    field: str | None = None  # where Stripe's own word about what was typed belongs


AMOUNT = Change(
    "amount",
    AmountForm,
    lambda gift, form, now: deeds.change_amount(gift, form.cleaned_data["amount"], key=form.key(), now=now),
    lambda gift: not gift.is_over,
    field="amount",
)
PAUSE = Change(
    "pause",
    PauseForm,
    lambda gift, form, now: deeds.pause(gift, form.cleaned_data["last_day"], key=form.key(), now=now),
    lambda gift: gift.status == Gift.Status.PAUSED and gift.paused_until is not None,
)
RESUME = Change(
    "resume",
    ResumeForm,
    lambda gift, form, now: deeds.resume(gift, key=form.key(), now=now),
    lambda gift: gift.paused_until is None and not gift.is_over,
)
STOP = Change(
    "stop",
    StopForm,
    lambda gift, form, now: deeds.stop(gift, form.cleaned_data["reason"], now=now),
    lambda gift: gift.is_over,
)


@of_their_gift
def giving_amount(request: HttpRequest, gift: Gift) -> HttpResponse:
    return change(request, gift, AMOUNT)


@of_their_gift
def giving_pause(request: HttpRequest, gift: Gift) -> HttpResponse:
    return change(request, gift, PAUSE)


@of_their_gift
def giving_resume(request: HttpRequest, gift: Gift) -> HttpResponse:
    return change(request, gift, RESUME)


@of_their_gift
def giving_stop(request: HttpRequest, gift: Gift) -> HttpResponse:
    return change(request, gift, STOP)


def change(request: HttpRequest, gift: Gift, asked: Change) -> HttpResponse:
    """The form; sent, what it asks is done, or the same page says why not, with what was typed."""
    now = timezone.now()
    if request.method != "POST":
        form = asked.form(gift=gift, now=now)
        return show(request, gift, asked, form, now, done="done" in request.GET)
    form = asked.form(request.POST, gift=gift, now=now)
    if not form.is_valid():
        return show(request, gift, asked, form, now, status=422)
    try:
        is_booked = asked.do(gift, form, now)
    except NotBooked as refused:
        form.add_error(None, str(refused))
        return show(request, gift, asked, form, now, status=422)
    except StripeTrouble as trouble:
        return say_why(request, gift, asked, form, trouble, now)
    return SeeOther(f"{request.path}?done") if is_booked else show(request, gift, asked, form, now, is_late=True)


def say_why(
    request: HttpRequest, gift: Gift, asked: Change, form: DeedForm, trouble: StripeTrouble, now: datetime
) -> HttpResponse:
    log.warning("Gift %s, %s: not done: %s", gift.pk, asked.template, in_brief(trouble))
    form.renew()
    if asked.field and trouble.code in AMOUNTS:
        form.add_error(asked.field, AMOUNTS[trouble.code])
        return show(request, gift, asked, form, now, status=422)
    form.add_error(None, in_words(trouble))
    return show(request, gift, asked, form, now, status=503)


def show(
    request: HttpRequest,
    gift: Gift,
    asked: Change,
    form: DeedForm,
    now: datetime,
    *,
    done: bool = False,
    is_late: bool = False,
    status: int = 200,
) -> HttpResponse:
    """`done` was booked, and the page tells how the gift stands; `is_late`: done at Stripe, and not booked yet."""
    gift.refresh_from_db()
    told = standing_of(gift, now) | {"form": form, "done": done and asked.is_done(gift), "is_late": is_late}
    return render(request, f"donations/giving/{asked.template}.html", told, status=status)


def standing_of(gift: Gift, now: datetime) -> dict[str, Any]:
    """How a monthly gift stands, for its giver."""
    charge = next_charge(gift, now)
    return {
        "gift": gift,
        "amount": gift.each_month(),
        "next_charge": charge and gift.campaign.day(charge),
        "asks_again": gift.paused_until and gift.campaign.day(gift.paused_until),
    }


# --- Another card -------------------------------------------------------------------------------------------------


@leads_to_the_card_page
@of_their_gift
def giving_card(request: HttpRequest, gift: Gift) -> HttpResponse:
    """A word about what comes; its button leads to Stripe's own page."""
    if request.method != "POST":
        return show_card(request, gift)
    return to_card_page(request, gift, reverse("donations:giving_card_back", args=[gift.pk]), show_card)


@leads_to_the_card_page
@of_their_gift
def giving_card_back(request: HttpRequest, gift: Gift) -> HttpResponse:
    return back_from_card_page(request, gift, show_card)


Shows = Callable[..., HttpResponse]  # a page of a gift that takes what is told of its card


def to_card_page(request: HttpRequest, gift: Gift, back_to: str, shows: Shows) -> HttpResponse:
    """To Stripe's page for another card, which leads back to the path `back_to`; else `shows` says why not."""
    try:
        return SeeOther(deeds.card_page(gift, settings.SITE_URL + back_to))
    except NotBooked as refused:
        return shows(request, gift, trouble=str(refused), status=422)
    except StripeTrouble as trouble:
        log.warning("Gift %s: no page for another card: %s", gift.pk, in_brief(trouble))
        return shows(request, gift, trouble=in_words(trouble), status=503)


def back_from_card_page(request: HttpRequest, gift: Gift, shows: Shows) -> HttpResponse:
    """The giver comes back, maybe with another card: it is charged from now on. Loaded again, nothing is tried."""
    open_before = gift.open_amount
    if not gift.can_be_stopped:
        return shows(request, gift)
    try:
        card = deeds.use_new_card(gift, now=timezone.now())
    except StripeTrouble as trouble:
        log.warning("Gift %s: the new card is not used yet: %s", gift.pk, in_brief(trouble))
        return shows(request, gift, trouble=NOT_USED_YET, is_back=True, status=503)
    gift.refresh_from_db()
    return shows(request, gift, said=about_card(gift, card, open_before), card=card)


NOT_USED_YET = (
    "If you typed another card, Stripe has it. Whether it is charged from now on cannot be seen at the moment. "
    "Load this page again in a few minutes."
)


def about_card(gift: Gift, card: NewCard, open_before: int) -> str:
    """What became of it, in a sentence or two."""
    if not card.chosen:
        return "No other card was chosen, so nothing has changed."
    charge = gift.campaign.money(gift.open_amount or open_before, trim=False)
    if card.tried == Tried.DECLINED:
        return f"Your new card is kept, but it was declined for the charge of {charge}. Use another, or ask your bank."
    if card.tried == Tried.PAID or (open_before and not gift.open_amount):
        return f"Thank you. Your new card was charged {charge}, and will be charged from now on."
    if card.tried == Tried.WAITING:
        return f"Your new card will be charged from now on. The charge of {charge} is on its way; a receipt follows."
    if gift.open_amount:
        return (
            f"Your new card will be charged from now on. The charge of {charge} is still open, and is tried again in "
            "the next days. If the card was declined, use another."
        )
    return "Thank you. Your new card will be charged from now on."


def show_card(request: HttpRequest, gift: Gift, *, status: int = 200, **card: Any) -> HttpResponse:
    told = standing_of(gift, timezone.now()) | {"trouble": "", "said": "", "card": None} | card
    return render(request, "donations/giving/card.html", told, status=status)
