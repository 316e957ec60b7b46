"""The house: which room may import which, what no file may contain. No database."""

import ast
import re
import subprocess
from functools import cache
from pathlib import Path

import pytest
from django.conf import settings
from django.urls import get_resolver

from articles.models.sections import RESERVED_NAMES

HOUSE = Path(settings.BASE_DIR)
APPS = ("articles", "cms", "donations", "outbox")
# Within an app: a room may import rooms before it and itself, never those after it.
ORDER = {
    "articles": (
        "workflow moments figures blocks content bylines body places checklist policies alignment differences images originals groups linked_data models"
        " triggers verification renditions mails schedule tasks management versions proof preview internal_links red_flags desk forms company_forms views feeds templatetags admin urls apps"
    ).split(),
    "donations": (
        "money groups models stripe_facts stripe_gateway inspections attribution charging totals movers tallies course monthly mailed_links statements mails tasks owed issuing breaker scrubbing ledger deeds offline bank_lines"
        " webhooks reconcile endpoint closing standing attention health retention exports sheets forms admin_forms checkout campaign_page campaign_views tries views showings giving sandbox management admin templatetags"
        " urls apps"
    ).split(),
    "outbox": "discreet rows look sending untyped".split(),
}
# The calls forward: a verb asks the worker for renditions, mails, or to be there at a time, and the world nothing else.
FORWARD = {(f"articles.models.{room}", "tasks") for room in ("mail", "verbs.moving", "verbs.publishing")}
FORWARD |= {("donations.models.campaign", "tallies")}  # other days, other sums
FORWARD |= {("donations.tasks", "issuing")}  # a year's statements are owed by the worker, mail by mail
FORWARD |= {("donations.tasks", "webhooks")}  # an event with much to ask is answered first, and settled by the worker


@cache
def modules():
    paths = [path for app in APPS for path in (HOUSE / app).rglob("*.py") if "migrations" not in path.parts]
    return {".".join(path.relative_to(HOUSE).with_suffix("").parts): path for path in paths}


@cache
def imports(name):
    """Every module that `name` imports, at the top or inside a function, with relative ones spelled out."""
    path, found = modules()[name], set()
    package = name.split(".") if path.name == "__init__.py" else name.split(".")[:-1]
    package = [part for part in package if part != "__init__"]
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            start = ".".join([*base, *([node.module] if node.module else [])])
            found |= {start, *(f"{start}.{alias.name}" for alias in node.names)}
    return found


def importers_of(*targets):
    """The modules that import one of `targets` or something inside it."""
    return {
        name
        for name in modules()
        for imported in imports(name)
        if any(imported == target or imported.startswith(f"{target}.") for target in targets)
    }


def test_the_rooms_are_found():
    assert {"articles.workflow.table", "donations.ledger.booking", "cms.settings"} <= set(modules())
    assert "articles.models.publication" in importers_of("articles.workflow")


def test_articles_and_donations_do_not_know_each_other():
    assert not [name for name in importers_of("donations") if name.startswith("articles.")]
    assert not [name for name in importers_of("articles") if name.startswith("donations.")]


def test_the_outbox_knows_neither_whose_mails_it_sends_nor_the_wiring():
    assert {"articles.mails", "donations.mails.letters"} <= importers_of("outbox")
    assert not [name for name in importers_of("articles", "cms", "donations") if name.startswith("outbox.")]


def test_the_apps_do_not_know_the_wiring():
    assert not [name for name in importers_of("cms") if not name.startswith("cms.")]


def rooms_of(app):
    return {name.split(".")[1] for name in modules() if name.startswith(f"{app}.")} - {"__init__"}


@pytest.mark.parametrize("app", ORDER)
def test_every_room_has_its_place(app):
    assert rooms_of(app) == set(ORDER[app])


@pytest.mark.parametrize("app", ORDER)
def test_imports_point_one_way(app):
    place = {room: position for position, room in enumerate(ORDER[app])}
    backward = {
        (name, room)
        for room in place
        for name in importers_of(f"{app}.{room}")
        if name.startswith(f"{app}.") and place.get(name.split(".")[1], len(place)) < place[room]
    }
    assert backward <= FORWARD


def test_workflow_and_money_know_no_database():
    workflow = {name for name in modules() if name.startswith("articles.workflow.")}
    assert {"articles.workflow.states", "articles.workflow.table", "articles.workflow.judging"} <= workflow
    for name in workflow | {"donations.money"}:
        assert not [imported for imported in imports(name) if imported.startswith("django.db")]


def test_only_the_gateway_and_the_webhooks_import_stripe():
    theirs = ("donations.sandbox", "donations.stripe_gateway", "donations.webhooks")
    assert {"donations.stripe_gateway.gateway", "donations.webhooks"} <= importers_of("stripe")
    assert not [name for name in importers_of("stripe") if not name.startswith(theirs)]


def test_no_production_module_imports_the_sandbox():
    allowed = {"donations.management.commands.run_sandbox", "cms.management.commands.seed_demo"}
    users = {name for name in importers_of("donations.sandbox") if not name.startswith("donations.sandbox")}
    assert {name for name in users if not name.startswith("cms.demo")} <= allowed


def test_no_section_can_take_one_of_the_sites_own_addresses():
    first_names = {str(pattern.pattern).lstrip("^").split("/")[0] for pattern in _flat(get_resolver().url_patterns)}
    ours = {name for name in first_names if re.fullmatch(r"[\w.-]+", name)}
    assert {"admin", "donate"} <= ours
    assert ours <= RESERVED_NAMES


def _flat(patterns):
    for pattern in patterns:
        if str(pattern.pattern) == "" and hasattr(pattern, "url_patterns"):
            yield from _flat(pattern.url_patterns)
        else:
            yield pattern


def tracked_files():
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=HOUSE, capture_output=True, text=True)
    if listed.returncode:  # an unpacked archive has no git; then every file of the house counts
        return [path for path in HOUSE.rglob("*") if path.is_file() and not {".venv", "var"} & set(path.parts)]
    return [HOUSE / name for name in listed.stdout.split("\0") if name]


def test_lock_files_name_hashes_and_no_addresses():
    for name in ("requirements.lock", "requirements-dev.lock"):
        text = (HOUSE / name).read_text()
        assert text.count("==") > 20
        assert "://" not in text
        assert all(
            "--hash=sha256:" in entry for entry in re.split(r"\n(?=[a-z])", text.split("\n", 2)[2]) if "==" in entry
        )


def test_every_dependency_says_why_it_is_there():
    text = (HOUSE / "pyproject.toml").read_text()
    lines = re.findall(r'^    "[A-Za-z][^"]*[>=<][^"]*",.*$', text, re.M)
    unexplained = [
        line for line in lines if "#" not in line and not re.search(r"mypy|stubs|ruff|djlint|pytest>", line)
    ]
    assert len(lines) > 15
    assert not unexplained


def test_no_file_holds_a_secret_key():
    secret = re.compile(r"\b(sk|rk)_live_[0-9A-Za-z]{16,}|\bwhsec_[0-9A-Za-z]{24,}")
    texts = [path for path in tracked_files() if path.suffix in {".py", ".md", ".toml", ".html", ".js", ".yml"}]
    assert len(texts) > 20
    assert not [path for path in texts if path.exists() and secret.search(path.read_text())]
