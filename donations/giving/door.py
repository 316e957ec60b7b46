"""The door to a giver's own page: whoever asks gets a link by mail, and a press of its button lets one browser in.

Whether an address is known shows nowhere. Opening the link asks for a press of a button, so that what reads mails
before people do uses nothing up.
"""

from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone

from donations.models import Donor, GivingLink, SentMail
from donations.owed import owe

GIVER: Final = "giver"  # the key in the session; staff sign in under others
STAYS: Final = 60 * 60  # seconds after which a giver has to ask for another link


@transaction.atomic
def send_link(email: str, now: datetime) -> None:
    """Mails a link to the giver of this address. Says nothing about whether there is one. Limits are the view's."""
    donor = Donor.objects.with_email(email).first()
    if donor:
        link = donor.links.create(made_at=now)
        owe(SentMail.Kind.SIGN_IN, str(link.pk), now, donor=donor, about={"link": link.pk})


def open_door(request: HttpRequest, link: GivingLink, now: datetime) -> bool:
    """Uses the link up and lets this browser in. False where another press was first."""
    if not GivingLink.objects.usable(now).filter(pk=link.pk).update(used_at=now):
        return False
    request.session.cycle_key()
    request.session[GIVER] = {"donor": link.donor_id.hex, "since": now.timestamp()}
    return True


def close_door(request: HttpRequest) -> None:
    request.session.pop(GIVER, None)


def giver_of(request: HttpRequest, now: datetime) -> Donor | None:
    """Who is at their own page in this browser; None after an hour, and where the person has been removed."""
    seen = request.session.get(GIVER)
    if not seen or now.timestamp() - seen["since"] > STAYS:
        return None
    return Donor.objects.filter(pk=UUID(seen["donor"]), scrubbed_at=None).first()


def for_the_giver(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """A view of a giver's own, called with `giver`; whoever is not let in is led to the door."""

    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        giver = giver_of(request, timezone.now())
        if giver is None:
            return HttpResponseRedirect(reverse("donations:giving"))
        return view(request, *args, giver=giver, **kwargs)

    return wrapped
