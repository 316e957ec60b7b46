import uuid
from collections.abc import Iterable
from datetime import datetime

from django.conf import settings
from django.db import models, transaction
from django.db.models import Exists, F, OuterRef, Q, Value
from django.db.models.functions import Length, Lower, Upper
from django.db.models.lookups import Exact
from django.db.utils import IntegrityError
from django.urls import reverse

from donations.money import MAX_AMOUNT, format_money

from .campaign import Campaign
from .mode import OfModeQuerySet


class DonorQuerySet(models.QuerySet["Donor"]):
    def with_email(self, email: str) -> "DonorQuerySet":
        """The donor of this address, whatever its capitals; the database lowers both sides."""
        if not email:
            raise ValueError("A donor is never looked up without an e-mail address.")
        return self.alias(lowered=Lower("email")).filter(lowered=Lower(Value(email)))

    def for_email(self, email: str) -> "Donor":
        """The donor of a typed e-mail address, made when there is none. Called when a gift begins, nowhere else.

        Inside the transaction that begins the gift: whoever removes this giver waits for it, or it for them.
        """
        found = self.with_email(email).select_for_update().first()
        if found:
            return found
        try:
            with transaction.atomic():
                return self.create(email=email)
        except IntegrityError:  # the same person pressed twice, and the other press was first
            return self.with_email(email).select_for_update().get()

    def held_if_there(self, key: uuid.UUID) -> "Donor | None":
        """The giver's row, held until the transaction ends and before their gifts are; None once they are removed."""
        return self.select_for_update(no_key=True).filter(pk=key, scrubbed_at=None).first()


