from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Length, Upper
from django.db.models.lookups import Exact

from donations.money import MAX_AMOUNT, any_money

from .gift import Gift
from .mode import OfModeQuerySet

IN_RANGE = Q(amount__gt=0, amount__lte=MAX_AMOUNT)
THREE_CAPITALS = Exact(Length("currency"), 3) & Q(currency=Upper("currency"))


class PaymentQuerySet(OfModeQuerySet["Payment"]):
    def succeeded(self) -> "PaymentQuerySet":
        return self.filter(status=Payment.Status.SUCCEEDED)

    def processing(self) -> "PaymentQuerySet":
        """On the way, such as bank debits."""
        return self.filter(status=Payment.Status.PENDING, channel=Payment.Channel.STRIPE)

    def promised(self) -> "PaymentQuerySet":
        """Entered offline and not yet confirmed by a second person."""
        return self.filter(status=Payment.Status.PENDING).exclude(channel=Payment.Channel.STRIPE)

    def fee_unknown(self) -> "PaymentQuerySet":
        """Succeeded, and Stripe has not yet said what it cost."""
        return self.succeeded().filter(fee=None)

    def given_in(self, start: datetime, end: datetime | None) -> "PaymentQuerySet":
        """Given in a half-open window; `end` None is a window without an end."""
        since = self.filter(given_at__gte=start)
        return since.filter(given_at__lt=end) if end else since


