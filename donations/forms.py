"""The gift form: what was typed becomes minor units and a gift's identity, or a sentence that says what to do."""

import json
import re
import uuid
from decimal import Decimal
from typing import Any

from babel.numbers import get_currency_name, get_currency_symbol
from django import forms
from django.core import signing

from .breaker import Hold
from .models import Campaign, Gift
from .money import AmountRefused, exponent, parse_amount

SALT = "donations.gift-form"
OPEN_FOR = 24 * 3600  # seconds: as long as the payment page that the form leads to
STORY = re.compile(r"[1-9][0-9]{0,17}")
BESIDES = {"token", "amount_other", "appeal"}  # fields that make no other gift of it
CHOOSE = "Choose whether to give once or every month."
PAUSED = {  # gifts once, new monthly ones
    (True, False): "Gifts once are paused for a while. Choose every month, or come back later.",
    (False, True): "New monthly gifts are paused for a while. Choose once, or come back later.",
    (True, True): "Gifts are paused for a while. Come back later.",
}
TRAP = "subject"  # a field that people do not see; what fills in whatever it finds fills it in too


# --- What makes two presses of the button one gift ------------------------------------------------------------------


def new_token(form_key: uuid.UUID) -> str:
    """The form's own key and the time, signed."""
    return signing.dumps(form_key.hex, salt=SALT)


def key_of(token: str) -> uuid.UUID | None:
    """The form's key, whatever its age; None where we did not sign it."""
    try:
        return uuid.UUID(signing.loads(token, salt=SALT))
    except signing.BadSignature:
        return None


def is_old(token: str) -> bool:
    try:
        signing.loads(token, salt=SALT, max_age=OPEN_FOR)
    except signing.SignatureExpired:
        return True
    return False


# --- Amounts ----------------------------------------------------------------------------------------------------


def plain(minor: int, currency: str) -> str:
    """Minor units as a person would type them: 2500 is "25", 1999 is "19.99" in USD."""
    amount = Decimal(minor).scaleb(-exponent(currency))
    return str(int(amount)) if amount == amount.to_integral_value() else str(amount)


