"""Gifts and the people who give them."""

from django.contrib import admin
from django.db.models import Count
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html

from donations import ledger
from donations.exports import GiftSheet
from donations.models import Donor, Gift
from donations.stripe_gateway import StripeTrouble

from .facts import NONE, Exported, Facts, Table, Verb
from .stripe_links import stripe_link


def mode_of(row):
    return {True: "Live", False: "Test", None: "Offline"}[row.livemode]


def mode_filter(path):
    """The filter by mode of rows whose `livemode` stands at `path`."""

    class Mode(admin.SimpleListFilter):
        title = "mode"
        parameter_name = "mode"
        modes = {"live": True, "test": False, "offline": None}

        def lookups(self, request, model_admin):
            return [(name, name.capitalize()) for name in self.modes]

        def queryset(self, request, rows):
            return rows.filter(**{path: self.modes[self.value()]}) if self.value() in self.modes else rows

    return Mode


def moment(at):
    """A time as the desk writes it, in the newsroom's zone; a dash where there is none."""
    return date_format(timezone.localtime(at), "DATETIME_FORMAT") if at else NONE


def day(at):
    return date_format(timezone.localtime(at), "DATE_FORMAT")


def link_to(row, text=None):
    url = reverse(f"admin:donations_{row._meta.model_name}_change", args=[row.pk])
    return format_html('<a href="{}">{}</a>', url, text or str(row))


def who_gave(gift):
    """The name the giver typed, else the e-mail; never empty."""
    return gift.name or str(gift.donor)


CAME_FROM = ["article", "by_appeal"]
HOW_IT_ENDS = ["cancel_at", "ended_at", "stop_reason"]