class Payment(models.Model):
    """Money for one gift that came, is on its way, or did not come. Once succeeded it stays; reversals are rows."""

    class Channel(models.TextChoices):
        STRIPE = "stripe", "Stripe"
        CHEQUE = "cheque", "Cheque"
        BANK = "bank", "Bank transfer"
        CASH = "cash", "Cash"

    class Status(models.TextChoices):
        OPEN = "open", "Not paid"
        PENDING = "pending", "Pending"  # Stripe: processing; offline: not yet confirmed
        SUCCEEDED = "succeeded", "Succeeded"
        FAILED = "failed", "Failed"
        CANCELED = "canceled", "Cancelled"

    gift = models.ForeignKey(Gift, models.PROTECT, related_name="payments")
    channel = models.CharField(max_length=6, choices=Channel)
    remote_id = models.CharField(
        "Stripe's id", max_length=255, null=True, blank=True, unique=True, help_text="Of the PaymentIntent."
    )
    charge_id = models.CharField("Stripe's charge", max_length=255, blank=True)
    invoice_id = models.CharField("Stripe's invoice", max_length=255, blank=True, help_text="Of a monthly gift.")
    method = models.CharField(max_length=40, blank=True, help_text="What Stripe calls it: card, us_bank_account.")
    statement_descriptor = models.CharField("on the statement", max_length=60, blank=True)
    reference = models.CharField(max_length=120, blank=True, help_text="The number on a cheque or bank statement.")
    import_key = models.CharField(
        max_length=64,
        null=True,
        blank=True,
        unique=True,
        editable=False,
        help_text="Of the line of a bank's statement.",
    )
    amount = models.PositiveIntegerField(help_text="In minor units.")
    currency = models.CharField(max_length=3)
    livemode = models.BooleanField("live", null=True, help_text="Empty when offline.")
    status = models.CharField(max_length=9, choices=Status)
    fee = models.IntegerField(null=True, blank=True, help_text="In minor units of its own currency; empty: unknown.")
    fee_currency = models.CharField(max_length=3, blank=True, help_text="What Stripe settles in.")
    given_at = models.DateTimeField(help_text="Stripe: when charged; offline: noon of the day on the statement.")
    entered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="payments_entered"
    )
    entered_at = models.DateTimeField(help_text="When this row was first written.")
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="payments_confirmed"
    )
    confirmed_at = models.DateTimeField(null=True, blank=True, help_text="When it first counted.")

    objects = PaymentQuerySet.as_manager()

    class Meta:
        ordering = ["-given_at", "-id"]
        permissions = [
            ("refund_payment", "Can refund a payment through Stripe"),
            ("enter_offline", "Can enter a payment made offline"),
            ("confirm_offline", "Can confirm a payment that another person entered"),
        ]
        indexes = [models.Index(fields=["status", "given_at"], name="payment_by_status_and_day")]
        constraints = [
            models.CheckConstraint(name="payment_amount_in_range", condition=IN_RANGE),
            models.CheckConstraint(name="payment_currency_is_three_capitals", condition=THREE_CAPITALS),
            models.CheckConstraint(
                name="payment_status_known",
                condition=Q(status__in=["open", "pending", "succeeded", "failed", "canceled"]),
            ),
            models.CheckConstraint(
                name="payment_stripe_or_offline",
                condition=Q(
                    channel="stripe",
                    remote_id__isnull=False,
                    livemode__isnull=False,
                    entered_by__isnull=True,
                    confirmed_by__isnull=True,
                )
                | Q(
                    channel__in=["cheque", "bank", "cash"],
                    status__in=["pending", "succeeded", "canceled"],
                    remote_id__isnull=True,
                    livemode__isnull=True,
                    entered_by__isnull=False,
                    fee__isnull=False,
                    fee=0,
                ),
            ),
            models.CheckConstraint(name="payment_remote_id_not_empty", condition=Q(remote_id=None) | ~Q(remote_id="")),
            models.CheckConstraint(
                name="payment_confirmed_when_succeeded",
                condition=Q(status="succeeded", confirmed_at__isnull=False)
                | Q(status__in=["open", "pending", "failed", "canceled"], confirmed_at__isnull=True),
            ),
            models.CheckConstraint(
                name="payment_offline_needs_two_people",
                condition=Q(channel="stripe")
                | Q(status__in=["pending", "canceled"], confirmed_by__isnull=True)
                | Q(status="succeeded", confirmed_by__isnull=False, entered_by__isnull=False)
                & ~Q(confirmed_by=F("entered_by")),
            ),
            models.CheckConstraint(
                name="payment_fee_has_currency", condition=Q(fee=None) | Q(fee=0) | ~Q(fee_currency="")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.money()}, {self.get_channel_display().lower()}, {self.given_at:%Y-%m-%d}"

    def money(self) -> str:
        """The amount in words, exactly: "$25.00"."""
        return any_money(self.amount, self.currency)

    def reversed(self) -> int:
        """What went back, in minor units: every refund but failed and cancelled ones, and what disputes moved."""
        refunds = sum(self.refunds.counting().values_list("amount", flat=True))
        return refunds + sum(self.disputes.values_list("moved", flat=True))

    def refundable(self) -> int:
        """What can still go back to the giver, in minor units."""
        return max(0, self.amount - self.reversed()) if self.status == self.Status.SUCCEEDED else 0

    def proposed(self) -> int:
        """What one person says went back and no second one has confirmed, in minor units; it counts for nothing."""
        return sum(self.refunds.proposed().values_list("amount", flat=True))

    def unspoken_for(self) -> int:
        """What can still be said to have gone back: what is left, without what waits for a second person."""
        return max(0, self.refundable() - self.proposed())


class RefundQuerySet(models.QuerySet["Refund"]):
    def counting(self) -> "RefundQuerySet":
        """Refunds that lower what was raised: all but failed, cancelled, and those that wait for a second person."""
        return self.exclude(status__in=[Refund.Status.FAILED, Refund.Status.CANCELED, Refund.Status.PROPOSED])

    def proposed(self) -> "RefundQuerySet":
        """Reversals made offline that one person has entered and no second one has confirmed."""
        return self.filter(status=Refund.Status.PROPOSED)


class Refund(models.Model):
    """Money that goes back to the giver; an offline one is a cheque that bounced, or cash handed back."""

    class Status(models.TextChoices):
        PROPOSED = "proposed", "Waits for a second person"  # offline alone
        PENDING = "pending", "Pending"
        REQUIRES_ACTION = "requires_action", "Waits for the giver"
        SUCCEEDED = "succeeded", "Succeeded"
        FAILED = "failed", "Failed"
        CANCELED = "canceled", "Cancelled"
        OTHER = "other", "Unclear"  # a status that this version does not know; it counts, to be on the safe side

    payment = models.ForeignKey(Payment, models.PROTECT, related_name="refunds")
    remote_id = models.CharField("Stripe's id", max_length=255, null=True, blank=True, unique=True)
    amount = models.PositiveIntegerField(help_text="In minor units.")
    currency = models.CharField(max_length=3)
    status = models.CharField(max_length=15, choices=Status)
    reason = models.CharField(max_length=300, blank=True)
    made_at = models.DateTimeField()
    entered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="refunds_entered"
    )
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="refunds_confirmed"
    )
    confirmed_at = models.DateTimeField(null=True, blank=True, help_text="When an offline one first counted.")

    objects = RefundQuerySet.as_manager()

    class Meta:
        ordering = ["-made_at", "-id"]
        constraints = [
            models.CheckConstraint(name="refund_amount_in_range", condition=IN_RANGE),
            models.CheckConstraint(name="refund_currency_is_three_capitals", condition=THREE_CAPITALS),
            models.CheckConstraint(
                name="refund_status_known",
                condition=Q(
                    status__in=["proposed", "pending", "requires_action", "succeeded", "failed", "canceled", "other"]
                ),
            ),
            models.CheckConstraint(
                name="refund_stripe_or_offline",
                condition=Q(
                    remote_id__isnull=False,
                    entered_by__isnull=True,
                    confirmed_by__isnull=True,
                    confirmed_at__isnull=True,
                )
                & ~Q(remote_id="")
                & ~Q(status="proposed")
                | Q(
                    remote_id__isnull=True,
                    entered_by__isnull=False,
                    status__in=["proposed", "succeeded", "canceled"],
                ),
            ),
            models.CheckConstraint(
                name="refund_offline_needs_two_people",
                condition=Q(remote_id__isnull=False)
                | Q(status__in=["proposed", "canceled"], confirmed_by__isnull=True, confirmed_at__isnull=True)
                | Q(
                    status="succeeded",
                    confirmed_by__isnull=False,
                    confirmed_at__isnull=False,
                    entered_by__isnull=False,
                )
                & ~Q(confirmed_by=F("entered_by")),
            ),
        ]

    def __str__(self) -> str:
        return f"{any_money(self.amount, self.currency)} back, {self.made_at:%Y-%m-%d}"


