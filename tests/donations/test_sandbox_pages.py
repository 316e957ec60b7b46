"""The hosted payment page and the control page, as a browser without JavaScript uses them."""

import re
import urllib.error
import urllib.request
from html import unescape
from urllib.parse import urlencode

import pytest
from django.conf import settings

from donations.sandbox.cards import CARDS

from .sandbox_factories import begin_monthly, kinds, open_session, pay_once


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args):
        return None


OPENER = urllib.request.build_opener(_Stay)


def visit(sandbox, path, form=None, **headers):
    """(status, text, headers) of a page, or of a form sent there; a redirect is not followed."""
    url = path if path.startswith("http") else sandbox.url + path
    data = None if form is None else urlencode(form).encode()
    try:
        answer = OPENER.open(urllib.request.Request(url, data=data, headers=headers))
    except urllib.error.HTTPError as problem:
        answer = problem
    with answer:
        return answer.status, unescape(answer.read().decode()), answer.headers


def typed(**more):
    return {"method": "card", "card": "4242 4242 4242 4242", "email": "mira@example.org", "name": "Mira Sol"} | more


# --- the payment page
def test_the_page_shows_what_is_paid_to_whom_and_how_often(api, sandbox, settings):
    once = visit(sandbox, open_session(api, amount=5000).url)[1]
    for words in (settings.NEWSROOM_NAME, "A gift", "$50.00", "once", "Pay $50.00", "No money moves"):
        assert words in once
    monthly = visit(sandbox, open_session(api, amount=1500, mode="subscription", submit_type="donate").url)[1]
    for words in ("$15.00", "every month", "monthly on this day, until you stop", ">Donate<"):
        assert words in monthly


def test_the_page_lists_every_test_card(api, sandbox):
    text = visit(sandbox, open_session(api).url)[1]
    assert [card.spaced for card in CARDS if card.spaced not in text or card.says not in text] == []


def test_a_cards_number_in_the_address_fills_the_field(api, sandbox):
    text = visit(sandbox, open_session(api).url + "?card=4000000000000341")[1]
    assert 'value="4000000000000341"' in text


def test_an_email_that_the_newsroom_sent_is_filled_in_and_fixed(api, sandbox):
    session = open_session(api, customer_email="ana@example.org")
    field = re.search(r'<input id="email"[^>]*>', visit(sandbox, session.url)[1])[0]
    assert 'value="ana@example.org"' in field
    assert "readonly" in field
    visit(sandbox, session.url, typed(email="else@example.org"))
    assert api.checkout.sessions.retrieve(session.id).customer_details.email == "ana@example.org"


def test_pay_leads_back_to_the_newsroom_with_the_sessions_id(api, sandbox):
    session = open_session(api)
    status, _, headers = visit(sandbox, session.url, typed())
    assert (status, headers["Location"]) == (303, f"http://news.example/thanks/?session={session.id}")
    paid = api.checkout.sessions.retrieve(session.id)
    assert (paid.payment_status, paid.customer_details.email, paid.customer_details.name) == (
        "paid",
        "mira@example.org",
        "Mira Sol",
    )


@pytest.mark.parametrize(
    ("change", "status", "words"),
    [
        ({"card": "4000 0000 0000 0002"}, 402, "Your card was declined."),
        ({"card": "4000000000009995"}, 402, "Your card has insufficient funds."),
        ({"card": "1234"}, 422, "“1234” is not a test card."),
        ({"card": ""}, 422, "“” is not a test card."),
        ({"email": "mira"}, 422, "Type an e-mail address"),
        ({"name": " "}, 422, "Type the name"),
        ({"method": "cash"}, 422, "Choose a way to pay."),
    ],
)
def test_what_goes_wrong_is_said_and_what_was_typed_stays(api, sandbox, change, status, words):
    session = open_session(api)
    answered, text, _ = visit(sandbox, session.url, typed(**change))
    assert answered == status
    alert = re.search(r'role="alert">(.*?)</p>', text, re.DOTALL)[1]
    assert words in alert
    if "email" not in change:
        assert 'value="mira@example.org"' in text
    assert api.checkout.sessions.retrieve(session.id).status == "open"


