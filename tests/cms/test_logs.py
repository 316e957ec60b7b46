"""What is logged, and what is sent to Sentry: how the program fares, and nothing of a person."""

import json
import logging

import pytest
import sentry_sdk
from django.db import IntegrityError
from django.http import HttpResponse
from django.test import RequestFactory

from cms.logs import DISCREET, WENT_WRONG, Readable, Records, RequestLog, for_sentry, masked, request_id
from tests.cms.routes import routes
from tests.donations.factories import make_user

KEY = "1-7d5c0f2e4b6a49d0a1f2.pZ3kQmVb8sW1xYtR"


def record(says, *args, error=None, **extra):
    exc_info = (type(error), error, error.__traceback__) if error else None
    made = logging.LogRecord("donations.views", logging.WARNING, __file__, 1, says, args, exc_info)
    vars(made).update(extra)
    return made


def written(*args, **kwargs):
    return json.loads(Records().format(record(*args, **kwargs)))


def raised(error, cause=None):
    try:
        raise error from cause
    except type(error) as caught:
        return caught


def test_a_line_is_one_json_object():
    line = written("Gift %s was not stopped: %s", "7f", "StripeUnavailable", status=503, method="POST")
    at = line.pop("at")
    assert at.endswith("+00:00")
    assert line == {
        "level": "warning",
        "from": "donations.views",
        "says": "Gift 7f was not stopped: StripeUnavailable",
        "status": 503,
        "method": "POST",
    }


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("Not Found: /donate/?email=ida@example.org&amount=5", "Not Found: /donate/?…"),
        ("to <ida.brandt+news@post.example.org>, twice", "to <…@…>, twice"),
        (f"/giving/in/{KEY}/ 200", "/giving/in/…/ 200"),
        (f"/giving/unsubscribe/{KEY}x/", "/giving/unsubscribe/…/"),
        (f"/giving/{KEY}/card/", "/giving/…/card/"),
        (
            f"Referer checking failed - https://n.example/preview/{KEY}/ does",
            "Referer checking failed - https://n.example/preview/…/ does",
        ),
        (
            "/giving/gifts/7d5c0f2e-4b6a-49d0-a1f2-000000000000/amount/",
            "/giving/gifts/7d5c0f2e-4b6a-49d0-a1f2-000000000000/amount/",
        ),
        ("Was that all? Yes.", "Was that all? Yes."),
    ],
)
def test_what_is_a_persons_or_opens_something_is_masked(said, kept):
    assert masked(said) == kept


def test_every_address_with_a_key_is_masked():
    with_key = [route for route in routes() if "token" in route and not route.startswith("admin/")]
    assert len(with_key) >= 4
    for route in with_key:
        assert KEY not in masked("/" + route.replace("<str:token>", KEY)), route


def test_an_error_is_logged_without_its_words_and_so_is_what_was_behind_it():
    row = ValueError("Key (email)=(ida@example.org), Ida Brandt")
    line = written("It failed", error=raised(IntegrityError("Failing row: Ida Brandt"), row))
    assert [words.splitlines()[0] for words in line["error"]] == ["IntegrityError", "ValueError"]
    assert "test_logs.py" in line["error"][0]
    assert "Ida" not in str(line)
    assert "ida@" not in str(line)


def test_a_developer_reads_an_errors_words_but_no_address():
    said = Readable("{message}", style="{").format(record("It failed", error=raised(ValueError("a@b.example, 7"))))
    assert "ValueError: …@…, 7" in said


# --- Requests --------------------------------------------------------------------------------------------------------


def asked(path, *, user=None, status=200, seen=None, **headers):
    """What is logged of a request, as it is written."""
    said = []

    def view(request):
        if user:
            request._cached_user = user
        if seen is not None:
            seen.append(request_id.get())
        return HttpResponse(status=status)

    class Keep(logging.Handler):
        def emit(self, one):
            said.append(json.loads(Records().format(one)))

    logger, handler = logging.getLogger("cms.logs"), Keep()
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        RequestLog(view)(RequestFactory().get(path, REMOTE_ADDR="203.0.113.77", **headers))
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)
    return said


