"""What givers type to change a monthly gift of theirs. Each form has a key, so that a second press does nothing."""

import uuid
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from babel.numbers import get_currency_name, get_currency_symbol
from django import forms
from django.core import signing

from donations.deeds import refuse_amount, refuse_pause
from donations.forms import plain
from donations.ledger import NotBooked
from donations.models import Gift
from donations.money import AmountRefused, parse_amount

SALT = "donations.giving.deed"
OPEN_FOR = 20 * 3600  # seconds; Stripe knows a key again for 24 hours at least
OPEN_LONG = "This page has been open for long. Look it over and press the button again."


def new_key() -> str:
    return signing.dumps(uuid.uuid4().hex, salt=SALT)


class DeedForm(forms.Form):
    """A form about one gift. `token` is its key and the time, signed."""

    token = forms.CharField(widget=forms.HiddenInput(attrs={"autocomplete": "off"}), required=False)

    def __init__(self, data: Any = None, *, gift: Gift, now: datetime, **kwargs: Any) -> None:
        self.gift, self.now = gift, now
        super().__init__(data, initial={"token": new_key()} | kwargs.pop("initial", {}), **kwargs)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean()
        try:
            self.form_key = uuid.UUID(signing.loads(cleaned.get("token", ""), salt=SALT, max_age=OPEN_FOR))
        except (signing.BadSignature, ValueError):
            self.renew()
            self.add_error(None, OPEN_LONG)
        return cleaned

    def renew(self) -> None:
        """Another key, for whoever presses again after it could not be done: Stripe may answer the first as before."""
        self.data = self.data.copy()
        self.data["token"] = new_key()

    def key(self) -> str:
        """The same for the same form with the same values; sent with others, it is another request."""
        typed = sorted((name, str(value)) for name, value in self.cleaned_data.items() if name != "token")
        return str(uuid.uuid5(self.form_key, repr(typed)))


class AmountForm(DeedForm):
    """`amount` becomes minor units of the gift's currency."""

    amount = forms.CharField(
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}), required=False, max_length=40
    )

    def __init__(self, *args: Any, gift: Gift, **kwargs: Any) -> None:
        kwargs["initial"] = {"amount": plain(gift.monthly_amount or gift.amount, gift.currency)}
        super().__init__(*args, gift=gift, **kwargs)
        amount = self.fields["amount"]
        amount.label = f"Amount a month, in {get_currency_name(gift.currency, count=2, locale='en_US')}"
        amount.widget.unit = get_currency_symbol(gift.currency, locale="en_US")

    def clean_amount(self) -> int:
        try:
            amount = parse_amount(self.cleaned_data["amount"], self.gift.currency)
            refuse_amount(self.gift, amount)
        except (AmountRefused, NotBooked) as refused:
            raise forms.ValidationError(str(refused)) from refused
        return amount


class PauseForm(DeedForm):
    last_day = forms.DateField(
        label="Last day of the pause",
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text="Nothing is charged up to and with this day. Then your gift goes on by itself.",
        error_messages={
            "required": "Choose the last day of the pause.",
            "invalid": "This is not a day of the calendar. Type it like 2027-03-31.",
        },
    )

    def __init__(self, *args: Any, gift: Gift, now: datetime, **kwargs: Any) -> None:
        super().__init__(*args, gift=gift, now=now, **kwargs)
        first = now.astimezone(ZoneInfo(gift.campaign.timezone)).date() + timedelta(days=1)
        self.fields["last_day"].widget.attrs["min"] = first.isoformat()

    def clean_last_day(self) -> date:
        last_day: date = self.cleaned_data["last_day"]
        try:
            refuse_pause(self.gift, last_day, self.now)
        except NotBooked as refused:
            raise forms.ValidationError(str(refused)) from refused
        return last_day


class ResumeForm(DeedForm):
    """A button alone."""


class StopForm(DeedForm):
    reason = forms.CharField(
        label="Why, if you like",
        required=False,
        max_length=Gift._meta.get_field("stop_reason").max_length,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Only the people who look after the campaign read it.",
        error_messages={"max_length": "Use at most %(limit_value)d characters; these are %(show_value)d."},
    )

    def clean_reason(self) -> str:
        return " ".join(self.cleaned_data["reason"].split())
