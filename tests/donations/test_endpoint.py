"""Where Stripe sends its messages: what may be wrong with it is found and said, and it is no error of booking."""

from dataclasses import replace
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from cms.tasks import ask_where_messages_go
from donations import endpoint
from donations.endpoint import findings
from donations.models import Inspection
from donations.stripe_facts import EndpointFacts
from donations.stripe_gateway import API_VERSION, Listing
from donations.webhooks import FINDERS

HERE = "https://news.example.org/stripe/webhook/"
RIGHT = EndpointFacts("we_1", HERE, is_on=True, version=API_VERSION, types=("*",), livemode=False)


@pytest.fixture(autouse=True)
def our_address(settings):
    settings.SITE_URL = "https://news.example.org"
    settings.STRIPE_WEBHOOK_SECRET = "whsec_ours"


@pytest.fixture
def told(sandbox):
    sandbox.account.webhook_url = HERE
    return sandbox


def said(*endpoints):
    return list(findings(list(endpoints)))


@pytest.mark.parametrize("url", [HERE, HERE.rstrip("/")])
def test_an_endpoint_that_sends_all_to_us_is_right_with_and_without_the_slash(url):
    assert said(replace(RIGHT, url=url)) == []
    assert said(replace(RIGHT, url=url, types=(*FINDERS, "charge.succeeded"))) == []  # more is no harm


def test_no_endpoint_of_ours_in_our_mode():
    others = [replace(RIGHT, url="https://shop.example.org/stripe/webhook/"), replace(RIGHT, livemode=True)]
    assert said(*others) == [
        f"No endpoint of this account sends to {HERE}: add one in Stripe's dashboard, with its secret here."
    ]


def test_one_that_is_disabled_and_one_that_was_replaced():
    off = replace(RIGHT, id="we_0", is_on=False)
    assert said(off) == ["The endpoint we_0 is disabled, so no message comes: enable it in Stripe's dashboard."]
    assert said(off, RIGHT) == []


def test_several_endpoints_of_which_one_secret_fits():
    [line] = said(RIGHT, replace(RIGHT, id="we_2", url=HERE.rstrip("/")))
    assert line.startswith(f"2 endpoints send to {HERE}: we_1, we_2. Each signs with a secret of its own")


def test_another_version_and_the_accounts_own():
    [other] = said(replace(RIGHT, version="2024-06-20"))
    assert other.startswith(f"The endpoint we_1 sends in the shape of 2024-06-20; we speak {API_VERSION}.")
    [own] = said(replace(RIGHT, version=""))
    assert "the account's own version" in own


def test_types_that_are_not_sent_are_named():
    some = tuple(kind for kind in FINDERS if kind not in {"charge.updated", "refund.failed"})
    assert said(replace(RIGHT, types=some)) == [
        "The endpoint we_1 does not send charge.updated, refund.failed: add these in Stripe's dashboard."
    ]


def test_without_a_secret_every_message_is_refused(settings):
    settings.STRIPE_WEBHOOK_SECRET = ""
    [line] = said(RIGHT)
    assert line.startswith("STRIPE_WEBHOOK_SECRET is not set")


@pytest.mark.django_db
def test_the_command_says_that_all_is_right_and_keeps_it(told):
    out = StringIO()
    call_command("check_endpoint", stdout=out)
    assert out.getvalue() == f"Stripe sends all that we book to {HERE}.\n"
    seen = Inspection.objects.get()
    assert (seen.kind, seen.found, seen.remaining) == ("endpoint", [], 0)
    assert Listing().endpoints() == [replace(RIGHT, id="we_sandbox")]


@pytest.mark.django_db
def test_the_command_fails_where_something_is_wrong_and_keeps_it(told):
    told.habits.endpoint_is_on, told.habits.enabled_events = False, ["invoice.paid"]
    told.habits.endpoint_version = "2024-06-20"
    out = StringIO()
    with pytest.raises(CommandError, match="3 to put right"):
        call_command("check_endpoint", stdout=out)
    seen = Inspection.objects.get()
    assert (seen.remaining, seen.found) == (3, out.getvalue().splitlines())


@pytest.mark.django_db
@pytest.mark.parametrize("status", [403, 404])
def test_a_key_that_may_not_ask_is_noted_and_no_error(told, status):
    told.habits.endpoints, told.habits.missing = "needed", status
    out = StringIO()
    call_command("check_endpoint", stdout=out)
    assert out.getvalue().startswith(f"Stripe could not be asked, because: Stripe answered {status}")
    assert Inspection.objects.get().remaining == 0


@pytest.mark.django_db
def test_a_wrong_key_is_an_error_by_hand_and_is_logged_by_day(told, settings, caplog):
    settings.STRIPE_SECRET_KEY = "sk_test_wrong_0123456789"
    with pytest.raises(CommandError, match="could not be asked, because: Stripe answered 401"):
        call_command("check_endpoint")
    assert endpoint.nightly() is None
    assert "could not be asked where it sends its messages: StripeNotAllowed 401\n" in caplog.text
    assert "Stripe answered" not in caplog.text
    assert list(Inspection.objects.values_list("remaining", flat=True)) == [1, 1]


@pytest.mark.django_db
def test_the_worker_logs_what_is_wrong_and_asks_nothing_where_giving_is_off(told, settings, caplog):
    told.habits.endpoint_is_on = False
    ask_where_messages_go()
    assert "Stripe's messages: The endpoint we_sandbox is disabled" in caplog.text
    settings.STRIPE_SECRET_KEY = ""
    assert endpoint.nightly() is None
    assert Inspection.objects.count() == 1
