"""What givers type on their own pages."""

from typing import Any

from django import forms

from donations.forms import your_email
from donations.models import Gift

from .wishes import Mails


class AskForLinkForm(forms.Form):
    """The address to which the link is mailed."""

    email = your_email("The one that your receipts go to.", "Type the e-mail address that your receipts go to.")


class NameForm(forms.Form):
    """Whether readers learn who gave, and under which name."""

    visibility = forms.ChoiceField(
        label="May we thank you by name?",
        choices=[
            (Gift.Visibility.ANONYMOUS, "No, keep my name to yourselves"),
            (Gift.Visibility.NAMED, "Yes, you may publish my name"),
        ],
        widget=forms.RadioSelect,
        error_messages={
            "required": "Choose whether we may publish your name.",
            "invalid_choice": "Choose whether we may publish your name.",
        },
    )
    name = forms.CharField(
        label="The name to be shown",
        required=False,
        max_length=Gift._meta.get_field("name").max_length,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
        error_messages={"max_length": "Type a name of at most %(limit_value)d characters."},
    )
    everywhere = forms.BooleanField(label="The same for all my gifts", required=False)

    def clean_name(self) -> str:
        return " ".join(self.cleaned_data["name"].split())

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("visibility") == Gift.Visibility.NAMED and not cleaned.get("name", "?"):
            self.add_error("name", "Type the name that we may publish, or choose to keep it to us.")
        return cleaned


class MailsForm(forms.Form):
    """What may be mailed to a giver."""

    mails = forms.ChoiceField(
        label="What may we mail you?",
        choices=Mails.choices,
        widget=forms.RadioSelect,
        error_messages={
            "required": "Choose what we may mail you.",
            "invalid_choice": "Choose one of these.",
        },
    )

    def __init__(self, *args: Any, gives: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not gives:  # that letters are wanted is kept with a gift that came about
            self.fields["mails"].choices = [choice for choice in Mails.choices if choice[0] != Mails.LETTERS]


class EraseForm(forms.Form):
    """The one question before a giver is removed; where monthly gifts go on, that they be stopped as well."""

    stop = forms.BooleanField(
        label="Stop my monthly gifts, so that nothing more is charged",
        error_messages={"required": "Nobody could stop your monthly gifts for you later. Tick this to stop them now."},
    )
    sure = forms.BooleanField(
        label="Remove me. I know that it cannot be undone",
        error_messages={"required": "Tick this if you want to be removed."},
    )

    def __init__(self, *args: Any, asks_to_stop: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not asks_to_stop:
            del self.fields["stop"]
