"""Migrating back to the first release and forward again, over rows, in a database of its own."""

import os
import sqlite3
import subprocess
import sys

from django.conf import settings

STORY = """
import django
django.setup()
from django.core.management import call_command
from django.db import connection
call_command("migrate", verbosity=0)
from articles import triggers
from tests.articles.factories import published
published()
call_command("migrate", "articles", "0001", verbosity=0)
with triggers.without(connection), connection.cursor() as cursor:
    cursor.execute("UPDATE articles_event SET data = json_remove(data, '$.seal')")  # as the first release wrote them
call_command("migrate", verbosity=0)
call_command("check", databases=["default"])
call_command("verify_history")
"""


def test_sqlite_goes_back_to_the_first_release_and_forward_again_over_rows(tmp_path):
    database = tmp_path / "news.sqlite3"
    environment = os.environ | {
        "DATABASE_URL": f"sqlite:///{database}",
        "DJANGO_SETTINGS_MODULE": "cms.settings",
        "VAR_DIR": str(tmp_path),
    }
    done = subprocess.run(
        [sys.executable, "-c", STORY], cwd=settings.BASE_DIR, env=environment, capture_output=True, text=True
    )
    assert done.stderr == ""
    assert done.stdout.splitlines()[-1].startswith("The history agrees with itself. Read were stories: 1, ")
    with sqlite3.connect(database) as plain:
        triggers = plain.execute("SELECT count(*) FROM sqlite_master WHERE type = 'trigger'").fetchone()[0]
    plain.close()
    assert triggers > 20
