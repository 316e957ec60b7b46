"""Gifts and payments as sheets: plain words for columns, exact decimals for money, and no cell that is a formula."""

from datetime import datetime
from typing import Any
from unicodedata import normalize
from zoneinfo import ZoneInfo

from django.db.models import Aggregate, Model, OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce
from import_export.fields import Field
from import_export.resources import Resource

from .models import Dispute, Gift, Payment, Refund
from .money import CurrencyRefused, decimal_text
from .totals import BIG, per_payment

FORMULA = ("=", "+", "-", "@")
CONTROL = ("\t", "\r", "\n")


def disarmed(cell: Any) -> Any:
    """Typed text that a spreadsheet would run as a formula, kept as text by an apostrophe in front."""
    begins = normalize("NFKC", cell).lstrip() if isinstance(cell, str) else ""
    is_moved = isinstance(cell, str) and cell.startswith(CONTROL)  # some programs drop it, and read on
    return f"'{cell}" if is_moved or begins.startswith(FORMULA) else cell


def iso(at: datetime | None, gift: Gift) -> str:
    """A time in the zone of the gift's campaign: 2026-10-01T09:00:00-04:00."""
    return at.astimezone(ZoneInfo(gift.campaign.timezone)).isoformat(timespec="seconds") if at else ""


def digits(minor: int | None, currency: str) -> str:
    """An exact decimal; empty where the amount is not known, or in a currency whose decimals we do not know."""
    try:
        return "" if minor is None else decimal_text(minor, currency)
    except CurrencyRefused:
        return ""


def mode(row: Gift | Payment) -> str:
    return {True: "live", False: "test", None: "offline"}[row.livemode]


class Sheet(Resource):
    """Rows to take home. Columns are declared in order; `dehydrate_…` fills each that is not a plain field."""

    def export_field(self, field: Field, instance: Model, **kwargs: Any) -> Any:
        return disarmed(super().export_field(field, instance, **kwargs))


def per_gift(rows: QuerySet[Any], what: Aggregate, path: str) -> Coalesce:
    """A sum over the rows that belong to each gift; 0 where there are none."""
    of_this = rows.filter(**{path: OuterRef("pk")}).order_by().values(path)
    return Coalesce(Subquery(of_this.annotate(figure=what).values("figure")), 0, output_field=BIG)


class GiftSheet(Sheet):
    begun = Field(column_name="Begun at")
    campaign = Field("campaign__title", "Campaign")
    every = Field("get_frequency_display", "How often")
    amount = Field(column_name="Amount")
    now = Field(column_name="A month now")
    currency = Field("currency", "Currency")
    status = Field("get_status_display", "Status")
    paid = Field(column_name="Paid so far")
    back = Field(column_name="Went back so far")
    name = Field("name", "Name")
    email = Field(column_name="E-mail")
    shown = Field(column_name="Name shown to readers")
    may_write = Field(column_name="May be written to since")
    ended = Field(column_name="Monthly gift ended at")
    article = Field("article_title", "Came from the article")
    appeal = Field("get_appeal_display", "By the appeal")
    mode = Field(column_name="Live, test or offline")
    reference = Field("pk", "Our reference")
    session = Field("session_id", "Stripe checkout session")
    customer = Field("stripe_customer", "Stripe customer")
    subscription = Field("stripe_subscription", "Stripe subscription")

    def filter_export(self, queryset: QuerySet[Gift], **kwargs: Any) -> QuerySet[Gift]:
        refunded = per_gift(Refund.objects.counting(), Sum("amount"), "payment__gift")
        disputed = per_gift(Dispute.objects.all(), Sum("moved"), "payment__gift")
        paid = per_gift(Payment.objects.succeeded(), Sum("amount"), "gift")
        return queryset.select_related("campaign", "donor").annotate(paid=paid, back=refunded + disputed)

    def dehydrate_begun(self, gift: Gift) -> str:
        return iso(gift.begun_at, gift)

    def dehydrate_amount(self, gift: Gift) -> str:
        return digits(gift.amount, gift.currency)

    def dehydrate_now(self, gift: Gift) -> str:
        return digits(gift.monthly_amount if gift.status in Gift.GOING_ON else None, gift.currency)

    def dehydrate_paid(self, gift: Any) -> str:
        return digits(gift.paid, gift.currency)

    def dehydrate_back(self, gift: Any) -> str:
        return digits(gift.back, gift.currency)

    def dehydrate_email(self, gift: Gift) -> str:
        return gift.donor.email or ""

    def dehydrate_shown(self, gift: Gift) -> str:
        return "yes" if gift.public_name() else "no"

    def dehydrate_may_write(self, gift: Gift) -> str:
        return iso(gift.letters_since, gift)

    def dehydrate_ended(self, gift: Gift) -> str:
        return iso(gift.ended_at, gift)

    def dehydrate_mode(self, gift: Gift) -> str:
        return mode(gift)


class PaymentSheet(Sheet):
    given = Field(column_name="Given at")
    campaign = Field("gift__campaign__title", "Campaign")
    every = Field("gift__get_frequency_display", "How often")
    amount = Field(column_name="Amount")
    currency = Field("currency", "Currency")
    status = Field("get_status_display", "Status")
    back = Field(column_name="Went back so far")
    fee = Field(column_name="Stripe's fee")
    fee_currency = Field("fee_currency", "Currency of the fee")
    name = Field("gift__name", "Name")
    email = Field(column_name="E-mail")
    channel = Field("get_channel_display", "By")
    reference = Field("reference", "Number on the cheque or statement")
    entered_by = Field("entered_by__username", "Entered by")
    confirmed_by = Field("confirmed_by__username", "Confirmed by")
    confirmed = Field(column_name="Confirmed at")
    mode = Field(column_name="Live, test or offline")
    article = Field("gift__article_title", "Came from the article")
    gift = Field("gift_id", "Our reference of the gift")
    intent = Field("remote_id", "Stripe PaymentIntent")
    charge = Field("charge_id", "Stripe charge")
    customer = Field("gift__stripe_customer", "Stripe customer")
    subscription = Field("gift__stripe_subscription", "Stripe subscription")

    def filter_export(self, queryset: QuerySet[Payment], **kwargs: Any) -> QuerySet[Payment]:
        refunded = per_payment(Refund.objects.counting(), Sum("amount"))
        disputed = per_payment(Dispute.objects.all(), Sum("moved"))
        people = queryset.select_related("gift__campaign", "gift__donor", "entered_by", "confirmed_by")
        return people.annotate(back=refunded + disputed)

    def dehydrate_given(self, payment: Payment) -> str:
        return iso(payment.given_at, payment.gift)

    def dehydrate_amount(self, payment: Payment) -> str:
        return digits(payment.amount, payment.currency)

    def dehydrate_back(self, payment: Any) -> str:
        return digits(payment.back, payment.currency)

    def dehydrate_fee(self, payment: Payment) -> str:
        return digits(payment.fee, payment.fee_currency or payment.currency)

    def dehydrate_email(self, payment: Payment) -> str:
        return payment.gift.donor.email or ""

    def dehydrate_confirmed(self, payment: Payment) -> str:
        return iso(payment.confirmed_at, payment.gift)

    def dehydrate_mode(self, payment: Payment) -> str:
        return mode(payment)
