"""Money that names no gift of ours, given one by a person: the gift that it was meant for, or a new one."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID, uuid5

from django.db import IntegrityError, transaction

from donations.attribution import Hint
from donations.models import Campaign, Donor, Gift
from donations.stripe_facts import IntentFacts
from donations.stripe_gateway import Gateway

from .booking import book
from .told import NotBooked

BEGUN_BY_STAFF: Final = UUID("df091552-e5da-4319-94d8-a26fc2d86e4a")  # with the money's own key it makes the gift's


def attribute(intent_id: str, gift: Gift, *, now: datetime) -> Gift:
    """Books money that named no gift of ours for the gift that a person chose.

    Raises NotBooked, in words, where the money would count in no figure.
    """
    gateway = Gateway(retries=2)
    intent = gateway.intent(intent_id)
    of_one_currency(intent, gift.currency, "the gift")
    on_their_days(intent, [gift.campaign, *gift.campaign.after()])
    return book_once(Hint(gift.pk, intents=(intent_id,)), gateway=gateway, now=now)


def attribute_to_new(intent_id: str, campaign: Campaign, *, name: str = "", email: str = "", now: datetime) -> Gift:
    """Begins a gift for money that no gift of ours was begun for, and books it; asked again, the same gift.

    Raises NotBooked, in words, where the money would count in no figure of the campaign.
    """
    gateway = Gateway(retries=2)
    intent = gateway.intent(intent_id)
    of_one_currency(intent, campaign.currency, "the campaign")
    on_their_days(intent, [campaign])
    gift = begun_for(intent, campaign, name, email)
    return book_once(Hint(gift.pk, intents=(intent_id,)), gateway=gateway, now=now)


def book_once(hint: Hint, *, gateway: Gateway, now: datetime) -> Gift:
    """Where somebody gave it another gift in the same instant, the second try finds that and says so in words."""
    try:
        return book(hint, gateway=gateway, now=now)
    except IntegrityError:
        return book(hint, gateway=gateway, now=now)


def begun_for(intent: IntentFacts, campaign: Campaign, name: str, email: str) -> Gift:
    """The giver's name is not for readers: nobody was asked."""
    key = uuid5(BEGUN_BY_STAFF, intent.id)
    new = {
        "campaign": campaign,
        "donor": lambda: Donor.objects.for_email(email) if email else Donor.objects.create(),
        "frequency": Gift.Frequency.ONCE,
        "amount": intent.amount_received or intent.amount,
        "currency": campaign.currency,
        "name": name,
        "begun_at": intent.created,
    }
    with transaction.atomic():
        begun, _ = Gift.objects.select_for_update().get_or_create(pk=key, defaults=new)  # two may press at once
    if begun.campaign_id != campaign.pk:
        raise NotBooked(f"A gift to “{begun.campaign}” was begun for this money before. Give it that one: {key}.")
    return begun


def of_one_currency(intent: IntentFacts, currency: str, whose: str) -> None:
    if intent.currency != currency:
        raise NotBooked(
            f"This money is in {intent.currency} and {whose} in {currency}, so it would count in no figure. "
            f"Choose a gift in {intent.currency}, or give the money back in Stripe's dashboard."
        )


def on_their_days(intent: IntentFacts, campaigns: Sequence[Campaign]) -> None:
    """Given on another day it would count nowhere. A gift that was there counts in what follows its campaign, too."""
    given = intent.charge.created if intent.charge else intent.created
    windows = [campaign.window() for campaign in campaigns]
    if not any(start <= given and (end is None or given < end) for start, end in windows):
        raise NotBooked(
            f"This money was given on {given:%Y-%m-%d}, which is none of the days of “{campaigns[0]}”, so it would "
            "count in no figure of it. Choose the campaign of that day."
        )
