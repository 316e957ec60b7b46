"""The page after the payment page: it asks Stripe once more, books, and says how the gift stands."""

import pytest
from django.test import Client

from donations.models import Gift, Payment, SentMail
from donations.totals import public_totals

from .factories import make_campaign, make_gift

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def costs():
    return make_campaign(slug="publishing-costs", title="Publishing costs", is_default=True)


def begin(client, **changes):
    """A gift whose giver stands on the payment page."""
    token = client.get("/donate/").context["form"].initial["token"]
    fields = {"frequency": "once", "amount": "25", "email": "ann@example.org", "name": "Ann Poe"}
    assert client.post("/donate/", fields | {"visibility": "named", "token": token} | changes).status_code == 303
    return Gift.objects.latest("begun_at")


def thanks(client, gift):
    answer = client.get(f"/thanks/?session_id={gift.session_id}")
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def test_a_paid_gift_is_booked_and_thanked_for(client, sandbox, costs):
    gift = begin(client)
    sandbox.pay(gift.session_id)
    html = thanks(client, gift)

    assert "Your gift of $25.00 to “Publishing costs” has arrived." in html
    assert "nothing more will be charged" in html
    assert Gift.objects.get().status == "given"
    assert public_totals(costs).raised == 2500


def test_a_monthly_gift_is_told_as_one(client, sandbox):
    gift = begin(client, frequency="monthly", amount="15")
    sandbox.pay(gift.session_id)
    html = thanks(client, gift)

    assert "Your monthly gift of $15.00 to “Publishing costs” has begun." in html
    assert "charged every month until you stop" in html
    assert Gift.objects.get().status == "active"


def test_looking_again_books_nothing_again(client, sandbox, costs):
    gift = begin(client)
    sandbox.pay(gift.session_id)
    first, second = thanks(client, gift), thanks(client, gift)

    assert first == second
    assert (Payment.objects.count(), SentMail.objects.count()) == (1, 1)
    assert public_totals(costs).raised == 2500


def test_nothing_of_the_person_is_on_the_page(client, sandbox):
    gift = begin(client)
    sandbox.pay(gift.session_id)
    html = thanks(client, gift)

    for said in ("Ann Poe", "ann@example.org", "4242", gift.session_id, str(gift.pk)):
        assert said not in html


def test_the_page_is_kept_by_nobody_and_listed_nowhere(client, sandbox):
    gift = begin(client)
    answer = client.get(f"/thanks/?session_id={gift.session_id}")

    assert "no-store" in answer["Cache-Control"]
    assert answer["X-Robots-Tag"] == "noindex"
    assert answer["Referrer-Policy"] == "same-origin"
    assert not answer.cookies


@pytest.mark.parametrize(
    "query", ["", "?session_id=", "?session_id=cs_test_unknown", "?session_id=%00", "?session_id=cs_1%00"]
)
def test_only_a_page_that_we_opened_has_thanks(client, sandbox, query):
    make_gift(status="given")  # a gift without any session
    assert client.get(f"/thanks/{query}").status_code == 404


def test_a_bank_debit_is_on_its_way_and_then_here(client, sandbox, costs):
    gift = begin(client)
    sandbox.pay(gift.session_id, method="bank_debit_succeeds")
    assert "Your gift of $25.00 to “Publishing costs” is on its way." in thanks(client, gift)
    assert (public_totals(costs).raised, public_totals(costs).pending) == (0, 2500)

    sandbox.settle(Payment.objects.get().remote_id, succeeds=True)
    assert "has arrived" in thanks(client, gift)
    assert (public_totals(costs).raised, public_totals(costs).pending) == (2500, 0)


def test_a_bank_debit_that_failed_leads_back_to_a_new_form(client, sandbox):
    gift = begin(client)
    sandbox.pay(gift.session_id, method="bank_debit_fails")
    thanks(client, gift)
    sandbox.settle(Payment.objects.get().remote_id, succeeds=False)
    html = thanks(client, gift)

    assert "The payment did not go through" in html
    assert f'href="/donate/?back={gift.pk}"' in html
    form = client.get(f"/donate/?back={gift.pk}").context["form"]
    assert (form.initial["email"], form.initial["amount"]) == ("ann@example.org", "25")
    assert form.form_key != gift.form_key  # else the same values would lead to the same failed page


def test_an_unpaid_page_leads_back_to_the_form(client, sandbox, costs):
    gift = begin(client, frequency="monthly")
    html = thanks(client, gift)

    assert "Nothing has been paid" in html
    assert "Your monthly gift of $25.00 to “Publishing costs” has not been charged." in html
    assert "Thank you" not in html
    assert f'href="/donate/?back={gift.pk}"' in html
    assert public_totals(costs).raised == 0


def test_an_expired_page_leads_back_to_the_form_and_to_a_new_page(client, sandbox):
    gift = begin(client)
    sandbox.expire(gift.session_id)
    assert "Nothing has been paid" in thanks(client, gift)

    assert begin(client).session_id != gift.session_id
    assert Gift.objects.count() == 1


def test_while_stripe_is_down_the_mail_is_promised_and_nothing_claimed(client, sandbox):
    gift = begin(client)
    sandbox.pay(gift.session_id)
    sandbox.stop()
    html = thanks(client, gift)

    assert "We cannot see your gift yet" in html
    assert "the receipt comes by e-mail" in html
    assert "has arrived" not in html
    assert not Payment.objects.exists()


def test_what_was_booked_before_is_known_while_stripe_is_down(client, sandbox):
    gift = begin(client)
    sandbox.pay(gift.session_id)
    thanks(client, gift)
    sandbox.stop()

    assert "has arrived" in thanks(client, gift)


def test_the_page_needs_no_browser_of_the_givers(client, sandbox):
    gift = begin(client)
    sandbox.pay(gift.session_id)
    assert "has arrived" in thanks(Client(), gift)


def test_test_mode_is_said(client, sandbox):
    gift = begin(client)
    assert "This is a test. No real money moved." in thanks(client, gift)