class Amounts(forms.RadioSelect):
    """Suggested amounts; each names the frequencies that it is for, and the style sheet shows those that fit."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.suggested_for: dict[str, str] = {}

    def suggest(self, campaign: Campaign) -> None:
        """Both frequencies' amounts in one row, each once."""
        lists = {"once": campaign.suggested_once, "monthly": campaign.suggested_monthly}
        amounts = sorted({amount for amounts in lists.values() for amount in amounts})
        typed = {amount: plain(amount, campaign.currency) for amount in amounts}
        self.choices = [(typed[amount], campaign.money(amount)) for amount in amounts]
        self.suggested_for = {
            typed[amount]: " ".join(name for name, suggested in lists.items() if amount in suggested)
            for amount in amounts
        }

    def create_option(self, name: str, value: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        option = super().create_option(name, value, *args, **kwargs)
        return option | {"suggested_for": self.suggested_for[str(value)]}


# --- The form ---------------------------------------------------------------------------------------------------


def trap_in_sight() -> forms.CharField:
    """The hidden field as anybody can see it, so that a person whose browser filled it in can empty it and go on."""
    widget = forms.TextInput(attrs={"autocomplete": "off"})
    return forms.CharField(label="Leave this field empty", required=False, widget=widget)


def your_email(help_text: str, required: str) -> forms.EmailField:
    """The field for a giver's own address; `required` is what stands there when nothing was typed."""
    return forms.EmailField(
        label="Your e-mail address",
        help_text=help_text,
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
        error_messages={
            "required": required,
            "invalid": "This is not an e-mail address. It looks like name@example.org.",
            "max_length": "This is longer than any e-mail address. Check it.",
        },
    )


class GiftForm(forms.Form):
    """What a reader says before the payment page. `campaign` is where the gift will go, already decided."""

    campaign = forms.CharField(widget=forms.HiddenInput, required=False)
    article = forms.CharField(widget=forms.HiddenInput, required=False)
    appeal = forms.CharField(widget=forms.HiddenInput, required=False)
    token = forms.CharField(widget=forms.HiddenInput(attrs={"autocomplete": "off"}), required=False)
    frequency = forms.ChoiceField(
        label="How often",
        choices=[("once", "Once"), ("monthly", "Every month")],
        widget=forms.RadioSelect,
        error_messages={"required": CHOOSE, "invalid_choice": CHOOSE},
    )
    amount = forms.CharField(label="How much", widget=Amounts, required=False)
    amount_other = forms.CharField(
        required=False,
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
    )
    email = your_email("The receipt goes there.", "Type your e-mail address, so that we can send the receipt.")
    name = forms.CharField(
        label="Your name, if you like",
        required=False,
        max_length=Gift._meta.get_field("name").max_length,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
        error_messages={"max_length": "Type a name of at most %(limit_value)d characters."},
    )
    visibility = forms.ChoiceField(
        label="May we thank you by name?",
        choices=[
            (Gift.Visibility.ANONYMOUS, "No, keep my name to yourselves"),
            (Gift.Visibility.NAMED, "Yes, you may publish my name"),
        ],
        widget=forms.RadioSelect,
        initial=Gift.Visibility.ANONYMOUS,
        required=False,
        error_messages={"invalid_choice": "Choose whether we may publish your name."},
    )
    may_write = forms.BooleanField(
        label="You may write to me about your reporting",
        help_text="Now and then. Receipts come in any case.",
        required=False,
    )

    def __init__(self, data: Any = None, *, campaign: Campaign, form_key: uuid.UUID, **kwargs: Any) -> None:
        self.to, self.token = campaign, (data or {}).get("token", "")
        self.form_key = key_of(self.token) or form_key
        if data is not None:
            data = self.fit_to_show_again(data)
        super().__init__(data, **kwargs)
        self.initial |= {"campaign": campaign.slug, "token": new_token(self.form_key)}
        self.is_trapped = bool(data is not None and data.get(TRAP, "").strip())
        if self.is_trapped:
            self.fields[TRAP] = trap_in_sight()
        self.speak_of_money()

    def speak_of_money(self) -> None:
        amount, own = self.fields["amount"], self.fields["amount_other"]
        unit = get_currency_name(self.to.currency, count=2, locale="en_US")
        own.label = f"Or your own amount, in {unit}" if self.suggestions() else f"Amount, in {unit}"
        own.widget.unit = get_currency_symbol(self.to.currency, locale="en_US")
        own.widget.attrs |= {"placeholder": " ", "data-unit": own.widget.unit}  # a style sheet sees that it is filled
        if self.suggestions():
            amount.widget.suggest(self.to)
        else:
            amount.widget = forms.HiddenInput()

    def fit_to_show_again(self, data: Any) -> Any:
        """What was typed, with the campaign that was decided on, a good token, and the amount where it can be seen."""
        data = data.copy()
        data["campaign"] = self.to.slug
        if not self.token_is_good():
            data["token"] = new_token(self.form_key)
        amount = data.get("amount", "")
        if amount and not data.get("amount_other", "").strip() and amount not in self.suggestions():
            data["amount_other"] = amount
        return data

    def token_is_good(self) -> bool:
        return key_of(self.token) is not None and not is_old(self.token)

    def suggestions(self) -> set[str]:
        return {plain(amount, self.to.currency) for amount in (*self.to.suggested_once, *self.to.suggested_monthly)}

    def clean_article(self) -> int | None:
        """The number of the story that the reader came from; anything else names none and hinders no gift."""
        typed = self.cleaned_data["article"]
        return int(typed) if STORY.fullmatch(typed) else None

    def clean_appeal(self) -> str:
        """Where the form was come to from; what is none of our places says nothing and hinders no gift."""
        typed = self.cleaned_data["appeal"]
        return typed if typed in Gift.Appeal.values else ""

    def clean_name(self) -> str:
        return " ".join(self.cleaned_data["name"].split())

    def clean_visibility(self) -> str:
        return self.cleaned_data["visibility"] or Gift.Visibility.ANONYMOUS

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if not self.token_is_good():
            self.add_error(None, "This page has been open for long. Look it over and press the button again.")
        if cleaned.get("visibility") == Gift.Visibility.NAMED and not cleaned.get("name", "?"):
            self.add_error("name", "Type the name that we may publish, or choose to keep it to us.")
        if self.is_trapped:
            self.add_error(
                TRAP, "Empty this field and press the button again. People do not see it, robots fill it in."
            )
        self.clean_amounts(cleaned)
        return cleaned

    def clean_amounts(self, cleaned: dict[str, Any]) -> None:
        """`amount` becomes minor units of the campaign's currency; an amount of one's own wins."""
        typed = cleaned.get("amount_other", "")
        field, text = ("amount_other", typed) if typed else ("amount", cleaned.get("amount", ""))
        if not text:
            return self.add_error(*self.no_amount())
        try:
            cleaned["amount"] = parse_amount(text, self.to.currency)
        except AmountRefused as refused:
            return self.add_error(field, str(refused))
        if cleaned["amount"] < self.to.minimum:
            self.add_error(field, f"The smallest gift is {self.to.money(self.to.minimum)}. Type that or more.")

    def mind(self, hold: Hold) -> None:
        """Says on a form that was sent what the breaker holds back: gifts once, small ones, or new monthly ones."""
        said = self.cleaned_data
        if hold.pauses(said["frequency"]):
            self.add_error("frequency", PAUSED[hold.is_paused, hold.is_monthly_paused])
        elif said["frequency"] == Gift.Frequency.ONCE and said["amount"] < hold.minimum:
            least = self.to.money(hold.minimum)
            field = "amount_other" if said["amount_other"] else "amount"
            instead = "" if hold.is_monthly_paused else ", or every month"
            self.add_error(field, f"For a while the smallest gift once is {least}. Choose that or more{instead}.")

    def no_amount(self) -> tuple[str, str]:
        if self.suggestions():
            return "amount", "Choose an amount, or type one of your own."
        return "amount_other", "Type an amount."

    def gift_id(self, *, live: bool) -> uuid.UUID:
        """The same for the same form with the same values; another for any other value."""
        said = self.cleaned_data | {"campaign": self.to.pk, "email": self.cleaned_data["email"].lower(), "live": live}
        said = {name: value for name, value in said.items() if name not in BESIDES}
        return uuid.uuid5(self.form_key, json.dumps(said, sort_keys=True))
