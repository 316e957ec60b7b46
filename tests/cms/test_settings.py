"""What the environment decides, tried in a process of its own."""

import os
import subprocess
import sys

import pytest
from django.conf import settings

PRODUCTION = {
    "DEBUG": "0",
    "SECRET_KEY": "0123456789-abcdefghijklmnopqrstuvwxyz-ABCDEFGHIJKLM-this-is-long",
    "ALLOWED_HOSTS": "news.example.org",
    "SITE_URL": "https://news.example.org",
    "DATABASE_URL": "sqlite:///:memory:",
    "EMAIL_URL": "consolemail://",
    "DEFAULT_FROM_EMAIL": "news@example.org",
    "NEWSROOM_NAME": "Example",
    "TIME_ZONE": "UTC",
    "CURRENCY": "USD",
    "STRIPE_SECRET_KEY": "none",
    "STRIPE_WEBHOOK_SECRET": "none",
}


def load(tmp_path, **env):
    """Load the settings with nothing but `env` set; the process's result."""
    env = {"PATH": os.environ["PATH"], "VAR_DIR": str(tmp_path), **env}
    code = "from cms import settings as s; print(s.DATABASES['default']['ENGINE'], s.STRIPE_LIVE)"
    command = [sys.executable, "-c", code]
    return subprocess.run(command, env=env, cwd=settings.BASE_DIR, capture_output=True, text=True, timeout=30)


def test_nothing_set_is_a_newsroom_on_one_machine(tmp_path):
    done = load(tmp_path)
    assert (done.returncode, done.stdout.split()) == (0, ["django.db.backends.sqlite3", "False"])


def test_production_names_everything_that_is_missing_with_its_values(tmp_path):
    done = load(tmp_path, DEBUG="0")
    assert done.returncode == 1
    for name in set(PRODUCTION) - {"DEBUG"}:
        assert f"  {name}: " in done.stderr


@pytest.mark.parametrize("name", sorted(set(PRODUCTION) - {"DEBUG"}))
def test_production_starts_with_all_of_it_and_not_without_one(tmp_path, name):
    assert load(tmp_path, **{k: v for k, v in PRODUCTION.items() if k != name}).returncode == 1


def test_production_starts_with_all_of_it(tmp_path):
    assert load(tmp_path, **PRODUCTION).returncode == 0


def test_a_live_key_goes_to_https_only(tmp_path):
    live = PRODUCTION | {"STRIPE_SECRET_KEY": "rk_live_1", "STRIPE_API_BASE": "http://127.0.0.1:8001"}
    done = load(tmp_path, **live)
    assert "https://" in done.stderr
    assert load(tmp_path, **live | {"STRIPE_API_BASE": "https://stripe.example"}).stdout.split()[1] == "True"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TIME_ZONE", "Mars/Olympus"),
        ("QUEUE_URL", "ftp://queue"),
        ("SITE_URL", "news.example.org"),
        ("CURRENCY", "dollars"),
        ("DATABASE_URL", "garbage"),
        ("EMAIL_URL", "garbage"),
    ],
)
def test_a_value_that_cannot_be_is_named(tmp_path, name, value):
    done = load(tmp_path, **{name: value})
    assert done.returncode == 1
    assert value.split(":")[0] in done.stderr


@pytest.mark.parametrize(("name", "value"), [("STRIPE_SECRET_KEY", "pk_live_publishable"), ("SECRET_KEY", "tiny")])
def test_a_secret_that_cannot_be_is_named_and_not_shown(tmp_path, name, value):
    done = load(tmp_path, **PRODUCTION | {name: value})
    assert done.returncode == 1
    assert f"{name} is " in done.stderr.splitlines()[-1]
    assert value not in done.stderr.splitlines()[-1]
