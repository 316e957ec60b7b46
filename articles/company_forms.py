"""What is typed at the desk beside a story's words: who works on it, notes, and where typed words came from."""

import uuid

from django import forms
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError

from .content import clean
from .forms import WRITTEN
from .models.verbs.together import name_of

WORDS = (*WRITTEN, "lead_focal", "slug")  # what is typed; everything else is chosen
LARGEST = 2**31 - 1  # version that a row of ours has

OF_NOTES = {"form": "notes-form"}


def _people_with(permission):
    return get_user_model().objects.with_perm(permission, include_superusers=False).order_by("first_name", "username")


class PersonField(forms.ModelChoiceField):
    def label_from_instance(self, person):
        return name_of(person)


class PeopleField(forms.ModelMultipleChoiceField):
    def label_from_instance(self, person):
        return name_of(person)


class PeopleForm(forms.Form):
    """People and dates of a story. Only what this person changed is handed over, whatever others set meanwhile."""

    assignee = PersonField(None, required=False, empty_label="Nobody", label="Assigned to")
    due = forms.DateField(
        required=False,
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        help_text="The day on which the words should be ready.",
        error_messages={"invalid": "Write the date as year-month-day: 2026-10-05."},
    )
    restricted = forms.BooleanField(
        required=False, help_text="Only its own people, the editors named here and managing editors see it."
    )
    named_editors = PeopleField(None, required=False, widget=forms.CheckboxSelectMultiple, label="Named editors")

    def __init__(self, data=None, *, article, user):
        named = list(article.named_editors.all())
        now = {name: getattr(article, name) for name in ("assignee", "due", "restricted")} | {"named_editors": named}
        super().__init__(data, initial=now)
        writers, editors = _people_with("articles.save_article"), _people_with("articles.see_every_article")
        everybody = get_user_model().objects.all()
        self.fields["assignee"].queryset = writers | everybody.filter(pk=article.assignee_id)
        self.fields["named_editors"].queryset = editors | everybody.filter(pk__in=[person.pk for person in named])
        for field in self.fields.values():
            field.show_hidden_initial = True
        self._offer(article, user)

    def _offer(self, article, user):
        """A journalist may restrict an own story, and no more."""
        if not article.may_assign(user):
            for name in ("assignee", "due", "named_editors"):
                del self.fields[name]

    @property
    def named_before(self):
        """The named editors as they were when the form was opened; the other fields say so by themselves."""
        return self["named_editors"].as_hidden(only_initial=True)

    def wanted(self):
        """What this person changed, as `Article.assign` takes it."""
        values = {name: self.cleaned_data[name] for name in self.changed_data}
        return {name: list(value) if name == "named_editors" else value for name, value in values.items()}


class NoteForm(forms.Form):
    """A note. Its fields stand within the form of the story and belong to one of their own."""

    text = forms.CharField(max_length=2000, label="Note", widget=forms.Textarea(attrs={"rows": 3, **OF_NOTES}))
    quote = forms.CharField(
        max_length=1000,
        required=False,
        label="About these words",
        widget=forms.Textarea(attrs={"rows": 2, "dir": "auto", **OF_NOTES}),
        help_text="Select words in the text, or type them here. Leave it empty for the story as a whole.",
    )


class SignerForm(forms.Form):
    to = PersonField(None, label="Who is asked to sign", empty_label=None)

    def __init__(self, data=None, *, article, user):
        super().__init__(data)
        self.fields["to"].queryset = article.signers(user)


class TypedForm(forms.Form):
    """Where typed words come from: an opening of the story's form, and the version and revision it was opened over."""

    typing = forms.UUIDField(widget=forms.HiddenInput)
    typed_over = forms.IntegerField(min_value=0, max_value=LARGEST, widget=forms.HiddenInput)
    typed_revision = forms.IntegerField(min_value=0, max_value=LARGEST, widget=forms.HiddenInput)

    @classmethod
    def of_opening(cls, form):
        """A new opening of the story's `form`."""
        version, revision = form.initial["lock_version"], form.initial["opened"]
        return cls(initial={"typing": uuid.uuid4(), "typed_over": version, "typed_revision": revision})

    @classmethod
    def of_kept(cls, kept):
        """Going on with an autosave."""
        over = {"typed_over": kept.lock_version, "typed_revision": kept.opened}
        return cls(initial={"typing": kept.typing, **over})

    @property
    def key(self):
        """The opening's key; None where the request brought none."""
        return self.cleaned_data["typing"] if self.is_valid() else self.initial.get("typing")


def as_typed(form, lines, stored):
    """What stands in the story's `form` and byline `lines` as a clean content dict, also where it is not valid yet.

    Words are taken as they were typed; a choice that does not exist is as in `stored`. Raises `ValidationError` for a
    text that is too long to be kept.
    """
    form.is_valid()
    if "body" in form.errors:
        raise ValidationError(form.errors["body"])
    wrong = [name for name in form.Meta.fields if name in form.errors]
    form.cleaned_data |= {name: [] if name == "topics" else None for name in wrong}
    byline = _right_lines(lines) if lines.management_form.is_valid() else stored["byline"]
    typed = {name: form.data.get(name, "").replace("\0", "") if name in WORDS else stored[name] for name in wrong}
    return clean(form.content(byline) | typed)


def _right_lines(lines):
    """The lines that name somebody, in the order that was asked for; one that is half typed waits for its author."""
    lines.is_valid()
    right = [line.cleaned_data for line in lines if line.is_valid() and line.cleaned_data.get("author")]
    kept = [line for line in right if not line.get("DELETE")]
    in_order = sorted(kept, key=lambda line: line.get("ORDER") or len(kept))
    return [{"author": line["author"].pk, "role": line["role"]} for line in in_order]
