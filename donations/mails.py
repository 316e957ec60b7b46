"""The mails that are owed to givers: rows of SentMail, claimed before they are sent, never sent twice by themselves.

Until a mail is handed over, any failure puts it back into the queue. From then on nobody can tell whether it arrived:
its claim stays, the error is noted, and a person decides to send it again.
"""

import logging
import re
import smtplib
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from css_inline import CSSInliner
from django.conf import settings
from django.contrib.staticfiles import finders
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction
from django.template.loader import render_to_string

from .discreet import and_where
from .models import Gift, SentMail
from .monthly import each_month, next_charge, page_url

log = logging.getLogger(__name__)
AT_ONCE = 200


class ServerOutOfReach(Exception):
    """The mail server did not answer, or did not let us in."""


def send_due(now: datetime) -> int:
    """Sends what is queued, oldest first, and says how many went out. Without a mail server the rest waits."""
    sent = 0
    for mail_id in SentMail.objects.queued().values_list("pk", flat=True)[:AT_ONCE]:
        try:
            sent += deliver(mail_id, now)
        except ServerOutOfReach:
            break
    return sent


def send(mail_id: int, now: datetime) -> bool:
    """Sends one queued mail. False where another process has claimed it, or it could not be sent; its row says why."""
    try:
        return deliver(mail_id, now)
    except ServerOutOfReach:
        return False


def send_again(mail_id: int, now: datetime) -> bool:
    """Queues a mail whose claim did not finish, because a person decided so. False where it is not so (any more)."""
    stuck = SentMail.objects.unfinished(now).filter(pk=mail_id)
    return bool(stuck.update(status=SentMail.Status.QUEUED, error="", queued_at=now, sending_at=None))


def deliver(mail_id: int, now: datetime) -> bool:
    if not claim(mail_id, now):
        return False
    mail = SentMail.objects.select_related("gift__campaign", "gift__donor", "payment").get(pk=mail_id)
    try:
        message = compose(mail, now)
    except NoAddress as error:
        keep_claimed(mail, error)
        return False
    except Exception as error:
        put_back(mail, error)
        return False
    connection = connect(mail)
    try:
        connection.send_messages([message])
    except Exception as error:
        put_back(mail, error) if is_for_later(error) else keep_claimed(mail, error)
        return False
    finally:
        connection.close()
    SentMail.objects.filter(pk=mail.pk).update(status=SentMail.Status.SENT, sent_at=now, error="")
    return True


@transaction.atomic(durable=True)
def claim(mail_id: int, now: datetime) -> bool:
    """Takes a queued mail for this process alone; committed before anything is sent."""
    queued = SentMail.objects.queued().order_by().filter(pk=mail_id)
    return bool(queued.update(status=SentMail.Status.SENDING, sending_at=now, error=""))


def connect(mail: SentMail) -> BaseEmailBackend:
    try:
        connection = get_connection()
        connection.open()
    except Exception as error:
        put_back(mail, error)
        raise ServerOutOfReach from error
    return connection


def put_back(mail: SentMail, error: Exception) -> None:
    """Nothing was handed over: the next sweep tries again."""
    log.error("Mail %s could not be sent; it is tried again: %s", mail.pk, and_where(error))
    SentMail.objects.filter(pk=mail.pk).update(status=SentMail.Status.QUEUED, sending_at=None, error=words(error))


def keep_claimed(mail: SentMail, error: Exception) -> None:
    log.error("Mail %s may not have arrived; it is not sent again by itself: %s", mail.pk, and_where(error))
    SentMail.objects.filter(pk=mail.pk).update(error=words(error))


def is_for_later(error: Exception) -> bool:
    """Whether the mail server said itself that it took nothing and may be asked again (codes from 400 to 499)."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return all(400 <= code < 500 for code, _ in error.recipients.values())
    return isinstance(error, smtplib.SMTPResponseException) and 400 <= error.smtp_code < 500


def words(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:500]


# --- What is written ------------------------------------------------------------------------------------------------


class NoAddress(Exception):
    """The giver's e-mail address was removed."""


def compose(mail: SentMail, now: datetime) -> EmailMultiAlternatives:
    gift = mail.gift
    if gift is None or not gift.donor.email:
        raise NoAddress("The giver has no e-mail address, so this mail has nowhere to go.")
    told = receipt(mail, now)
    message = EmailMultiAlternatives(
        subject=" ".join(render_to_string("emails/receipt_subject.txt", told).split()),
        body=render_to_string("emails/receipt.txt", told),
        to=[gift.donor.email],
        headers={"Auto-Submitted": "auto-generated"},
    )
    message.attach_alternative(in_our_look(render_to_string("emails/receipt.html", told)), "text/html")
    return message


def receipt(mail: SentMail, now: datetime) -> dict[str, Any]:
    """What a receipt says, in words."""
    gift, payment = mail.gift, mail.payment
    told = {
        "newsroom": settings.NEWSROOM_NAME,
        "site_url": settings.SITE_URL,
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


def in_our_look(html: str) -> str:
    """The mail with its styles on its elements, as mail programs want them; only the dark palette stays a rule."""
    return inliner().inline(html)


@cache
def inliner() -> CSSInliner:
    return CSSInliner(
        load_remote_stylesheets=False, keep_at_rules=True, resolve_css_variables=True, extra_css=palette()
    )


def palette() -> str:
    """The site's own tokens, without the fonts, which a mail does not fetch."""
    tokens = Path(finders.find("css/tokens.css")).read_text()
    return re.sub(r"@font-face \{.*?\}", "", tokens, flags=re.DOTALL)
