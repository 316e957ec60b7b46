"""All that is held of a giver, for themselves: nothing of staff, of other people, or of our own bookkeeping."""

from collections.abc import Iterable
from typing import Any, Final

from django.db.models import Model, Q

from donations.models import Dispute, Donor, Gift, GivingLink, Payment, Refund, SentMail

# What is not handed out of each row: whose it is (that is where it stands), what staff did or wrote, what a payment
# cost us, and what only our programs need. Whatever is not named here is theirs.
LEFT_OUT: Final[dict[type[Model], frozenset[str]]] = {
    Donor: frozenset(),
    Gift: frozenset({"donor", "campaign", "form_key", "attempt", "version"}),
    Payment: frozenset({"gift", "fee", "fee_currency", "entered_by", "confirmed_by", "import_key"}),
    Refund: frozenset({"payment", "reason", "entered_by", "confirmed_by"}),
    Dispute: frozenset({"payment", "fee", "fee_currency"}),
    SentMail: frozenset({"donor", "gift", "payment", "staff", "key", "error"}),
    GivingLink: frozenset({"donor"}),
}


def everything_of(giver: Donor) -> dict[str, Any]:
    """What is kept about one person, ready for JSON; amounts are minor units, times are UTC."""
    gifts = giver.gifts.select_related("campaign").prefetch_related("payments__refunds", "payments__disputes")
    mails = SentMail.objects.filter(Q(donor=giver) | Q(gift__donor=giver))
    return {
        "about": "Amounts are in the smallest unit of their currency: 2500 USD is $25.00. Times are UTC.",
        "giver": held(giver),
        "gifts": [gift_in_full(gift) for gift in gifts.order_by("begun_at", "pk")],
        "mails": all_held(mails.order_by("queued_at", "pk")),
        "links": all_held(giver.links.order_by("made_at", "pk")),
    }


def gift_in_full(gift: Gift) -> dict[str, Any]:
    payments = [
        held(payment) | {"refunds": all_held(payment.refunds.all()), "disputes": all_held(payment.disputes.all())}
        for payment in gift.payments.all()
    ]
    return {"campaign": gift.campaign.slug, **held(gift), "payments": payments}


def held(row: Model) -> dict[str, Any]:
    left_out = LEFT_OUT[type(row)]
    return {
        field.name: getattr(row, field.attname) for field in row._meta.concrete_fields if field.name not in left_out
    }


def all_held(rows: Iterable[Model]) -> list[dict[str, Any]]:
    return [held(row) for row in rows]
