"""What is typed at the desk. The forms check it and hand over a content dict; saving is the model's verb."""

import copy
from unicodedata import category, normalize

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator
from django.utils.functional import cached_property
from django_prose_editor.widgets import ProseEditorWidget

from .content import EDITOR_EXTENSIONS, FIELDS, make_slug, sanitise
from .figures import figures
from .models import Article, Author, Picture, Topic
from .originals import clean_original

PICTURE_TYPES = "image/jpeg,image/png,image/webp"
RECENT_PICTURES = 12
WRITTEN = ("kicker", "headline", "standfirst", "lead_alt", "lead_caption", "lead_credit", "share_title", "share_text")
SPARE_LINES = 2
LONGEST_TEXT = 1_000_000  # characters with their markup; ten times the longest story that anybody reads
TOO_LONG = "The text is %(show_value)s characters long, with its markup; at most %(limit_value)s fit. Split the story."
ROLES = ("photographs by", "graphics by", "translated by", "edited by")  # offered, not required
MENU = [
    {"group": name} for name in ("headings", "lists", "nodes -headings -lists -blockType", "marks", "link", "history")
]
OWN_EXTENSIONS = {"StoryFigure": True, "StoryTyping": True}
EDITOR = {"extensions": EDITOR_EXTENSIONS | OWN_EXTENSIONS | {"Menu": {"groups": MENU}, "NoSpellCheck": False}}


def fitting(name, text):
    """As much of `text` as a picture's `name` can hold, without NUL, which PostgreSQL keeps nowhere."""
    return text.replace("\0", "").strip()[: Picture._meta.get_field(name).max_length]


class TopicsField(forms.ModelMultipleChoiceField):
    """Topics to file a story under. One that was merged counts as what it went into, in forms opened before too."""

    def __init__(self, queryset, **kwargs):
        super().__init__(queryset.offered(), **kwargs)

    def prepare_value(self, value):
        chosen = super().prepare_value(value)
        return Topic.objects.today_of(chosen) if isinstance(chosen, list) else chosen

    def clean(self, value):
        return super().clean(Topic.objects.today_of(value) if value else value)


class SignedText(forms.CharField):
    """Measured as it is stored: in NFC some letters of Hindi or Hebrew become two."""

    def to_python(self, value):
        return normalize("NFC", super().to_python(value))


