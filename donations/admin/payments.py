"""Money that came, what went back, and what banks ask back."""

from django.contrib import admin
from django.db.models import F, Sum

from donations.exports import PaymentSheet
from donations.models import Dispute, Payment, Refund
from donations.money import any_money
from donations.totals import per_payment

from .bank_import import BankImport
from .facts import NONE, Exported, Facts, Table
from .gifts import link_to, mode_filter, mode_of, moment, who_gave
from .offline import CONFIRM, CONFIRM_BACK, DROP_BACK, GIVE_BACK, REJECT, Offline, SecondLook, confirmed_so, name_of
from .refunds import REFUND, Refunding
from .stripe_links import stripe_link
from .together import Together


@admin.register(Payment)
class PaymentAdmin(BankImport, Together, Offline, Refunding, Exported, Facts):
    resource_classes = [PaymentSheet]
    verbs = (CONFIRM, REJECT, REFUND, GIVE_BACK)
    list_display = ["who", "money", "went_back", "given", "campaign", "channel", "status", "mode"]
    list_filter = ["gift__campaign", "gift__frequency", "status", "channel", mode_filter("livemode")]
    list_select_related = ["gift__campaign", "gift__donor"]
    date_hierarchy = "given_at"
    search_fields = [
        "gift__name",
        "gift__donor__email",
        "reference",
        "remote_id__exact",
        "charge_id__exact",
        "invoice_id__exact",
        "gift__session_id__exact",
        "gift__stripe_customer__exact",
        "gift__stripe_subscription__exact",
        "refunds__remote_id__exact",
        "disputes__remote_id__exact",
    ]
    search_help_text = "A name, an e-mail address, a cheque's number, or an id of Stripe's: pi_…, ch_…, cus_…, sub_…"
    fieldsets = [
        ("The payment", {"fields": ["money", "went_back", "status", "given_at", "confirmed_at", "channel"]}),
        ("The gift", {"fields": ["gift", "who", "campaign", "article"]}),
        ("Offline", {"fields": ["reference", "entered", "confirmed"]}),
        ("At Stripe", {"fields": ["mode", "intent", "charge", "invoice", "method", "cost", "statement_descriptor"]}),
    ]

    def heading(self, payment):
        return f"{payment.money()} from {who_gave(payment.gift)}"

    def get_fieldsets(self, request, obj=None):
        hidden = "At Stripe" if obj and obj.channel != Payment.Channel.STRIPE else "Offline"
        return [one for one in self.fieldsets if obj is None or one[0] != hidden]

    def get_readonly_fields(self, request, obj=None):
        return [name for _, options in self.fieldsets for name in options["fields"]]

    def get_queryset(self, request):
        refunded = per_payment(Refund.objects.counting(), Sum("amount"))
        disputed = per_payment(Dispute.objects.all(), Sum("moved"))
        rows = super().get_queryset(request).select_related("gift__campaign", "gift__donor")
        return rows.annotate(back=refunded + disputed)

    def refusal(self, verb, payment, user):
        if verb in (CONFIRM, REJECT):
            return self.why_not_settle(payment, user)
        return self.why_no_refund(payment) if verb == REFUND else self.why_not_give_back(payment)

    @admin.display(description="given", ordering="given_at")
    def given(self, payment):
        return moment(payment.given_at)

    @admin.display(description="giver", ordering="gift__name")
    def who(self, payment):
        return who_gave(payment.gift)

    @admin.display(description="amount", ordering="amount")
    def money(self, payment):
        return payment.money()

    @admin.display(description="went back", ordering="back")
    def went_back(self, payment):
        return any_money(payment.back, payment.currency) if payment.back else NONE

    @admin.display(description="campaign", ordering="gift__campaign__title")
    def campaign(self, payment):
        return payment.gift.campaign

    @admin.display(description="came from the article")
    def article(self, payment):
        return payment.gift.article_title or NONE

    @admin.display(description="mode", ordering="livemode")
    def mode(self, payment):
        return mode_of(payment)

    @admin.display(description="entered by")
    def entered(self, payment):
        return f"{name_of(payment.entered_by)}, {moment(payment.entered_at)}"

    @admin.display(description="confirmed by")
    def confirmed(self, payment):
        return name_of(payment.confirmed_by)

    @admin.display(description="Stripe's fee")
    def cost(self, payment):
        return (
            "Not known yet"
            if payment.fee is None
            else any_money(payment.fee, payment.fee_currency or payment.currency)
        )

    @admin.display(description="PaymentIntent")
    def intent(self, payment):
        return stripe_link(payment.remote_id, live=payment.livemode)

    @admin.display(description="charge")
    def charge(self, payment):
        return stripe_link(payment.charge_id, live=payment.livemode)

    @admin.display(description="invoice")
    def invoice(self, payment):
        return stripe_link(payment.invoice_id, live=payment.livemode)

    def tables(self, payment):
        refunds = [
            (moment(one.made_at), link_to(one), one.get_status_display(), one.reason or NONE)
            for one in payment.refunds.all()
        ]
        disputes = [
            (moment(one.opened_at), link_to(one), one.status.replace("_", " "), moment(one.due_by))
            for one in payment.disputes.all()
        ]
        mails = [(moment(one.queued_at), link_to(one), one.get_status_display()) for one in payment.mails.all()]
        return [
            Table("Refunds", ("Made", "Refund", "Status", "Reason"), refunds, "Nothing has been refunded."),
            Table(
                "Disputes", ("Opened", "Dispute", "Status", "Answer by"), disputes, "No bank has asked for it back."
            ),
            Table("Mails", ("Queued", "Mail", "Status"), mails, "No mail has been written about it."),
        ]


