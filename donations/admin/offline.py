"""Cheques, transfers and cash: one person enters what arrived, another confirms it, and only then it counts."""

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.shortcuts import redirect
from django.urls import path, reverse
from django.utils import timezone

from donations import offline
from donations.admin_forms import OfflineForm, ReversalForm
from donations.ledger import NotBooked
from donations.models import Campaign, Payment
from donations.money import format_money

from .dashboard import waiting
from .facts import NONE, Verb
from .gifts import day, link_to, moment, who_gave

CONFIRM = Verb("confirm", "Confirm that it arrived", "confirm_offline")
REJECT = Verb("reject", "Reject it", "confirm_offline")
GIVE_BACK = Verb("give_back", "Book what went back", "enter_offline")
OWN = "You entered this payment, so another person confirms it: two people see every cheque."


def name_of(user):
    return (user.get_full_name() or user.get_username()) if user else NONE


class Offline:
    """The pages and verbs of payments that did not come through Stripe."""

    def get_urls(self):
        site = self.admin_site.admin_view
        return [
            path("enter/", site(self.enter_view), name="donations_offline_enter"),
            path("waiting/", site(self.waiting_view), name="donations_offline_waiting"),
            *super().get_urls(),
        ]

    def tools(self, request):
        """What stands above the list of payments."""
        tools = [(f"Waiting for confirmation ({waiting().count()})", reverse("admin:donations_offline_waiting"))]
        if request.user.has_perm("donations.enter_offline"):
            tools.append(("Enter a cheque, transfer or cash", reverse("admin:donations_offline_enter")))
        return tools

    # --- Entering
    def enter_view(self, request):
        if not request.user.has_perm("donations.enter_offline") or not self.has_view_permission(request):
            raise PermissionDenied
        now = timezone.now()
        form = OfflineForm(request.POST or None, now=now)
        payment = self.enter(request, form, now) if form.is_valid() else None
        if payment:
            message = f"Entered: {payment.money()}, promised until another person confirms it."
            return self.back_to(payment, request, message)
        title = "Enter a cheque, transfer or cash gift"
        response = self.page(request, "enter.html", form=form, title=title)
        response.status_code = 422 if form.is_bound else 200
        return response

    def enter(self, request, form, now):
        """The new payment, or None where the same is there already and the form does not say that it is another."""
        campaign = form.cleaned_data["campaign"]
        with transaction.atomic():
            Campaign.objects.select_for_update().get(pk=campaign.pk)  # of two presses, the second finds the first
            if form.asks_about_a_twin():
                return None
            try:
                payment = offline.enter(campaign, by=request.user, now=now, **form.entry())
            except NotBooked as refusal:
                form.add_error(None, str(refusal))
                return None
            self.log_addition(request, payment, "Entered it.")
        return payment

    # --- The list of what waits
    def waiting_view(self, request):
        if not self.has_view_permission(request):
            raise PermissionDenied
        may = request.user.has_perm("donations.confirm_offline")
        rows = [
            (payment, self.row(payment), may and not self.why_not_settle(payment, request.user))
            for payment in waiting()
        ]
        own = any(payment.entered_by_id == request.user.pk for payment, *_ in rows)
        return self.page(request, "waiting.html", title="Waiting for confirmation", rows=rows, may=may, own=own)

    def row(self, payment):
        return {
            "money": link_to(payment, payment.money()),
            "who": who_gave(payment.gift),
            "campaign": payment.gift.campaign,
            "channel": payment.get_channel_display(),
            "dated": day(payment.given_at),
            "reference": payment.reference or NONE,
            "entered": f"{name_of(payment.entered_by)}, {moment(payment.entered_at)}",
        }

    # --- Confirming, rejecting, booking what went back
    def why_not_settle(self, payment, user):
        if payment.channel == Payment.Channel.STRIPE:
            return "This payment came through Stripe, so nobody has to confirm it."
        if payment.status != Payment.Status.PENDING:
            return f"This payment is not waiting for anybody: it is {payment.get_status_display().lower()}."
        return OWN if payment.entered_by_id == user.pk else ""

    def confirm_view(self, request, object_id):
        payment, refused = self.row_for(request, "confirm", object_id)
        words = [
            *self.entered_so(payment),
            "Compare it with the cheque, the bank statement or the cash box.",
            "From now on it counts, and it stays: what goes back later is booked beside it.",
        ]
        if payment.gift.donor.email:
            words.append(f"A receipt goes to {payment.gift.donor.email}.")
        done = f"Confirmed: {payment.money()} counts from now on."
        return self.settle(request, payment, "confirm", words, done, refused)

    def reject_view(self, request, object_id):
        payment, refused = self.row_for(request, "reject", object_id)
        words = [*self.entered_so(payment), "Reject it if it never came or was entered wrongly. It then never counts."]
        return self.settle(request, payment, "reject", words, "Rejected: it does not count.", refused)

    def settle(self, request, payment, name, words, done, refused):
        if refused:
            return self.back_to(payment, request, refused, "error")
        if request.method != "POST":
            return self.ask(request, payment, name, words)
        try:
            if name == "confirm":
                offline.confirm(payment, by=request.user, now=timezone.now())
            else:
                offline.withdraw(payment, now=timezone.now())
        except NotBooked as refusal:
            return self.back_to(payment, request, str(refusal), "error")
        self.log_change(request, payment, done)
        self.message_user(request, done)
        return redirect("admin:donations_offline_waiting")

    def entered_so(self, payment):
        what, gift = payment.get_channel_display().lower(), payment.gift
        number = f", number {payment.reference}" if payment.reference else ""
        return [
            f"{name_of(payment.entered_by)} entered {payment.money()} from {who_gave(gift)} for “{gift.campaign}”: "
            f"{what}, dated {day(payment.given_at)}{number}."
        ]

    def why_not_give_back(self, payment):
        if payment.channel == Payment.Channel.STRIPE:
            return "This payment came through Stripe: refund it there, and it is booked by itself."
        if payment.status != Payment.Status.SUCCEEDED:
            return "Nothing of this payment has counted, so nothing can go back."
        return "" if payment.refundable() else "All of this payment has gone back already."

    def give_back_view(self, request, object_id):
        payment, refused = self.row_for(request, "give_back", object_id)
        if refused:
            return self.back_to(payment, request, refused, "error")
        form = ReversalForm(request.POST or None, payment=payment)
        words = [
            "A cheque bounced, or cash was handed back: book here what is gone, and it is taken off what was raised. "
            "This moves no money; it only says that money went.",
        ]
        if not form.is_valid():
            return self.ask(request, payment, "give_back", words, form, status=422 if form.is_bound else 200)
        amount, reason = form.cleaned_data["amount"], form.cleaned_data["reason"]
        try:
            offline.give_back(payment, **form.cleaned_data, by=request.user, now=timezone.now())
        except NotBooked as refusal:
            return self.ask(request, payment, "give_back", words, form, trouble=str(refusal), status=409)
        back = format_money(amount, payment.currency)
        self.log_change(request, payment, f"Booked {back} as gone back: {reason}")
        return self.back_to(payment, request, f"{back} is booked as gone back.")
