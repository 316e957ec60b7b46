"""What a person says about a bank's file: which campaign it is for, and which column is which."""

import re

from django import forms
from django.core.exceptions import ValidationError

from donations import bank_lines
from donations.bank_lines.notation import DAY_FIRST, MONTH_FIRST
from donations.models import Campaign

CURRENCY_SIGNS = {"€": "EUR", "£": "GBP"}
SAID_BY_BANKS = set("AUD CAD CHF CZK DKK EUR GBP HUF JPY NOK NZD PLN SEK USD".split())
NO_COLUMN = "Not in this file"
AS_FOUND = "As the file shows"


class FileForm(forms.Form):
    campaign = forms.ModelChoiceField(Campaign.objects.public(), empty_label=None)
    file = forms.FileField(
        label="The bank’s file",
        help_text="CSV, at most 1 MiB and 5,000 lines. Nothing is entered before you have seen every line.",
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.txt,text/csv"}),
        error_messages={"required": "Choose the file.", "empty": "This file is empty. Get it from the bank again."},
    )

    def clean_file(self):
        """The text of the file. It is read here and kept nowhere."""
        given = self.cleaned_data["file"]
        try:
            if given.size > bank_lines.MOST_BYTES:
                raise bank_lines.FileRefused(f"This file is larger than 1 MiB. {bank_lines.files.SMALLER}")
            text = bank_lines.text_of(given.read())
            bank_lines.table_of(text)
        except bank_lines.FileRefused as refused:
            raise ValidationError(str(refused)) from refused
        return text


class ColumnsForm(forms.Form):
    """Which column is which. The text of the file goes along, so that the server keeps none."""

    text = forms.CharField(strip=False, widget=forms.HiddenInput)
    campaign = forms.ModelChoiceField(Campaign.objects.public(), empty_label=None)
    header_line = forms.IntegerField(
        label="Line with the columns’ names",
        min_value=0,
        max_value=bank_lines.MOST_LINES,
        help_text="Lines above it are not read. 0 if the file has no such line.",
    )
    date = forms.TypedChoiceField(
        label="Date of the payment",
        coerce=int,
        error_messages={"required": "Choose the column with the date of the payment."},
    )
    amount = forms.TypedChoiceField(
        label="Amount", coerce=int, error_messages={"required": "Choose the column with the amount."}
    )
    name = forms.TypedChoiceField(label="Giver’s name", coerce=int, required=False, empty_value=None)
    reference = forms.TypedChoiceField(
        label="Reference, what the giver wrote", coerce=int, required=False, empty_value=None
    )
    email = forms.TypedChoiceField(
        label="Giver’s e-mail address",
        coerce=int,
        required=False,
        empty_value=None,
        help_text="A receipt goes there once the payment is confirmed.",
    )
    currency = forms.TypedChoiceField(label="Currency", coerce=int, required=False, empty_value=None)
    direction = forms.TypedChoiceField(
        label="In or out",
        coerce=int,
        required=False,
        empty_value=None,
        help_text="Where the bank writes H or S, credit or debit, instead of a minus.",
    )
    order = forms.ChoiceField(
        label="Order of dates",
        required=False,
        choices=[("", AS_FOUND), (DAY_FIRST, "Day, month, year"), (MONTH_FIRST, "Month, day, year")],
    )
    decimal = forms.ChoiceField(
        label="Mark before the decimals",
        required=False,
        choices=[("", AS_FOUND), (".", "Point: 1,234.56"), (",", "Comma: 1.234,56")],
    )
    places = ("date", "amount", "name", "reference", "email", "currency", "direction")

    def __init__(self, data, *, table):
        super().__init__(data)
        self.table = table
        names = table.names(self.header())
        columns = [(place, f"{name}{self.example(place)}") for place, name in enumerate(names)]
        for name in self.places:
            field = self.fields[name]
            field.choices = [("", "Choose a column" if field.required else NO_COLUMN), *columns]

    def header(self):
        typed = str(self.data.get("header_line", ""))
        return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 6 else 0

    def example(self, place):
        """The first thing that stands in a column."""
        rows = self.table.below(self.header())
        said = next((row.cells[place] for row in rows if len(row.cells) > place and row.cells[place]), "")
        return f" – such as {said[:24]}" if said else ""

    def cells(self, place):
        rows = self.table.below(self.header())
        return [row.cells[place] for row in rows if len(row.cells) > place]

    def clean(self):
        said = super().clean()
        self.refuse_twice(said)
        self.refuse_currency(said)
        if said.get("date") is not None and not said.get("order"):
            self.find("order", bank_lines.order_of_dates, said["date"], "could be two days")
        if said.get("amount") is not None and not said.get("decimal"):
            self.find("decimal", bank_lines.decimal_mark, said["amount"], "could be two amounts")
        return said

    def find(self, name, ask, place, trouble):
        """What all cells together say about how they are written; the person is asked where they do not say it."""
        try:
            self.cleaned_data[name] = ask(self.cells(place))
        except bank_lines.Unclear as unclear:
            self.add_error(
                name, f"“{unclear.example[:30]}” {trouble}, and no line tells which. Choose how the bank writes it."
            )

    def refuse_currency(self, said):
        """Many banks write the currency into the name of the column, and nowhere else."""
        place, campaign = said.get("amount"), said.get("campaign")
        if place is None or campaign is None:
            return
        name = self.table.names(self.header())[place]
        named = {CURRENCY_SIGNS.get(word, word) for word in re.findall(r"\b[A-Z]{3}\b|[€£]", name)}
        others = named & SAID_BY_BANKS - {campaign.currency}
        if others and campaign.currency not in named:
            self.add_error(
                "amount",
                f"“{name}” says {min(others)}, and “{campaign}” counts in {campaign.currency}. "
                "Choose a campaign in that currency, or enter by hand what the bank credited.",
            )

    def refuse_twice(self, said):
        taken = {}
        for name in self.places:
            place = said.get(name)
            if place is not None and place in taken:
                self.add_error(
                    name, f"This column is chosen for “{self.fields[taken[place]].label}” too. Choose another."
                )
            taken[place] = name

    def lines(self):
        """The lines of the file as this form reads them."""
        said = {name: said for name, said in self.cleaned_data.items() if name not in {"text", "campaign"}}
        columns = bank_lines.Columns(**said, currency_code=self.cleaned_data["campaign"].currency)
        return bank_lines.read_lines(self.table, columns)
