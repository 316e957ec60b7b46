"""Transfers from a bank's file: first shown line by line, then entered as promised; a second person confirms them."""

from django.contrib.admin.models import ADDITION, LogEntry
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.shortcuts import redirect
from django.urls import path, reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.debug import sensitive_post_parameters

from donations import bank_lines
from donations.bank_lines import MOST_AT_ONCE, State
from donations.ledger import NotBooked
from donations.models import Campaign, Payment
from donations.money import any_money

from .bank_forms import ColumnsForm, FileForm
from .offline import who_can_confirm

CHANGED = (
    "This is not what you were shown: the columns or the payments have changed. Look at the lines again, then enter."
)


class BankImport:
    """The page at which a bank's file comes in. The file itself is kept nowhere: its text goes along in the form."""

    def get_urls(self):
        view = self.admin_site.admin_view(self.import_view)
        return [path("import/", view, name="donations_bank_import"), *super().get_urls()]

    def tools(self, request):
        tools = super().tools(request)
        if request.user.has_perm("donations.enter_offline"):
            tools.append(("Import a bank’s statement", reverse("admin:donations_bank_import")))
        return tools

    @method_decorator(sensitive_post_parameters())
    def import_view(self, request):
        if not request.user.has_perm("donations.enter_offline") or not self.has_view_permission(request):
            raise PermissionDenied
        if request.method == "POST" and "text" in request.POST:
            return self.look_view(request)
        now = timezone.now()
        form = FileForm(
            request.POST or None, request.FILES or None, initial={"campaign": Campaign.objects.default(now)}
        )
        if form.is_valid():
            return self.first_look(request, form.cleaned_data["campaign"], form.cleaned_data["file"], now)
        return self.import_page(request, "import_file.html", status=422 if form.is_bound else 200, form=form)

    def import_page(self, request, template, *, status=200, **context):
        response = self.page(request, template, title="Import a bank’s statement", **context)
        response.status_code = status
        return response

    # --- Looking
    def first_look(self, request, campaign, text, now):
        """The columns as they seem, and the lines if that is clear."""
        table = bank_lines.table_of(text)
        form = ColumnsForm({"text": text, "campaign": campaign.pk, **bank_lines.guess(table)}, table=table)
        return self.show_lines(request, form, now)

    def look_view(self, request):
        now = timezone.now()
        try:
            table = bank_lines.table_of(bank_lines.plain(request.POST["text"]))
        except bank_lines.FileRefused as refused:
            form = FileForm(initial={"campaign": Campaign.objects.default(now)})
            return self.import_page(request, "import_file.html", status=422, form=form, trouble=str(refused))
        form = ColumnsForm(request.POST, table=table)
        if "enter" in request.POST and form.is_valid():
            return self.enter_lines(request, form, now)
        return self.show_lines(request, form, now, status=200 if form.is_valid() else 422)

    def show_lines(self, request, form, now, *, trouble="", status=200):
        report = None
        if form.is_valid():
            campaign = form.cleaned_data["campaign"]
            verdicts = bank_lines.look(form.lines(), campaign, now)
            report = Report(verdicts, campaign, set(request.POST.getlist("tick")))
        return self.import_page(request, "import_lines.html", status=status, form=form, report=report, trouble=trouble)

    # --- Entering
    def enter_lines(self, request, form, now):
        """All or none, and only what was shown: whatever came between is shown first."""
        try:
            payments = self.bring_in(request, form, now)
        except (NotBooked, IntegrityError):  # another import of the same lines was first; the new look says so
            payments = None
        if payments is None:
            return self.show_lines(request, form, now, trouble=CHANGED, status=409)
        self.message_user(request, self.sentence(payments, request.user))
        if len(payments) == MOST_AT_ONCE:
            return self.show_lines(request, form, now)  # perhaps there are more
        return redirect("admin:donations_offline_waiting")

    def bring_in(self, request, form, now):
        campaign = form.cleaned_data["campaign"]
        with transaction.atomic():
            Campaign.objects.held().get(pk=campaign.pk)  # of two presses, the second finds the first
            verdicts = bank_lines.look(form.lines(), campaign, now)
            if bank_lines.digest(verdicts, campaign) != request.POST.get("seen"):
                return None
            ticked = set(request.POST.getlist("tick"))
            payments = bank_lines.enter(verdicts, ticked, campaign, by=request.user, now=now)
            self.log_import(request.user, payments)
        return payments

    def log_import(self, user, payments):
        rows = Payment.objects.filter(pk__in=[payment.pk for payment in payments])
        LogEntry.objects.log_actions(user.pk, rows, ADDITION, change_message="Entered it from a bank's file.")

    def sentence(self, payments, user):
        if not payments:
            return "Nothing was entered: every line is there already, or was left out."
        total = any_money(sum(payment.amount for payment in payments), payments[0].currency)
        what = "it" if len(payments) == 1 else "them"
        said = f"Entered: {counted(len(payments))}, {total}, promised until another person confirms {what}. "
        return said + who_can_confirm(user, what)


def counted(number):
    return "1 payment" if number == 1 else f"{number:,} payments"


class Report:
    """What the page shows of a file, the lines that need the person first."""

    titles = (
        ("ask", "Yours to decide", (State.TWIN, State.SAME)),
        ("wrong", "Cannot be entered", (State.WRONG,)),
        ("good", "Will be entered", (State.GOOD,)),
        ("rest", "Left out", (State.KNOWN, State.OUT)),
    )

    def __init__(self, verdicts, campaign, ticked):
        self.campaign, self.ticked = campaign, ticked
        self.seen = bank_lines.digest(verdicts, campaign)
        self.lines = len(verdicts)
        self.asks = any(one.state in (State.SAME, State.TWIN) for one in verdicts)
        self.may_enter = self.asks or any(one.state == State.GOOD for one in verdicts)
        self.sums_up = self.in_a_sentence([one.line for one in verdicts if one.is_entered(ticked)])
        self.parts = [
            (name, title, [self.row(one) for one in verdicts if one.state in states])
            for name, title, states in self.titles
        ]

    def in_a_sentence(self, chosen):
        if not chosen:
            return "No line is left to be entered."
        total = any_money(sum(line.amount for line in chosen), self.campaign.currency)
        first = f" The first {MOST_AT_ONCE} are entered at once, then the next." if len(chosen) > MOST_AT_ONCE else ""
        return f"{counted(len(chosen))} of {total} can be entered for “{self.campaign}”.{first}"

    def row(self, verdict):
        line = verdict.line
        return {
            "line": line,
            "says": verdict.says,
            "money": any_money(line.amount, self.campaign.currency) if line.given_on else "",
            "asks": verdict.state in (State.TWIN, State.SAME),
            "label": "Enter it all the same" if verdict.state == State.TWIN else "Leave it out",
            "ticked": line.key in self.ticked,
        }