@admin.register(Gift)
class GiftAdmin(Exported, Facts):
    resource_classes = [GiftSheet]
    verbs = (Verb("stop", "Stop this monthly gift", "stop_gift"),)
    list_display = ["who", "money", "every", "campaign", "status", "begun_at", "mode"]
    list_filter = ["campaign", "frequency", "status", "visibility", mode_filter("livemode")]
    list_select_related = ["campaign", "donor"]
    date_hierarchy = "begun_at"
    search_fields = [
        "name",
        "donor__email",
        "session_id__exact",
        "stripe_customer__exact",
        "stripe_subscription__exact",
        "payments__remote_id__exact",
        "payments__charge_id__exact",
        "payments__invoice_id__exact",
    ]
    search_help_text = "A name, an e-mail address, or an id of Stripe's: cs_…, pi_…, ch_…, cus_…, sub_…, in_…"
    fieldsets = [
        ("The gift", {"fields": ["money", "every", "status", "campaign", "begun_at", *CAME_FROM, "reference"]}),
        ("The giver", {"fields": ["name", "donor", "shown", "letters_since"]}),
        ("Every month", {"fields": ["begun_with", "anchor", "paused_until", *HOW_IT_ENDS, "still_open"]}),
        ("At Stripe", {"fields": ["mode", "session", "customer", "subscription"]}),
    ]

    def heading(self, gift):
        return f"{gift.gives()} from {who_gave(gift)}"

    def get_fieldsets(self, request, obj=None):
        monthly = obj is None or obj.is_monthly
        return [one for one in self.fieldsets if monthly or one[0] != "Every month"]

    def get_readonly_fields(self, request, obj=None):
        return [name for _, options in self.fieldsets for name in options["fields"]]

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("campaign", "donor")

    @admin.display(description="giver", ordering="name")
    def who(self, gift):
        return who_gave(gift)

    @admin.display(description="amount", ordering=Coalesce("monthly_amount", "amount"))
    def money(self, gift):
        return gift.each_month() if gift.is_monthly else gift.money()

    @admin.display(description="begun with")
    def begun_with(self, gift):
        return gift.money()

    @admin.display(description="how often", ordering="frequency")
    def every(self, gift):
        return gift.get_frequency_display()

    @admin.display(description="mode", ordering="livemode")
    def mode(self, gift):
        return mode_of(gift)

    @admin.display(description="shown to readers")
    def shown(self, gift):
        return f"As “{gift.public_name()}”" if gift.public_name() else "Without a name"

    @admin.display(description="may be written to, since")
    def letters_since(self, gift):
        return moment(gift.letters_since)

    @admin.display(description="came from the article")
    def article(self, gift):
        return gift.article_title or NONE

    @admin.display(description="by the appeal")
    def by_appeal(self, gift):
        return gift.get_appeal_display() or NONE

    @admin.display(description="our reference")
    def reference(self, gift):
        return str(gift.pk)

    @admin.display(description="open on the latest invoice")
    def still_open(self, gift):
        return gift.campaign.money(gift.open_amount, trim=False) if gift.open_amount else "Nothing"

    @admin.display(description="checkout session")
    def session(self, gift):
        return stripe_link(gift.session_id, live=gift.livemode)

    @admin.display(description="customer")
    def customer(self, gift):
        return stripe_link(gift.stripe_customer, live=gift.livemode)

    @admin.display(description="subscription")
    def subscription(self, gift):
        return stripe_link(gift.stripe_subscription, live=gift.livemode)

    def refusal(self, verb, gift, user):
        if gift.can_be_stopped:
            return ""
        return f"This gift is not a monthly gift that is going on: it is {gift.get_status_display().lower()}."

    def stop_view(self, request, object_id):
        gift, refused = self.row_for(request, "stop", object_id)
        if refused:
            return self.back_to(gift, request, refused, "error")
        words = [
            f"{who_gave(gift)} gives {gift.gives()} to “{gift.campaign}”.",
            "Nothing more is charged from now on.",
            "What was given stays given; give a payment back on its own page. A stopped gift cannot be started again: "
            "the giver would begin a new one.",
        ]
        if request.method != "POST":
            return self.ask(request, gift, "stop", words)
        try:
            booked = ledger.stop(gift, now=timezone.now())
        except (ledger.NotBooked, StripeTrouble) as trouble:
            return self.ask(request, gift, "stop", words, trouble=str(trouble), status=502)
        self.log_change(request, gift, "Stopped the monthly gift.")
        later = "" if booked else " It is booked in a minute; until then this page shows the gift as it was."
        return self.back_to(gift, request, f"Stopped. Nothing more is charged; what was given stays given.{later}")

    def tables(self, gift):
        paid = [
            (moment(one.given_at), link_to(one, one.money()), one.get_channel_display(), one.get_status_display())
            for one in gift.payments.all()
        ]
        mails = [(moment(one.queued_at), link_to(one), one.get_status_display()) for one in gift.mails.all()]
        return [
            Table("Payments", ("Given", "Amount", "By", "Status"), paid, "No money has come of this gift yet."),
            Table("Mails", ("Queued", "Mail", "Status"), mails, "No mail has been written about it."),
        ]


@admin.register(Donor)
class DonorAdmin(Facts):
    list_display = ["person", "gifts_begun", "created_at"]
    date_hierarchy = "created_at"
    search_fields = ["email", "gifts__name", "gifts__stripe_customer__exact"]
    search_help_text = "An e-mail address, a name on one of the gifts, or Stripe's customer: cus_…"
    fields = ["email", "mails_refused_at", "created_at", "scrubbed_at"]
    readonly_fields = fields

    def get_queryset(self, request):
        return super().get_queryset(request).annotate(begun=Count("gifts"))

    @admin.display(description="donor", ordering="email")
    def person(self, donor):
        return str(donor)

    @admin.display(description="gifts", ordering="begun")
    def gifts_begun(self, donor):
        return donor.begun

    def tables(self, donor):
        rows = [
            (moment(gift.begun_at), link_to(gift, str(gift)), gift.get_status_display())
            for gift in donor.gifts.select_related("campaign")
        ]
        return [Table("Gifts", ("Begun", "Gift", "Status"), rows)]
