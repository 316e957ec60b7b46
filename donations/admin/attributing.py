"""Giving money that names no gift of ours the one that it was meant for, or a new one."""

import re

from django import forms
from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.contrib.admin.options import get_content_type_for_model
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.html import format_html

from donations import ledger
from donations.models import Campaign, Gift, WebhookEvent
from donations.money import any_money
from donations.stripe_gateway import Gateway, StripeTrouble

from .facts import Verb
from .gifts import moment, who_gave

ATTRIBUTE = Verb("attribute", "Give this money a gift", "attribute_money")
REFERENCE = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class AttributionForm(forms.Form):
    """The gift that money belongs to, named by our own reference, or what a new one needs."""

    gift = forms.CharField(
        label="Our reference of the gift",
        required=False,
        max_length=500,
        help_text="It stands on the gift's page. The address of that page will do as well.",
    )
    campaign = forms.ModelChoiceField(
        Campaign.objects.public(),
        label="Or a new gift to this campaign",
        required=False,
        empty_label="No, the gift above",
        help_text="Where nobody filled in our form, as with a payment link made in Stripe's dashboard.",
    )
    name = forms.CharField(label="Giver's name, of a new gift", required=False, max_length=120)
    email = forms.EmailField(
        label="Giver's e-mail address, of a new gift",
        required=False,
        help_text="If you type one, it gets a receipt.",
    )

    def clean_gift(self):
        said = self.cleaned_data["gift"]
        found = REFERENCE.search(said)
        gift = Gift.objects.filter(pk=found[0], livemode=settings.STRIPE_LIVE).first() if found else None
        if said and gift is None:
            raise ValidationError("No gift through Stripe has this reference. Copy it whole from the gift's page.")
        return gift

    def clean(self):
        said = super().clean()
        if "gift" in said and "campaign" in said and bool(said["gift"]) == bool(said["campaign"]):
            both = "This names a gift and a campaign. Choose one: the gift that was there, or a new one."
            none = "Paste our reference of the gift, or choose the campaign of a new one."
            self.add_error("gift", both if said["gift"] else none)
        return said

    def book(self, intent_id, now):
        """Books the money for what was chosen. Raises NotBooked and StripeTrouble."""
        said = self.cleaned_data
        if said["gift"]:
            return ledger.attribute(intent_id, said["gift"], now=now)
        return ledger.attribute_to_new(intent_id, said["campaign"], name=said["name"], email=said["email"], now=now)


class Attributing:
    """The verb on the page of a message that tells of such money."""

    def refusal(self, verb, event, user):
        if not WebhookEvent.objects.unattributed().filter(pk=event.pk).exists():
            return "This message tells of no money that still lacks a gift."
        if not event.payment_intent_id:
            return "This message names no payment, so there is nothing to book. Look at it at Stripe."
        return ""

    def attribute_view(self, request, object_id):
        event, refused = self.row_for(request, "attribute", object_id)
        if refused:
            return self.back_to(event, request, refused, "error")
        form = AttributionForm(request.POST or None)
        if not form.is_valid():
            return self.ask_whose(request, event, form, status=422 if form.is_bound else 200)
        try:
            gift = form.book(event.payment_intent_id, timezone.now())
        except ledger.NotBooked as wrong:  # the person's choice, not Stripe
            return self.ask_whose(request, event, form, trouble=str(wrong), status=422)
        except StripeTrouble as trouble:
            return self.ask_whose(request, event, form, trouble=str(trouble), status=502)
        self.log_change(request, event, f"Gave the payment {event.payment_intent_id} to the gift {gift.pk}.")
        return self.back_to(event, request, f"Booked for {who_gave(gift)}: {gift}.")

    def ask_whose(self, request, event, form, **how):
        words = [
            f"{what_came(event)} names no gift of ours, so it is in no figure.",
            format_html("Look at it at Stripe first, who paid and what for: {}", self.intent(event)),
            "Give it only to the gift that it was meant for. It counts at once, and no button takes it away again.",
        ]
        return self.ask(request, event, "attribute", words, form, **how)


def given_since(event):
    """The gift for which the money of a message is booked that named none; None while it waits for one."""
    if event.reason != event.UNATTRIBUTED or not event.payment_intent_id:
        return None
    return Gift.objects.filter(payments__remote_id=event.payment_intent_id).first()


def by_whom(event):
    """Who gave this money its gift, and when, as the desk's log has it; empty where no person did."""
    told = LogEntry.objects.filter(content_type=get_content_type_for_model(event))
    entry = (
        told.filter(change_message__contains=f"the payment {event.payment_intent_id} ").select_related("user").last()
    )
    return f", given by {entry.user.get_full_name() or entry.user} on {moment(entry.action_time)}" if entry else ""


def what_came(event):
    """The money in words, as far as Stripe can be asked for it now."""
    key = event.payment_intent_id
    try:
        intent = Gateway().intent(key)
    except StripeTrouble:
        return f"The payment {key}"
    amount = any_money(intent.amount_received or intent.amount, intent.currency)
    return f"The payment {key} of {amount}, begun on {moment(intent.created)},"