class StoryForm(forms.ModelForm):
    """The signed fields of a story but the byline, which has lines of its own (`BylineLines`)."""

    lock_version = forms.IntegerField(min_value=0, widget=forms.HiddenInput)
    opened = forms.IntegerField(min_value=0, required=False, widget=forms.HiddenInput)  # the revision that was opened
    take = forms.MultipleChoiceField(choices=[(name, name) for name in FIELDS], required=False)
    new_picture = forms.FileField(
        label="Upload a new picture",
        required=False,
        widget=forms.FileInput(attrs={"accept": PICTURE_TYPES}),
        help_text="JPEG, PNG or WebP. Private until the story is published; where and when it was taken is removed.",
    )

    class Meta:
        model = Article
        fields = [name for name in FIELDS if name != "byline"]
        field_classes = dict.fromkeys(WRITTEN, SignedText) | {"topics": TopicsField}
        widgets = {
            "headline": forms.Textarea(attrs={"rows": 1}),
            "standfirst": forms.Textarea(attrs={"rows": 2}),
            "body": ProseEditorWidget,
            "topics": forms.CheckboxSelectMultiple,
            "lead_picture": forms.RadioSelect,
            "share_text": forms.Textarea(attrs={"rows": 2}),
        }

    def __init__(self, data=None, files=None, *, article, user, **kwargs):
        # Django writes what was typed into a form's instance; the story itself is changed by its verbs alone.
        self.article, self.user, self.refused_picture = article, user, None
        self.live = article.live if article.pk else None
        super().__init__(data, files, instance=copy.copy(article), **kwargs)
        self.initial["lock_version"] = article.lock_version
        latest = article.latest_revision if article.pk else None
        self.initial["opened"] = latest.number if latest else 0
        self._offer_own_choices()

    def _offer_own_choices(self):
        self.fields["body"].widget.config = EDITOR
        self.fields["body"].validators.append(MaxLengthValidator(LONGEST_TEXT, TOO_LONG))
        self.fields["section"].empty_label = "Choose a section"
        self.fields["lead_picture"].queryset = self.pictures()
        self.fields["lead_picture"].empty_label = "No picture"
        self.fields["language"].show_hidden_initial = False
        for name in WRITTEN:
            self.fields[name].widget.attrs["dir"] = "auto"  # Arabic is typed from the right, whatever the desk speaks
        for name in (
            *WRITTEN,
            "slug",
        ):  # a browser cuts what is pasted without a word; the form says it, and all stays
            self.fields[name].widget.attrs.pop("maxlength", None)
        if not self.is_address_chosen():
            self.initial["slug"] = ""

    def is_address_chosen(self):
        """Whether somebody, or a publication, settled the address; until then it follows the headline."""
        article = self.article
        return self.live is not None or article.slug != make_slug(article.headline)

    def pictures(self):
        """Every picture that may be chosen: what this person sees and nobody withdrew, and the one the story has."""
        return Picture.objects.offered_to(self.user, self.article.lead_picture_id)

    def offered_pictures(self):
        """The pictures that the form shows: the one chosen and the latest ones."""
        chosen = self["lead_picture"].value()
        latest = list(self.fields["lead_picture"].queryset[:RECENT_PICTURES])
        if chosen and str(chosen) not in {str(picture.pk) for picture in latest}:
            latest = [*self._chosen(chosen), *latest]
        return latest

    def _chosen(self, key):
        try:
            return list(self.fields["lead_picture"].queryset.filter(pk=key))
        except ValidationError:  # not a key at all; the field says so
            return []

    def clean_headline(self):
        return " ".join(self.cleaned_data["headline"].split())  # the field grows with its words but has one line

    def clean_body(self):
        """A text may show pictures that this person may choose, and those it showed before: a key alone opens none."""
        body = sanitise(self.cleaned_data["body"])
        before = {figure.picture for figure in figures(self.article.body)}
        known = before | set(Picture.objects.offered_to(self.user).in_bodies(body))
        for number, figure in enumerate(figures(body), start=1):
            if figure.picture not in known:
                said = f" (“{figure.caption or figure.alt}”)" if figure.caption or figure.alt else ""
                raise ValidationError(
                    f"Picture {number} in the text{said} is not in your archive, or was withdrawn. "
                    "Take it out, or choose another one."
                )
        return body

    def withdrawn_in_text(self):
        """The keys of pictures that the text names and readers do not see any longer."""
        named = Picture.objects.in_bodies(sanitise(self["body"].value()))
        return [key for key, picture in named.items() if picture.withdrawn_at]

    def receive_picture(self, now):
        """Keep the upload and choose it for the story, whatever becomes of the rest. Call before validating."""
        upload = self.files.get("new_picture")
        if not upload:
            return
        if not self.user.has_perm("articles.add_picture"):
            self.refused_picture = ValidationError("Your account may not add pictures. Ask a managing editor.")
            return
        typed = {name: fitting(name, self.data.get(f"lead_{name}", "")) for name in ("alt", "credit")}
        title = fitting("title", self.data.get("headline", "")) or "Picture without a title"
        try:
            picture = Picture.receive(upload, by=self.user, now=now, title=title, **typed)
        except ValidationError as refusal:
            self.refused_picture = refusal
        else:
            self.data = self.data.copy()
            self.data["lead_picture"] = str(picture.pk)

    def clean_new_picture(self):
        if self.refused_picture:
            raise self.refused_picture

    def clean(self):
        """Another picture brings its own words, in place of those that were written for the one before."""
        cleaned, article = super().clean(), self.article
        picture = cleaned.get("lead_picture")
        if picture and picture.pk != article.lead_picture_id:
            own = {"lead_alt": picture.alt, "lead_credit": picture.credit, "lead_caption": "", "lead_focal": ""}
            for name, words in own.items():
                if cleaned.get(name) == getattr(article, name):
                    cleaned[name] = words
        return cleaned

    def take_up(self, content):
        """Show words that were kept (a content dict) in place of those that are stored."""
        self.initial |= {name: content[name] for name in self.Meta.fields}
        if self.live is None and content["slug"] == make_slug(content["headline"]):
            self.initial["slug"] = ""  # it follows the headline

    def see_version(self, article):
        """After a refusal: the next save is over `article`, whose words this person has now been shown."""
        self.data = self.data.copy()
        self.data["lock_version"] = article.lock_version
        self.data["opened"] = article.latest_revision.number if article.latest_revision else 0

    def content(self, byline):
        """What was typed as a content dict, with `byline` as its lines."""
        cleaned = self.cleaned_data
        return {name: cleaned[name] for name in self.Meta.fields} | {
            "section": cleaned["section"] and cleaned["section"].pk,
            "topics": [topic.pk for topic in cleaned["topics"]],
            "lead_picture": cleaned["lead_picture"] and str(cleaned["lead_picture"].pk),
            "byline": byline,
        }


