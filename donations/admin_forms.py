"""The desk's forms about money: amounts are typed as people write them and handed over as whole minor units."""

import re
import uuid
from datetime import date, datetime
from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils import timezone
from django.utils.formats import date_format

from .models import Campaign, Gift, Payment
from .models.campaign import check_suggestions
from .money import COUNTED, MAX_AMOUNT, AmountRefused, decimal_text, format_money, parse_amount
from .offline import Entry, in_words, is_to_come, noon, why_not_on

MOST_OF_A_GOAL = 10_000 * MAX_AMOUNT
THOUSANDS = re.compile(r"[0-9],[0-9]{3}(?![0-9])")
NO_AMOUNT = "Type an amount, such as 25 or 19.99."
BETWEEN = re.compile(r"[\s,;]+")


def amount_of(typed: str, currency: str, *, most: int = MAX_AMOUNT) -> int:
    """`parse_amount` for a form: its sentence becomes the field's error."""
    try:
        return parse_amount(typed, currency, most=most)
    except AmountRefused as refused:
        raise ValidationError(str(refused)) from refused


def amounts_of(typed: str, currency: str) -> list[int]:
    """Several amounts in one field, between commas or spaces: "25, 50, 100" is [2500, 5000, 10000] in USD."""
    if unclear := THOUSANDS.search(typed):
        raise ValidationError(
            f"“{unclear[0]}” could be one amount or two. Put a space after each comma, "
            "and write thousands without one: 250, 1000."
        )
    amounts = [amount_of(part, currency) for part in BETWEEN.split(typed.strip()) if part]
    check_suggestions(amounts)
    return amounts


def currencies() -> list[tuple[str, str]]:
    return [(code, code) for code in sorted(COUNTED)]


def timezones() -> list[tuple[str, str]]:
    return [(name, name.replace("_", " ")) for name in sorted(available_timezones())]


