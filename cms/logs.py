"""What is written about the program's own doings, and what leaves the house when it fails: nothing of a person.

A line says what was asked for, how it went and how long it took; of staff it says which account. It holds no visitor's
address, browser, name or e-mail, no query, no link that opens something, and none of an error's own words, for a
database puts the whole row that it refused into them.
"""

import json
import logging
import re
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from datetime import UTC, datetime
from secrets import token_hex
from time import perf_counter
from typing import Any, Final

from django.http import HttpRequest, HttpResponse

from outbox.discreet import and_where

log = logging.getLogger(__name__)
request_id: ContextVar[str] = ContextVar("request_id", default="")

EMAIL: Final = re.compile(r"[^\s<>\"'(),:;=/]+@[\w-]+(?:\.[\w-]+)+")
QUERY: Final = re.compile(r"\?[^\s?=\"'<>]+=[^\s\"'<>]*")
# A part of an address this long behind one of these is a key: to a story before its time, or to a giver's own page.
KEY: Final = re.compile(r"(/preview/|/giving/(?:in/|unsubscribe/)?)[^\s/\"'<>]{16,}")
FIELDS: Final = ("method", "path", "status", "milliseconds", "staff")
WENT_WRONG: Final = "Something went wrong here. Please try again in a few minutes."
QUIET: Final = ("/static/", "/media/", "/healthz", "/readyz")


def masked(text: str) -> str:
    """The same text without what is a person's or opens something: addresses of mail, queries, links' keys."""
    return EMAIL.sub("…@…", KEY.sub(r"\1…", QUERY.sub("?…", text)))


def chain(error: BaseException | None) -> Iterator[BaseException]:
    """An error and those behind it, the last first."""
    while error is not None:
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


# --- Lines ---------------------------------------------------------------------------------------------------------


class Readable(logging.Formatter):
    """For a developer's terminal, who also wants an error's own words."""

    def format(self, record: logging.LogRecord) -> str:
        return masked(super().format(record))


class Records(logging.Formatter):
    """One JSON object a line, for production."""

    def format(self, record: logging.LogRecord) -> str:
        told: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "from": record.name,
            "says": masked(record.getMessage()),
        }
        if number := request_id.get():
            told["request"] = number
        told |= {name: getattr(record, name) for name in FIELDS if getattr(record, name, None) is not None}
        if record.exc_info and record.exc_info[1]:
            told["error"] = [masked(and_where(error)) for error in chain(record.exc_info[1])]
        return json.dumps(told, ensure_ascii=False, default=str)


class RequestLog:
    """One line for each request, and a number on every line that was written while it was answered."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        began, number = perf_counter(), request_id.set(token_hex(8))
        try:
            response = self.answer(request)
            self.write(request, response.status_code, round((perf_counter() - began) * 1000))
        finally:
            request_id.reset(number)
        return response

    def answer(self, request: HttpRequest) -> HttpResponse:
        """What Django answers; plain words where not even its page for errors can be drawn.

        The server would write such an error with all its words, and those of the one before it.
        """
        try:
            return self.get_response(request)
        except Exception:
            log.exception("The page that says that something went wrong could not be drawn.")
            return HttpResponse(WENT_WRONG, content_type="text/plain; charset=utf-8", status=500)

    def write(self, request: HttpRequest, status: int, milliseconds: int) -> None:
        told = {"method": request.method, "path": masked(request.path), "status": status}
        told |= {"milliseconds": milliseconds, "staff": staff_of(request)}
        level = logging.DEBUG if request.path.startswith(QUIET) else logging.INFO
        log.log(level, "%s %s %s", told["method"], told["path"], status, extra=told)


def staff_of(request: HttpRequest) -> int | None:
    """Whose account asked, where somebody of staff did and a view looked: a page for readers looks up nobody."""
    user = getattr(request, "_cached_user", None)  # where Django keeps whom it has looked up; `user` would look
    return user.pk if user is not None and user.is_staff else None


# --- Errors that are sent to Sentry --------------------------------------------------------------------------------

ABOUT_THE_PROGRAM: Final = ("event_id", "timestamp", "level", "platform", "logger", "environment", "release", "sdk")
# Options of sentry_sdk.init: what is never gathered need not be taken out. That it sends no personal data is the
# library's own default; to say so by `send_default_pii` is a warning since 2.75.
DISCREET: Final[dict[str, Any]] = {
    "include_local_variables": False,
    "max_request_body_size": "never",
    "max_breadcrumbs": 0,
}


def for_sentry(event: Any, hint: Any) -> Any:
    """What is left of an error: its type and place in the program, the address that was asked for, masked."""
    kept = {name: event[name] for name in ABOUT_THE_PROGRAM if name in event}
    kept["transaction"] = masked(event.get("transaction") or "")
    if message := (event.get("logentry") or {}).get("message"):
        kept["logentry"] = {"message": masked(message)}  # as it stands in the program, without what it is filled with
    if request := event.get("request"):
        kept["request"] = {"method": request.get("method"), "url": masked(request.get("url") or "")}
    errors = (event.get("exception") or {}).get("values") or []
    kept["exception"] = {"values": [without_words(error) for error in errors]}
    return kept


def without_words(error: dict[str, Any]) -> dict[str, Any]:
    frames = (error.get("stacktrace") or {}).get("frames") or []
    places = [{name: value for name, value in frame.items() if name != "vars"} for frame in frames]
    return {"type": error.get("type"), "module": error.get("module"), "value": "", "stacktrace": {"frames": places}}
