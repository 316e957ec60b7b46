"""What a monthly gift's giver is told of it, owed in the transaction that books it.

A change that is booked is a change that happened: whatever is replayed finds it booked, and tells nothing.
"""

from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from donations.models import Gift, SentMail
from donations.owed import owe

from .told import Told

MAILS_ABOUT_ONE_CHARGE: Final = 3
Kind = SentMail.Kind


def tell_giver(gift: Gift, before: dict[str, Any], told: Told, now: datetime) -> None:
    """`before` is the gift's state as it was before this booking; its version has moved already."""
    if not gift.is_monthly:
        return
    tell_of_failure(gift, told, now)
    if before["status"] in Gift.GOING_ON:
        tell_of_course(gift, before, now)


def tell_of_failure(gift: Gift, told: Told, now: datetime) -> None:
    """At each of the first three tries that failed; a later one finds its mail owed before."""
    if gift.status == Gift.Status.PAST_DUE and told.latest_invoice and gift.open_invoice:
        tries = min(max(told.latest_invoice.tries, 1), MAILS_ABOUT_ONE_CHARGE)
        owe(Kind.FAILING, f"{gift.open_invoice}:{tries}", now, gift=gift, about={"n": tries})


def tell_of_course(gift: Gift, before: dict[str, Any], now: datetime) -> None:
    was, stands, key = before["status"], gift.status, f"{gift.pk}:{gift.version}"
    if stands == Gift.Status.ENDED:
        owe(Kind.STOPPED, str(gift.pk), now, gift=gift)
        return
    if stands == Gift.Status.PAUSED and (was != stands or before["paused_until"] != gift.paused_until):
        owe(Kind.PAUSED, key, now, gift=gift, about={"until": asks_again_on(gift)})
    if was == Gift.Status.PAUSED and stands == Gift.Status.ACTIVE:
        owe(Kind.RESUMED, key, now, gift=gift)
    old, new = before["monthly_amount"], gift.monthly_amount
    if old and new and old != new:
        owe(Kind.CHANGED, key, now, gift=gift, about={"was": old, "is": new})


def asks_again_on(gift: Gift) -> str:
    """The first day on which a paused gift may be charged again, in its campaign's zone; empty where none is known."""
    if gift.paused_until is None:
        return ""
    return gift.paused_until.astimezone(ZoneInfo(gift.campaign.timezone)).date().isoformat()
