"""Rows for the tests of giving; keyword-only, each test names just what it is about."""

from datetime import UTC, date, datetime
from itertools import count

from django.contrib.auth import get_user_model

from donations.models import Campaign, Dispute, Donor, Gift, Payment, Refund
from donations.tallies import kept

number = count(1)
NOON = datetime(2026, 10, 1, 16, tzinfo=UTC)  # in New York


def make_user(*, username=None):
    return get_user_model().objects.create_user(username or f"person{next(number)}")


def make_campaign(**fields):
    slug = f"campaign-{next(number)}"
    ours = {
        "slug": slug,
        "title": slug.title(),
        "appeal": "Help.",
        "goal": 1_000_000,
        "currency": "USD",
        "status": "live",
    }
    year = {"timezone": "America/New_York", "starts": date(2026, 1, 1), "ends": date(2026, 12, 31)}
    return Campaign.objects.create(**(ours | year | fields))


def make_donor(*, email=None):
    return Donor.objects.create(email=email or f"reader{next(number)}@example.org")


def make_gift(*, campaign=None, donor=None, **fields):
    ours = {"frequency": "once", "amount": 2500, "currency": "USD", "livemode": False, "begun_at": NOON}
    return Gift.objects.create(campaign=campaign or make_campaign(), donor=donor or make_donor(), **(ours | fields))


def make_payment(*, gift=None, **fields):
    """A succeeded card payment of $25.00, unless told otherwise."""
    gift = gift or make_gift(status="given")
    ours = {"channel": "stripe", "amount": 2500, "currency": "USD", "status": "succeeded", "given_at": NOON}
    if fields.get("channel", "stripe") == "stripe":
        ours |= {"remote_id": f"pi_{next(number)}", "livemode": False, "fee": 103, "fee_currency": "USD"}
    else:
        ours |= {"entered_by": make_user(), "fee": 0}
    fields = ours | {"entered_at": fields.get("given_at", NOON)} | fields
    if fields["status"] == "succeeded":
        fields = {"confirmed_at": fields["entered_at"]} | fields
        if fields["channel"] != "stripe":
            fields = {"confirmed_by": make_user()} | fields
    with kept(gift):
        return Payment.objects.create(gift=gift, **fields)


def make_refund(*, payment, **fields):
    ours = {"remote_id": f"re_{next(number)}", "amount": payment.amount, "currency": payment.currency}
    with kept(payment.gift):
        return Refund.objects.create(payment=payment, **(ours | {"status": "succeeded", "made_at": NOON} | fields))


def make_dispute(*, payment, **fields):
    ours = {
        "remote_id": f"du_{next(number)}",
        "amount": payment.amount,
        "currency": payment.currency,
        "status": "lost",
    }
    taken = {"moved": payment.amount, "fee": 1500, "fee_currency": "USD", "opened_at": NOON}
    with kept(payment.gift):
        return Dispute.objects.create(payment=payment, **(ours | taken | fields))