class Donor(models.Model):
    """One person who gives, known by an e-mail address, or only by cheques."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    email = models.EmailField("e-mail", null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    mails_refused_at = models.DateTimeField(
        "wants no mails but receipts, since",
        null=True,
        blank=True,
        help_text="By the link in a mail, or on their page.",
    )
    scrubbed_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = DonorQuerySet.as_manager()

    class Meta:
        ordering = ["created_at"]
        constraints = [
            models.UniqueConstraint(Lower("email"), name="donor_one_per_email"),
            models.CheckConstraint(name="donor_email_not_empty", condition=Q(email=None) | ~Q(email="")),
            models.CheckConstraint(
                name="donor_scrubbed_has_no_email", condition=Q(scrubbed_at=None) | Q(email__isnull=True)
            ),
        ]

    def __str__(self) -> str:
        if self.scrubbed_at:
            return "Donor removed on request"
        return self.email or f"Donor {str(self.pk)[:8]}"


class GiftQuerySet(OfModeQuerySet["Gift"]):
    def monthly(self) -> "GiftQuerySet":
        return self.filter(frequency=Gift.Frequency.MONTHLY)

    def forget_article_titles(self, article_id: int, titles: Iterable[str], *, instead: str) -> int:
        """Writes `instead` over those of `titles` that gifts of this story keep. Says how many gifts had one."""
        kept = [title[:300] for title in titles if title]
        return self.filter(article_id=article_id, article_title__in=kept).update(article_title=instead)

    def going_on(self) -> "GiftQuerySet":
        """Monthly gifts that will ask for money again unless somebody stops them."""
        return self.filter(status__in=Gift.GOING_ON)

    def active(self) -> "GiftQuerySet":
        """Monthly gifts that are charged as they should be, one price of exactly one month."""
        return self.filter(status=Gift.Status.ACTIVE, monthly_amount__isnull=False)

    def at_risk(self) -> "GiftQuerySet":
        """Monthly gifts whose latest charge did not come in."""
        return self.filter(status=Gift.Status.PAST_DUE)

    def duplicates(self) -> "GiftQuerySet":
        """Monthly gifts of a donor who already had one going on, in the same mode."""
        same = {"donor": OuterRef("donor"), "livemode": OuterRef("livemode")}
        earlier = Gift.objects.going_on().filter(**same, begun_at__lt=OuterRef("begun_at"))
        return self.going_on().filter(Exists(earlier))


def installation_is_live() -> bool:
    return bool(settings.STRIPE_LIVE)


class Gift(models.Model):
    """One person's intent to give, once or every month. What came of it are its payments."""

    class Frequency(models.TextChoices):
        ONCE = "once", "Once"
        MONTHLY = "monthly", "Monthly"

    class Status(models.TextChoices):
        BEGUN = "begun", "Begun"  # the form was sent; nothing is paid
        PROMISED = "promised", "Promised"  # offline, waiting for a second person
        PROCESSING = "processing", "On its way"  # a bank debit that takes days
        GIVEN = "given", "Given"
        ACTIVE = "active", "Active"
        PAUSED = "paused", "Paused"
        PAST_DUE = "past_due", "Past due"
        ENDED = "ended", "Ended"
        FAILED = "failed", "Failed"
        EXPIRED = "expired", "Abandoned"
        UNCLEAR = "unclear", "Unclear"  # Stripe says something that this version does not know

    class Visibility(models.TextChoices):
        NAMED = "named", "With my name"
        ANONYMOUS = "anonymous", "Without my name"

    class Appeal(models.TextChoices):
        END = "end", "After a story"
        MIDDLE = "middle", "In mid-text"
        CAMPAIGN = "campaign", "The campaign's page"
        GIVING = "giving", "The giver's own page"
        ELSEWHERE = "elsewhere", "Another page of ours"

    GOING_ON = (Status.ACTIVE, Status.PAUSED, Status.PAST_DUE)
    UNPAID = (Status.BEGUN, Status.EXPIRED, Status.FAILED)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    campaign = models.ForeignKey(Campaign, models.PROTECT)
    donor = models.ForeignKey(Donor, models.PROTECT, related_name="gifts")
    frequency = models.CharField(max_length=8, choices=Frequency)
    amount = models.PositiveIntegerField(help_text="In minor units; of each month where it is monthly.")
    currency = models.CharField(max_length=3)
    status = models.CharField(max_length=12, choices=Status, default=Status.BEGUN)
    name = models.CharField(max_length=120, blank=True)
    visibility = models.CharField(max_length=10, choices=Visibility, default=Visibility.ANONYMOUS)
    may_write_at = models.DateTimeField("may be written to, since", null=True, blank=True)
    livemode = models.BooleanField("live", null=True, default=installation_is_live, help_text="Empty when offline.")
    article_id = models.PositiveBigIntegerField("article", null=True, blank=True, db_index=True)
    article_title = models.CharField(max_length=300, blank=True)
    appeal = models.CharField(max_length=12, choices=Appeal, blank=True, help_text="Where the form was come to from.")
    begun_at = models.DateTimeField()
    form_key = models.UUIDField(
        null=True, db_index=True, editable=False, help_text="Of the form that it was typed into, maybe more than once."
    )

    # Stripe's side. `attempt` is the n of the idempotency key gift:<id>:<n>.
    attempt = models.PositiveSmallIntegerField(default=1, editable=False)
    session_id = models.CharField(max_length=255, null=True, blank=True, unique=True, editable=False)
    session_status = models.CharField(max_length=40, blank=True, editable=False, help_text="In Stripe's words.")
    stripe_customer = models.CharField(max_length=255, null=True, blank=True, db_index=True, editable=False)
    stripe_subscription = models.CharField(max_length=255, null=True, blank=True, unique=True, editable=False)

    # What the subscription said when it was last fetched; only the ledger writes here.
    subscription_status = models.CharField(max_length=40, blank=True, editable=False)
    monthly_amount = models.PositiveIntegerField(
        null=True, editable=False, help_text="In minor units, where there is one price of exactly one month."
    )
    anchor = models.DateTimeField("charged monthly since", null=True, editable=False)
    cancel_at = models.DateTimeField("stops on", null=True, editable=False)
    ended_at = models.DateTimeField(null=True, editable=False)
    paused_until = models.DateTimeField("asks again on", null=True, editable=False)
    open_invoice = models.CharField(
        max_length=255, blank=True, editable=False, help_text="The latest, where it is open."
    )
    open_amount = models.PositiveIntegerField(
        "open on the latest invoice", default=0, editable=False, help_text="In minor units."
    )

    stop_reason = models.CharField("why it was stopped", max_length=300, blank=True, help_text="In the giver's words.")

    version = models.PositiveIntegerField(default=0, editable=False, help_text="Moves with every booking.")
    changed_at = models.DateTimeField("money last changed", null=True, editable=False)

    objects = GiftQuerySet.as_manager()

    class Meta:
        ordering = ["-begun_at", "id"]
        permissions = [("stop_gift", "Can stop a monthly gift")]
        indexes = [
            models.Index(fields=["campaign", "status"], name="gift_by_campaign_and_status"),
            models.Index(fields=["begun_at"], name="gift_by_beginning"),
        ]
        constraints = [
            models.CheckConstraint(name="gift_amount_in_range", condition=Q(amount__gt=0, amount__lte=MAX_AMOUNT)),
            models.CheckConstraint(name="gift_frequency_known", condition=Q(frequency__in=["once", "monthly"])),
            models.CheckConstraint(name="gift_visibility_known", condition=Q(visibility__in=["named", "anonymous"])),
            models.CheckConstraint(
                name="gift_status_fits_frequency",
                condition=Q(status__in=["begun", "processing", "failed", "expired", "unclear"])
                | Q(frequency="once", status__in=["promised", "given"])
                | Q(frequency="monthly", status__in=["active", "paused", "past_due", "ended"]),
            ),
            models.CheckConstraint(
                name="gift_currency_is_three_capitals",
                condition=Exact(Length("currency"), 3) & Q(currency=Upper("currency")),
            ),
            models.CheckConstraint(name="gift_session_not_empty", condition=Q(session_id=None) | ~Q(session_id="")),
            models.CheckConstraint(
                name="gift_customer_not_empty", condition=Q(stripe_customer=None) | ~Q(stripe_customer="")
            ),
            models.CheckConstraint(
                name="gift_subscription_not_empty", condition=Q(stripe_subscription=None) | ~Q(stripe_subscription="")
            ),
            models.CheckConstraint(
                name="gift_monthly_amount_in_range",
                condition=Q(monthly_amount=None)
                | Q(frequency="monthly", monthly_amount__gt=0, monthly_amount__lte=MAX_AMOUNT),
            ),
            models.CheckConstraint(
                name="gift_going_on_has_anchor",
                condition=~Q(status__in=["active", "paused", "past_due"]) | Q(anchor__isnull=False),
            ),
            models.CheckConstraint(
                name="gift_offline_has_no_stripe",
                condition=Q(livemode__isnull=False)
                | Q(session_id__isnull=True, stripe_customer__isnull=True, stripe_subscription__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.gives()} to {self.campaign}"

    @property
    def is_monthly(self) -> bool:
        return self.frequency == self.Frequency.MONTHLY

    @property
    def is_over(self) -> bool:
        """Whether Stripe has said that a monthly gift ended, so that nothing more will be charged."""
        is_ended = self.status == self.Status.ENDED or self.ended_at is not None
        return is_ended or self.subscription_status == "incomplete_expired"

    @property
    def can_be_stopped(self) -> bool:
        """Whether it may still ask for money: a status that says little does not mean that it has stopped."""
        return self.is_monthly and bool(self.stripe_subscription) and not self.is_over

    @property
    def is_on_course(self) -> bool:
        """Whether it is known when it asks for money again."""
        return self.status in self.GOING_ON

    @property
    def has_left_a_month_out(self) -> bool:
        """Whether a month's charge failed and never came in: its invoice may be open still, and asks for arrears."""
        came = self.payments.filter(status="succeeded").values("invoice_id")
        return self.payments.filter(status="failed").exclude(invoice_id="").exclude(invoice_id__in=came).exists()

    @property
    def letters_since(self) -> datetime | None:
        """Since when the newsroom may write to its giver; None where it may not.

        Anybody can type an address into the form: unpaid it agrees to nothing, and what was refused is taken back on
        the giver's own page alone.
        """
        is_agreed = self.status not in self.UNPAID and self.donor.mails_refused_at is None
        return self.may_write_at if is_agreed else None

    def money(self) -> str:
        """The amount as it was begun with, in words, exactly: "$25.00"."""
        return format_money(self.amount, self.currency)

    def each_month(self) -> str:
        """What is charged each month, in words: as the subscription says, or as it was begun."""
        return format_money(self.monthly_amount or self.amount, self.currency)

    def gives(self) -> str:
        """What it gives, in words: "$25.00", or "$12.00 a month" as it is now."""
        return f"{self.each_month()} a month" if self.is_monthly else self.money()

    def next_attempt(self) -> None:
        """The last request was answered with an error, which its idempotency key would replay: use a new key."""
        Gift.objects.filter(pk=self.pk, attempt=self.attempt).update(attempt=F("attempt") + 1)
        self.refresh_from_db(fields=["attempt"])

    def next_page(self) -> None:
        """The page that this row was read with is of no use any more: use a new key.

        Whoever saw the same page gets the same key, so that two presses never open two pages.
        """
        seen = Gift.objects.filter(pk=self.pk, attempt=self.attempt, session_id=self.session_id)
        seen.update(attempt=F("attempt") + 1, session_id=None, session_status="")
        self.refresh_from_db(fields=["attempt", "session_id", "session_status"])

    def way_back(self) -> str:
        """The form again, with what was typed for this gift as far as the browser that asks may see it."""
        return f"{reverse('donations:donate')}?back={self.pk}"

    def public_name(self) -> str:
        """The name that readers may see; empty for everybody who did not ask to be named."""
        return self.name if self.visibility == self.Visibility.NAMED else ""
