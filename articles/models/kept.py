"""Rows that stand as they were written. What this refuses, the database refuses too (`articles.triggers`)."""

from django.db import models

WORDS_GONE = "(blanked with the words)"  # where a row may not be without words


def a_row_of(model):
    name = model._meta.verbose_name
    return f"An {name}" if name[0] in "aeiou" else f"A {name}"


class HistoryStands(Exception):
    """A program tried to change or delete what stays for good. The message names the model and what may be done."""

    def __init__(self, model, act):
        super().__init__(
            f"{a_row_of(model)} is part of the history and is never {act}: what was written, signed and "
            f"shown has to stay provable. {model.may_still}"
        )


class KeptQuerySet(models.QuerySet):
    """Rows are added, and found. What may still happen to one has a method with a name of its own."""

    def update(self, **changes):
        raise HistoryStands(self.model, "changed")

    def delete(self):
        raise HistoryStands(self.model, "deleted")

    def bulk_update(self, objs, fields, batch_size=None):
        raise HistoryStands(self.model, "changed")

    def bulk_create(self, objs, **options):
        if options.get("update_conflicts"):
            raise HistoryStands(self.model, "changed")
        return super().bulk_create(objs, **options)

    update.alters_data = bulk_update.alters_data = delete.alters_data = True
    delete.queryset_only = True

    def _change(self, **changes):
        """For the named methods of these rows alone. Returns how many were changed."""
        return super().update(**changes)


class Kept(models.Model):
    """Stored once. `may_still` says, for whoever tries more, what may happen to a row later and by which way."""

    may_still = "Nothing about it changes."
    objects = KeptQuerySet.as_manager()

    class Meta:
        abstract = True

    def save(self, **options):
        if not self._state.adding:
            raise HistoryStands(type(self), "changed")
        super().save(**options | {"force_insert": True})

    def delete(self, **options):
        raise HistoryStands(type(self), "deleted")
