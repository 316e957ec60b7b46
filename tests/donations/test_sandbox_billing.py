"""Monthly gifts: the first payment, the months that follow, and what the newsroom changes."""

from datetime import UTC, datetime

import pytest
import stripe

from donations.sandbox.billing import months_after

from .sandbox_factories import begin_monthly, kinds, open_session


def invoices(api, subscription):
    """Oldest first, as (reason, status, amount paid)."""
    rows = api.invoices.list(params={"subscription": subscription}).data
    return [(row.billing_reason, row.status, row.amount_paid) for row in reversed(rows)]


def test_a_monthly_gift_begins_with_a_paid_invoice(api, sandbox):
    session = sandbox.pay(open_session(api, mode="subscription", subscription_data={"metadata": {"gift": "g1"}}).id)
    assert session["payment_intent"] is None
    subscription = api.subscriptions.retrieve(session["subscription"], params={"expand": ["latest_invoice.payments"]})
    assert (subscription.status, subscription.metadata["gift"]) == ("active", "g1")
    invoice = subscription.latest_invoice
    assert (invoice.id, invoice.status, invoice.amount_paid) == (session["invoice"], "paid", 2500)
    assert invoice.parent.subscription_details.subscription == subscription.id
    assert [payment.amount_paid for payment in invoice.payments.data] == [2500]


def test_the_payment_of_a_month_carries_none_of_our_metadata_and_leads_to_its_subscription(api, sandbox):
    subscription = begin_monthly(api, sandbox, metadata={"gift": "g1"})
    sandbox.next_month(subscription)
    for intent in api.payment_intents.list().data:
        assert intent.metadata.to_dict() == {}
        link = api.invoice_payments.list(
            params={"payment": {"type": "payment_intent", "payment_intent": intent.id}}
        ).data
        parents = [api.invoices.retrieve(one.invoice).parent.subscription_details for one in link]
        assert [(parent.subscription, parent.metadata["gift"]) for parent in parents] == [(subscription, "g1")]


def test_next_month_is_charged_to_the_subscriptions_card(api, sandbox):
    subscription = begin_monthly(api, sandbox)
    invoice = sandbox.next_month(subscription)
    assert invoices(api, subscription) == [("subscription_create", "paid", 2500), ("subscription_cycle", "paid", 2500)]
    assert [
        one.status for one in api.invoice_payments.list(params={"invoice": invoice["id"], "status": "paid"}).data
    ] == ["paid"]


def test_a_month_that_fails_leaves_the_invoice_open_and_the_gift_past_due(api, sandbox):
    subscription = begin_monthly(api, sandbox)
    sandbox.next_month(subscription, succeeds=False)
    assert invoices(api, subscription)[-1] == ("subscription_cycle", "open", 0)
    assert api.subscriptions.retrieve(subscription).status == "past_due"
    assert kinds(sandbox)[-4:] == [
        "charge.failed",
        "payment_intent.payment_failed",
        "invoice.payment_failed",
        "customer.subscription.updated",
    ]


def test_the_month_after_a_failed_one_makes_the_gift_active_again(api, sandbox):
    subscription = begin_monthly(api, sandbox)
    sandbox.next_month(subscription, succeeds=False)
    sandbox.next_month(subscription)
    assert [status for _, status, _ in invoices(api, subscription)] == ["paid", "open", "paid"]
    assert api.subscriptions.retrieve(subscription).status == "active"


def test_the_card_that_fails_later_pays_only_the_first_month(api, sandbox):
    subscription = begin_monthly(api, sandbox, card="4000000000000341")
    sandbox.next_month(subscription)
    assert [status for _, status, _ in invoices(api, subscription)] == ["paid", "open"]
    with pytest.raises(stripe.CardError, match="declined"):
        api.invoices.pay(api.subscriptions.retrieve(subscription).latest_invoice)


def test_a_monthly_bank_debit_is_paid_when_it_settles(api, sandbox):
    session = sandbox.pay(open_session(api, mode="subscription").id, method="bank_debit")
    assert (session["payment_status"], invoices(api, session["subscription"])) == (
        "unpaid",
        [("subscription_create", "open", 0)],
    )
    [intent] = api.payment_intents.list().data
    sandbox.settle(intent.id)
    assert invoices(api, session["subscription"]) == [("subscription_create", "paid", 2500)]
    assert api.checkout.sessions.retrieve(session["id"]).payment_status == "paid"


@pytest.mark.parametrize(
    ("begun", "dates"),
    [
        (datetime(2026, 8, 31, 13, tzinfo=UTC), ["2026-09-30", "2026-10-31", "2026-11-30"]),
        (datetime(2027, 1, 31, 0, 30, tzinfo=UTC), ["2027-02-28", "2027-03-31", "2027-04-30"]),
        (datetime(2026, 12, 15, 9, tzinfo=UTC), ["2027-01-15", "2027-02-15", "2027-03-15"]),
    ],
)
def test_renewals_are_whole_months_after_the_anchor_with_the_day_clipped(api, sandbox, begun, dates):
    sandbox.clock = begun
    subscription = begin_monthly(api, sandbox)
    found = []
    for _ in dates:
        item = api.subscriptions.retrieve(subscription)["items"].data[0]
        found.append(datetime.fromtimestamp(item.current_period_end, UTC).date().isoformat())
        sandbox.next_month(subscription)
    assert found == dates


def test_a_month_is_counted_from_the_anchor_and_not_from_the_last_renewal():
    anchor = int(datetime(2026, 1, 31, 12, tzinfo=UTC).timestamp())
    days = [datetime.fromtimestamp(months_after(anchor, months), UTC).day for months in range(5)]
    assert days == [31, 28, 31, 30, 31]


