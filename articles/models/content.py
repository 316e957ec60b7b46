"""The signed columns. The working copy and every public version have the same ones; a test compares them."""

from unicodedata import normalize

from django import forms
from django.conf import settings
from django.conf.locale import LANG_INFO
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator, validate_unicode_slug
from django.db import models
from django.utils.functional import cached_property
from django_prose_editor.fields import ProseEditorField

from articles import content

from .pictures import Picture

LANGUAGES = sorted(
    ((code, info["name"]) for code, info in LANG_INFO.items() if "name" in info), key=lambda item: item[1]
)
focal_point = RegexValidator(
    r"^(100|[1-9]?\d),(100|[1-9]?\d)$", "Write the point as “x,y” in percent from the top left corner: “50,30”."
)


def default_language():
    return settings.LANGUAGE_CODE.split("-")[0]


def direction_of(language):
    return "rtl" if LANG_INFO.get(language, {}).get("bidi") else "ltr"


class Sensitivity(models.TextChoices):
    NONE = "", "None"
    SENSITIVE = "sensitive", "Sensitive: no appeal for gifts on this page"


def is_address(value):
    if not content.is_slug(value):
        raise ValidationError("Write the address with letters, digits and hyphens alone: “pier-closes”.")


class AddressFormField(forms.CharField):
    widget = forms.TextInput
    default_validators = (is_address,)


class AddressField(models.SlugField):
    """A slug of any script. Django's own refuses the marks that Hindi or Tamil write vowels with."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **{"allow_unicode": True, **kwargs})
        self.validators = [is_address, *(rule for rule in self.validators if rule is not validate_unicode_slug)]

    def to_python(self, value):
        """As an address is asked for (`articles.urls.Words`), or nobody would find it: letter and mark as one sign."""
        value = super().to_python(value)
        return value if value is None else normalize("NFC", value)

    def deconstruct(self):
        name, _, args, kwargs = super().deconstruct()
        return name, "django.db.models.SlugField", args, kwargs  # the column is that of any slug

    def formfield(self, **kwargs):
        return models.CharField.formfield(self, **{"form_class": AddressFormField, **kwargs})


class ContentColumns(models.Model):
    kicker = models.CharField(max_length=60, blank=True, help_text="A word or two above the headline.")
    headline = models.CharField(max_length=250, blank=True)
    standfirst = models.TextField(max_length=500, blank=True, help_text="One or two sentences below the headline.")
    body = ProseEditorField(blank=True, extensions=content.EDITOR_EXTENSIONS, sanitize=content.sanitise)
    slug = AddressField(
        max_length=content.SLUG_LENGTH,
        blank=True,
        help_text="The words in the address. Made from the headline when left empty.",
    )
    section = models.ForeignKey("articles.Section", models.PROTECT, null=True, blank=True, related_name="%(class)ss")
    topics = models.ManyToManyField("articles.Topic", blank=True, related_name="%(class)ss")
    lead_picture = models.ForeignKey("articles.Picture", models.PROTECT, null=True, blank=True, related_name="+")
    lead_alt = models.CharField("alt text", max_length=300, blank=True, help_text="What the picture shows.")
    lead_caption = models.CharField("caption", max_length=300, blank=True)
    lead_credit = models.CharField("credit", max_length=120, blank=True, help_text="“Photo: Ana Reyes”.")
    lead_focal = models.CharField(
        "focal point",
        max_length=7,
        blank=True,
        validators=[focal_point],
        help_text="What must stay in view when the picture is cropped, as “x,y” in percent. Empty is the middle.",
    )
    language = models.CharField(max_length=12, choices=LANGUAGES, default=default_language)
    sensitivity = models.CharField(max_length=12, choices=Sensitivity, blank=True, default=Sensitivity.NONE)
    share_title = models.CharField(
        max_length=120, blank=True, help_text="For search engines and shared links. Empty takes the headline."
    )
    share_text = models.CharField(max_length=200, blank=True, help_text="Empty takes the standfirst.")

    class Meta:
        abstract = True

    def content(self):
        """The signed content as a clean dict (see `articles.content.FIELDS`), read from this row and its lists."""
        return content.clean(self.stored())

    def stored(self):
        """The same as it lies there, not cleaned."""
        return {name: getattr(self, name) for name in content.TEXTS} | {
            "body": self.body,
            "slug": self.slug,
            "section": self.section_id,
            "lead_picture": str(self.lead_picture_id) if self.lead_picture_id else None,
            "byline": [{"author": line.author_id, "role": line.role} for line in self.byline_lines()],
            "topics": sorted(topic.pk for topic in self.topics.all()),
        }

    @cached_property
    def body_pictures(self):
        """The pictures in the text by their keys; asked for in one query, and only where there are any."""
        return Picture.objects.in_bodies(self.body)

    @property
    def direction(self):
        return direction_of(self.language)


def columns(values):
    """`values` (a content dict) as keyword arguments for a model's own columns, without the two lists."""
    renamed = {"section": "section_id", "lead_picture": "lead_picture_id"}
    return {renamed.get(name, name): values[name] for name in content.FIELDS if name not in {"byline", "topics"}}


class BylineRow(models.Model):
    author = models.ForeignKey("articles.Author", models.PROTECT, related_name="%(class)ss")
    role = models.CharField(
        max_length=60, blank=True, help_text="Empty for the writer; otherwise as printed: “photographs by”."
    )
    position = models.PositiveSmallIntegerField()

    class Meta:
        abstract = True
        ordering = ["position"]

    def __str__(self):
        return f"{self.role} {self.author}".strip()