def test_what_was_typed_is_escaped(api, sandbox):
    session = open_session(api)
    form = urlencode(typed(name='"><script>', card="<b>x")).encode()
    with pytest.raises(urllib.error.HTTPError) as refused:
        OPENER.open(session.url, data=form)
    with refused.value as answer:
        text = answer.read().decode()
    assert "&quot;&gt;&lt;script&gt;" in text
    assert "&lt;b&gt;x" in text
    assert "<script" not in text
    assert "<b>" not in text


def test_authentication_is_a_second_page_that_completes_or_fails(api, sandbox):
    session = open_session(api)
    three_d = typed(card="4000 0025 0000 3155")
    status, _, headers = visit(sandbox, session.url, three_d)
    assert (status, headers["Location"]) == (303, f"/c/pay/{session.id}/authenticate")
    assert kinds(sandbox)[-1] == "payment_intent.requires_action"
    text = visit(sandbox, headers["Location"])[1]
    assert "Complete authentication" in text
    assert "Fail authentication" in text

    status, text, _ = visit(sandbox, f"/c/pay/{session.id}/authenticate", {"result": "fail"})
    assert (status, "unable to authenticate" in text) == (402, True)
    assert visit(sandbox, f"/c/pay/{session.id}/authenticate")[0] == 303  # nothing is being authenticated now

    visit(sandbox, session.url, three_d)
    status, _, headers = visit(sandbox, f"/c/pay/{session.id}/authenticate", {"result": "complete"})
    assert (status, headers["Location"]) == (303, f"http://news.example/thanks/?session={session.id}")
    assert api.checkout.sessions.retrieve(session.id).payment_status == "paid"


def test_a_monthly_gift_can_be_authenticated_too(api, sandbox):
    session = open_session(api, mode="subscription")
    visit(sandbox, session.url, typed(card="4000002500003155"))
    assert sandbox.objects["subscription"] == {}
    visit(sandbox, f"/c/pay/{session.id}/authenticate", {"result": "complete"})
    assert api.subscriptions.retrieve(api.checkout.sessions.retrieve(session.id).subscription).status == "active"


@pytest.mark.parametrize("method", ["bank_debit_succeeds", "bank_debit_fails"])
def test_a_bank_debit_leads_back_unpaid(api, sandbox, method):
    session = open_session(api)
    status, _, headers = visit(sandbox, session.url, typed(method=method, card=""))
    assert (status, session.id in headers["Location"]) == (303, True)
    assert api.checkout.sessions.retrieve(session.id).payment_status == "unpaid"


def test_a_page_that_is_complete_expired_or_unknown_says_so(api, sandbox):
    paid, old = open_session(api), open_session(api)
    sandbox.pay(paid.id)
    sandbox.expire(old.id)
    status, text, _ = visit(sandbox, paid.url)
    assert (status, "This payment is complete" in text, f"thanks/?session={paid.id}" in text) == (200, True, True)
    assert visit(sandbox, paid.url, typed())[0] == 200
    status, text, _ = visit(sandbox, old.url, typed())
    assert (status, "This page has expired" in text, 'href="http://news.example/"' in text) == (410, True, True)
    status, text, _ = visit(sandbox, "/c/pay/cs_test_none")
    assert (status, "No such payment page" in text) == (404, True)
    assert len(api.charges.list().data) == 1


def test_the_page_asks_no_other_host_and_lets_the_form_go_on_to_the_newsroom(api, sandbox):
    _, text, headers = visit(sandbox, open_session(api).url)
    assert "<script" not in text
    assert set(re.findall(r'(?:src|href)="([^"?#]*)', text)) == {
        "data:,",
        "/css/tokens.css",
        "/css/sandbox.css",
        "http://news.example/",
        "",
    }
    policy = headers["Content-Security-Policy"]
    assert "form-action 'self' http://news.example;" in policy
    assert policy.startswith("default-src 'none'; style-src 'self'; font-src 'self';")


