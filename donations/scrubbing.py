"""A giver is removed: whatever says who they were goes, and what they gave stays in every figure (R20)."""

import re
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Final

from django.contrib.admin.models import LogEntry
from django.db import transaction
from django.db.models import Model, Q, QuerySet

from .models import Donor, Gift, Payment, Refund, SentMail, WebhookEvent

GONE: Final = "…"


@transaction.atomic
def scrub(donor: Donor, now: datetime) -> None:
    """Takes a giver's address, names and words out of every row, and their mails out of the queue.

    Stripe is not asked: whoever calls this has stopped their monthly gifts before. Calling it again removes what
    came to be written since; the moment of the first time stays.
    """
    held = Donor.objects.select_for_update().get(pk=donor.pk)
    forget_words(held)
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


# --- What staff or Stripe wrote ------------------------------------------------------------------------------------


def forget_words(donor: Donor) -> None:
    """Takes a giver's name and address out of what was written about their gifts; the rest of the words stays.

    Called while the rows still say what the name was.
    """
    without = forgetting(donor)
    payments = Payment.objects.filter(gift__donor=donor)
    rewrite(payments, ["reference"], without)
    rewrite(Refund.objects.filter(payment__gift__donor=donor), ["reason"], without)
    rewrite(WebhookEvent.objects.filter(gift__donor=donor), ["reason"], without)
    rewrite(desks_log(donor), ["object_repr", "change_message"], without)


def forgetting(donor: Donor) -> Callable[[str], str]:
    """What takes out the whole name and address wherever they stand, and each part of the name as a word."""
    names = set(donor.gifts.exclude(name="").values_list("name", flat=True))
    parts = {part for name in names for part in re.findall(r"\w{3,}", name)}
    whole = [re.escape(word) for word in by_length({donor.email or "", *names} - {""})]
    words = [rf"\b{re.escape(part)}\b" for part in by_length(parts)]
    if not whole and not words:
        return lambda text: text
    known = re.compile("|".join([*whole, *words]), re.IGNORECASE)
    return lambda text: known.sub(GONE, text)


def by_length(words: Iterable[str]) -> list[str]:
    """The longest first, so that none is cut short by another that it begins with."""
    return sorted(words, key=lambda word: (-len(word), word))


def rewrite(rows: QuerySet[Model], fields: list[str], without: Callable[[str], str]) -> None:
    for row in rows:
        said = {name: getattr(row, name) for name in fields}
        told = {name: without(text) for name, text in said.items()}
        if told != said:
            type(row)._default_manager.filter(pk=row.pk).update(**told)


def desks_log(donor: Donor) -> QuerySet[LogEntry]:
    """What the desk noted about any row of a giver's, by whomever; also where their address stands otherwise."""
    rows: list[tuple[type[Model], QuerySet[Model]]] = [
        (Donor, Donor.objects.filter(pk=donor.pk)),
        (Gift, donor.gifts.all()),
        (Payment, Payment.objects.filter(gift__donor=donor)),
        (Refund, Refund.objects.filter(payment__gift__donor=donor)),
        (SentMail, SentMail.objects.filter(Q(donor=donor) | Q(gift__donor=donor))),
        (WebhookEvent, WebhookEvent.objects.filter(gift__donor=donor)),
    ]
    about = Q(pk__in=[])
    for model, theirs in rows:
        keys = [str(key) for key in theirs.order_by().values_list("pk", flat=True)]
        about |= Q(content_type__model=model._meta.model_name, object_id__in=keys)
    if donor.email:
        about |= Q(object_repr__icontains=donor.email) | Q(change_message__icontains=donor.email)
    return LogEntry.objects.filter(about, content_type__app_label="donations")
