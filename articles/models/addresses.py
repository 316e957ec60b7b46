"""Public addresses: what may be one, and that each leads to the same row for ever."""

from django.core.exceptions import ValidationError
from django.db import models, transaction

from .content import AddressField
from .kept import Kept


class FormerSlug(Kept):
    """An address that a section, topic or author once had, never given to another: old links find their way."""

    class Kind(models.TextChoices):
        SECTION = "section"
        TOPIC = "topic"
        AUTHOR = "author"

    kind = models.CharField(max_length=8, choices=Kind)
    slug = AddressField(max_length=120)
    target = models.PositiveBigIntegerField(help_text="The id of the section, topic or author it leads to today.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "slug"], name="former_slug_once")]

    def __str__(self):
        return f"{self.kind} {self.slug}"


class Addressed(models.Model):
    """A row with a `slug` of its own. Every slug it ever had goes on leading to it, and to no other (R7)."""

    class Meta:
        abstract = True

    @transaction.atomic
    def save(self, *args, update_fields=None, **kwargs):
        if update_fields is not None and "slug" not in update_fields:
            return super().save(*args, update_fields=update_fields, **kwargs)
        # The row is held: of two who rename it at once, the second one notes the first one's address.
        here = type(self).objects.select_for_update(no_key=True).filter(pk=self.pk)
        before = here.values_list("slug", flat=True).first() if self.pk else None
        self.slug = self._meta.get_field("slug").to_python(self.slug)
        super().save(*args, update_fields=update_fields, **kwargs)
        if before not in {None, self.slug}:
            FormerSlug.objects.get_or_create(kind=self._meta.model_name, slug=before, defaults={"target": self.pk})

    @property
    def today(self):
        """Where its address leads today; another row where one took its place."""
        return self

    def validate_unique(self, exclude=None):
        super().validate_unique(exclude)  # first: whoever has just left this address has noted it by then
        kind = self._meta.model_name
        if FormerSlug.objects.filter(kind=kind, slug=self.slug).exclude(target=self.pk or 0).exists():
            others = f"“{self.slug}” was another {kind}'s address and still leads there. Choose another one."
            raise ValidationError({"slug": others})
