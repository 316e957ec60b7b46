"""What Stripe told us, and the mails that we owe."""

from django.contrib import admin

from donations.models import SentMail, WebhookEvent

from .facts import Facts
from .gifts import mode_of
from .stripe_links import stripe_link


@admin.register(WebhookEvent)
class WebhookEventAdmin(Facts):
    list_display = ["received_at", "type", "object_id", "state", "reason", "attempts", "mode"]
    list_display_links = ["type"]
    list_filter = ["state", "gift__campaign", "gift__frequency", "livemode", "type"]
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
    fields = ["type", "state", "reason", "attempts", "received_at", "attempted_at", "settled_at", "gift", "mode"]
    fields += ["event", "about", "intent"]
    readonly_fields = fields

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
    list_display = ["queued_at", "kind", "giver", "status", "sent_at", "error"]
    list_filter = ["kind", "status", "gift__campaign", "gift__frequency", "gift__livemode"]
    list_select_related = ["gift__donor"]
    date_hierarchy = "queued_at"
    search_fields = [
        "key__exact",
        "gift__name",
        "gift__donor__email",
        "gift__session_id__exact",
        "gift__stripe_customer__exact",
        "gift__stripe_subscription__exact",
        "payment__remote_id__exact",
        "payment__charge_id__exact",
    ]
    search_help_text = "A name, an e-mail address, or an id of Stripe's: cs_…, pi_…, ch_…, cus_…, sub_…"
    fields = ["kind", "giver", "status", "error", "queued_at", "sending_at", "sent_at", "gift", "payment", "key"]
    readonly_fields = fields

    @admin.display(description="to", ordering="gift__donor__email")
    def giver(self, mail):
        return str(mail.gift.donor) if mail.gift else "–"
