"""Another stand-in for Stripe, with the needed endpoints alone, is enough to count gifts right.

What needs more says so, and booking goes on. Nothing but STRIPE_API_BASE and the two secrets leads there.
"""

from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from django.utils import timezone

from donations import deeds, endpoint, ledger
from donations.forms import new_token
from donations.models import Gift, SentMail, WebhookEvent
from donations.reconcile import EVERY_NIGHT, reconcile
from donations.stripe_gateway import Gateway, StripeMissing, StripeNotAllowed, StripeUnavailable
from donations.totals import totals
from tests.donations.factories import make_campaign
from tests.donations.other_stripe import DISPUTE_FEE, NOT_THERE, SECRET, OtherStripe, fee_of

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def server():
    stand_in = OtherStripe()
    yield stand_in
    stand_in.stop()


@pytest.fixture
def stripe(request, server, settings):
    server.forget(getattr(request, "param", "404 as a page"))
    settings.STRIPE_API_BASE = server.url
    settings.STRIPE_SECRET_KEY = "sk_test_somebody_else"
    settings.STRIPE_WEBHOOK_SECRET = SECRET
    settings.STRIPE_LIVE = False
    return server


however_it_is_missing = pytest.mark.parametrize("stripe", NOT_THERE, indirect=True)


@pytest.fixture
def campaign():
    return make_campaign(slug="costs", is_default=True)


def send_form(client, frequency, *, amount="25", token=None):
    typed = {"campaign": "costs", "frequency": frequency, "amount": amount, "email": "ida@example.org"}
    return client.post("/donate/", typed | {"token": token or new_token(uuid4()), "visibility": "anonymous"})


def fill_in(client, stripe, frequency, **typed):
    """The form leads to the other Stripe's page; the session behind it."""
    answer = send_form(client, frequency, **typed)
    assert answer.status_code == 303, answer.content.decode()
    return stripe.session_at(answer["Location"])


def give(client, stripe, frequency="once"):
    """A gift of $25.00 that was paid, told and settled; its PaymentIntent."""
    intent = stripe.pay(fill_in(client, stripe, frequency))
    stripe.settle()
    assert set(stripe.deliver(client)) == {200}
    return intent


def come_back(client, session):
    """The page that the giver is led to after paying."""
    there = urlsplit(session["success_url"].replace("{CHECKOUT_SESSION_ID}", session["id"]))
    return client.get(f"{there.path}?{there.query}")


def figures(campaign):
    """Raised, reversed, fees, dispute fees, net; and how many fees are not known."""
    sums = totals(campaign, timezone.now())
    return sums.raised, sums.reversed, sums.fees, sums.dispute_fees, sums.net, sums.fees_unknown


def only_gift():
    return Gift.objects.get()


def receipts():
    return sorted(SentMail.objects.exclude(payment=None).values_list("kind", flat=True))


# --- Gifts ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("backwards", [False, True])
def test_a_gift_given_once_is_counted_and_thanked_for(client, stripe, campaign, backwards):
    session = fill_in(client, stripe, "once")
    stripe.pay(session)
    assert set(stripe.deliver(client, backwards=backwards)) == {200}
    assert figures(campaign) == (2500, 0, 0, 0, 2500, 1)
    stripe.settle()
    assert stripe.deliver(client) == [200]
    assert "Thank you" in come_back(client, session).content.decode()
    assert (only_gift().status, receipts()) == ("given", ["receipt"])
    assert figures(campaign) == (2500, 0, fee_of(2500), 0, 2500 - fee_of(2500), 0)
    assert stripe.in_vain == []


@pytest.mark.parametrize(
    ("stripe", "backwards"), [*((way, False) for way in NOT_THERE), ("404 as a page", True)], indirect=["stripe"]
)
def test_a_monthly_gift_and_its_renewal_are_counted(client, stripe, campaign, backwards):
    session = fill_in(client, stripe, "monthly")
    stripe.pay(session)
    stripe.charge_month(stripe.rows[session["subscription"]])
    stripe.settle()
    assert set(stripe.deliver(client, backwards=backwards)) == {200}
    assert "Thank you" in come_back(client, session).content.decode()
    assert (only_gift().status, only_gift().monthly_amount) == ("active", 2500)
    assert receipts() == ["receipt", "renewal_receipt"]
    assert figures(campaign) == (5000, 0, 2 * fee_of(2500), 0, 5000 - 2 * fee_of(2500), 0)
    assert WebhookEvent.objects.unattributed().count() == 0


