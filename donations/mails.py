"""The mails that are owed to givers, rows of SentMail, and what they say. How they are sent is the outbox's matter."""

from datetime import datetime
from typing import Any

from django.core.mail import EmailMultiAlternatives

from outbox.look import written
from outbox.sending import NoAddress, Outbox

from .models import Gift, SentMail
from .monthly import each_month, next_charge, page_url


def compose(mail: SentMail, now: datetime) -> EmailMultiAlternatives:
    gift = mail.gift
    if gift is None or not gift.donor.email:
        raise NoAddress("The giver has no e-mail address, so this mail has nowhere to go.")
    return written("receipt", receipt(mail, now), to=gift.donor.email)


def receipt(mail: SentMail, now: datetime) -> dict[str, Any]:
    """What a receipt says, in words."""
    gift, payment = mail.gift, mail.payment
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
        "monthly": each_month(gift),
        "next_charge": charge and gift.campaign.day(charge),
        "has_stopped": gift.status == Gift.Status.ENDED or (gift.cancel_at and not charge),
        "page_url": page_url(gift),
        "others": other_monthly_gifts(gift),
    }


def other_monthly_gifts(gift: Gift) -> list[dict[str, str]]:
    """What the same giver gives monthly besides: a gift made twice by mistake is told to its owner."""
    others = Gift.objects.going_on().of_mode(bool(gift.livemode)).filter(donor=gift.donor_id).exclude(pk=gift.pk)
    return [
        {"amount": each_month(other), "campaign": str(other.campaign), "page_url": page_url(other)}
        for other in others.select_related("campaign").order_by("begun_at")
    ]


OUTBOX = Outbox(SentMail, compose, related=("gift__campaign", "gift__donor", "payment"))
send, send_due, send_again = OUTBOX.send, OUTBOX.send_due, OUTBOX.send_again
