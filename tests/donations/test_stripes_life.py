"""The less common turns of a gift's life at Stripe, told by its own messages, come out right in the figures."""

from datetime import date

import pytest
from django.utils import timezone

from donations.models import Gift, Payment, Refund, SentMail, WebhookEvent
from donations.stripe_gateway import Gateway, StripeUnavailable
from donations.totals import totals
from tests.donations.factories import make_campaign, make_donor, make_gift
from tests.donations.giving import (
    books,
    deliver,
    give,
    give_monthly,
    intent_of,
    only_payment,
    open_page,
    poster,
    subscription_of,
)

pytestmark = pytest.mark.django_db


def campaign_now(**fields):
    return make_campaign(starts=date(2026, 1, 1), ends=None, **fields)


def fresh(gift):
    return Gift.objects.select_related("campaign").get(pk=gift.pk)


def tell(client, sandbox, *kinds):
    """Delivers the messages of these types alone, and loses all others; how many there were."""
    rest = {event["type"] for event in sandbox.events} - set(kinds)
    statuses = deliver(client, sandbox, drop=rest)
    assert set(statuses) <= {200}
    return len(statuses)


def figures(gift):
    return totals(gift.campaign, timezone.now())


# --- Invoices ------------------------------------------------------------------------------------------------------


def late_gift(client, sandbox):
    """A monthly gift whose second charge failed, as we know."""
    gift = give_monthly(sandbox, campaign=campaign_now(), amount=1000)
    invoice = sandbox.next_month(subscription_of(sandbox, gift), succeeds=False)
    deliver(client, sandbox)
    assert (fresh(gift).status, fresh(gift).open_amount) == ("past_due", 1000)
    return gift, invoice["id"]


def test_a_bank_that_asks_about_a_renewal_leaves_the_gift_late_until_it_is_answered(client, sandbox):
    gift = give_monthly(sandbox, campaign=campaign_now(), amount=1000, card="4000002760003184")
    deliver(client, sandbox)
    invoice = sandbox.next_month(subscription_of(sandbox, gift))
    assert tell(client, sandbox, "invoice.payment_action_required") == 1
    assert (fresh(gift).status, fresh(gift).open_amount, figures(gift).raised) == ("past_due", 1000, 1000)
    sandbox.confirm(invoice["id"])
    assert tell(client, sandbox, "invoice.paid") == 1
    assert (fresh(gift).status, fresh(gift).open_amount, figures(gift).raised) == ("active", 0, 2000)


def test_a_voided_invoice_is_not_at_risk_any_more(client, sandbox, api):
    gift, invoice = late_gift(client, sandbox)
    api.invoices.void_invoice(invoice)
    assert tell(client, sandbox, "invoice.voided") == 1
    assert (fresh(gift).open_amount, figures(gift).at_risk, figures(gift).raised) == (0, 0, 1000)


def test_an_invoice_that_was_written_off_is_not_at_risk_any_more(client, sandbox):
    gift, invoice = late_gift(client, sandbox)
    sandbox.mark_uncollectible(invoice)
    assert tell(client, sandbox, "invoice.marked_uncollectible") == 1
    assert (fresh(gift).open_amount, figures(gift).at_risk) == (0, 0)


# --- Customers -----------------------------------------------------------------------------------------------------


def test_a_customer_that_changed_leads_to_its_monthly_gift(client, sandbox):
    gift = give_monthly(sandbox, campaign=campaign_now(), amount=1000)
    deliver(client, sandbox)
    given = sandbox.objects["subscription"][subscription_of(sandbox, gift)]
    given["pause_collection"] = {"behavior": "void", "resumes_at": None}
    sandbox.prefer_card(given["customer"])
    assert tell(client, sandbox, "customer.updated") == 1
    event = WebhookEvent.objects.get(type="customer.updated")
    assert (event.state, event.gift_id, event.object_id) == ("processed", gift.pk, given["customer"])
    assert fresh(gift).status == "paused"


def test_a_customer_with_two_monthly_gifts_leads_to_both(client, sandbox):
    gifts = [give_monthly(sandbox, campaign=campaign_now(), donor=make_donor()) for _ in range(2)]
    deliver(client, sandbox)
    customer = fresh(gifts[0]).stripe_customer
    Gift.objects.update(stripe_customer=customer)
    for gift in gifts:
        given = sandbox.objects["subscription"][subscription_of(sandbox, gift)]
        given |= {"pause_collection": {"behavior": "void", "resumes_at": None}, "customer": customer}
    sandbox.prefer_card(customer)
    assert tell(client, sandbox, "customer.updated") == 1
    assert [fresh(gift).status for gift in gifts] == ["paused", "paused"]
    assert WebhookEvent.objects.get(type="customer.updated").gift is None


