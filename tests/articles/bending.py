"""What nobody can do to the history: for tests of what holds it, and of what would find it out."""

from django.db import connection

from articles import triggers


def bend(rows, **changes):
    """Change `rows` of history (a queryset) all the same. Returns how many were changed."""
    with triggers.without(connection):
        return rows._change(**changes)
