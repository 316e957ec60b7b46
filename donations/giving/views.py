"""The door and the giver's own page. Nobody keeps a copy of any of it."""

from typing import Final

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from donations import mailed_links
from donations.models import Donor
from donations.views import SeeOther, kept_by_nobody

from .door import close_door, giver_of, open_door, refused_for_now, send_link
from .forms import AskForLinkForm
from .own_page import own_page
from .wishes import mails_to

SAYS: Final = {  # what was done on another page, and is said on the giver's own
    "name": "It is written down whether readers learn your name.",
    "mails": "It is written down what we may mail you.",
}


@kept_by_nobody
@require_http_methods(["GET", "HEAD", "POST"])
def giving(request: HttpRequest) -> HttpResponse:
    """The giver's own page; for whoever is not let in, the door."""
    giver = giver_of(request, timezone.now())
    if request.method == "POST":
        return ask_for_link(request)
    return (
        show_own_page(request, giver)
        if giver
        else render(request, "donations/giving/door.html", {"form": AskForLinkForm()})
    )


def ask_for_link(request: HttpRequest) -> HttpResponse:
    """The same answer whether the address is known or not."""
    form = AskForLinkForm(request.POST)
    if not form.is_valid():
        return render(request, "donations/giving/door.html", {"form": form}, status=422)
    email = form.cleaned_data["email"]
    if refused := refused_for_now(request, email):
        form.add_error(None, refused.of_link)
        answer = render(request, "donations/giving/door.html", {"form": form}, status=429)
        answer["Retry-After"] = str(refused.seconds)
        return answer
    send_link(email, timezone.now())
    return render(request, "donations/giving/link_sent.html", {"email": email})


def show_own_page(request: HttpRequest, giver: Donor) -> HttpResponse:
    told = own_page(giver, timezone.now()) | {"mails": mails_to(giver).label}
    return render(request, "donations/giving/own.html", told | {"done": SAYS.get(request.GET.get("done", ""), "")})


@kept_by_nobody
@require_http_methods(["GET", "HEAD", "POST"])
def giving_open(request: HttpRequest, token: str) -> HttpResponse:
    """Looking at the link uses nothing up; pressing its button lets this browser in."""
    now = timezone.now()
    link = mailed_links.link_of(token, now)
    if link is None:
        return render(request, "donations/giving/link_over.html", status=410)
    if request.method != "POST":
        return render(request, "donations/giving/link.html")
    if not open_door(request, link, now):
        return render(request, "donations/giving/link_over.html", status=410)
    return SeeOther(reverse("donations:giving"))


@kept_by_nobody
@require_POST
def giving_out(request: HttpRequest) -> HttpResponse:
    close_door(request)
    return SeeOther(reverse("donations:giving"))


@csrf_exempt  # a mail program presses it, without a cookie; the link itself is the secret
@kept_by_nobody
@require_http_methods(["GET", "HEAD", "POST"])
def giving_unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """Nothing but receipts from now on; looking at the page changes nothing."""
    donor = mailed_links.donor_of(token)
    if donor is None:
        raise Http404("This link belongs to nobody.")
    done = request.method == "POST"
    if done:
        mailed_links.refuse_mails(donor, timezone.now())
    return render(request, "donations/giving/unsubscribe.html", {"done": done})
