"""Rows that the desk shows and nobody types: a mail that is owed, and what money did."""

from typing import Any


class NothingTyped:
    """For a `ModelAdmin`: not even a superuser adds, changes or deletes a row, one by one or many at once."""

    actions = None

    def has_add_permission(self, request: Any) -> bool:
        return False

    def has_change_permission(self, request: Any, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: Any, obj: Any = None) -> bool:
        return False