@pytest.mark.parametrize("frequency", ["once", "monthly"])
def test_the_thank_you_page_books_what_no_message_told_of(client, stripe, campaign, frequency):
    session = fill_in(client, stripe, frequency)
    stripe.pay(session)
    assert "Thank you" in come_back(client, session).content.decode()
    assert set(stripe.deliver(client)) == {200}
    assert (figures(campaign), receipts()) == ((2500, 0, 0, 0, 2500, 1), ["receipt"])


@however_it_is_missing
def test_a_renewal_told_by_its_payment_alone_waits_for_its_invoice(client, stripe, campaign):
    give(client, stripe, "monthly")
    intent = stripe.charge_month(stripe.rows[only_gift().stripe_subscription])
    [invoice] = [row for kind, row in stripe.told if kind == "invoice.paid"]
    assert stripe.post(client, "payment_intent.succeeded", intent["id"]) == 200
    assert stripe.post(client, "charge.updated", intent["latest_charge"]) == 200
    assert {event.payment_intent_id for event in WebhookEvent.objects.unattributed()} == {intent["id"]}
    assert figures(campaign)[0] == 2500
    assert stripe.post(client, "invoice.paid", invoice) == 200
    assert WebhookEvent.objects.unattributed().count() == 0
    assert figures(campaign)[0] == 5000


@however_it_is_missing
def test_other_values_in_the_form_lead_to_another_page(client, stripe, campaign):
    token = new_token(uuid4())
    first = fill_in(client, stripe, "once", token=token)
    assert fill_in(client, stripe, "once", token=token)["id"] == first["id"]
    second = fill_in(client, stripe, "once", amount="40", token=token)
    assert stripe.in_vain == [f"POST checkout/sessions/{first['id']}/expire"]
    stripe.pay(second)
    assert set(stripe.deliver(client)) == {200}
    assert figures(campaign)[0] == 4000


def test_a_status_that_nobody_knows_counts_for_nothing(client, stripe, campaign):
    intent = stripe.pay(fill_in(client, stripe, "once"))
    intent |= {"status": "requires_full_moon", "amount_received": 0}
    assert set(stripe.deliver(client)) == {200}
    assert figures(campaign) == (0, 0, 0, 0, 0, 0)
    intent |= {"status": "succeeded", "amount_received": 2500}
    assert stripe.post(client, "payment_intent.succeeded", intent["id"]) == 200
    assert figures(campaign)[0] == 2500


# --- What goes back -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "backwards"), [("succeeded", False), ("pending", True), ("under_consideration", False)]
)
def test_a_partial_refund_takes_its_part_until_it_fails(client, stripe, campaign, status, backwards):
    intent, fee = give(client, stripe), fee_of(2500)
    stripe.refund(intent, 300)
    later = stripe.refund(intent, 1000, status=status)
    assert set(stripe.deliver(client, backwards=backwards)) == {200}
    assert figures(campaign) == (1200, 1300, fee, 0, 1200 - fee, 0)
    stripe.fail(later)
    assert stripe.deliver(client) == [200]
    assert figures(campaign) == (2200, 300, fee, 0, 2200 - fee, 0)


@pytest.mark.parametrize("frequency", ["once", "monthly"])
def test_a_dispute_takes_what_moved_and_gives_back_what_came_back(client, stripe, campaign, frequency):
    intent, fee = give(client, stripe, frequency), fee_of(2500)
    dispute = stripe.dispute(intent)
    assert stripe.deliver(client) == [200]
    assert figures(campaign) == (2500, 0, fee, 0, 2500 - fee, 0)
    stripe.withdraw(dispute)
    assert stripe.deliver(client) == [200]
    assert figures(campaign) == (0, 2500, fee, DISPUTE_FEE, -fee - DISPUTE_FEE, 0)
    stripe.reinstate(dispute)
    assert stripe.deliver(client) == [200, 200]
    assert figures(campaign) == (2500, 0, fee, DISPUTE_FEE, 2500 - fee - DISPUTE_FEE, 0)
    assert only_gift().status == ("given" if frequency == "once" else "active")


# --- What needs more than is there ----------------------------------------------------------------------------------