def test_a_customer_is_never_looked_up_by_its_e_mail(client, sandbox, api):
    donor = make_donor(email="reader@example.com")
    gift = give_monthly(sandbox, campaign=campaign_now(), donor=donor)
    deliver(client, sandbox)
    before = books(gift)
    stranger = api.customers.create({"email": "reader@example.com"})
    api.customers.update(stranger.id, {"name": "Another"})
    assert tell(client, sandbox, "customer.updated") == 1
    event = WebhookEvent.objects.get(type="customer.updated")
    assert (event.state, event.reason) == ("ignored", "It names no gift of ours.")
    assert books(gift) == before


def test_a_customer_whose_gift_ended_changes_nothing(client, sandbox):
    gift = give_monthly(sandbox, campaign=campaign_now())
    sandbox.cancel(subscription_of(sandbox, gift))
    deliver(client, sandbox)
    sandbox.prefer_card(fresh(gift).stripe_customer)
    assert tell(client, sandbox, "customer.updated") == 1
    assert WebhookEvent.objects.get(type="customer.updated").state == "ignored"


# --- Fees and currencies -------------------------------------------------------------------------------------------


def test_a_fee_that_stripe_never_tells_stays_unknown_and_the_money_counts(client, sandbox):
    sandbox.habits.captures = "never"
    gift = give(sandbox, campaign=campaign_now(), amount=2500)
    sandbox.time_passes()
    deliver(client, sandbox)
    assert (figures(gift).raised, figures(gift).fees, figures(gift).fees_unknown) == (2500, 0, 1)


def test_money_that_settles_in_another_currency_counts_in_its_own(client, sandbox):
    sandbox.habits.settles_in, sandbox.habits.rate = "eur", "0.90"
    gift = give(sandbox, campaign=campaign_now(), amount=10000)
    sandbox.capture()
    sandbox.habits.rate = "0.80"
    sandbox.refund(intent_of(sandbox, gift), amount=2500)
    dispute = sandbox.dispute(intent_of(sandbox, gift), amount=3000)
    deliver(client, sandbox)
    assert (only_payment().fee, only_payment().fee_currency) == (291, "EUR")
    told = figures(gift)
    assert (told.received, told.reversed, told.raised) == (10000, 5500, 4500)
    assert (told.fees, told.dispute_fees, told.fees_unknown, told.net) == (0, 0, 2, 4500)
    sandbox.close_dispute(dispute["id"], won=True)
    deliver(client, sandbox)
    assert (figures(gift).reversed, figures(gift).raised) == (2500, 7500)


def test_a_dispute_fee_that_comes_back_with_the_money_cost_nothing(client, sandbox):
    sandbox.habits.dispute_fee_returned = True
    gift = give(sandbox, campaign=campaign_now(), amount=6000)
    sandbox.close_dispute(sandbox.dispute(intent_of(sandbox, gift))["id"], won=True)
    deliver(client, sandbox)
    assert (figures(gift).raised, figures(gift).dispute_fees) == (6000, 0)


# --- What goes back ------------------------------------------------------------------------------------------------


def test_a_refund_and_a_dispute_of_one_payment_are_both_taken_off(client, sandbox):
    gift = give(sandbox, campaign=campaign_now(), amount=10000)
    sandbox.refund(intent_of(sandbox, gift), amount=2500)
    dispute = sandbox.dispute(intent_of(sandbox, gift))
    deliver(client, sandbox)
    assert (figures(gift).reversed, figures(gift).raised) == (10000, 0)
    sandbox.close_dispute(dispute["id"], won=True)
    deliver(client, sandbox)
    assert (figures(gift).reversed, figures(gift).raised) == (2500, 7500)


def test_a_bank_that_takes_what_was_refunded_already_never_takes_it_from_other_gifts(client, sandbox):
    campaign = campaign_now()
    gift = give(sandbox, campaign=campaign, amount=10000)
    give(sandbox, campaign=campaign, amount=1000)
    sandbox.refund(intent_of(sandbox, gift), amount=7000)
    sandbox.dispute(intent_of(sandbox, gift), refunded_too=True)
    deliver(client, sandbox)
    assert (figures(gift).received, figures(gift).reversed, figures(gift).raised) == (11000, 17000, 1000)


def test_any_number_of_refunds_in_parts_is_counted_beyond_a_page_of_stripes_list(client, sandbox):
    gift = give(sandbox, campaign=campaign_now(), amount=10000)
    for _ in range(103):
        sandbox.refund(intent_of(sandbox, gift), amount=7)
    last = [event["id"] for event in sandbox.events if event["type"] == "refund.created"][-1]
    assert deliver(client, sandbox, drop={event["id"] for event in sandbox.events} - {last}) == [200]
    assert (Refund.objects.count(), figures(gift).raised) == (103, 10000 - 103 * 7)


