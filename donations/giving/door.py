"""The door to a giver's own page: whoever asks gets a link by mail, and a press of its button lets one browser in.

Whether an address is known shows nowhere, and not in how long the answer takes. Opening the link asks for a press of
a button, so that what reads mails before people do uses nothing up.
"""

from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Any, Final
from uuid import UUID, uuid4

from django.contrib.auth import SESSION_KEY
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone

from donations import tries
from donations.models import Donor, GivingLink, SentMail
from donations.owed import owe
from donations.tries import TooMany

GIVER: Final = "giver"  # the key in the session; staff sign in under others
STAYS: Final = 60 * 60  # seconds after which a giver has to ask for another link


def refused_for_now(request: HttpRequest, email: str) -> TooMany | None:
    """Why no link is sent now, in words for the form, and for how long; nothing where one may be."""
    return tries.of_link(request, email)


@transaction.atomic
def send_link(email: str, now: datetime) -> None:
    """Mails a link to the giver of this address.

    For an address that is nobody's the same is written, with nothing of the address: a mail of which the worker
    finds that it is not owed. So both take as long, and neither waits for a mail server.
    """
    donor = Donor.objects.with_email(email).first()
    link = donor.links.create(made_at=now) if donor else None
    key = str(link.pk) if link else f"nobody:{uuid4().hex}"
    owe(SentMail.Kind.SIGN_IN, key, now, donor=donor, about={"link": link and link.pk})


def open_door(request: HttpRequest, link: GivingLink, now: datetime) -> bool:
    """Uses the link up and lets this browser in. False where another press was first."""
    if not GivingLink.objects.usable(now).filter(pk=link.pk).update(used_at=now):
        return False
    request.session.cycle_key()  # a key that somebody planted in this browser before opens nothing
    request.session[GIVER] = {"donor": link.donor_id.hex, "since": now.timestamp()}
    if SESSION_KEY not in request.session:  # staff stay signed in as long as they do
        request.session.set_expiry(STAYS)
    return True


def close_door(request: HttpRequest) -> None:
    """Nothing of the giver stays in this browser; where staff are signed in as well, they stay so."""
    if SESSION_KEY in request.session:
        request.session.pop(GIVER, None)
    else:
        request.session.flush()


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