def test_a_request_is_logged_with_its_path_and_without_who_asked():
    seen = []
    (line,) = asked("/donate/?email=ida@example.org", status=422, seen=seen, HTTP_USER_AGENT="Lynx of Ida")
    assert {"method", "path", "status", "milliseconds", "request"} < set(line)
    assert (line["method"], line["path"], line["status"]) == ("GET", "/donate/", 422)
    assert line["request"] == seen[0] != ""
    assert "staff" not in line
    for word in ("203.0.113.77", "Lynx", "ida", "email"):
        assert word not in str(line)


def test_every_request_has_a_number_of_its_own_and_nothing_has_one_outside():
    seen = []
    asked("/", seen=seen)
    asked("/", seen=seen)
    assert len(set(seen)) == 2
    assert request_id.get() == ""


def test_what_machines_ask_all_day_is_not_logged():
    assert [asked(path) for path in ("/healthz", "/static/css/site.css", "/media/one.webp")] == [[], [], []]


@pytest.mark.django_db
def test_staff_are_logged_by_their_number_and_a_reader_with_an_account_is_not():
    person = make_user(username="ida")
    assert "staff" not in asked("/")[0] | asked("/", user=person)[0]
    person.is_staff = True
    (line,) = asked("/admin/", user=person)
    assert line["staff"] == person.pk
    assert "ida" not in str(line)


def test_an_error_behind_the_page_for_errors_is_not_left_to_the_server(caplog):
    name = "Ida Brandt"

    def broken(request):
        raise ValueError(name)

    answer = RequestLog(broken)(RequestFactory().get("/"))
    assert (answer.status_code, answer.content.decode()) == (500, WENT_WRONG)
    assert request_id.get() == ""
    assert "Ida" not in "".join(Records().format(one) for one in caplog.records)
    assert caplog.messages[0] == "The page that says that something went wrong could not be drawn."


# --- Sentry ----------------------------------------------------------------------------------------------------------


def sent(error, **event):
    """What Sentry would get of an error, by its own library, as the settings set it up."""
    told = []

    class Wire(sentry_sdk.Transport):
        def capture_envelope(self, envelope):
            told.append(envelope.get_event())

    client = sentry_sdk.Client(
        dsn="https://key@sentry.example/1",
        transport=Wire,
        before_send=for_sentry,
        default_integrations=False,
        **DISCREET,
    )
    made, hint = sentry_sdk.utils.event_from_exception(
        (type(error), error, error.__traceback__), client_options=client.options
    )
    assert not client.should_send_default_pii()
    client.capture_event(made | event, hint)
    client.close()
    (one,) = told
    return one


def test_sentry_gets_the_place_of_an_error_and_nothing_of_a_person():
    name, email = "Ida Brandt", "ida@example.org"
    request = {
        "method": "POST",
        "url": f"https://news.example.org/giving/in/{KEY}/",
        "query_string": f"email={email}",
        "data": {"name": name},
        "cookies": {"sessionid": "s3cret"},
        "headers": {"User-Agent": "Lynx"},
        "env": {"REMOTE_ADDR": "203.0.113.77"},
    }
    event = sent(
        raised(ValueError(f"{name} {email}")),
        request=request,
        user={"ip_address": "203.0.113.77", "email": email},
        extra={"sys.argv": [email]},
        logentry={"message": "Gift of %s", "params": [name]},
        transaction="donations.views.donate",
        breadcrumbs={"values": [{"message": name}]},
    )
    (error,) = event["exception"]["values"]
    assert (error["type"], error["value"]) == ("ValueError", "")
    assert error["stacktrace"]["frames"][-1]["function"] == "raised"
    assert event["request"] == {"method": "POST", "url": "https://news.example.org/giving/in/…/"}
    for word in (name, email, "Lynx", "s3cret", "203.0.113.77", KEY):
        assert word not in str(event)