def test_the_pages_files_are_served_and_no_others(sandbox):
    css = visit(sandbox, "/css/tokens.css")
    assert (css[0], css[2]["Content-Type"]) == (200, "text/css; charset=utf-8")
    assert css[1] == (settings.BASE_DIR / "static/css/tokens.css").read_text()
    assert visit(sandbox, "/css/desk.css")[0] == 404
    for font in set(re.findall(r"/fonts/([\w.-]+)", css[1])):
        with OPENER.open(f"{sandbox.url}/fonts/{font}") as answer:
            assert answer.headers["Content-Type"] == "font/woff2"
    for path in (
        "/css/../server.py",
        "/css/..%2fserver.py",
        "/fonts/newsreader-LICENSE.txt",
        "/css/",
        "/admin/",
        "/c/pay/",
    ):
        assert visit(sandbox, path)[0] == 404


# --- the control page
def button(sandbox, verb, key="", **form):
    return visit(sandbox, f"/do/{verb}/{key}" if key else f"/do/{verb}", form)


def test_the_control_page_shows_everything_there_is(api, sandbox):
    intent = pay_once(api, sandbox)
    subscription = begin_monthly(api, sandbox, amount=1500)
    refund = sandbox.refund(intent, amount=500)
    dispute = sandbox.dispute(intent)
    text = visit(sandbox, "/")[1]
    for words in (
        intent,
        subscription,
        refund["id"],
        dispute["id"],
        sandbox.events[-1]["id"],
        "$15.00 monthly",
        "reader@example.com",
    ):
        assert words in text
    assert text.count("None yet.") == 0


def test_an_empty_control_page_says_that_there_is_nothing(sandbox):
    assert visit(sandbox, "/")[1].count("None yet.") == 6


def test_every_button_on_the_page_is_known(api, sandbox):
    sandbox.account.webhook_url = "http://127.0.0.1:9/"
    open_session(api)
    pay_once(api, sandbox)
    pay_once(api, sandbox, method="bank_debit")
    sandbox.next_month(begin_monthly(api, sandbox), succeeds=False)
    sandbox.refund(pay_once(api, sandbox, card="4000000000007726"))
    sandbox.dispute(pay_once(api, sandbox))
    sandbox.dispute(pay_once(api, sandbox), inquiry=True)
    sandbox.settle(pay_once(api, sandbox, method="bank_debit"))
    verbs = set(re.findall(r'action="/do/([\w-]+)', visit(sandbox, "/")[1]))
    assert verbs == {
        "advance", "answer", "call-back", "cancel", "dispute", "drop", "endpoint", "escalate", "expire", "fail-refund",
        "fail-renewal", "fault", "finish-refund", "habits", "inquire", "lose", "mischief", "next-month",
        "next-month-fails", "no-faults", "portal", "refund", "resend", "retry", "return", "settle", "shuffle", "win",
    }  # fmt: skip


def test_the_buttons_do_what_they_say(api, sandbox):
    intent, debit = pay_once(api, sandbox), pay_once(api, sandbox, method="bank_debit")
    subscription, session = begin_monthly(api, sandbox), open_session(api)

    assert button(sandbox, "refund", intent, amount="10.00")[2]["Location"] == "/#refunds"
    [refund] = api.refunds.list().data
    assert refund.amount == 1000
    button(sandbox, "fail-refund", refund.id)
    assert api.refunds.retrieve(refund.id).status == "failed"
    button(sandbox, "refund", intent, amount="")
    assert api.refunds.list().data[0].amount == 2500

    button(sandbox, "settle", debit)
    assert api.payment_intents.retrieve(debit).status == "succeeded"
    button(sandbox, "dispute", debit)
    [dispute] = api.disputes.list().data
    button(sandbox, "answer", dispute.id)
    button(sandbox, "win", dispute.id)
    assert api.disputes.retrieve(dispute.id).status == "won"

    button(sandbox, "next-month", subscription)
    assert api.subscriptions.retrieve(subscription).status == "active"
    button(sandbox, "next-month-fails", subscription)
    assert api.subscriptions.retrieve(subscription).status == "past_due"
    button(sandbox, "retry", subscription)
    assert api.subscriptions.retrieve(subscription).status == "active"
    button(sandbox, "cancel", subscription)
    assert api.subscriptions.retrieve(subscription).status == "canceled"
    button(sandbox, "expire", session.id)
    assert api.checkout.sessions.retrieve(session.id).status == "expired"