@however_it_is_missing
def test_a_failed_renewal_and_another_card_are_booked_though_nothing_can_be_done_about_them(client, stripe, campaign):
    give(client, stripe, "monthly")
    gift = only_gift()
    stripe.charge_month(stripe.rows[gift.stripe_subscription], comes=False)
    stripe.tell(stripe.rows[gift.stripe_customer], "customer.updated")
    assert set(stripe.deliver(client)) == {200}
    gift.refresh_from_db()
    assert (gift.status, gift.open_amount) == ("past_due", 2500)
    assert set(WebhookEvent.objects.values_list("state", flat=True)) <= {"processed", "ignored"}
    assert WebhookEvent.objects.get(type="customer.updated").state == "processed"
    assert f"GET customers/{gift.stripe_customer}" in stripe.in_vain
    assert figures(campaign)[0] == 2500


def test_a_subscription_status_that_nobody_knows_fails_no_message(client, stripe, campaign):
    give(client, stripe, "monthly")
    stripe.rows[only_gift().stripe_subscription]["status"] = "hibernating"
    stripe.charge_month(stripe.rows[only_gift().stripe_subscription])
    stripe.rows[only_gift().stripe_subscription]["status"] = "hibernating"
    assert set(stripe.deliver(client)) == {200}
    assert (only_gift().status, figures(campaign)[0]) == ("unclear", 5000)


@however_it_is_missing
def test_what_needs_more_says_so_and_changes_nothing(client, stripe, campaign):
    intent = give(client, stripe, "monthly")
    gift, now, before = only_gift(), timezone.now(), figures(campaign)
    payment = gift.payments.get(remote_id=intent["id"])
    for do in (
        lambda: deeds.stop(gift, "", now=now),
        lambda: deeds.change_amount(gift, 3000, key="1", now=now),
        lambda: deeds.card_page(gift, "https://news.example/back/"),
        lambda: ledger.refund(payment, amount=100, reason="asked", key="2", now=now),
    ):
        with pytest.raises((StripeMissing, StripeNotAllowed), match=r"^Stripe answered 40[34][:,] [^<>]+$") as trouble:
            do()
        assert trouble.value.code == ""
    assert (only_gift().status, figures(campaign)) == ("active", before)


@however_it_is_missing
def test_a_look_at_the_books_names_the_lists_that_it_had_to_do_without(client, stripe, campaign):
    stripe.pay(fill_in(client, stripe, "once"))
    assert set(stripe.deliver(client)) == {200}
    stripe.settle()
    report = reconcile(timezone.now() - EVERY_NIGHT, fix=True, now=timezone.now())
    assert (len(report.unasked), report.remaining, report.sums) == (7, 0, [])
    assert figures(campaign) == (2500, 0, fee_of(2500), 0, 2500 - fee_of(2500), 0)
    assert (endpoint.inspect(timezone.now()).remaining, len(stripe.in_vain)) == (0, 8)


@pytest.mark.parametrize("way", ["404 as a page", "403 as a page"])
def test_a_proxy_that_says_no_in_stripes_place_loses_no_message_and_opens_no_second_page(
    client, stripe, campaign, settings, way
):
    token = new_token(uuid4())
    session = fill_in(client, stripe, "once", token=token)
    intent = stripe.pay(session)
    stripe.not_there, settings.STRIPE_API_BASE = NOT_THERE[way], f"{stripe.url}/proxy"
    assert stripe.post(client, "payment_intent.succeeded", intent["id"]) == 500
    assert WebhookEvent.objects.get().state == "failed"
    assert send_form(client, "once", token=token).status_code == 503
    assert only_gift().session_id == session["id"]
    settings.STRIPE_API_BASE = stripe.url
    assert send_form(client, "once", token=token)["Location"] == f"/thanks/?session_id={session['id']}"
    assert set(stripe.deliver(client)) == {200}
    assert figures(campaign)[0] == 2500


BODIES = ["", "<h1>No</h1>", "[]", {"detail": "Not found"}, {"error": "Not found"}]


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (401, StripeNotAllowed),
        (403, StripeNotAllowed),
        (404, StripeMissing),
        (405, StripeMissing),
        (501, StripeMissing),
        (409, StripeUnavailable),
        (429, StripeUnavailable),
        (502, StripeUnavailable),
    ],
)
def test_what_an_answer_means_is_told_by_its_status_whatever_is_in_it(stripe, status, kind):
    for body in BODIES:
        stripe.not_there = (status, body)
        with pytest.raises(kind, match=f"^Stripe answered {status}, not in its own words. ") as trouble:
            Gateway().default_card("cus_1")
        assert (type(trouble.value), trouble.value.code) == (kind, "")