class Reversals(Facts):
    """Refunds and disputes: each belongs to a payment, whose mode it has."""

    list_select_related = ["payment__gift__donor", "payment__gift__campaign"]

    def get_queryset(self, request):
        return super().get_queryset(request).select_related(*self.list_select_related)

    @admin.display(description="amount", ordering="amount")
    def money(self, row):
        return any_money(row.amount, row.currency)

    @admin.display(description="giver", ordering="payment__gift__name")
    def who(self, row):
        return who_gave(row.payment.gift)

    @admin.display(description="mode", ordering="payment__livemode")
    def mode(self, row):
        return mode_of(row.payment)

    @admin.display(description="Stripe's id")
    def at_stripe(self, row):
        return stripe_link(row.remote_id, live=row.payment.livemode)


@admin.register(Refund)
class RefundAdmin(SecondLook, Reversals):
    verbs = (CONFIRM_BACK, DROP_BACK)
    list_display = ["who", "money", "made_at", "status", "reason", "mode"]
    list_filter = ["payment__gift__campaign", "status", "payment__gift__frequency", mode_filter("payment__livemode")]
    date_hierarchy = "made_at"
    search_fields = [
        "payment__gift__name",
        "payment__gift__donor__email",
        "remote_id__exact",
        "payment__remote_id__exact",
        "payment__charge_id__exact",
        "payment__gift__stripe_customer__exact",
        "payment__gift__stripe_subscription__exact",
    ]
    search_help_text = "A name, an e-mail address, or an id of Stripe's: re_…, pi_…, ch_…, cus_…, sub_…"
    both = ["money", "status", "reason", "made_at", "payment", "who"]
    at_stripe_alone = ["mode", "at_stripe", "intent"]
    offline_alone = ["entered", "confirmed"]
    readonly_fields = [*both, *at_stripe_alone, *offline_alone]

    def heading(self, refund):
        return f"{self.money(refund)} back to {self.who(refund)}"

    def get_fields(self, request, obj=None):
        return self.both + (self.at_stripe_alone if obj is None or obj.remote_id else self.offline_alone)

    @admin.display(description="entered by")
    def entered(self, refund):
        return f"{name_of(refund.entered_by)}, {moment(refund.made_at)}"

    @admin.display(description="confirmed by")
    def confirmed(self, refund):
        return confirmed_so(refund)

    @admin.display(description="shown at Stripe with the payment")
    def intent(self, refund):
        return stripe_link(refund.payment.remote_id, live=refund.payment.livemode)


@admin.register(Dispute)
class DisputeAdmin(Reversals):
    list_display = ["who", "money", "moved_so_far", "at_the_bank", "due_by", "opened_at", "mode"]
    list_filter = ["payment__gift__campaign", "status", "payment__gift__frequency", mode_filter("payment__livemode")]
    date_hierarchy = "opened_at"
    search_fields = [
        "payment__gift__name",
        "payment__gift__donor__email",
        "remote_id__exact",
        "payment__remote_id__exact",
        "payment__charge_id__exact",
        "payment__gift__stripe_customer__exact",
        "payment__gift__stripe_subscription__exact",
    ]
    search_help_text = "A name, an e-mail address, or an id of Stripe's: du_…, pi_…, ch_…, cus_…, sub_…"
    fields = [
        "money",
        "moved_so_far",
        "cost",
        "at_the_bank",
        "reason",
        "opened_at",
        "due_by",
        "payment",
        "who",
        "mode",
        "at_stripe",
    ]
    readonly_fields = fields

    def heading(self, dispute):
        return f"{self.money(dispute)} asked back by the bank of {self.who(dispute)}"

    @admin.display(description="at the bank", ordering="status")
    def at_the_bank(self, dispute):
        return dispute.status.replace("_", " ").capitalize()

    @admin.display(description="taken so far", ordering=F("moved"))
    def moved_so_far(self, dispute):
        return any_money(dispute.moved, dispute.payment.currency)

    @admin.display(description="dispute fee")
    def cost(self, dispute):
        return any_money(dispute.fee, dispute.fee_currency) if dispute.fee else "None"
