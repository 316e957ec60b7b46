"""The signed links in mails to givers: to their own page, good once, and the one that stops mails, good for ever."""

from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.urls import reverse

from .models import Donor, GivingLink


def signer() -> Signer:
    return Signer(sep=".", salt="donations.giving.link")


def url_of(link: GivingLink) -> str:
    """The absolute address of a link, for the mail alone."""
    token = signer().sign(f"{link.pk}-{link.donor_id.hex}")
    return str(settings.SITE_URL) + reverse("donations:giving_open", args=[token])


def link_of(token: str, now: datetime) -> GivingLink | None:
    """The link that a token names while it opens anything; None where it was changed, used, or is too old."""
    try:
        key, _, donor = signer().unsign(token).partition("-")
        return GivingLink.objects.usable(now).filter(pk=int(key), donor=UUID(donor)).first()
    except (BadSignature, ValueError):
        return None


def unsubscriber() -> Signer:
    return Signer(sep=".", salt="donations.giving.unsubscribe")


def unsubscribe_url(donor: Donor) -> str:
    """The absolute address; whoever has it can stop mails to this giver, and sees nothing else of them."""
    return str(settings.SITE_URL) + reverse("donations:giving_unsubscribe", args=[unsubscriber().sign(donor.pk.hex)])


def donor_of(token: str) -> Donor | None:
    """Whose mails a link is about; None where it was changed or the giver has been removed."""
    try:
        return Donor.objects.filter(pk=UUID(unsubscriber().unsign(token)), scrubbed_at=None).first()
    except (BadSignature, ValueError):
        return None


def refuse_mails(donor: Donor, now: datetime) -> None:
    """From now on nothing but receipts, and links that were asked for; nobody writes about reporting either."""
    Donor.objects.filter(pk=donor.pk, mails_refused_at=None).update(mails_refused_at=now)
    donor.gifts.exclude(may_write_at=None).update(may_write_at=None)


def allow_mails(donor: Donor) -> None:
    """What concerns their gifts is mailed again; whether the newsroom may write is asked apart."""
    Donor.objects.filter(pk=donor.pk).update(mails_refused_at=None)
