"""A monthly gift's own page: what its link shows, what it hides, and the button that stops the gift."""

from datetime import UTC, datetime
from urllib.parse import urlsplit
from uuid import UUID

import pytest
from django.test import Client

from donations.models import Gift
from donations.monthly import gift_of, masked, next_charge, page_url

from .factories import make_campaign, make_donor, make_gift

pytestmark = pytest.mark.django_db
BEGUN = datetime(2026, 8, 31, 3, 30, tzinfo=UTC)  # the 30th in New York


def address(gift):
    return urlsplit(page_url(gift)).path


def monthly(**fields):
    ours = {"frequency": "monthly", "amount": 1500, "monthly_amount": 1500, "status": "active", "anchor": BEGUN}
    ours |= {"stripe_subscription": f"sub_{make_donor().pk.hex}", "campaign": make_campaign(title="The coast desk")}
    return make_gift(**(ours | fields))


def given_monthly(client, sandbox):
    """A monthly gift that was really paid, in the sandbox."""
    make_campaign(slug="publishing-costs", title="Publishing costs", is_default=True)
    token = client.get("/donate/").context["form"].initial["token"]
    fields = {"frequency": "monthly", "amount": "15", "email": "ann@example.org", "token": token}
    client.post("/donate/", fields)
    gift = Gift.objects.get()
    sandbox.pay(gift.session_id)
    client.get(f"/thanks/?session_id={gift.session_id}")
    gift.refresh_from_db()
    return gift


def page(client, gift):
    answer = client.get(address(gift))
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def test_the_page_shows_one_gift_and_what_it_will_charge(client, time_machine):
    time_machine.move_to(datetime(2026, 10, 13, 14, tzinfo=UTC))
    donor = make_donor(email="ann@example.org")
    gift = monthly(donor=donor, name="Ann Poe")
    monthly(donor=donor, amount=9900, monthly_amount=9900)
    html = page(client, gift)

    assert "$15.00 a month" in html
    assert "The coast desk" in html
    assert "August 30, 2026" in html
    assert "October 30, 2026" in html
    assert "Stop my monthly gift" in html
    assert "a…@example.org" in html
    assert "ann@example.org" not in html
    assert "Ann Poe" not in html
    assert "$99.00" not in html


def test_the_page_is_kept_by_nobody_and_its_address_is_passed_on_to_nobody(client):
    answer = client.get(address(monthly()))

    assert "no-store" in answer["Cache-Control"]
    assert answer["X-Robots-Tag"] == "noindex"
    assert answer["Referrer-Policy"] == "same-origin"


@pytest.mark.parametrize(
    "changed", [lambda t: t[:-1], lambda t: "0" + t[1:], lambda t: t.split(".")[0], lambda t: "x"]
)
def test_a_changed_link_opens_nothing(client, changed):
    gift = monthly(pk=UUID("10000000-0000-4000-8000-000000000000"))
    token = address(gift).split("/")[-2]

    assert client.get(f"/giving/{token}/").status_code == 200
    assert client.get(f"/giving/{changed(token)}/").status_code == 404
    assert client.post(f"/giving/{changed(token)}/").status_code == 404


def test_a_gift_given_once_or_never_begun_has_no_such_page(client):
    for gift in (make_gift(status="given"), monthly(status="begun", stripe_subscription=None)):
        assert client.get(address(gift)).status_code == 404
        assert gift_of(address(gift).split("/")[-2]) is None


def test_the_button_stops_the_gift_at_stripe_and_in_our_books(client, sandbox):
    gift = given_monthly(client, sandbox)
    answer = client.post(address(gift))

    assert (answer.status_code, answer["Location"]) == (303, address(gift))
    assert sandbox.objects["subscription"][gift.stripe_subscription]["status"] == "canceled"
    gift.refresh_from_db()
    assert gift.status == "ended"
    html = page(client, gift)
    assert "This monthly gift has been stopped" in html
    assert "Nothing more will be charged" in html
    assert "Stop my monthly gift" not in html


def test_opening_the_link_stops_nothing(client, sandbox):
    gift = given_monthly(client, sandbox)
    page(client, gift)
    client.head(address(gift))

    gift.refresh_from_db()
    assert gift.status == "active"


def test_stopping_twice_is_no_error(client, sandbox):
    gift = given_monthly(client, sandbox)
    client.post(address(gift))
    again = client.post(address(gift))

    assert "This monthly gift has been stopped" in " ".join(again.content.decode().split())