def test_more_buttons_do_what_they_say(api, sandbox):
    debit = pay_once(api, sandbox, method="bank_debit")
    button(sandbox, "return", debit)
    assert api.payment_intents.retrieve(debit).status == "requires_payment_method"
    dispute = sandbox.dispute(pay_once(api, sandbox))
    button(sandbox, "lose", dispute["id"])
    assert api.disputes.retrieve(dispute["id"]).status == "lost"
    refund = sandbox.refund(pay_once(api, sandbox, card="4000000000007726"))
    button(sandbox, "finish-refund", refund["id"])
    assert api.refunds.retrieve(refund["id"]).status == "succeeded"


def test_deliveries_are_resent_dropped_and_shuffled_from_the_page(api, sandbox):
    sandbox.account.webhook_url = "http://127.0.0.1:9/"
    pay_once(api, sandbox)
    event = sandbox.events[0]["id"]
    sandbox.deliver(post=lambda body, header: 200)
    assert "delivered" in visit(sandbox, "/")[1]
    assert button(sandbox, "resend", event)[2]["Location"] == "/#events"
    assert [each["id"] for each, _ in sandbox.deliver(post=lambda body, header: 200)] == [event]
    button(sandbox, "drop", number="3")
    button(sandbox, "shuffle")
    assert (sandbox.account.drop_next, sandbox.account.shuffled) == (3, True)
    button(sandbox, "shuffle")
    assert sandbox.account.shuffled is False


@pytest.mark.parametrize(
    ("verb", "key", "form", "words"),
    [
        ("refund", "{intent}", {"amount": "ten"}, "“ten” is not an amount"),
        ("refund", "{intent}", {"amount": "99"}, "greater than unrefunded amount"),
        ("refund", "pi_none", {}, "No such payment_intent: 'pi_none'"),
        ("settle", "{intent}", {}, "only a bank debit in status processing can be settled"),
        ("drop", "", {"number": "many"}, "“many” is not a number"),
        ("resend", "evt_none", {}, "No such event: evt_none"),
        ("resend", "{event}", {}, "There is no webhook address"),
        ("explode", "", {}, "no button “explode”"),
    ],
)
def test_a_button_that_cannot_work_says_why(api, sandbox, verb, key, form, words):
    intent = pay_once(api, sandbox)
    key = key.format(intent=intent, event=sandbox.events[0]["id"])
    status, text, _ = button(sandbox, verb, key, **form)
    assert status in {404, 422}
    assert words in re.search(r'role="alert">(.*?)</p>', text, re.DOTALL)[1]


def test_the_control_page_finds_by_id_and_by_email(api, sandbox):
    mine = pay_once(api, sandbox, email="mira@example.org")
    other = pay_once(api, sandbox)
    for wanted in (mine, "MIRA@example"):
        text = visit(sandbox, f"/?q={wanted}")[1]
        assert f"<code>{mine}</code>" in text
        assert f"<code>{other}</code>" not in text


def test_long_lists_are_cut_and_say_so(api, sandbox):
    for _ in range(27):
        open_session(api)
    text = visit(sandbox, "/")[1]
    assert text.count("Open the payment page") == 25
    assert "2 older ones are not shown." in text


# --- who may press
def test_buttons_take_post_only(api, sandbox):
    intent = pay_once(api, sandbox)
    assert visit(sandbox, f"/do/refund/{intent}")[0] == 405
    assert visit(sandbox, "/", {"x": "y"})[0] == 405
    assert api.refunds.list().data == []


def test_another_site_cannot_press_our_buttons(api, sandbox):
    intent = pay_once(api, sandbox)
    status, text, _ = visit(sandbox, f"/do/refund/{intent}", {}, Origin="https://evil.example")
    assert (status, "https://evil.example" in text) == (403, True)
    assert api.refunds.list().data == []
    assert visit(sandbox, f"/do/refund/{intent}", {}, Origin=sandbox.url)[0] == 303


def test_the_pages_answer_only_under_this_machines_names(sandbox):
    assert visit(sandbox, "/", Host="evil.example")[0] == 403
    assert visit(sandbox, "/", Host=f"localhost:{sandbox.url.rpartition(':')[2]}")[0] == 200
