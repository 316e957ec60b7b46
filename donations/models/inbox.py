from django.conf import settings
from django.db import models
from django.db.models import Exists, F, OuterRef, Q

from outbox.rows import OwedMail

from .gift import Donor, Gift
from .payment import Payment


class WebhookEventQuerySet(models.QuerySet["WebhookEvent"]):
    def waiting(self, live: bool) -> "WebhookEventQuerySet":
        """What is still to be booked, oldest first: new, failed, and parked of a mode that is now ours."""
        again = Q(state__in=WebhookEvent.UNSETTLED)
        parked = Q(state=WebhookEvent.State.PARKED, livemode=live)
        return self.filter(again | parked).order_by("received_at", "id")

    def unattributed(self) -> "WebhookEventQuerySet":
        """Money that names no gift of ours, until a person gives it one, or a debit on its way has failed."""
        booked = Payment.objects.filter(remote_id=OuterRef("payment_intent_id"))
        ignored = self.filter(state=WebhookEvent.State.IGNORED)
        did_not_come = WebhookEvent.objects.filter(
            state=WebhookEvent.State.IGNORED,
            type__in=["payment_intent.payment_failed", "payment_intent.canceled"],
            object_id=OuterRef("payment_intent_id"),
            pk__gt=OuterRef("pk"),
        ).exclude(reason=WebhookEvent.UNATTRIBUTED)  # as where a later try had brought it when this one was read
        return ignored.filter(reason=WebhookEvent.UNATTRIBUTED).exclude(Exists(booked)).exclude(Exists(did_not_come))

    def second_subscriptions(self) -> "WebhookEventQuerySet":
        """The first message about each subscription that charges for a gift beside the gift's own, until it ended."""
        booked = self.filter(type__startswith="customer.subscription.", gift__isnull=False)
        seconds = booked.exclude(object_id=F("gift__stripe_subscription"))
        about = WebhookEvent.objects.filter(object_id=OuterRef("object_id"))
        over = about.filter(type="customer.subscription.deleted")
        earlier = about.filter(type__startswith="customer.subscription.", gift__isnull=False, pk__lt=OuterRef("pk"))
        return seconds.exclude(Exists(over)).exclude(Exists(earlier))


class WebhookEvent(models.Model):
    """One hint from Stripe that something happened. Its payload is not kept: what counts is fetched afresh."""

    class State(models.TextChoices):
        RECEIVED = "received", "Received"
        PROCESSED = "processed", "Booked"
        IGNORED = "ignored", "Ignored"
        FAILED = "failed", "Failed"
        PARKED = "parked", "Parked"  # of the other mode

    UNATTRIBUTED = "unattributed"
    REFUSED_UNNAMED = "A first try to pay was refused, and it names no gift of ours, as with monthly gifts."
    UNSETTLED = (State.RECEIVED, State.FAILED)

    event_id = models.CharField("Stripe's id", max_length=255, unique=True)
    type = models.CharField(max_length=120)
    object_id = models.CharField("about", max_length=255)
    livemode = models.BooleanField("live")
    state = models.CharField(max_length=9, choices=State, default=State.RECEIVED)
    reason = models.CharField(max_length=500, blank=True)
    attempts = models.PositiveIntegerField(default=0)
    gift = models.ForeignKey(Gift, models.PROTECT, null=True, blank=True, related_name="events")
    payment_intent_id = models.CharField("Stripe's PaymentIntent", max_length=255, blank=True)
    undelivered = models.BooleanField(
        default=False, help_text="No delivery brought it: a comparison found it, maybe days later."
    )
    received_at = models.DateTimeField()
    attempted_at = models.DateTimeField(null=True, blank=True)
    settled_at = models.DateTimeField(null=True, blank=True, help_text="When it was booked, ignored or parked.")

    objects = WebhookEventQuerySet.as_manager()

    class Meta:
        verbose_name = "message from Stripe"
        verbose_name_plural = "messages from Stripe"
        ordering = ["-received_at", "-id"]
        permissions = [("attribute_money", "Can give unattributed money a gift")]
        indexes = [models.Index(fields=["state", "received_at"], name="event_by_state")]
        constraints = [
            models.CheckConstraint(
                name="event_has_ids", condition=~Q(event_id="") & ~Q(type="") & (~Q(object_id="") | Q(state="ignored"))
            ),
            models.CheckConstraint(
                name="event_state_known",
                condition=Q(state__in=["received", "processed", "ignored", "failed", "parked"]),
            ),
            models.CheckConstraint(
                name="event_says_why",
                condition=Q(state__in=["received", "processed"]) | ~Q(reason=""),
            ),
            models.CheckConstraint(
                name="event_settled_at_when_settled",
                condition=Q(state__in=["received", "failed"], settled_at__isnull=True)
                | Q(state__in=["processed", "ignored", "parked"], settled_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.event_id}"


class SentMail(OwedMail):
    """A mail that is owed to a giver."""

    class Kind(models.TextChoices):
        RECEIPT = "receipt", "Receipt"
        RENEWAL_RECEIPT = "renewal_receipt", "Receipt of a monthly charge"
        SIGN_IN = "sign_in", "Link to the giver's own page"
        FAILING = "failing", "A monthly charge did not come through"
        PAUSED = "paused", "Monthly gift paused"
        RESUMED = "resumed", "Monthly gift goes on"
        CHANGED = "changed", "Monthly gift changed"
        STOPPED = "stopped", "Monthly gift stopped"
        STATEMENT = "statement", "Statement of a year"
        BREAKER = "breaker", "To staff: many attempts fail"

    # What comes in any case: it was asked for, or it says that money moved. The rest stops by the link in every mail.
    COMES_ANYWAY = (Kind.RECEIPT, Kind.RENEWAL_RECEIPT, Kind.SIGN_IN, Kind.BREAKER)

    kind = models.CharField(max_length=30, choices=Kind)
    key = models.CharField(max_length=120, help_text="What the mail is about: of each kind there is one per key.")
    gift = models.ForeignKey(Gift, models.PROTECT, null=True, blank=True, related_name="mails")
    payment = models.ForeignKey(Payment, models.PROTECT, null=True, blank=True, related_name="mails")
    donor = models.ForeignKey(
        Donor, models.PROTECT, null=True, blank=True, related_name="mails", help_text="Of a mail about no single gift."
    )
    staff = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="Of a mail to staff.",
    )
    about = models.JSONField(default=dict, blank=True, help_text="What it tells besides, such as the year or sums.")

    class Meta:
        verbose_name = "mail"
        ordering = ["-queued_at", "-id"]
        permissions = [("resend_mail", "Can send a mail again that was left unfinished")]
        constraints = [
            models.UniqueConstraint(fields=["kind", "key"], name="mail_one_per_kind_and_key"),
            models.UniqueConstraint(
                fields=["payment"],
                condition=Q(kind__in=["receipt", "renewal_receipt"]),
                name="mail_one_receipt_per_payment",
            ),
            models.CheckConstraint(name="mail_has_key", condition=~Q(kind="") & ~Q(key="")),
            models.CheckConstraint(
                name="mail_receipt_has_payment",
                condition=~Q(kind__in=["receipt", "renewal_receipt"]) | Q(gift__isnull=False, payment__isnull=False),
            ),
            models.CheckConstraint(name="mail_status_fits_times", condition=OwedMail.STATUS_FITS_TIMES),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.key}"