class CampaignForm(forms.ModelForm):
    MOVED_BY_OTHERS = ("status", "starts", "ends")  # a worker closes a campaign while its page stands open

    currency = forms.ChoiceField(choices=currencies, help_text="It stays once the first gift is begun.")
    timezone = forms.ChoiceField(
        label="Time zone",
        choices=timezones,
        help_text="Where the campaign's days begin and end. It stays once the first payment has come in.",
    )
    follows = forms.ModelChoiceField(
        Campaign.objects.all(),
        required=False,
        empty_label="No other campaign",
        help_text="The campaign before this one: its monthly gifts go on counting here.",
    )
    goal = forms.CharField(
        required=False, max_length=30, help_text="Such as 10,000.00. Leave it empty for a campaign without a goal."
    )
    minimum = forms.CharField(label="Smallest gift", max_length=30, help_text="Such as 1.00.")
    suggested_once = forms.CharField(
        label="Suggested for a gift once",
        required=False,
        max_length=200,
        help_text="Such as 25, 50, 100, 250. Leave it empty to suggest none.",
    )
    suggested_monthly = forms.CharField(
        label="Suggested for a monthly gift",
        required=False,
        max_length=200,
        help_text="Such as 5, 10, 15, 25. Leave it empty to suggest none.",
    )

    class Meta:
        model = Campaign
        # The currency stands before the amounts, which are read in it.
        fields = ("title", "slug", "appeal", "status", "starts", "ends", "follows", "currency", "timezone")
        fields += ("goal", "minimum", "suggested_once", "suggested_monthly")
        labels = {"slug": "Address"}
        widgets = {name: forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d") for name in ("starts", "ends")}
        help_texts = {
            "slug": "The last part of the campaign's address; it stays once the campaign is no longer a draft.",
            "appeal": "What readers are asked, in a sentence or two, at the end of every article.",
            "status": "A draft is for the desk alone; a live campaign takes gifts on its days and closes by itself "
            "after the last; a closed one only shows its page.",
            "ends": "The last day on which gifts count. Leave it empty for a campaign without an end.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.in_vain: dict[str, str] = {}
        self.show_money()
        self.lock()
        self.tell_what_it_shows()
        if "follows" in self.fields:
            self.fields["follows"].queryset = Campaign.objects.exclude(pk=self.instance.pk)

    def show_money(self) -> None:
        """The stored minor units as people write them."""
        row = self.instance
        for name in ("goal", "minimum"):
            minor = getattr(row, name)
            self.initial[name] = "" if minor is None else decimal_text(minor, row.currency, grouped=True)
        for name in ("suggested_once", "suggested_monthly"):
            self.initial[name] = ", ".join(short(minor, row.currency) for minor in getattr(row, name))

    def lock(self) -> None:
        """Fields that can no longer change are shown with the reason."""
        if self.instance._state.adding:
            return
        if self.instance.has_gifts():
            why = "Gifts have been begun in it, so this stays: a payment page may be open. A new campaign can differ."
            self.fix("currency", why)
        if self.instance.has_payments():
            why = "Payments have come in, so this stays: sums already told would change. A new campaign can differ."
            self.fix("timezone", why)
        if self.instance.reports.exists():
            for name in ("starts", "ends", "timezone", "currency", "follows", "goal"):
                self.fix(name, "The final report tells of this, so it stays. A new campaign can differ.")
        if self.instance.status != Campaign.Status.DRAFT:
            self.fix("slug", "Readers and articles know this address, so it stays.")

    def fix(self, name: str, why: str) -> None:
        """Shows the field with the reason: an error to whoever opened the page before, and typed another value."""
        if name not in self.fields:
            return
        field = self.fields[name]
        typed = field.widget.value_from_datadict(self.data, self.files, self.add_prefix(name))
        if typed is not None and field.has_changed(self.initial.get(name), typed):
            self.in_vain[name] = why
        field.disabled, field.help_text = True, why

    def tell_what_it_shows(self) -> None:
        """So that it is sent again with what is typed."""
        for name in self.MOVED_BY_OTHERS:
            if name in self.fields and not self.instance._state.adding:
                self.fields[name].show_hidden_initial = True

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        for name, why in self.in_vain.items():
            self.add_error(name, why)
        for name in filter(self.would_undo, self.MOVED_BY_OTHERS):
            self.add_error(
                name,
                f"Since you opened this page it has changed: it is {self.stands(name)} now. "
                "Open the page again before you change it.",
            )
        return said

    def would_undo(self, name: str) -> bool:
        """Whether a field has changed since the page was opened, and would be changed back."""
        now, shown = self.initial.get(name), self.data.get(self.add_initial_prefix(name))
        return name in self.fields and shown not in (None, str(now or "")) and self.cleaned_data.get(name) != now

    def stands(self, name: str) -> str:
        now = self.initial[name]
        return self.instance.get_status_display() if name == "status" else in_words(now) if now else "empty"

    def clean_goal(self) -> int | None:
        typed, currency = self.cleaned_data["goal"], self.cleaned_data.get("currency")
        return amount_of(typed, currency, most=MOST_OF_A_GOAL) if typed and currency else None

    def clean_minimum(self) -> int:
        currency = self.cleaned_data.get("currency")
        return amount_of(self.cleaned_data["minimum"], currency) if currency else self.instance.minimum

    def clean_suggested_once(self) -> list[int]:
        return self.suggestions("suggested_once")

    def clean_suggested_monthly(self) -> list[int]:
        return self.suggestions("suggested_monthly")

    def suggestions(self, name: str) -> list[int]:
        currency = self.cleaned_data.get("currency")
        return amounts_of(self.cleaned_data[name], currency) if currency else getattr(self.instance, name)


def short(minor: int, currency: str) -> str:
    """An amount as one of several in a field: whole ones without decimals, thousands without a comma."""
    text = decimal_text(minor, currency)
    whole, _, part = text.partition(".")
    return text if part.strip("0") else whole


class GiveBackForm(forms.Form):
    """How much of a payment goes back, and why."""

    amount = forms.CharField(label="Amount to give back", max_length=30, error_messages={"required": NO_AMOUNT})
    reason = forms.CharField(
        max_length=300,
        error_messages={"required": "Say why, in a sentence."},
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="Why, in a sentence. It is kept with the refund; the giver does not see it.",
    )

    def __init__(self, *args: Any, payment: Payment, reason: str = "", **kwargs: Any) -> None:
        self.payment, self.left = payment, self.left_of(payment)
        amount = decimal_text(self.left, payment.currency, grouped=True)
        super().__init__(*args, initial={"amount": amount, "reason": reason}, **kwargs)
        self.fields["amount"].help_text = f"Up to {self.most()}. Less gives back a part."

    def left_of(self, payment: Payment) -> int:
        return payment.refundable()

    def most(self) -> str:
        return format_money(self.left, self.payment.currency)

    def clean_amount(self) -> int:
        amount = amount_of(self.cleaned_data["amount"], self.payment.currency)
        if amount > self.left:
            raise ValidationError(f"Only {self.most()} of this payment can still be given back. Type that or less.")
        return amount


class RefundForm(GiveBackForm):
    """A refund through Stripe. The key makes two presses of one button the same refund."""

    key = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4)


class ReversalForm(GiveBackForm):
    """What went back of a payment made offline. What was left when the form was opened makes two presses one."""

    seen = forms.IntegerField(min_value=0, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["seen"] = self.left
        self.fields["amount"].label = "Amount that went back"
        self.fields["amount"].help_text = f"Up to {self.most()}; less where only a part went back."
        self.fields["reason"].help_text = "Why, in a sentence. The second person reads it; the giver does not."

    def left_of(self, payment: Payment) -> int:
        return payment.unspoken_for()


class OfflineForm(forms.Form):
    """A cheque, a transfer or cash as it lies on the table."""

    campaign = forms.ModelChoiceField(Campaign.objects.public(), empty_label=None)
    amount = forms.CharField(
        max_length=30,
        help_text="As it stands on the cheque or statement, such as 250.00.",
        error_messages={"required": NO_AMOUNT},
    )
    given_on = forms.DateField(
        label="Date on the cheque or statement",
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text="It decides which campaign's days the gift falls in.",
        error_messages={"required": "Choose the date on the cheque or statement."},
    )
    channel = forms.ChoiceField(
        label="How it came",
        choices=[one for one in Payment.Channel.choices if one[0] != Payment.Channel.STRIPE],
        initial=Payment.Channel.CHEQUE,
        widget=forms.RadioSelect,
    )
    reference = forms.CharField(
        label="Number on the cheque or statement",
        required=False,
        max_length=120,
        help_text="The second person finds it by this.",
    )
    name = forms.CharField(label="Giver's name", required=False, max_length=120)
    email = forms.EmailField(
        label="Giver's e-mail address",
        required=False,
        help_text="If you give one, a receipt goes there once the payment is confirmed.",
    )
    visibility = forms.ChoiceField(
        label="May readers see the name?",
        choices=[
            (Gift.Visibility.ANONYMOUS, "No, without a name"),
            (Gift.Visibility.NAMED, "Yes, the giver asked for it"),
        ],
        initial=Gift.Visibility.ANONYMOUS,
        widget=forms.RadioSelect,
    )
    another = forms.BooleanField(label="It is another payment, though it looks the same", required=False)

    def __init__(self, *args: Any, now: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.now = now
        self.initial["campaign"] = Campaign.objects.default(now)
        self.fields["another"].widget = forms.HiddenInput() if not self.data.get("another") else forms.CheckboxInput()

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        campaign = said.get("campaign")
        if campaign and said.get("amount"):
            self.read_amount(campaign)
        if campaign and said.get("given_on"):
            self.check_day(campaign, said["given_on"])
        if said.get("visibility") == Gift.Visibility.NAMED and not said.get("name"):
            self.add_error("name", "Type the name that readers may see, or choose “without a name”.")
        return said

    def read_amount(self, campaign: Campaign) -> None:
        try:
            self.cleaned_data["amount"] = parse_amount(self.cleaned_data["amount"], campaign.currency)
        except AmountRefused as refused:
            self.add_error("amount", str(refused))

    def check_day(self, campaign: Campaign, day: date) -> None:
        """A payment outside the days of its campaign, and of those that follow it, would never count."""
        if is_to_come(day, campaign, self.now):
            self.add_error("given_on", "This day is still to come. Enter the date on the cheque or statement.")
        elif days := why_not_on(day, [campaign, *campaign.after()]):
            self.add_error("given_on", f"{days} Check the date, or choose another campaign.")

    def asks_about_a_twin(self) -> bool:
        """Whether the very same was entered before and the form does not yet say that this is another one."""
        said = self.cleaned_data
        twins = Payment.objects.promised() | Payment.objects.succeeded()
        typed = Q(channel=said["channel"], reference=said["reference"], gift__name=said["name"])
        twin = twins.filter(
            typed | Q(import_key__isnull=False),  # the bank spells names in its own way
            gift__campaign=said["campaign"],
            amount=said["amount"],
            given_at=noon(said["given_on"], said["campaign"]),
        ).first()
        if twin is None or said["another"]:
            return False
        self.fields["another"].widget = forms.CheckboxInput()
        entered = date_format(timezone.localtime(twin.entered_at), "DATETIME_FORMAT")
        how = "came from the bank’s file" if twin.import_key else "was entered"
        self.add_error("another", f"The same {how} on {entered}. If this is another one, tick here.")
        return True

    def entry(self) -> Entry:
        """What `offline.enter` is told besides the campaign."""
        return Entry(**{name: said for name, said in self.cleaned_data.items() if name not in {"campaign", "another"}})
