"""One gift, one open page, one subscription; and what is seen and done where there are two all the same."""

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from donations import checkout, ledger
from donations.attention import counts
from donations.models import Gift
from donations.stripe_gateway import Gateway

from .factories import make_campaign
from .fundraisers import a_fundraiser
from .giving import deliver, give_monthly, open_page

pytestmark = pytest.mark.django_db


def a_form(client):
    make_campaign(is_default=True)
    token = client.get("/donate/").context["form"].initial["token"]
    return {"frequency": "monthly", "amount": "15", "email": "ann@example.org", "token": token}


def expired_page(client, sandbox):
    """A sent form whose page has expired; what was sent, and its gift."""
    fields = a_form(client)
    client.post("/donate/", fields)
    gift = Gift.objects.get()
    sandbox.expire(gift.session_id)
    return fields, gift


def open_sessions(sandbox):
    return [one["url"] for one in sandbox.objects["checkout.session"].values() if one["status"] == "open"]


def test_a_second_press_while_the_first_waits_for_its_new_page_gets_the_same_page(client, sandbox):
    fields, gift = expired_page(client, sandbox)

    class Overtaken(Gateway):
        def create_session(self, gift):
            self.other = client.post("/donate/", fields)["Location"]
            return super().create_session(gift)

    gateway = Overtaken()
    session = checkout.new_session(gift, gateway)
    assert open_sessions(sandbox) == [gateway.other] == [session.url]
    assert Gift.objects.get().session_id == session.id


def test_news_of_the_expired_page_do_not_bring_it_back_meanwhile(client, sandbox):
    fields, gift = expired_page(client, sandbox)

    class Overtaken(Gateway):
        def create_session(self, gift):
            deliver(Client(), sandbox)
            self.other = client.post("/donate/", fields)["Location"]
            return super().create_session(gift)

    checkout.new_session(gift, Overtaken())
    assert len(open_sessions(sandbox)) == 1


def test_while_stripe_is_busy_every_press_asks_under_the_same_key(client, sandbox):
    fields, gift = expired_page(client, sandbox)
    attempts = []
    for _ in range(2):
        sandbox.fail_next(status=429, verb="POST", path="checkout/sessions")
        assert client.post("/donate/", fields).status_code == 503
        attempts.append(Gift.objects.get().attempt)
    assert attempts == [gift.attempt + 1] * 2
    assert client.post("/donate/", fields)["Location"] in open_sessions(sandbox)


def second_page(gift):
    """A page that was opened for a gift beside the one that is stored with it."""
    gift = Gift.objects.get(pk=gift.pk)
    gift.next_attempt()
    return Gateway().create_session(gift)


def test_a_page_that_was_paid_instead_of_the_stored_one_is_thanked_for(client, sandbox):
    gift = open_page()
    other = second_page(gift)
    sandbox.pay(other.id)
    assert client.get(f"/thanks/?session_id={other.id}").status_code == 404  # nobody has told us of it yet
    deliver(client, sandbox)
    assert "has arrived" in client.get(f"/thanks/?session_id={other.id}").content.decode()


def test_both_pages_of_a_gift_that_was_paid_twice_are_thanked_for(client, sandbox):
    gift = open_page()
    other = second_page(gift)
    for session_id in (gift.session_id, other.id):
        sandbox.pay(session_id)
    deliver(client, sandbox)
    for session_id in (gift.session_id, other.id):
        assert "has arrived" in client.get(f"/thanks/?session_id={session_id}").content.decode()


def twice_monthly(client, sandbox):
    """A gift with two live subscriptions: the gift, its own and the second one."""
    gift = give_monthly(sandbox)
    other = second_page(gift)
    deliver(client, sandbox)
    sandbox.pay(other.id)
    deliver(client, sandbox)
    gift.refresh_from_db()
    first = gift.stripe_subscription
    [second] = set(sandbox.objects["subscription"]) - {first}
    return gift, first, second


def concerns():
    return {concern.name: number for concern, number in counts(timezone.now())}


def test_a_second_subscription_of_a_gift_is_shown_to_staff_until_it_ends(client, sandbox):
    gift, first, second = twice_monthly(client, sandbox)
    sandbox.next_month(second)
    deliver(client, sandbox)
    assert concerns() == {"second-subscriptions": 1}
    assert gift.payments.count() == 3
    client.force_login(a_fundraiser())
    page = client.get(reverse("admin:donations_attention")).content.decode()
    assert f"?q={second}" in page
    assert reverse("admin:donations_gift_change", args=[gift.pk]) in page
    assert first in page
    assert "Open the subscription at Stripe and cancel it there" in page

    sandbox.cancel(second)
    deliver(client, sandbox)
    assert concerns() == {}


def test_stopping_the_gift_stops_both(client, sandbox):
    gift, first, second = twice_monthly(client, sandbox)
    ledger.stop(gift, now=timezone.now())
    states = {key: one["status"] for key, one in sandbox.objects["subscription"].items()}
    assert states == {first: "canceled", second: "canceled"}
