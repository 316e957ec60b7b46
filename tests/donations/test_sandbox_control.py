"""The control page's forms over time, trouble and the account; and the pages for givers who come back."""

import re
from datetime import UTC, datetime

import pytest
import stripe

from donations.sandbox.habits import Habits

from .sandbox_factories import begin_monthly, kinds, pay_once
from .test_sandbox_pages import button, visit


def problem_in(text):
    return re.search(r'role="alert">(.*?)</p>', text, re.DOTALL)[1]


# --- time
def test_time_goes_by_at_the_press_of_a_button(api, sandbox):
    sandbox.clock = datetime(2026, 10, 5, 9, tzinfo=UTC)
    subscription = begin_monthly(api, sandbox)
    assert "05 October 2026, 09:00 UTC" in visit(sandbox, "/")[1]
    assert button(sandbox, "advance", by="3 months")[2]["Location"] == "/#time"
    assert "05 January 2027, 09:00 UTC" in visit(sandbox, "/")[1]
    assert len(api.invoices.list(params={"subscription": subscription}).data) == 4
    status, text, _ = button(sandbox, "advance", by="a while")
    assert (status, "“a while” is no step of time." in problem_in(text)) == (422, True)


def test_beside_the_clock_stands_that_the_newsroom_does_not_follow(sandbox):
    assert "The newsroom keeps its own time" in visit(sandbox, "/")[1]


def test_a_clock_that_runs_ahead_says_by_how_much(sandbox):
    button(sandbox, "advance", by="1 week")
    assert "7 days ahead of this machine" in visit(sandbox, "/")[1]


def test_the_next_renewal_can_be_made_to_fail(api, sandbox):
    subscription = begin_monthly(api, sandbox)
    button(sandbox, "fail-renewal", subscription)
    assert "to be declined: the next charge" in visit(sandbox, "/")[1]
    button(sandbox, "advance", by="1 month")
    assert api.subscriptions.retrieve(subscription).status == "past_due"
    assert "tried again " in visit(sandbox, "/")[1]


def test_banks_inquire_call_back_and_escalate_at_the_press_of_a_button(api, sandbox):
    asked, debit = pay_once(api, sandbox), pay_once(api, sandbox, method="bank_debit")
    button(sandbox, "inquire", asked)
    [inquiry] = api.disputes.list().data
    button(sandbox, "escalate", inquiry.id)
    button(sandbox, "settle", debit)
    button(sandbox, "call-back", debit)
    assert [row.status for row in api.disputes.list().data] == ["lost", "needs_response"]


# --- trouble
def test_faults_are_ordered_and_called_off_from_the_page(api, sandbox):
    button(sandbox, "fault", times="2", method="GET", path="/v1/charges", kind="429")
    assert "2 ordered and still to come" in visit(sandbox, "/")[1]
    with pytest.raises(stripe.RateLimitError) as refused:
        api.charges.list()
    assert refused.value.headers["Retry-After"] == "30"
    button(sandbox, "no-faults")
    assert api.charges.list().data == []

    button(sandbox, "fault", times="1", kind="cut", path="products", after="on")
    with pytest.raises(stripe.APIConnectionError):
        api.products.create(params={"name": "A gift"})
    assert len(sandbox.objects["product"]) == 1
    button(sandbox, "fault", times="1", kind="slow", seconds="3", method="POST")
    assert (sandbox.account.faults[0].seconds, sandbox.account.faults[0].verb) == (3, "POST")


def test_mishaps_are_set_from_the_page(api, sandbox):
    sandbox.account.webhook_url = "http://127.0.0.1:9/"
    button(sandbox, "mischief", dropped="100", repeated="0", delayed="0", seed="5")
    assert re.search(r'name="dropped"[^>]*value="100"', visit(sandbox, "/")[1])
    pay_once(api, sandbox)
    assert sandbox.deliver(post=lambda body, header: 200) == []


