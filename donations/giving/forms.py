"""What givers type on their own pages."""

from django import forms


class AskForLinkForm(forms.Form):
    """The address to which the link is mailed."""

    email = forms.EmailField(
        label="Your e-mail address",
        help_text="The one that your receipts go to.",
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
        error_messages={
            "required": "Type the e-mail address that your receipts go to.",
            "invalid": "This is not an e-mail address. It looks like name@example.org.",
            "max_length": "This is longer than any e-mail address. Check it.",
        },
    )
