"""Several payments of one statement confirmed together: looked over on one page, then each by itself."""

from django.core.exceptions import PermissionDenied
from django.shortcuts import redirect
from django.urls import path
from django.utils import timezone

from donations import offline
from donations.ledger import NotBooked
from donations.models import Payment
from donations.money import any_money

from .dashboard import waiting
from .facts import NONE, Table
from .gifts import day, link_to, who_gave
from .offline import SHOWN, name_of

HEADS = ("Amount", "From", "Dated", "Number", "For", "Entered by")


class Together:
    """What stands on the list of what waits, several at once."""

    def get_urls(self):
        view = self.admin_site.admin_view(self.together_view)
        return [path("waiting/together/", view, name="donations_offline_together"), *super().get_urls()]

    def together_view(self, request):
        if not request.user.has_perm("donations.confirm_offline") or not self.has_view_permission(request):
            raise PermissionDenied
        if request.method != "POST":
            return redirect("admin:donations_offline_waiting")
        payments = self.ticked(request)
        if not payments:
            self.message_user(request, "Nothing that you could confirm was ticked. Tick two or more.", "warning")
        elif "sure" not in request.POST:
            return self.look_over(request, payments)
        else:
            self.confirm_each(request, payments)
        return redirect("admin:donations_offline_waiting")

    def ticked(self, request):
        """The ticked payments of other people that still wait, the longest waiting first."""
        keys = {int(key) for key in request.POST.getlist("tick") if key.isascii() and key.isdigit() and len(key) < 19}
        return list(waiting().filter(pk__in=keys).exclude(entered_by=request.user)[:SHOWN])

    def look_over(self, request, payments):
        rows = [
            (
                link_to(one, one.money()),
                who_gave(one.gift),
                day(one.given_at),
                one.reference or NONE,
                one.gift.campaign,
                name_of(one.entered_by),
            )
            for one in payments
        ]
        table = Table(f"{len(rows)} payments, {in_all(payments)}" if len(rows) > 1 else in_all(payments), HEADS, rows)
        receipts = sum(bool(one.gift.donor.email) for one in payments)
        title = "Confirm that all of these arrived"
        return self.page(
            request, "together.html", title=title, table=table, ticked=[one.pk for one in payments], receipts=receipts
        )

    def confirm_each(self, request, payments):
        """Each in a transaction of its own: one that cannot be confirmed keeps none of the others waiting."""
        done, now = [], timezone.now()
        for payment in payments:
            try:
                offline.confirm(payment, by=request.user, now=now)
            except NotBooked as refusal:
                self.message_user(request, f"{payment.money()} from {who_gave(payment.gift)}: {refusal}", "error")
                continue
            done.append(payment)
            self.log_change(request, payment, f"Confirmed: {payment.money()} counts from now on.")
        if done:
            counts = "1 payment counts" if len(done) == 1 else f"{len(done)} payments count"
            self.message_user(request, f"Confirmed: {counts} from now on, {in_all(done)}.")


def in_all(payments: list[Payment]) -> str:
    """What they come to, by currency."""
    sums = dict[str, int]()
    for payment in payments:
        sums[payment.currency] = sums.get(payment.currency, 0) + payment.amount
    return " and ".join(any_money(total, currency) for currency, total in sums.items())