def test_the_endpoint_is_switched_off_and_on_from_the_page(api, sandbox):
    sandbox.account.webhook_url = "http://127.0.0.1:9/"
    button(sandbox, "endpoint")
    assert api.webhook_endpoints.list().data[0].status == "disabled"
    assert "The endpoint is switched off" in visit(sandbox, "/")[1]
    button(sandbox, "endpoint")
    assert api.webhook_endpoints.list().data[0].status == "enabled"


def test_the_account_is_set_from_the_page_as_a_whole(api, sandbox):
    form = {"captures": "late", "retries_end": "cancel", "endpoints": "all", "settles_in": "EUR", "rate": "0.92"}
    assert button(sandbox, "habits", **form, thin="on", expands="on")[2]["Location"] == "/#habits"
    wanted = Habits(captures="late", retries_end="cancel", settles_in="eur", rate="0.92", thin=True)
    assert sandbox.habits == wanted
    text = visit(sandbox, "/")[1]
    assert re.search(r'<option value="cancel"\s+selected>', text)
    button(sandbox, "habits", **form | {"rate": "", "settles_in": "", "captures": "never"})
    assert (sandbox.habits.expands, sandbox.habits.rate, sandbox.habits.captures) == (False, "1", "never")


@pytest.mark.parametrize(
    ("verb", "form", "words"),
    [
        ("habits", {"rate": "much"}, "“much” is not a rate"),
        ("habits", {"rate": "-1"}, "“-1” is not a rate"),
        ("habits", {"rate": "nan"}, "“nan” is not a rate"),
        ("habits", {"settles_in": "xyz"}, "'XYZ' is not a currency"),
        ("habits", {"captures": "often"}, "“often” is no choice for captures"),
        ("fault", {"kind": "fire"}, "“fire” is no fault"),
        ("fault", {"kind": "500", "times": "many"}, "“many” is not a number of requests"),
        ("fault", {"kind": "slow", "times": "1", "seconds": "61"}, "“61” is not a number of seconds"),
        ("mischief", {"dropped": "60", "delayed": "50"}, "together they are at most 1"),
        ("mischief", {"dropped": "-1"}, "“-1” is not a number of percent"),
    ],
)
def test_a_form_that_cannot_be_read_says_why_and_changes_nothing(sandbox, verb, form, words):
    filled = (
        {"captures": "soon", "retries_end": "past_due", "endpoints": "all", "thin": "on"} if verb == "habits" else {}
    )
    status, text, _ = button(sandbox, verb, **filled | form)
    assert (status, words in problem_in(text)) == (422, True)
    assert (sandbox.habits, sandbox.account.faults, sandbox.account.mischief.dropped) == (Habits(), [], 0)


# --- the portal
@pytest.fixture
def giver(api, sandbox):
    """A giver whose renewals fail: (subscription, customer)."""
    subscription = begin_monthly(api, sandbox, card="4000000000000341", email="mira@example.org")
    return subscription, api.subscriptions.retrieve(subscription).customer


def portal(api, customer, **more):
    return api.billing_portal.sessions.create(params={"customer": customer, **more})


def test_the_portal_needs_a_saved_configuration(api, giver):
    _, customer = giver
    with pytest.raises(stripe.InvalidRequestError, match="No configuration provided"):
        portal(api, customer)
    features = {"payment_method_update": {"enabled": True}}
    made = api.billing_portal.configurations.create(params={"features": features})
    assert (made.is_default, made.features.payment_method_update.enabled) == (True, True)
    assert portal(api, customer).configuration == made.id
    second = api.billing_portal.configurations.create(params={"features": features})
    assert (second.is_default, portal(api, customer, configuration=second.id).configuration) == (False, second.id)
    found = api.billing_portal.configurations.list(params={"is_default": True}).data
    assert [row.id for row in found] == [made.id]


