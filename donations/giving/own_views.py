"""What a giver does on their own page, but for the deeds to a monthly gift. A gift of anybody else is not found."""

import logging
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from donations.ledger import NotBooked
from donations.models import Donor, Gift, Payment
from donations.stripe_gateway import StripeTrouble
from donations.views import SeeOther, kept_by_nobody
from outbox.discreet import in_brief

from .data import everything_of
from .deed_views import in_words
from .door import close_door, for_the_giver
from .erasing import erase, still_asking
from .forms import EraseForm, MailsForm, NameForm
from .own_page import gifts_of, payments_of, receipt_of
from .wishes import choose_mails, mails_to, show_name

log = logging.getLogger(__name__)
NOT_ERASED = "Nothing was removed, because what may still ask for money could not be ended."
IN_WORK = "A gift of yours is being begun, paid or booked at this moment. Please try again in a minute."


def own_gift(giver: Donor, gift_id: UUID) -> Gift:
    """A gift of this giver. Raises Http404 for everything else, whether or not there is such a gift."""
    found = gifts_of(giver).filter(pk=gift_id).first()
    if found is None:
        raise Http404("No gift of yours has this address.")
    return found


def back_saying(done: str) -> HttpResponseRedirect:
    """To the giver's own page, which says what was done (`views.SAYS`)."""
    return SeeOther(f"{reverse('donations:giving')}?done={done}")


@kept_by_nobody
@require_http_methods(["GET", "HEAD", "POST"])
@for_the_giver
def giving_name(request: HttpRequest, gift_id: UUID, *, giver: Donor) -> HttpResponse:
    """Whether readers learn of this gift who gave it."""
    gift = own_gift(giver, gift_id)
    form = NameForm(
        request.POST if request.method == "POST" else None, initial={"visibility": gift.visibility, "name": gift.name}
    )
    if gifts_of(giver).count() == 1:
        del form.fields["everywhere"]
    if form.is_valid():
        said = form.cleaned_data
        show_name(gift, said["visibility"], said["name"], everywhere=said.get("everywhere", False))
        return back_saying("name")
    told = {"gift": gift, "form": form}
    return render(request, "donations/giving/name.html", told, status=422 if form.is_bound else 200)


@kept_by_nobody
@require_http_methods(["GET", "HEAD", "POST"])
@for_the_giver
def giving_mails(request: HttpRequest, *, giver: Donor) -> HttpResponse:
    """What may be mailed to this giver."""
    sent = request.POST if request.method == "POST" else None
    form = MailsForm(sent, initial={"mails": mails_to(giver)}, gives=gifts_of(giver).exists())
    if form.is_valid():
        choose_mails(giver, form.cleaned_data["mails"], timezone.now())
        return back_saying("mails")
    return render(request, "donations/giving/mails.html", {"form": form}, status=422 if form.is_bound else 200)


@kept_by_nobody
@require_safe
@for_the_giver
def giving_receipt(request: HttpRequest, payment_id: int, *, giver: Donor) -> HttpResponse:
    """The facts of a receipt's mail, to be printed, with what went back since."""
    came = payments_of(giver).filter(status=Payment.Status.SUCCEEDED)
    payment = came.filter(pk=payment_id).first()
    if payment is None:
        raise Http404("No receipt of yours has this address.")
    return render(request, "donations/giving/receipt.html", receipt_of(payment) | {"giver": giver})


@kept_by_nobody
@require_safe
@for_the_giver
def giving_data(request: HttpRequest, *, giver: Donor) -> HttpResponse:
    """All that is held of this giver, as a file."""
    answer = JsonResponse(everything_of(giver), json_dumps_params={"indent": 2, "ensure_ascii": False})
    answer["Content-Disposition"] = 'attachment; filename="my-gifts.json"'
    return answer


@kept_by_nobody
@require_http_methods(["GET", "HEAD", "POST"])
@for_the_giver
def giving_erase(request: HttpRequest, *, giver: Donor) -> HttpResponse:
    """Asks once, says what stays, and removes the giver."""
    asking = still_asking(giver)
    sent = request.POST if request.method == "POST" else None
    form = EraseForm(sent, asks_to_stop=bool(asking))
    if not form.is_valid():
        return ask_before_erasing(request, form, asking, 422 if form.is_bound else 200)
    try:
        erase(giver, timezone.now())
    except (StripeTrouble, NotBooked) as trouble:
        log.warning("Giver %s was not removed: %s", giver.pk, in_brief(trouble))
        why = in_words(trouble) if isinstance(trouble, StripeTrouble) else IN_WORK
        form.add_error(None, f"{NOT_ERASED} {why}")
        return ask_before_erasing(request, form, asking, 503)
    close_door(request)
    return render(request, "donations/giving/erased.html", {"had_monthly": bool(asking)})


def ask_before_erasing(request: HttpRequest, form: EraseForm, asking: list[Gift], status: int) -> HttpResponse:
    return render(request, "donations/giving/erase.html", {"form": form, "asking": asking}, status=status)
