"""A giver is removed: whatever says who they were goes, and what they gave stays in every figure (R20)."""

from datetime import datetime

from django.db import transaction
from django.db.models import Q

from .models import Donor, Gift, SentMail


@transaction.atomic
def scrub(donor: Donor, now: datetime) -> None:
    """Takes a giver's address, names and words out of every row, and their mails out of the queue.

    Stripe is not asked: whoever calls this has stopped their monthly gifts before. Calling it again removes what
    came to be written since; the moment of the first time stays.
    """
    held = Donor.objects.select_for_update().get(pk=donor.pk)
    Donor.objects.filter(pk=donor.pk).update(email=None, mails_refused_at=None, scrubbed_at=held.scrubbed_at or now)
    donor.gifts.update(
        name="",
        visibility=Gift.Visibility.ANONYMOUS,
        may_write_at=None,
        stop_reason="",
        form_key=None,  # with it, a gift's own key would tell whether a guessed address was the right one
    )
    donor.links.all().delete()
    forget_mails(donor)


def forget_mails(donor: Donor) -> None:
    """What was not sent yet is not owed any more; of the rest, that it was sent stays, and no address in an error."""
    mails = SentMail.objects.filter(Q(donor=donor) | Q(gift__donor=donor))
    mails.queued().delete()
    mails.exclude(error="").update(error="removed with the giver’s address")
