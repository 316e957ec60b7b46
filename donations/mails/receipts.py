"""Receipts: one for each payment, and what the giver of a monthly gift is told besides."""

from datetime import datetime
from typing import Any

from django.core.mail import EmailMultiAlternatives

from donations.models import Gift, SentMail
from donations.monthly import next_charge, page_url
from outbox.look import written
from outbox.sending import NotOwed

from .letters import address_of


def compose_receipt(mail: SentMail, now: datetime) -> EmailMultiAlternatives:
    return written("receipt", receipt(mail, now), to=address_of(mail))


def receipt(mail: SentMail, now: datetime) -> dict[str, Any]:
    """What a receipt says, in words."""
    gift, payment = mail.gift, mail.payment
    if gift is None or payment is None:
        raise NotOwed("it is about no payment")
    told = {
        "campaign": gift.campaign,
        "gift": gift,
        "payment": payment,
        "amount": payment.money(),
        "date": gift.campaign.day(payment.given_at),
        "reference": payment.remote_id or payment.reference,
        "is_test": payment.livemode is False,
        "is_first": mail.kind == SentMail.Kind.RECEIPT,
    }
    return told | of_monthly(gift, now) if gift.is_monthly else told


def of_monthly(gift: Gift, now: datetime) -> dict[str, Any]:
    """What the giver of a monthly gift is told besides: what is charged when, and where to stop it."""
    charge = next_charge(gift, now)
    return {
        "monthly": gift.each_month(),
        "next_charge": charge and gift.campaign.day(charge),
        "has_stopped": gift.status == Gift.Status.ENDED or (gift.cancel_at and not charge),
        "page_url": page_url(gift),
        "others": other_monthly_gifts(gift),
    }


def other_monthly_gifts(gift: Gift) -> list[dict[str, str]]:
    """What the same giver gives monthly besides: a gift made twice by mistake is told to its owner."""
    others = Gift.objects.going_on().of_mode(bool(gift.livemode)).filter(donor=gift.donor_id).exclude(pk=gift.pk)
    return [
        {"amount": other.each_month(), "campaign": str(other.campaign), "page_url": page_url(other)}
        for other in others.select_related("campaign").order_by("begun_at")
    ]