class BylineLine(forms.Form):
    author = forms.ModelChoiceField(Author.objects.all(), required=False, empty_label="Nobody")
    role = SignedText(
        max_length=60, required=False, widget=forms.TextInput(attrs={"list": "roles", "placeholder": "writer"})
    )

    def clean(self):
        if self.cleaned_data.get("role") and not self.cleaned_data.get("author"):
            raise ValidationError("Choose who this is, or empty the role.")


class BaseBylineLines(forms.BaseFormSet):
    def add_fields(self, form, index):
        """Every line offers the same people, who are asked for once."""
        super().add_fields(form, index)
        form.fields["author"].choices = self._people

    @cached_property
    def _people(self):
        return list(forms.ModelChoiceField(Author.objects.all(), empty_label="Nobody").choices)

    def lines(self):
        """The byline as content keeps it, in the order that was asked for."""
        kept = [form.cleaned_data for form in self.ordered_forms if form.cleaned_data.get("author")]
        return [{"author": line["author"].pk, "role": line["role"]} for line in kept]

    def clean(self):
        if any(self.errors) or self.non_form_errors():  # without its count of lines the byline has none to look at
            return
        lines = [(line["author"], line["role"]) for line in self.lines()]
        if len(lines) != len(set(lines)):
            raise ValidationError("The byline names somebody twice in the same role. Remove one of the two.")


BylineLines = forms.formset_factory(
    BylineLine, BaseBylineLines, extra=SPARE_LINES, can_order=True, can_delete=True, max_num=30, absolute_max=60
)


class PictureForm(forms.ModelForm):
    """A picture for the archive; only the first time with a file, since a picture's file never changes."""

    upload = forms.FileField(
        label="Picture",
        widget=forms.FileInput(attrs={"accept": PICTURE_TYPES}),
        help_text="JPEG, PNG or WebP. Private until a story with it is published; where it was taken is removed.",
    )

    class Meta:
        model = Picture
        fields = ["title", "alt", "credit"]

    def clean_upload(self):
        return clean_original(self.cleaned_data["upload"])

    def _post_clean(self):
        if "upload" in self.cleaned_data:
            self.instance.original = self.cleaned_data["upload"]
        super()._post_clean()


class AddressForm(forms.ModelForm):
    """A section, topic or author. Its address is made from its name where none is typed."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["slug"].label, self.fields["slug"].required = "Address", False
        self.fields["slug"].help_text = "The words in the address. Made from the name when left empty."

    def clean_name(self):
        """Without the signs that nobody sees, which came along with what was pasted."""
        return "".join(sign for sign in self.cleaned_data["name"] if category(sign) != "Cc").strip()

    def clean_slug(self):
        slug = make_slug(self.cleaned_data["slug"] or self.cleaned_data.get("name", ""))
        if not slug:
            raise ValidationError("The name has no letters to make an address from. Type one: “city-hall”.")
        return slug


class MergeForm(forms.Form):
    """Into which topic another one is merged."""

    into = forms.ModelChoiceField(Topic.objects.none(), label="Merge into", empty_label="Choose a topic")

    def __init__(self, data=None, *, topic):
        super().__init__(data)
        self.fields["into"].queryset = Topic.objects.offered().exclude(pk=topic.pk)
