"""The desk's forms about money: amounts are typed as people write them and handed over as whole minor units."""

import re
from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.core.exceptions import ValidationError

from .models import Campaign
from .models.campaign import check_suggestions
from .money import MAX_AMOUNT, TWO_DECIMAL, ZERO_DECIMAL, AmountRefused, decimal_text, parse_amount

MOST_OF_A_GOAL = 10_000 * MAX_AMOUNT
THOUSANDS = re.compile(r"[0-9],[0-9]{3}(?![0-9])")
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
    return [(code, code) for code in sorted(ZERO_DECIMAL | TWO_DECIMAL)]


def timezones() -> list[tuple[str, str]]:
    return [(name, name.replace("_", " ")) for name in sorted(available_timezones())]


class CampaignForm(forms.ModelForm):
    currency = forms.ChoiceField(choices=currencies, help_text="It stays once the first payment has come in.")
    timezone = forms.ChoiceField(
        label="Time zone",
        choices=timezones,
        help_text="Where the campaign's days begin and end. It stays once the first payment has come in.",
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
        help_texts = {
            "slug": "The last part of the campaign's address; it stays once the campaign is no longer a draft.",
            "appeal": "What readers are asked, in a sentence or two, at the end of every article.",
            "status": "A draft is for the desk alone; a live campaign takes gifts; a closed one only shows its page.",
            "ends": "The last day on which gifts count. Leave it empty for a campaign without an end.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.show_money()
        self.lock()
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
        if self.instance.has_payments():
            why = "Payments have come in, so this stays: sums already told would change. A new campaign can differ."
            self.fix("currency", why)
            self.fix("timezone", why)
        if self.instance.status != Campaign.Status.DRAFT:
            self.fix("slug", "Readers and articles know this address, so it stays.")

    def fix(self, name: str, why: str) -> None:
        if name in self.fields:
            self.fields[name].disabled = True
            self.fields[name].help_text = why

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
