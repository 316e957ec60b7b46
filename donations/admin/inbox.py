"""What Stripe told us, and the mails that we owe."""

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html

from donations import mails
from donations.issuing import issue_copy
from donations.models import SentMail, WebhookEvent
from donations.owed import is_wanted
from donations.tasks import send_soon

from . import dashboard
from .attributing import ATTRIBUTE, Attributing, by_whom, given_since
from .facts import NONE, Facts, Verb
from .gifts import link_to, mode_filter, mode_of, moment
from .health import standing
from .stripe_links import stripe_link


def goes_to(mail):
    """Whom a mail goes to: a giver, or somebody of the staff."""
    donor = mail.donor or (mail.gift.donor if mail.gift else None)
    return str(donor or mail.staff or NONE)


def why(event):
    """Why a message was not booked, in words."""
    return "It names no gift of ours." if event.reason == event.UNATTRIBUTED else event.reason


@admin.register(WebhookEvent)
class WebhookEventAdmin(Attributing, Facts):
    verbs = (ATTRIBUTE,)
    list_display = ["type", "received_at", "object_id", "state", "why", "attempts", "mode"]
    list_filter = ["state", "gift__campaign", "gift__frequency", mode_filter("livemode"), "type"]
    date_hierarchy = "received_at"
    search_fields = [
        "event_id__exact",
        "object_id__exact",
        "payment_intent_id__exact",
        "gift__session_id__exact",
        "gift__stripe_customer__exact",
        "gift__stripe_subscription__exact",
        "gift__payments__charge_id__exact",
        "gift__name",
        "gift__donor__email",
    ]
    search_help_text = "An id of Stripe's: evt_…, pi_…, ch_…, cus_…, sub_…; or the giver's name or e-mail address."
    fields = ["type", "state", "why", "attempts", "received_at", "attempted_at", "settled_at", "gift", "mode"]
    fields += ["event", "about", "intent"]
    readonly_fields = [*fields, "why_then", "given_to"]

    def get_fields(self, request, event=None):
        """A message of money that was given its gift since says so, beside why it was ignored when it came."""
        since = {"why": "why_then", "gift": "given_to"} if event and given_since(event) else {}
        return [since.get(name, name) for name in self.fields]

    def get_urls(self):
        health = self.admin_site.admin_view(self.health_view)
        return [path("health/", health, name="donations_health"), *super().get_urls()]

    def tools(self, request):
        return [("Is everything booked?", reverse("admin:donations_health"))]

    def health_view(self, request):
        if not dashboard.is_for(request.user):
            raise PermissionDenied
        now = timezone.now()
        return self.page(request, "health.html", title="Stripe and our books", **standing(now), now=now)

    def heading(self, event):
        return event.type

    @admin.display(description="why", ordering="reason")
    def why(self, event):
        words = [why(event), "No delivery brought it: a comparison found it." if event.undelivered else ""]
        return " ".join(filter(None, words)) or NONE

    @admin.display(description="why")
    def why_then(self, event):
        return "It named no gift of ours when it came"

    @admin.display(description="gift")
    def given_to(self, event):
        return format_html("{}{}", link_to(given_since(event)), by_whom(event))

    @admin.display(description="mode", ordering="livemode")
    def mode(self, event):
        return mode_of(event)

    @admin.display(description="Stripe's event")
    def event(self, event):
        return stripe_link(event.event_id, live=event.livemode)

    @admin.display(description="about")
    def about(self, event):
        return stripe_link(event.object_id, live=event.livemode)

    @admin.display(description="PaymentIntent")
    def intent(self, event):
        return stripe_link(event.payment_intent_id, live=event.livemode)


@admin.register(SentMail)
class SentMailAdmin(Facts):
    verbs = (Verb("resend", "Send it again", "resend_mail"), Verb("copy", "Mail a copy", "resend_mail"))
    list_display = ["giver", "kind", "status", "queued_at", "sent_at", "error"]
    list_filter = ["kind", "status", "gift__campaign", "gift__frequency", mode_filter("gift__livemode")]
    list_select_related = ["gift__donor", "donor", "staff"]
    date_hierarchy = "queued_at"
    search_fields = [
        "key__exact",
        "gift__name",
        "gift__donor__email",
        "donor__email",
        "staff__username",
        "staff__email",
        "gift__session_id__exact",
        "gift__stripe_customer__exact",
        "gift__stripe_subscription__exact",
        "payment__remote_id__exact",
        "payment__charge_id__exact",
    ]
    search_help_text = "A name, an e-mail address, or an id of Stripe's: cs_…, pi_…, ch_…, cus_…, sub_…"
    fields = ["kind", "giver", "status", "error", "queued_at", "sending_at", "sent_at", "gift", "payment", "key"]
    readonly_fields = fields

    def get_queryset(self, request):
        return super().get_queryset(request).select_related(*self.list_select_related)

    @admin.display(description="to", ordering="gift__donor__email")
    def giver(self, mail):
        return goes_to(mail)

    def heading(self, mail):
        year = f", {mail.about['year']}" if "year" in mail.about else ""
        return f"{mail.get_kind_display()}{year}, to {self.giver(mail)}"

    def refusal(self, verb, mail, user):
        if verb.name == "copy":
            return self.no_copy(mail)
        if mail.status == SentMail.Status.QUEUED:
            return "This mail is queued: it goes out by itself as soon as the worker runs."
        if mail.status == SentMail.Status.SENT:
            return "This mail has gone out, and no mail is sent twice."
        if not SentMail.objects.unfinished(timezone.now()).filter(pk=mail.pk).exists():
            return "This mail is being sent right now. Wait ten minutes; then it can be sent again."
        return ""

    def no_copy(self, mail):
        if mail.kind != SentMail.Kind.STATEMENT or mail.status != SentMail.Status.SENT:
            return "Copies are mailed of statements that have gone out."
        if not is_wanted(mail.donor, mail.kind):
            return "This giver has no e-mail address, or wants no mails but receipts."
        return ""

    def copy_view(self, request, object_id):
        mail, refused = self.row_for(request, "copy", object_id)
        if refused:
            return self.back_to(mail, request, refused, "error")
        year = mail.about["year"]
        words = [
            f"{goes_to(mail)} gets the statement of {year} once more, marked as a copy, with the figures as they "
            "stand now."
        ]
        if request.method != "POST":
            return self.ask(request, mail, "copy", words)
        if copy := issue_copy(mail.donor, year, timezone.now()):
            self.log_change(request, copy, "Asked for a copy of the statement.")
        return self.back_to(copy or mail, request, "Queued: the copy goes out within a minute.")

    def resend_view(self, request, object_id):
        mail, refused = self.row_for(request, "resend", object_id)
        if refused:
            return self.back_to(mail, request, refused, "error")
        words = [
            f"This mail to {goes_to(mail)} was begun on {moment(mail.sending_at)} and not finished, "
            "so nobody knows whether it arrived. If it did, they will have it twice, which is better than not at all.",
        ]
        if mail.error:
            words.append(f"What went wrong: {mail.error}")
        if request.method != "POST":
            return self.ask(request, mail, "resend", words)
        if mails.send_again(mail.pk, timezone.now()):
            send_soon(mail.pk)
            self.log_change(request, mail, "Queued it again.")
        return self.back_to(mail, request, "Queued: it goes out within a minute.")