def test_a_yearly_price_renews_after_a_year(api, sandbox):
    sandbox.clock = datetime(2026, 2, 28, 12, tzinfo=UTC)
    item = api.subscriptions.retrieve(begin_monthly(api, sandbox, interval="year"))["items"].data[0]
    assert datetime.fromtimestamp(item.current_period_end, UTC) == datetime(2027, 2, 28, 12, tzinfo=UTC)


def test_a_cancelled_gift_is_listed_only_when_all_are_asked_for(api, sandbox):
    subscription = begin_monthly(api, sandbox)
    assert api.subscriptions.cancel(subscription).status == "canceled"
    assert api.subscriptions.list().data == []
    assert [row.id for row in api.subscriptions.list(params={"status": "all"}).data] == [subscription]
    with pytest.raises(stripe.InvalidRequestError, match="No such subscription"):
        api.subscriptions.cancel(subscription)
    assert kinds(sandbox)[-1] == "customer.subscription.deleted"


def test_a_gift_cancelled_at_the_periods_end_stays_active_and_then_ends(api, sandbox):
    subscription = begin_monthly(api, sandbox)
    changed = api.subscriptions.update(subscription, params={"cancel_at_period_end": True})
    assert (changed.status, changed.cancel_at) == ("active", changed["items"].data[0].current_period_end)
    assert sandbox.next_month(subscription) is None
    assert api.subscriptions.retrieve(subscription).status == "canceled"
    assert len(api.charges.list().data) == 1


def test_a_paused_gift_stays_active_and_charges_nothing(api, sandbox):
    subscription = begin_monthly(api, sandbox)
    api.subscriptions.update(subscription, params={"pause_collection": {"behavior": "void"}})
    sandbox.next_month(subscription)
    assert api.subscriptions.retrieve(subscription).status == "active"
    assert invoices(api, subscription)[-1] == ("subscription_cycle", "void", 0)
    api.subscriptions.update(subscription, params={"pause_collection": ""})
    sandbox.next_month(subscription)
    assert invoices(api, subscription)[-1] == ("subscription_cycle", "paid", 2500)


def test_a_pause_ends_on_its_day(api, sandbox):
    subscription = begin_monthly(api, sandbox)
    renewal = api.subscriptions.retrieve(subscription)["items"].data[0].current_period_end
    pause = {"behavior": "void", "resumes_at": renewal - 60}
    api.subscriptions.update(subscription, params={"pause_collection": pause})
    sandbox.next_month(subscription)
    assert invoices(api, subscription)[-1] == ("subscription_cycle", "paid", 2500)


def test_an_open_invoice_can_be_paid_again_or_voided_with_its_payment(api, sandbox):
    subscription = begin_monthly(api, sandbox)
    first = sandbox.next_month(subscription, succeeds=False)["id"]
    second = sandbox.next_month(subscription, succeeds=False)["id"]
    assert api.invoices.void_invoice(first).status == "void"
    assert api.invoices.pay(second).status == "paid"
    assert api.subscriptions.retrieve(subscription).status == "active"
    intents = {link.invoice: link.payment.payment_intent for link in api.invoice_payments.list().data}
    assert api.payment_intents.retrieve(intents[first]).status == "canceled"
    assert api.payment_intents.retrieve(intents[second]).status == "succeeded"
    with pytest.raises(stripe.InvalidRequestError, match="already paid"):
        api.invoices.pay(second)
    with pytest.raises(stripe.InvalidRequestError, match="only open or uncollectible"):
        api.invoices.void_invoice(second)


def test_an_invoice_whose_payment_is_in_progress_is_neither_voided_nor_paid_twice(api, sandbox):
    session = sandbox.pay(open_session(api, mode="subscription").id, method="bank_debit")
    for ask in (api.invoices.void_invoice, api.invoices.pay):
        with pytest.raises(stripe.InvalidRequestError, match="a payment in progress"):
            ask(session["invoice"])


def test_an_invoice_paid_elsewhere_makes_no_payment(api, sandbox):
    subscription = begin_monthly(api, sandbox)
    invoice = sandbox.next_month(subscription, succeeds=False)["id"]
    assert api.invoices.pay(invoice, params={"paid_out_of_band": True}).status == "paid"
    assert api.invoice_payments.list(params={"invoice": invoice, "status": "paid"}).data == []


def test_the_amount_changes_from_the_next_month_on(api, sandbox):
    subscription = begin_monthly(api, sandbox)
    item = api.subscriptions.retrieve(subscription)["items"].data[0]
    price = {"currency": "usd", "product": item.price.product, "recurring": {"interval": "month"}, "unit_amount": 4000}
    changed = api.subscription_items.update(item.id, params={"price_data": price, "proration_behavior": "none"})
    assert changed.price.unit_amount == api.subscription_items.retrieve(item.id).price.unit_amount == 4000
    sandbox.next_month(subscription)
    assert [paid for _, _, paid in invoices(api, subscription)] == [2500, 4000]


def test_what_the_sandbox_cannot_change_is_refused_and_nothing_is_changed(api, sandbox):
    subscription = begin_monthly(api, sandbox)
    with pytest.raises(stripe.InvalidRequestError, match="does not know what to do with trial_end"):
        api.subscriptions.update(subscription, params={"trial_end": "now", "description": "Changed"})
    assert api.subscriptions.retrieve(subscription).description is None


def test_metadata_is_merged_and_unset_by_an_empty_value(api, sandbox):
    subscription = begin_monthly(api, sandbox, metadata={"gift": "g1", "old": "x"})
    changed = api.subscriptions.update(subscription, params={"metadata": {"new": "y", "old": ""}})
    assert changed.metadata.to_dict() == {"gift": "g1", "new": "y"}
