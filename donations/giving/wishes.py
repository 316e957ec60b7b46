"""What a giver wishes: whether readers learn their name, and what may be mailed to them."""

from datetime import datetime

from django.db import models, transaction

from donations.mailed_links import allow_mails, refuse_mails
from donations.models import Donor, Gift


class Mails(models.TextChoices):
    """What comes by mail; each holds what stands below it."""

    LETTERS = "letters", "Receipts, what concerns your gifts, and now and then a letter about our reporting"
    GIFTS = "gifts", "Receipts and what concerns your gifts, such as a charge that fails"
    RECEIPTS = "receipts", "Nothing but receipts"


def mails_to(giver: Donor) -> Mails:
    """What this giver has chosen."""
    if giver.mails_refused_at:
        return Mails.RECEIPTS
    return Mails.LETTERS if any(gift.letters_since for gift in giver.gifts.all()) else Mails.GIFTS


@transaction.atomic
def choose_mails(giver: Donor, chosen: str, now: datetime) -> None:
    if not Donor.objects.held_if_there(giver.pk):
        return None
    if chosen == Mails.RECEIPTS:
        return refuse_mails(giver, now)
    allow_mails(giver)
    if chosen == Mails.LETTERS:
        giver.gifts.filter(may_write_at=None).update(may_write_at=now)
    else:
        giver.gifts.exclude(may_write_at=None).update(may_write_at=None)
    return None


@transaction.atomic
def show_name(gift: Gift, visibility: str, name: str, *, everywhere: bool) -> None:
    """How one gift is thanked for where readers see it, or with `everywhere` all gifts of the same person.

    Nothing is kept of somebody who was removed meanwhile.
    """
    if not Donor.objects.held_if_there(gift.donor_id):
        return
    chosen = Gift.objects.filter(donor=gift.donor_id) if everywhere else Gift.objects.filter(pk=gift.pk)
    chosen.update(visibility=visibility, name=name)
