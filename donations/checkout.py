"""From a sent form to the page where the gift is paid: one gift per form and values, one open page per form.

Stripe is asked outside transactions. Whatever raises StripeTrouble here has charged nothing.
"""

import logging
from datetime import datetime
from uuid import UUID, uuid5

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.urls import reverse
from django.utils.module_loading import import_string

from outbox.discreet import in_brief

from .forms import GiftForm
from .models import Donor, Gift, WebhookEvent
from .stripe_facts import SessionFacts
from .stripe_gateway import Gateway, StripeMissing, StripeNotAllowed, StripeRefused, StripeTrouble

log = logging.getLogger(__name__)


class GiverRemoved(StripeTrouble):
    """Nobody can pay on the page that was opened; the same form, sent again, begins somebody new."""


def gift_of(form: GiftForm, now: datetime) -> Gift:
    """The gift that a valid form speaks of: the one made before where the same form says the same again."""
    gift_id = form.gift_id(live=settings.STRIPE_LIVE)
    found = Gift.objects.select_related("campaign", "donor").filter(pk=gift_id).first()
    if found and found.donor.scrubbed_at:  # its giver was removed meanwhile: whoever sends it again is somebody new
        form.form_key = uuid5(form.form_key, "sent again")
        return gift_of(form, now)
    return found or begin(form, gift_id, now)


def has_page(form: GiftForm) -> bool:
    """Whether this very form, with the same values, has led to a page on which its gift can be paid, or was."""
    gift = Gift.objects.filter(pk=form.gift_id(live=settings.STRIPE_LIVE))
    return gift.filter(Q(session_status="open") | ~Q(status__in=Gift.UNPAID)).exists()


def begin(form: GiftForm, gift_id: UUID, now: datetime) -> Gift:
    said = form.cleaned_data
    title = article_title(said["article"], now)
    try:
        with transaction.atomic():
            gift = Gift.objects.create(
                pk=gift_id,
                form_key=form.form_key,
                campaign=form.to,
                currency=form.to.currency,
                donor=Donor.objects.for_email(said["email"]),
                frequency=said["frequency"],
                amount=said["amount"],
                name=said["name"],
                visibility=said["visibility"],
                may_write_at=now if said["may_write"] else None,
                article_id=said["article"] if title else None,
                article_title=title,
                appeal=said["appeal"],
                begun_at=now,
            )
    except IntegrityError:  # pressed twice, and the other press was first
        return Gift.objects.select_related("campaign", "donor").get(pk=gift_id)
    if title and (title_now := article_title(said["article"], now)) != title:  # blanked before the gift was there
        gift.article_title = title_now
        gift.save(update_fields=["article_title"])
    return gift


def article_title(article_id: int | None, now: datetime) -> str:
    """The public title of the story that the reader came from; empty where readers cannot see such a story."""
    if article_id is None:
        return ""
    return import_string(settings.GIFT_ARTICLE_TITLE)(article_id, now)[:300]


def payment_page(gift: Gift) -> str:
    """Where the giver goes now: Stripe's page for this gift, or our thanks where it is done already."""
    gateway = Gateway(retries=2)
    close_earlier_pages(gift, gateway)
    session = session_before(gift, gateway)
    if session and session.status == "complete":
        return thanks_url(session.id)
    if session is None or session.status != "open":
        session = new_session(gift, gateway)
    return session.url


def close_earlier_pages(gift: Gift, gateway: Gateway) -> None:
    """Other values were typed into this form before: nobody can pay on that page any more."""
    if gift.form_key is None:
        return
    earlier = Gift.objects.filter(form_key=gift.form_key, session_status="open").exclude(pk=gift.pk)
    for session_id in earlier.values_list("session_id", flat=True):
        close_page(session_id, gateway)


def close_page(session_id: str, gateway: Gateway) -> None:
    try:
        gateway.expire_session(session_id)
    except (StripeRefused, StripeNotAllowed) as trouble:  # paid or expired already, or this key may not close pages
        log.info("Payment page %s was not closed: %s", session_id, in_brief(trouble))


def session_before(gift: Gift, gateway: Gateway) -> SessionFacts | None:
    """The page opened before; None where Stripe says that there is none. Nobody else's word makes a second one."""
    if not gift.session_id:
        return None
    try:
        return gateway.session(gift.session_id)
    except StripeMissing as missing:
        if missing.code != "resource_missing":
            raise
        return None


def new_session(gift: Gift, gateway: Gateway) -> SessionFacts:
    if gift.session_id:
        gift.next_page()
    session = gateway.create_session(gift)
    not_paid = Gift.objects.filter(pk=gift.pk, status__in=[Gift.Status.BEGUN, Gift.Status.EXPIRED])
    not_paid.filter(attempt=gift.attempt).update(
        session_id=session.id, session_status=session.status, status=Gift.Status.BEGUN
    )
    if Donor.objects.filter(pk=gift.donor_id).exclude(scrubbed_at=None).exists():
        close_page(session.id, gateway)  # nobody was led to it
        raise GiverRemoved("The giver was removed while their payment page was opened.")
    return session


def gift_paid_on(session_id: str) -> Gift | None:
    """The gift of a page that we stored with it, or that Stripe's own message led to the gift."""
    gifts = Gift.objects.select_related("campaign")
    told = WebhookEvent.objects.filter(object_id=session_id).exclude(gift=None).values("gift")
    return gifts.filter(session_id=session_id).first() or gifts.filter(pk__in=told).first()


def thanks_page(gift: Gift) -> str:
    """Where a gift whose page was completed is thanked for; empty while it was not."""
    if gift.session_id and gift.status not in Gift.UNPAID:
        return thanks_url(gift.session_id)
    session = session_before(gift, Gateway(retries=2)) if gift.session_id else None
    return thanks_url(session.id) if session and session.status == "complete" else ""


def thanks_url(session_id: str) -> str:
    return f"{reverse('donations:thanks')}?session_id={session_id}"
