"""How often the appeal below each story was shown: a number per story and day, and nothing about who saw it.

Stories are kept by browsers and shared stores, so the server does not see them read. The appeal holds a picture of one
pixel which nobody keeps; whoever asks for it counts, without script, cookie or session. The answer is always the same,
so that it tells of no story whether it is there.
"""

import base64
import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from django.db import OperationalError, connection
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from outbox.discreet import in_brief

from .checkout import article_title
from .models import AppealShown
from .views import kept_by_nobody

log = logging.getLogger(__name__)
PIXEL = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")  # a transparent GIF
LARGEST = 2**63 - 1  # what the databases hold
PATIENCE = 50  # milliseconds to wait for another writer
# Programs that say what they are; a telephone called Cubot is none.
ROBOT = re.compile(
    r"(?<!cu)bot\b|bot[/;_-]|crawl|spider|slurp|archiv|preview|facebookexternalhit|monitor|uptime|headless|lighthouse"
    r"|^(curl|wget|python|java|go-http|ruby|perl|php|node|axios|okhttp|libwww)|httpclient|scrapy",
    re.I,
)


@kept_by_nobody
@require_safe
def appeal_shown(request: HttpRequest, article_id: int) -> HttpResponse:
    """The pixel of a story's appeal, counted where a browser shows it on a page of ours."""
    if is_a_showing(request) and article_id <= LARGEST:
        count(article_id, timezone.now())
    return HttpResponse(PIXEL, content_type="image/gif")


def is_a_showing(request: HttpRequest) -> bool:
    """Not for programs that say so, nor for pages that are fetched in case somebody wants them, nor elsewhere."""
    said = request.headers
    agent = said.get("User-Agent", "")
    ahead = any("pre" in said.get(name, "").lower() for name in ("Sec-Purpose", "Purpose", "X-Moz"))
    is_ours = said.get("Sec-Fetch-Site", "same-origin") == "same-origin"
    return request.method == "GET" and bool(agent) and not ROBOT.search(agent) and not ahead and is_ours


def count(article_id: int, now: datetime) -> None:
    """One showing more on this day of the newsroom's zone, of a story that readers see. One is left out if need be."""
    day = timezone.localdate(now)
    try:
        with without_waiting():
            if not AppealShown.objects.one_more(article_id, day) and article_title(article_id, now):
                AppealShown.objects.begin_day(article_id, day)
    except OperationalError as trouble:
        log.info("A showing of the appeal was not counted: %s", in_brief(trouble))


@contextmanager
def without_waiting() -> Iterator[None]:
    """SQLite has one writer at a time, who may take long; a reader's page never waits for a number of ours."""
    if connection.vendor != "sqlite":
        yield
        return
    usual = int(1000 * connection.settings_dict["OPTIONS"].get("timeout", 5))
    with connection.cursor() as cursor:
        cursor.execute(f"PRAGMA busy_timeout = {PATIENCE}")
        try:
            yield
        finally:
            cursor.execute(f"PRAGMA busy_timeout = {usual}")
