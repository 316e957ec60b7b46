"""Giving a payment back through Stripe, in full or in part."""

import logging

from django.contrib.admin.models import LogEntry
from django.contrib.admin.options import get_content_type_for_model
from django.utils import timezone

from donations import ledger
from donations.admin_forms import RefundForm
from donations.models import Payment
from donations.money import COUNTED, format_money
from donations.stripe_gateway import StripeTrouble
from outbox.discreet import in_brief

from .facts import Verb
from .gifts import who_gave

log = logging.getLogger(__name__)
BOOKED_LATER = "Stripe gives it back; it is booked in a minute."
REFUND = Verb("refund", "Refund this payment", "refund_payment")


class Refunding:
    """The verb on a payment's page. One form is one refund, however often its button is pressed."""

    def why_no_refund(self, payment):
        if payment.channel != Payment.Channel.STRIPE:
            return "This payment did not come through Stripe, so Stripe cannot give it back."
        if payment.status != Payment.Status.SUCCEEDED:
            return (
                f"Only a payment that succeeded can be given back; this one is {payment.get_status_display().lower()}."
            )
        if payment.currency not in COUNTED:
            return (
                f"We cannot count in {payment.currency}: refund it in Stripe's dashboard, and it is booked by itself."
            )
        return "" if payment.refundable() else "All of this payment has gone back already."

    def refund_view(self, request, object_id):
        payment, refused = self.row_for(request, "refund", object_id)
        if request.POST and self.made_already(payment, request.POST.get("key", "")):
            return self.back_to(payment, request, "This refund was made already; nothing was given back twice.")
        if refused:
            return self.back_to(payment, request, refused, "error")
        form = RefundForm(request.POST or None, payment=payment)
        if not form.is_valid():
            return self.ask_refund(request, payment, form, status=422 if form.is_bound else 200)
        return self.refund(request, payment, form)

    def refund(self, request, payment, form):
        amount, reason, key = (form.cleaned_data[name] for name in ("amount", "reason", "key"))
        now = timezone.now()
        try:
            booked = ledger.refund(payment, amount=amount, reason=reason, key=str(key), now=now)
        except ledger.NotBooked as refused:
            return self.ask_refund(request, payment, form, trouble=str(refused), status=409)
        except StripeTrouble as trouble:
            return self.after_trouble(request, payment, form, trouble, now)
        return self.refunded(request, payment, form, booked=booked)

    def refunded(self, request, payment, form, *, booked):
        amount, reason, key = (form.cleaned_data[name] for name in ("amount", "reason", "key"))
        back, giver = format_money(amount, payment.currency), who_gave(payment.gift)
        self.log_change(request, payment, f"Gave {back} back: {reason} (form {key})")
        later = "" if booked else f" {BOOKED_LATER}"
        return self.back_to(payment, request, f"{back} goes back to {giver}.{later}")

    def after_trouble(self, request, payment, form, trouble, now):
        """Stripe repeats a final answer to the old key, even one after which it did the work: look, then say."""
        log.warning("A refund of %s met trouble: %s", payment.remote_id, in_brief(trouble))
        if not trouble.is_final:
            return self.press_again(request, payment, form, trouble)
        try:
            made = ledger.refund_was_made(payment, str(form.cleaned_data["key"]))
        except StripeTrouble as more:
            log.warning("Whether %s was refunded cannot be seen: %s", payment.remote_id, in_brief(more))
            return self.press_again(request, payment, form, trouble)
        booked = ledger.book_again(payment, now=now)
        if made:
            return self.refunded(request, payment, form, booked=booked)
        return self.nothing_went_back(request, payment, form, trouble)

    def press_again(self, request, payment, form, trouble):
        """Nobody knows whether it was made, so the form keeps its key."""
        words = f"{trouble} Press the button again: nothing is given back twice."
        return self.ask_refund(request, payment, form, trouble=words, status=503)

    def nothing_went_back(self, request, payment, form, trouble):
        """The form with a new key and what is left, which may be less than it was: Stripe was just asked."""
        if refused := self.why_no_refund(payment):
            return self.back_to(payment, request, f"{trouble} {refused}", "error")
        again = RefundForm(payment=payment, reason=form.cleaned_data["reason"])
        words = f"{trouble} Nothing was given back by this form."
        return self.ask_refund(request, payment, again, trouble=words, status=409)

    def made_already(self, payment, key):
        if not key or "\0" in key:  # the form refuses both, and PostgreSQL cannot look for a NUL
            return False
        mine = LogEntry.objects.filter(content_type=get_content_type_for_model(payment), object_id=str(payment.pk))
        return mine.filter(change_message__endswith=f"(form {key})").exists()

    def ask_refund(self, request, payment, form, **answer):
        gift = payment.gift
        words = [
            f"{who_gave(gift)} gave {payment.money()} to “{gift.campaign}”. What you give back goes to the card or "
            "account that it came from, usually within ten days, and is taken off what the campaign has raised.",
            "Stripe keeps its fee.",
        ]
        if gift.can_be_stopped:
            words.append("The monthly gift goes on all the same: stop it on the gift's page if that is meant too.")
        return self.ask(request, payment, "refund", words, form, **answer)
