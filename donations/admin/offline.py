"""Cheques, transfers and cash: one person enters what came or went back, another confirms it, and then it counts."""

from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import Case, F, Value, When
from django.shortcuts import redirect
from django.urls import path, reverse
from django.utils import timezone

from donations import offline
from donations.admin_forms import OfflineForm, ReversalForm
from donations.ledger import NotBooked
from donations.models import Campaign, Payment, Refund
from donations.money import any_money, format_money

from .dashboard import how_many_wait, waiting, waiting_reversals
from .facts import NONE, Verb
from .gifts import day, link_to, moment, who_gave

CONFIRM = Verb("confirm", "Confirm that it arrived", "confirm_offline")
REJECT = Verb("reject", "Reject it", "confirm_offline")
GIVE_BACK = Verb("give_back", "Enter what went back", "enter_offline")
CONFIRM_BACK = Verb("confirm", "Confirm that it went back", "confirm_offline")
DROP_BACK = Verb("drop", "Drop it", "confirm_offline")
OWN = "You entered this payment, so another person confirms it: two people see every cheque."
OWN_BACK = "You entered this reversal, so another person confirms it: two people see every cheque."
SHOWN = 100  # slips on a page
IN_ORDER = ("own", "waits_since", "is_back", "pk")
NAMED = 3  # how many people a sentence names
BACKEND = "django.contrib.auth.backends.ModelBackend"


def name_of(user):
    return (user.get_full_name() or user.get_username()) if user else NONE


def who_can_confirm(user, what="it"):
    """In a sentence: the people besides this one who may confirm what was entered offline."""
    people = get_user_model().objects.with_perm("donations.confirm_offline", backend=BACKEND)
    others = people.filter(is_staff=True).exclude(pk=user.pk).order_by("first_name", "last_name", "username")
    names = [name_of(other) for other in others]
    if not names:
        return f"Nobody else may confirm {what} yet: ask an administrator for a second person who may."
    rest = len(names) - NAMED
    named = names[:NAMED] + ([f"{rest} more"] if rest > 0 else [])
    return f"{' or '.join(filter(None, (', '.join(named[:-1]), named[-1])))} can confirm {what}."


def confirmed_so(refund):
    """Who confirmed a reversal and when; of one that waits, who can."""
    if refund.status == Refund.Status.PROPOSED:
        return f"Nobody yet. {who_can_confirm(refund.entered_by)}"
    return f"{name_of(refund.confirmed_by)}, {moment(refund.confirmed_at)}" if refund.confirmed_by else NONE


def what_waits(user):
    """Payments and reversals that wait, the longest waiting first, and last those that this person entered.

    Their keys, in an order and with a number that the database knows, so that a page of them reads no others.
    """
    payments = keys_of(waiting(), "entered_at", user, is_back=False)
    return payments.union(keys_of(waiting_reversals(), "made_at", user, is_back=True), all=True).order_by(*IN_ORDER)


def keys_of(rows, at, user, *, is_back):
    own = Case(When(entered_by=user.pk, then=1), default=0)
    told = rows.order_by().annotate(own=own, waits_since=F(at), is_back=Value(int(is_back)))
    return told.values_list(*IN_ORDER)


