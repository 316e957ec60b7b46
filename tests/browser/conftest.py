"""A whole newsroom as processes: web server, worker and Stripe sandbox, with data of its own."""

import os
import socket
from contextlib import contextmanager
from urllib.parse import urlsplit, urlunsplit

import pytest
from axe_playwright_python.sync_playwright import Axe

from cms.parts import Parts, port_is_free
from tests.conftest import CHROMIUM, in_the_browser

WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    for item in filter(in_the_browser, items):
        item.add_marker(pytest.mark.browser)
        item.add_marker(pytest.mark.xdist_group("browser"))  # one running newsroom serves them all
        if not CHROMIUM and not os.environ.get("REQUIRE_BROWSER"):
            item.add_marker(pytest.mark.skip(reason="no chromium on the PATH; REQUIRE_BROWSER=1 makes this fail"))


@contextmanager
def own_database(name):
    """The address of a new, empty database on the server that DATABASE_URL names; nothing where that is SQLite."""
    address = urlsplit(os.environ.get("DATABASE_URL", ""))
    if not address.scheme.startswith("postgres"):
        yield {}
        return
    import psycopg

    with psycopg.connect(address.geturl(), autocommit=True) as server:
        server.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        server.execute(f'CREATE DATABASE "{name}"')
        try:
            yield {"DATABASE_URL": urlunsplit(address._replace(path=f"/{name}"))}
        finally:
            server.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def two_free_ports():
    """A free port whose successor is free too."""
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        if port < 65000 and port_is_free(port) and port_is_free(port + 1):
            return port


@pytest.fixture(scope="session")
def parts(tmp_path_factory):
    """The demo newsroom, seeded and running. On PostgreSQL and Redis when the environment names them."""
    folder = tmp_path_factory.mktemp("newsroom")
    embedded = not os.environ.get("DATABASE_URL")
    log_path = folder / "parts.log"
    with own_database(f"newsroom_browser_{os.getpid()}") as database, log_path.open("w") as log:
        running = Parts(two_free_ports(), embedded=embedded, log=log, VAR_DIR=str(folder), **database)
        running.log_path, running.folder = log_path, folder
        try:
            running.manage("migrate", "--verbosity", "0")
            running.manage("seed_demo")
            running.start()
            yield running
        finally:
            running.stop()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if report.when == "call":
        item.failed = report.failed
    return report


@pytest.fixture
def visitor(parts, browser, request):
    """Opens a fresh browser profile: `visitor(width=360, dark=True, javascript=False)` → a page at the newsroom."""
    contexts = []

    def open_page(*, width=1280, dark=False, javascript=True):
        context = browser.new_context(
            base_url=parts.url,
            viewport={"width": width, "height": 900},
            color_scheme="dark" if dark else "light",
            reduced_motion="reduce",  # a colour on its way to another is no colour to judge
            java_script_enabled=javascript,
        )
        contexts.append(context)
        return context.new_page()

    yield open_page
    for number, context in enumerate(contexts):
        if getattr(request.node, "failed", False):
            for page in context.pages:
                page.screenshot(path=f"test-results/{request.node.originalname}-{number}.png", full_page=True)
        context.close()


def violations(page):
    """What axe holds against the page by WCAG 2.2 A and AA, one line each; a page still without its styles is waited for."""
    page.wait_for_load_state()
    found = Axe().run(page, options={"runOnly": {"type": "tag", "values": WCAG}}).response["violations"]
    return [f"{rule['id']}: {node['target']} {node['failureSummary']}" for rule in found for node in rule["nodes"]]
