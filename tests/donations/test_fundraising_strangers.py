"""Money for which nobody filled in our form: staff begin a gift for it at the desk, and it is booked."""

from datetime import date
from time import sleep

import pytest
from django.test import Client
from django.urls import reverse

from donations.attention import unattributed
from donations.ledger import money
from donations.models import Donor, Gift, Payment, SentMail, WebhookEvent
from donations.totals import public_totals
from tests.donations.factories import NOON, make_campaign, make_gift
from tests.donations.fundraisers import a_fundraiser
from tests.donations.giving import deliver
from tests.donations.test_booking_races import at_once

pytestmark = pytest.mark.django_db


@pytest.fixture
def priya(client):
    client.force_login(a_fundraiser())
    return client


@pytest.fixture
def intent(sandbox, client):
    """$40.00 by a payment link that somebody made in Stripe's dashboard, say."""
    intent = sandbox.sell(4000)["id"]
    deliver(client, sandbox)
    return intent


def page():
    event = WebhookEvent.objects.unattributed().get()
    return reverse("admin:donations_webhookevent_attribute", args=[event.pk])


def text_of(response):
    return " ".join(response.content.decode().split())


def test_it_is_listed_named_with_its_amount_given_a_new_gift_and_booked(priya, sandbox, intent):
    assert [event.payment_intent_id for event in unattributed(NOON)] == [intent]
    assert f"The payment {intent} of $40.00, begun on" in text_of(priya.get(page()))
    campaign = make_campaign()
    said = {"campaign": campaign.pk, "name": "Zoë Marsh", "email": "zoe@example.org"}
    answer = priya.post(page(), said, follow=True)
    gift = Gift.objects.get()
    assert [str(message) for message in answer.context["messages"]] == [f"Booked for Zoë Marsh: {gift}."]
    assert (gift.campaign, gift.status, gift.visibility) == (campaign, "given", "anonymous")
    assert (gift.donor.email, public_totals(campaign).raised) == ("zoe@example.org", 4000)
    page_now = text_of(answer)
    assert f'/gift/{gift.pk}/change/">{gift}</a>, given by' in page_now
    assert "It named no gift of ours when it came" in page_now
    assert SentMail.objects.get().payment == Payment.objects.get()
    assert not WebhookEvent.objects.unattributed().exists()


def test_later_messages_about_it_find_its_gift(priya, sandbox, intent):
    campaign = make_campaign()
    priya.post(page(), {"campaign": campaign.pk})
    sandbox.refund(intent, amount=1000)
    deliver(priya, sandbox)
    assert public_totals(campaign).raised == 3000


def test_a_gift_that_was_there_or_a_new_one_not_both(priya, intent):
    gift = make_gift()
    answer = priya.post(page(), {"gift": str(gift.pk), "campaign": gift.campaign_id})
    assert answer.context["form"].errors["gift"][0].startswith("This names a gift and a campaign.")
    assert not Payment.objects.exists()


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"currency": "EUR"}, "This money is in USD and the campaign in EUR"),
        ({"ends": date(2026, 1, 31)}, "which is none of the days of"),
    ],
)
def test_where_it_would_count_in_no_figure_no_gift_is_begun(priya, intent, fields, words):
    answer = priya.post(page(), {"campaign": make_campaign(**fields).pk})
    assert words in text_of(answer)
    assert answer.status_code == 422  # theirs to mend, no trouble of Stripe's
    assert not Gift.objects.exists()


def test_it_is_not_given_a_gift_in_whose_campaign_it_would_count_in_no_figure(priya, intent):
    old = make_campaign(title="The year 2025", starts=date(2025, 1, 1), ends=date(2025, 12, 31))
    answer = priya.post(page(), {"gift": str(make_gift(campaign=old).pk)})
    assert answer.status_code == 422
    assert "given on 2026-11-10, which is none of the days of “The year 2025”, so it would count in no figure" in (
        text_of(answer)
    )
    assert WebhookEvent.objects.unattributed().count() == 1
    assert not Payment.objects.exists()


def test_it_is_given_a_gift_whose_campaign_is_followed_by_that_of_its_day(priya, intent):
    old = make_campaign(starts=date(2025, 1, 1), ends=date(2025, 12, 31))
    after = make_campaign(follows=old)
    priya.post(page(), {"gift": str(make_gift(campaign=old).pk)})
    assert public_totals(after).raised == 4000


def test_where_booking_fails_halfway_the_next_press_finds_the_same_gift(priya, sandbox, intent):
    campaign, other = make_campaign(), make_campaign()
    sandbox.fail_next(status=403, path="refunds")
    answer = priya.post(page(), {"campaign": campaign.pk})
    assert (answer.status_code, Payment.objects.exists()) == (502, False)
    begun = Gift.objects.get()
    answer = priya.post(page(), {"campaign": other.pk})
    assert f"was begun for this money before. Give it that one: {begun.pk}." in text_of(answer)
    priya.post(page(), {"campaign": campaign.pk})
    assert (Payment.objects.get().gift, Gift.objects.count()) == (begun, 1)


def test_while_stripe_does_not_answer_the_page_asks_all_the_same(priya, sandbox, intent):
    sandbox.fail_next(status=500, path="payment_intents")
    assert f"The payment {intent} names no gift of ours" in text_of(priya.get(page()))


# --- Two people at once --------------------------------------------------------------------------------------------


def slowly(act):
    """By then the other one has looked as well, or on SQLite waits."""

    def acts(*args, **kwargs):
        done = act(*args, **kwargs)
        sleep(0.3)
        return done

    return acts


def presses(address, said, username):
    client = Client()
    client.force_login(a_fundraiser(username=username))
    return lambda: client.post(address, said)


@pytest.mark.django_db(transaction=True)
def test_two_who_give_it_a_new_gift_at_once_begin_one(intent, monkeypatch):
    said, donors = {"campaign": make_campaign().pk}, type(Donor.objects)
    monkeypatch.setattr(donors, "create", slowly(donors.create))
    answers = at_once(presses(page(), said, "priya"), presses(page(), said, "noor"))
    assert [answer.status_code for answer in answers] == [302, 302]
    assert Payment.objects.get().gift == Gift.objects.get()
    assert Donor.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_two_who_give_it_two_gifts_at_once_one_is_told(intent, monkeypatch):
    campaign = make_campaign()
    one, other = make_gift(campaign=campaign), make_gift(campaign=campaign)
    monkeypatch.setattr(money, "payment_row", slowly(money.payment_row))
    acts = presses(page(), {"gift": str(one.pk)}, "priya"), presses(page(), {"gift": str(other.pk)}, "noor")
    told = {answer.status_code: text_of(answer) for answer in at_once(*acts)}
    assert f"{intent} is booked for gift {Payment.objects.get().gift_id}, so it cannot be for" in told[422]
    assert told.keys() == {302, 422}