@pytest.fixture
def visited(api, sandbox, giver):
    """The address of the giver's visit."""
    api.billing_portal.configurations.create(params={"features": {"payment_method_update": {"enabled": True}}})
    return portal(api, giver[1], return_url="http://news.example/giving/").url


def test_a_card_typed_in_the_portal_is_the_customers_and_not_the_gifts(api, sandbox, giver, visited):
    subscription, customer = giver
    text = visit(sandbox, visited)[1]
    for words in ("mira@example.org", f"Monthly gift {subscription}", "Card ending in 0341", "none yet"):
        assert words in text
    assert 'href="http://news.example/giving/"' in text
    status, text, _ = visit(sandbox, visited, {"card": "4242 4242 4242 4242"})
    assert (status, "Your card has been changed." in text) == (200, True)
    assert kinds(sandbox)[-1] == "customer.updated"
    method = api.customers.retrieve(customer).invoice_settings.default_payment_method
    assert api.payment_methods.retrieve(method).card.last4 == "4242"
    assert api.subscriptions.retrieve(subscription).default_payment_method != method
    assert sandbox.events[-1]["data"]["previous_attributes"]["invoice_settings"]["default_payment_method"] is None


def test_a_flow_goes_back_at_once(api, sandbox, giver, visited):
    after = {"type": "redirect", "redirect": {"return_url": "http://news.example/giving/?card=new"}}
    flow = {"type": "payment_method_update", "after_completion": after}
    url = portal(api, giver[1], flow_data=flow).url
    status, _, headers = visit(sandbox, url, {"card": "4242424242424242"})
    assert (status, headers["Location"]) == (303, "http://news.example/giving/?card=new")
    assert "form-action 'self' http://news.example;" in visit(sandbox, url)[2]["Content-Security-Policy"]
    with pytest.raises(stripe.InvalidRequestError, match="only the flow payment_method_update"):
        portal(api, giver[1], flow_data={"type": "subscription_cancel"})


@pytest.mark.parametrize(
    ("card", "status", "words"),
    [("4000000000000002", 402, "Your card was declined."), ("12", 422, "“12” is not a test card")],
)
def test_a_card_that_is_refused_changes_nothing(api, sandbox, giver, visited, card, status, words):
    answered, text, _ = visit(sandbox, visited, {"card": card})
    assert (answered, words in problem_in(text)) == (status, True)
    assert api.customers.retrieve(giver[1]).invoice_settings.default_payment_method is None


def test_the_control_page_leads_to_the_portal(sandbox, giver):
    status, _, headers = button(sandbox, "portal", giver[0])
    assert (status, headers["Location"].startswith("/p/session/bps_")) == (303, True)
    assert "How you pay" in visit(sandbox, headers["Location"])[1]
    assert visit(sandbox, "/p/session/bps_none")[0] == 404


# --- the bank's question about a renewal
def test_a_giver_answers_the_bank_on_the_invoices_own_page(api, sandbox):
    subscription = begin_monthly(api, sandbox, card="4000002760003184", amount=1500)
    sandbox.next_month(subscription)
    invoice = api.invoices.retrieve(api.subscriptions.retrieve(subscription).latest_invoice)
    assert f'href="/i/{invoice.id}">Answer the bank' in visit(sandbox, "/")[1]
    text = visit(sandbox, invoice.hosted_invoice_url)[1]
    assert "$15.00" in text
    assert "Your bank asks: is this you?" in text
    assert "Nothing to confirm" in visit(sandbox, f"/i/{invoice.id}", {"result": "fail"})[1]
    with pytest.raises(stripe.CardError):  # another try asks again
        api.invoices.pay(invoice.id)
    assert "This month is paid" in visit(sandbox, f"/i/{invoice.id}", {"result": "complete"})[1]
    assert api.subscriptions.retrieve(subscription).status == "active"
    assert visit(sandbox, f"/i/{invoice.id}", {"result": "complete"})[0] == 409
    assert visit(sandbox, "/i/in_none")[0] == 404
