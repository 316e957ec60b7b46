import gc
import os
import shutil
from datetime import UTC, datetime

import pytest

os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "1")  # Playwright's sync API runs an event loop in this thread

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


def pytest_configure(config):
    from django.conf import settings
    from huey.contrib.djhuey import HUEY

    HUEY.immediate = True  # tasks run where they are called, on a queue in memory
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # nobody guesses at passwords here
    gc.freeze()  # what is loaded now stays to the end, and looking through it again and again takes long
    gc.set_threshold(100_000, 50, 50)


def in_the_browser(item):
    return "tests/browser/" in item.nodeid.replace(os.sep, "/")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    items.sort(key=lambda item: not in_the_browser(item))  # they take longest, so one worker begins with them


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args):
    if not CHROMIUM:
        pytest.fail("REQUIRE_BROWSER is set and there is no chromium on the PATH. Install the package `chromium`.")
    flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run", "--disable-quic"]
    return {**browser_type_launch_args, "executable_path": CHROMIUM, "args": flags}


@pytest.fixture(autouse=True)
def own_files(settings, tmp_path):
    """Every test has its own pictures and mails, and finds an empty cache."""
    settings.MEDIA_ROOT = tmp_path / "public"
    settings.PRIVATE_MEDIA_ROOT = tmp_path / "private"
    files = "django.core.files.storage.FileSystemStorage"
    settings.STORAGES = {
        "default": {"BACKEND": files, "OPTIONS": {"location": tmp_path / "private", "base_url": None}},
        "public": {"BACKEND": files, "OPTIONS": {"location": tmp_path / "public", "base_url": "/media/"}},
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }
    settings.CACHES = {"default": {**settings.CACHES["default"], "KEY_PREFIX": tmp_path.as_posix()}}


@pytest.fixture
def kept_in_memory(settings, tmp_path):
    """A cache, and counters, whose clock is the tests' own: that of Redis goes on by itself."""
    memory = "django.core.cache.backends.locmem.LocMemCache"
    settings.CACHES = {"default": {"BACKEND": memory, "KEY_PREFIX": tmp_path.as_posix()}}


@pytest.fixture(scope="session", autouse=True)
def history_gives_way_to_the_flush():
    """A test on real transactions ends with empty tables, which the triggers would refuse."""
    from django.db import connection
    from django.test import TransactionTestCase

    from articles import triggers

    empty = TransactionTestCase._fixture_teardown

    def without_triggers(self):
        triggers.remove(connection)
        empty(self)
        triggers.install(connection)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", without_triggers)
        yield


@pytest.fixture
def now():
    """An ordinary Tuesday in the newsroom, UTC."""
    return datetime(2026, 10, 13, 14, 0, tzinfo=UTC)


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings, tmp_path_factory):
    """SQLite in a file, as in production: WAL and real locks between threads, which memory does not have."""
    from django.conf import settings

    database = settings.DATABASES["default"]
    if database["ENGINE"] == "django.db.backends.sqlite3":
        database.setdefault("TEST", {})["NAME"] = str(tmp_path_factory.mktemp("database") / "test.sqlite3")