class DisputeQuerySet(models.QuerySet["Dispute"]):
    def open(self) -> "DisputeQuerySet":
        """Disputes that the bank has not decided, as far as the names that we know say so."""
        return self.exclude(status__in=Dispute.CLOSED)


class Dispute(models.Model):
    """A giver's bank asks for the money back. What it took is `moved`; the dispute's status decides nothing."""

    CLOSED = ("won", "lost", "warning_closed", "prevented")

    payment = models.ForeignKey(Payment, models.PROTECT, related_name="disputes")
    remote_id = models.CharField("Stripe's id", max_length=255, unique=True)
    amount = models.PositiveIntegerField(help_text="What is in dispute, in minor units.")
    currency = models.CharField(max_length=3)
    status = models.CharField(max_length=60, help_text="In Stripe's words.")
    reason = models.CharField(max_length=60, blank=True, help_text="In Stripe's words.")
    moved = models.PositiveIntegerField(
        default=0, help_text="What left us and has not come back, in minor units of the payment's currency."
    )
    fee = models.IntegerField(default=0, help_text="In minor units of its own currency.")
    fee_currency = models.CharField(max_length=3, blank=True, help_text="What Stripe settles in.")
    opened_at = models.DateTimeField()
    due_by = models.DateTimeField("evidence due by", null=True, blank=True)

    objects = DisputeQuerySet.as_manager()

    class Meta:
        ordering = ["-opened_at", "-id"]
        constraints = [
            models.CheckConstraint(name="dispute_amount_in_range", condition=IN_RANGE),
            models.CheckConstraint(name="dispute_currency_is_three_capitals", condition=THREE_CAPITALS),
            models.CheckConstraint(name="dispute_has_remote_id", condition=~Q(remote_id="")),
            models.CheckConstraint(name="dispute_has_status", condition=~Q(status="")),
            models.CheckConstraint(name="dispute_moved_in_range", condition=Q(moved__gte=0, moved__lte=MAX_AMOUNT)),
            models.CheckConstraint(name="dispute_fee_has_currency", condition=Q(fee=0) | ~Q(fee_currency="")),
        ]

    def __str__(self) -> str:
        return f"{any_money(self.amount, self.currency)} disputed, {self.opened_at:%Y-%m-%d}"