def rows_of(keys):
    """The rows themselves in the order of `keys`, less what somebody settled meanwhile."""
    wanted = [(is_back, pk) for _, _, is_back, pk in keys]
    found = {}
    for is_back, rows in enumerate((waiting(), waiting_reversals())):
        of_these = rows.filter(pk__in=[pk for its, pk in wanted if its == is_back])
        found |= {(is_back, row.pk): row for row in of_these}
    return [found[key] for key in wanted if key in found]


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
        tools = [(f"Waiting for confirmation ({how_many_wait()})", reverse("admin:donations_offline_waiting"))]
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
            message = f"Entered: {payment.money()}, promised until another person confirms it. "
            message += who_can_confirm(request.user)
            return self.back_to(payment, request, message)
        title = "Enter a cheque, transfer or cash gift"
        response = self.page(request, "enter.html", form=form, title=title)
        response.status_code = 422 if form.is_bound else 200
        return response

    def enter(self, request, form, now):
        """The new payment, or None where the same is there already and the form does not say that it is another."""
        campaign = form.cleaned_data["campaign"]
        with transaction.atomic():
            Campaign.objects.held().get(pk=campaign.pk)  # of two presses, the second finds the first
            if form.asks_about_a_twin():
                return None
            try:
                payment = offline.enter(campaign, form.entry(), by=request.user, now=now)
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
        page = Paginator(what_waits(request.user), SHOWN).get_page(request.GET.get("page"))
        rows = [self.slip_of(row, request.user) for row in rows_of(page)]
        return self.page(
            request,
            "waiting.html",
            title="Waiting for confirmation",
            rows=rows,
            page=page,
            may=may,
            all_ticked=request.GET.get("tick") == "all",
            several=may and sum(bool(row["tick"]) for row in rows) > 1,
            who_can=who_can_confirm(request.user) if any(row["own"] for row in rows) else "",
        )

    def slip_of(self, row, user):
        return self.slip(row, user) if isinstance(row, Payment) else self.slip_back(row, user)

    def slip(self, payment, user):
        """A payment on the list of what waits."""
        return {
            "money": link_to(payment, payment.money()),
            "who": who_gave(payment.gift),
            "facts": [
                ("From", who_gave(payment.gift)),
                ("For", payment.gift.campaign),
                (f"{payment.get_channel_display()}, dated", day(payment.given_at)),
                ("Number", payment.reference or NONE),
                ("Entered by", f"{name_of(payment.entered_by)}, {moment(payment.entered_at)}"),
            ],
            "own": payment.entered_by_id == user.pk,
            "tick": None if payment.entered_by_id == user.pk else payment.pk,
            "deeds": [] if payment.entered_by_id == user.pk else self.deeds(payment, CONFIRM, REJECT),
        }

    def slip_back(self, refund, user):
        """What went back of one, on the same list."""
        payment = refund.payment
        channel = payment.get_channel_display().lower()
        own = refund.entered_by_id == user.pk
        return {
            "money": link_to(refund, f"{any_money(refund.amount, refund.currency)} went back"),
            "who": who_gave(payment.gift),
            "facts": [
                ("To", who_gave(payment.gift)),
                ("For", payment.gift.campaign),
                ("Of", link_to(payment, f"{payment.money()}, {channel}, {day(payment.given_at)}")),
                ("Reason", refund.reason or NONE),
                ("Entered by", f"{name_of(refund.entered_by)}, {moment(refund.made_at)}"),
            ],
            "own": own,
            "tick": None,
            "deeds": self.deeds(refund, *([DROP_BACK] if own else [CONFIRM_BACK, DROP_BACK])),
        }

    def deeds(self, row, *verbs):
        """The first is the button."""
        model = row._meta.model_name
        return [(verb, reverse(f"admin:donations_{model}_{verb.name}", args=[row.pk])) for verb in verbs]

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
        if not payment.refundable():
            return "All of this payment has gone back already."
        return "" if payment.unspoken_for() else "All that is left of this payment waits to be confirmed as gone back."

    def give_back_view(self, request, object_id):
        payment, refused = self.row_for(request, "give_back", object_id)
        if refused:
            return self.back_to(payment, request, refused, "error")
        form = ReversalForm(request.POST or None, payment=payment)
        words = [
            "A cheque bounced, or cash was handed back: enter here what is gone. It is taken off what was raised once "
            "another person has confirmed it. This moves no money; it only says that money went.",
        ]
        if waits := payment.proposed():
            words.append(f"{format_money(waits, payment.currency)} of it waits to be confirmed already.")
        if not form.is_valid():
            return self.ask(request, payment, "give_back", words, form, status=422 if form.is_bound else 200)
        amount, reason = form.cleaned_data["amount"], form.cleaned_data["reason"]
        try:
            offline.propose_reversal(payment, **form.cleaned_data, by=request.user, now=timezone.now())
        except NotBooked as refusal:
            return self.ask(request, payment, "give_back", words, form, trouble=str(refusal), status=409)
        back = format_money(amount, payment.currency)
        self.log_change(request, payment, f"Entered {back} as gone back: {reason}")
        said = f"Entered: {back} went back. It is taken off once another person has confirmed it. "
        return self.back_to(payment, request, said + who_can_confirm(request.user))


class SecondLook:
    """The verbs of what went back of an offline payment, as one person says, until a second one has looked."""

    def refusal(self, verb, refund, user):
        if refund.remote_id:
            return "This refund was made through Stripe, so nobody has to confirm it."
        if refund.status != Refund.Status.PROPOSED:
            return f"This reversal is not waiting for anybody: it is {refund.get_status_display().lower()}."
        return OWN_BACK if verb == CONFIRM_BACK and refund.entered_by_id == user.pk else ""

    def confirm_view(self, request, object_id):
        refund, refused = self.row_for(request, "confirm", object_id)
        words = [
            *self.entered_so(refund),
            "Compare it with the bank statement, or ask who handed the cash back.",
            "From now on it is taken off what was raised, and it stays.",
        ]
        done = f"Confirmed: {self.money(refund)} is taken off from now on."
        return self.settle(request, refund, "confirm", words, done, refused)

    def drop_view(self, request, object_id):
        refund, refused = self.row_for(request, "drop", object_id)
        words = [*self.entered_so(refund), "Drop it if it was entered wrongly. Nothing is then taken off."]
        return self.settle(request, refund, "drop", words, "Dropped: nothing is taken off.", refused)

    def settle(self, request, refund, name, words, done, refused):
        if refused:
            return self.back_to(refund, request, refused, "error")
        if request.method != "POST":
            return self.ask(request, refund, name, words)
        try:
            if name == "confirm":
                offline.confirm_reversal(refund, by=request.user, now=timezone.now())
            else:
                offline.drop_reversal(refund)
        except NotBooked as refusal:
            return self.back_to(refund, request, str(refusal), "error")
        self.log_change(request, refund, done)
        self.log_change(request, refund.payment, done)
        self.message_user(request, done)
        return redirect("admin:donations_offline_waiting")

    def entered_so(self, refund):
        payment = refund.payment
        what = f"{payment.get_channel_display().lower()}, dated {day(payment.given_at)}"
        return [
            f"{name_of(refund.entered_by)} says that {self.money(refund)} of {payment.money()} from "
            f"{who_gave(payment.gift)} went back ({what}): {refund.reason}"
        ]
