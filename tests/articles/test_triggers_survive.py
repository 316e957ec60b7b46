"""The triggers around what really commits: migrations that alter their tables, and an attempt to empty them."""

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, migrations, models
from django.db.migrations.loader import MigrationLoader

from articles import triggers
from articles.models import Event

from .factories import published

pytestmark = pytest.mark.django_db(transaction=True)


def altered(editor, column):
    """The table of versions as a migration alters it: its note to readers becomes `column`, and is itself again."""
    before = MigrationLoader(connection).project_state()
    was = before.models["articles", "publication"].fields["public_note"]
    for form in (column, was):
        alter, after = migrations.AlterField("publication", "public_note", form), before.clone()
        alter.state_forwards("articles", after)
        alter.database_forwards("articles", editor, before, after)
        before = after


def test_a_migration_takes_them_away_and_they_are_back_after_it():
    with connection.schema_editor() as editor:
        triggers.away(None, editor)
        altered(editor, models.TextField(null=True))
    assert triggers.missing(connection)
    call_command("migrate", verbosity=0)
    assert triggers.missing(connection) == []


def test_a_flush_of_a_newsrooms_database_is_refused():
    published()
    with pytest.raises(CommandError, match="couldn't be flushed"):
        call_command("flush", interactive=False, verbosity=0)
    assert Event.objects.exists()
