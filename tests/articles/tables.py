"""Every row of every table of the app, to show that something changed nothing."""

from contextlib import contextmanager

import pytest
from django.apps import apps
from django.db import connection

from articles.workflow import MoveNotAllowed

LOOKING = {"articles_presence", "articles_heartbeat"}  # what the mere opening of a page notes


def _tables():
    models = apps.get_app_config("articles").get_models(include_auto_created=True)
    return [(model._meta.db_table, model._meta.pk.column) for model in models]


def every_row(*, but=()):
    """{table: its rows as they stand}, with the keys that the database gave; not of the tables `but`."""
    with connection.cursor() as cursor:
        return {table: _rows(cursor, table, key) for table, key in _tables() if table not in but}


def _rows(cursor, table, key):
    cursor.execute(f'SELECT * FROM "{table}" ORDER BY "{key}"')
    return cursor.fetchall()


@contextmanager
def refused(sentence, why=MoveNotAllowed):
    """What is tried inside is refused with `sentence` (a pattern), and leaves every row as it was."""
    before = every_row()
    with pytest.raises(why, match=sentence):
        yield
    assert every_row() == before
