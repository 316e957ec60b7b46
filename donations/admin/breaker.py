"""The page of the breaker: whether somebody is trying cards, what holds for new gifts, and the switches."""

from functools import partial

from django import forms
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.shortcuts import redirect
from django.urls import path
from django.utils import timezone

from donations import breaker
from donations.admin_forms import amount_of
from donations.breaker import MONTHLY, ONCE, measured
from donations.models import Breaker, BreakerRule
from donations.money import decimal_text, format_money

from . import dashboard
from .facts import NONE, Table
from .gifts import moment
from .offline import name_of

GO_ON = "go_on"
PAUSE, RAISE = Breaker.Does.PAUSE, Breaker.Does.RAISE
AT_MOST = 25


class DoesForm(forms.Form):
    """What holds for one-off gifts, with the amount where the smallest is raised."""

    does = forms.ChoiceField(label="One-off gifts", widget=forms.RadioSelect)
    minimum = forms.CharField(
        label=f"Smallest gift once, in {settings.CURRENCY}",
        required=False,
        max_length=30,
        help_text="Such as 20.00.",
    )

    def __init__(self, *args, choices, now, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["does"].choices = choices
        self.initial = {"does": now.does, "minimum": amount(now)} if now else {"does": choices[0][0]}

    def clean(self):
        """`minimum` becomes minor units, and None where nothing is raised."""
        said = super().clean()
        typed, said["minimum"] = said.get("minimum", ""), None
        if said.get("does") == RAISE:
            try:
                said["minimum"] = amount_of(typed, settings.CURRENCY)
            except forms.ValidationError as refused:
                self.add_error("minimum", refused)
        return said


def amount(row):
    return decimal_text(row.minimum, settings.CURRENCY, grouped=True) if row.minimum else ""


class PauseForm(forms.Form):
    """What holds for new monthly gifts."""

    does = forms.ChoiceField(
        label="New monthly gifts", widget=forms.RadioSelect, choices=[(GO_ON, "Go on as ever"), (PAUSE, "Are paused")]
    )


def switch_form(data=None):
    choices = [(GO_ON, "Go on as ever"), (PAUSE, "Are paused"), (RAISE, "Must be at least the amount below")]
    return DoesForm(data, choices=choices, now=Breaker.objects.of(ONCE).open().order_by("does").first(), prefix="now")


def monthly_form(data=None):
    does = PAUSE if Breaker.objects.of(MONTHLY).open().exists() else GO_ON
    return PauseForm(data, initial={"does": does}, prefix="monthly")


def rule_form(data=None):
    choices = [
        (PAUSE, "Are paused"),
        (RAISE, "Must be at least the amount below, and are paused if that does not help"),
    ]
    return DoesForm(data, choices=choices, now=BreakerRule.objects.first(), prefix="rule")


# --- In words --------------------------------------------------------------------------------------------------------


def in_words(row):
    """What a switch does: "One-off gifts are paused", "The smallest gift once is $20.00"."""
    if row.does == RAISE:
        return f"The smallest gift once is {format_money(row.minimum, settings.CURRENCY)}"
    return row.what


def why(row):
    by = name_of(row.opened_by) if row.opened_by else "itself"
    return f"{in_words(row)} (by {by}, {moment(row.opened_at)})."


def until_when(row):
    if row.opened_by:
        return "It stays so until somebody switches it."
    minutes = breaker.quiet_time(row) // breaker.MINUTE
    return f"It ends by itself {minutes} minutes after it began, once hardly any attempt fails any more."


def holding():
    """What holds now, in sentences for the dashboard and the page; nothing where all new gifts go on."""
    return [(why(row), until_when(row)) for row in Breaker.objects.open().select_related("opened_by")]


def figures(now):
    """What is measured, of each kind of gifts by itself."""
    return [("Gifts once", measured(now, of=ONCE)), ("First charges of monthly gifts", measured(now, of=MONTHLY))]


def history():
    rows = Breaker.objects.select_related("opened_by", "closed_by")[:AT_MOST]
    heads = ("Began", "What", "Begun by", "Attempts", "Failed", "Ended", "Ended by")
    return Table("What was switched", heads, [line(row) for row in rows], "Nothing yet.")


def line(row):
    by = name_of(row.opened_by) if row.opened_by else "Itself"
    ended = (name_of(row.closed_by) if row.closed_by else "Itself") if row.closed_at else NONE
    return [moment(row.opened_at), in_words(row), by, row.attempts, row.failed, moment(row.closed_at), ended]


# --- The page --------------------------------------------------------------------------------------------------------


class BreakerPages:
    """For the admin of campaigns: one page about all of them."""

    def breaker_urls(self):
        view = partial(self.breaker_view)  # no page of a campaign: whoever may switch it need not see campaigns
        return [path("card-testing/", self.admin_site.admin_view(view), name="donations_breaker")]

    def breaker_view(self, request):
        may = request.user.has_perm(breaker.PERMISSION)
        if not may and not dashboard.is_for(request.user):
            raise PermissionDenied
        if request.method != "POST":
            return self.show_breaker(request, may)
        if not may:
            raise PermissionDenied
        if "rule" in request.POST:
            return self.set_rule(request)
        if "switch_monthly" in request.POST:
            return self.switch(request, "monthly", monthly_form(request.POST), MONTHLY)
        return self.switch(request, "switch", switch_form(request.POST), ONCE)

    def switch(self, request, name, form, frequency):
        if not form.is_valid():
            return self.show_breaker(request, True, status=422, **{name: form})
        does, now = form.cleaned_data["does"], timezone.now()
        if does == GO_ON:
            breaker.switch_off(now, by=request.user, of=frequency)
            return self.back_to_breaker(request, f"{form.fields['does'].label} go on as ever.")
        minimum = form.cleaned_data.get("minimum")
        row = breaker.switch_on(does, now, by=request.user, of=frequency, minimum=minimum)
        words = f"{in_words(row)}, until somebody switches it." if row else "Somebody else switched it just now."
        return self.back_to_breaker(request, words)

    def set_rule(self, request):
        form = rule_form(request.POST)
        if not form.is_valid():
            return self.show_breaker(request, True, status=422, rule=form)
        breaker.set_rule(now=timezone.now(), by=request.user, **form.cleaned_data)
        return self.back_to_breaker(request, "It is written down what happens when it next begins by itself.")

    def back_to_breaker(self, request, words):
        self.message_user(request, words)
        return redirect("admin:donations_breaker")

    def show_breaker(self, request, may, status=200, **typed):
        now = timezone.now()
        told = {"holding": holding(), "figures": figures(now), "tables": [history()], "now": now, "may": may}
        told |= {"switch": switch_form(), "monthly": monthly_form(), "rule": rule_form()} | typed
        told |= {"decided": BreakerRule.objects.select_related("set_by").first()}
        told |= {"limits": breaker, "minutes": breaker.WINDOW // breaker.MINUTE}
        response = self.page(request, "breaker.html", title="Card testing", **told)
        response.status_code = status
        return response