def test_a_gift_that_was_stopped_elsewhere_is_told_as_stopped(client, sandbox):
    gift = given_monthly(client, sandbox)
    sandbox.cancel(gift.stripe_subscription)

    assert client.post(address(gift)).status_code == 303
    assert "This monthly gift has been stopped" in page(client, gift)


def test_while_stripe_is_down_the_page_claims_neither_end_nor_going_on(client, sandbox):
    gift = given_monthly(client, sandbox)
    sandbox.stop()
    answer = client.post(address(gift))
    html = " ".join(answer.content.decode().split())

    assert answer.status_code == 503
    assert "We cannot see whether the gift was stopped" in html
    assert "It may still be going on." in html
    assert "Stop my monthly gift" in html
    gift.refresh_from_db()
    assert gift.status == "active"


def test_a_gift_that_is_stopped_and_not_booked_yet_is_told_as_stopped(client, sandbox):
    gift = given_monthly(client, sandbox)
    sandbox.fail_next(times=3, verb="GET", path="subscriptions")
    answer = client.post(address(gift))
    html = " ".join(answer.content.decode().split())

    assert sandbox.objects["subscription"][gift.stripe_subscription]["status"] == "canceled"
    assert answer.status_code == 200
    assert "This monthly gift has been stopped" in html
    assert "Our books follow in a minute" in html
    assert "still be going on." not in html
    assert "Stop my monthly gift" not in html
    client.post(address(gift))  # pressed again before the books know: no error, and booked
    assert "Our books follow" not in page(client, gift)


@pytest.mark.parametrize("status", ["unclear", "begun", "processing", "failed"])
def test_a_gift_whose_state_says_little_can_be_stopped_and_is_not_told_as_stopped(client, sandbox, status):
    gift = given_monthly(client, sandbox)
    Gift.objects.filter(pk=gift.pk).update(status=status)
    html = page(client, gift)

    assert "has been stopped" not in html
    assert "Nothing more will be charged" not in html
    assert "we cannot tell when it will be charged again" in html
    assert "Not known" in html
    client.post(address(gift))
    assert sandbox.objects["subscription"][gift.stripe_subscription]["status"] == "canceled"
    assert "This monthly gift has been stopped" in page(client, gift)


@pytest.mark.parametrize(
    "over",
    [
        {"status": "ended"},
        {"status": "unclear", "ended_at": BEGUN},
        {"status": "failed", "subscription_status": "incomplete_expired"},
    ],
)
def test_only_a_gift_that_is_over_is_told_as_stopped(client, over):
    html = page(client, monthly(**over))

    assert "This monthly gift has been stopped" in html
    assert "Stop my monthly gift" not in html


def test_nobody_can_press_the_button_from_elsewhere():
    answer = Client(enforce_csrf_checks=True).post(address(monthly()))
    assert answer.status_code == 403


def test_a_late_gift_and_a_paused_one_say_how_they_stand(client):
    assert "The last charge did not come through" in page(client, monthly(status="past_due"))
    assert "Paused" in page(client, monthly(status="paused"))


@pytest.mark.parametrize(
    ("now", "charged"),
    [
        (datetime(2026, 9, 1, tzinfo=UTC), datetime(2026, 9, 30, 3, 30, tzinfo=UTC)),  # clipped to a shorter month
        (datetime(2026, 9, 30, 3, 30, tzinfo=UTC), datetime(2026, 10, 31, 3, 30, tzinfo=UTC)),  # and not for ever
        (datetime(2027, 2, 1, tzinfo=UTC), datetime(2027, 2, 28, 3, 30, tzinfo=UTC)),
    ],
)
def test_the_next_charge_is_a_month_of_the_first(now, charged):
    assert next_charge(monthly(), now) == charged


def test_a_gift_that_stops_on_a_day_is_not_charged_after_it():
    gift = monthly(cancel_at=datetime(2026, 10, 1, tzinfo=UTC))

    assert next_charge(gift, datetime(2026, 9, 1, tzinfo=UTC)) == datetime(2026, 9, 30, 3, 30, tzinfo=UTC)
    assert next_charge(gift, datetime(2026, 9, 30, 4, tzinfo=UTC)) is None


def test_an_address_is_masked_for_all_but_its_owner():
    assert [masked("ann@example.org"), masked(""), masked(None)] == ["a…@example.org", "", ""]