# --- Two pages, two gifts ------------------------------------------------------------------------------------------


def test_two_gifts_of_one_person_are_two_payments_of_one_supporter(client, sandbox):
    campaign, donor = campaign_now(), make_donor()
    gifts = [give(sandbox, campaign=campaign, donor=donor, amount=amount) for amount in (1000, 2000)]
    assert set(deliver(client, sandbox, shuffle=3)) == {200}
    assert (figures(gifts[0]).raised, figures(gifts[0]).supporters) == (3000, 1)
    assert [fresh(gift).payments.count() for gift in gifts] == [1, 1]
    assert SentMail.objects.count() == 2


def test_two_pages_of_one_gift_that_are_both_paid_are_two_payments(client, sandbox):
    gift = open_page(campaign=campaign_now(), amount=1500)
    first = gift.session_id
    gift.next_attempt()
    second = Gateway().create_session(gift).id
    assert first != second
    for session in (first, second):
        sandbox.pay(session)
    assert set(deliver(client, sandbox, shuffle=1)) == {200}
    assert (figures(gift).raised, figures(gift).supporters, fresh(gift).status) == (3000, 1, "given")
    assert SentMail.objects.count() == 2
    assert not WebhookEvent.objects.unattributed().exists()


# --- Others on the same account ------------------------------------------------------------------------------------


def test_a_subscription_made_in_the_dashboard_is_listed_and_never_booked(client, sandbox):
    sandbox.subscribe(900)
    assert set(deliver(client, sandbox)) == {200}
    assert not Payment.objects.exists()
    reasons = dict(WebhookEvent.objects.values_list("type", "reason"))
    assert reasons["customer.subscription.created"] == "It names no gift of ours."
    assert reasons["invoice.paid"] == "It names no gift of ours."
    assert reasons["payment_intent.succeeded"] == "unattributed"
    listed = WebhookEvent.objects.unattributed().values("payment_intent_id").distinct()
    assert [row["payment_intent_id"] for row in listed] == list(sandbox.objects["payment_intent"])


def test_what_another_shop_sells_is_listed_and_in_no_figure(client, sandbox):
    gift = give(sandbox, campaign=campaign_now(), amount=2500)
    mug = sandbox.sell(1200)
    sandbox.refund(mug["id"], amount=200)
    assert set(deliver(client, sandbox)) == {200}
    assert figures(gift).raised == 2500
    assert set(WebhookEvent.objects.unattributed().values_list("payment_intent_id", flat=True)) == {mug["id"]}


def test_messages_about_other_business_are_ignored_with_a_reason(client, sandbox):
    sandbox.foreign_event()
    sandbox.pay_out(5000)
    sandbox.sell(1200)
    assert set(deliver(client, sandbox)) == {200}
    reasons = set(WebhookEvent.objects.values_list("type", "reason"))
    assert reasons == {
        ("payment_intent.created", "It is of a connected account, and none is ours."),
        ("payment_intent.created", "Its type is none that we book."),
        ("payout.created", "Its type is none that we book."),
        ("charge.succeeded", "Its type is none that we book."),
        ("payment_intent.succeeded", "unattributed"),
    }
    assert not Payment.objects.exists()


# --- Sooner than our own request was answered ------------------------------------------------------------------------


@pytest.mark.parametrize("shuffle", [1, 2, 3])
def test_a_monthly_gift_is_found_before_our_request_was_answered(client, sandbox, shuffle):
    gift = give_monthly(sandbox, stored=False, campaign=campaign_now(), amount=1000)
    assert set(deliver(client, sandbox, shuffle=shuffle)) == {200}
    booked = fresh(gift)
    assert (booked.status, booked.session_id) == ("active", gift.session_id)
    assert (booked.stripe_subscription, figures(gift).raised) == (subscription_of(sandbox, gift), 1000)


def test_a_page_whose_answer_was_lost_and_that_was_paid_is_found(client, sandbox):
    gift = make_gift(campaign=campaign_now())
    Gateway().create_product()
    sandbox.cut_next(after=True, path="checkout/sessions")
    with pytest.raises(StripeUnavailable):
        Gateway().create_session(gift)
    (session,) = sandbox.objects["checkout.session"]
    sandbox.pay(session)
    assert poster(client)(*sandbox.signed(sandbox.events[-1])) == 200
    deliver(client, sandbox)
    assert (fresh(gift).session_id, fresh(gift).status, only_payment().amount) == (session, "given", 2500)
