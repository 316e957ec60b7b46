"""A monthly charge that fails: three mails at most, another card that is really charged, and never arrears."""

from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest
import stripe
from django.utils import timezone

from donations import deeds, ledger, mails, tasks, webhooks
from donations.mailed_links import refuse_mails
from donations.models import Gift, SentMail, WebhookEvent
from donations.monthly import page_url
from donations.sandbox import portal
from donations.sandbox.cards import card_of
from donations.stripe_gateway import Gateway, StripeTrouble, StripeUnavailable
from tests.donations.factories import make_campaign, make_donor
from tests.donations.giving import deliver, give_monthly

pytestmark = pytest.mark.django_db
FAILS = "4000000000000341"  # pays now, then declines every renewal
WORKS = "4242424242424242"


@pytest.fixture(autouse=True)
def no_rest_between_tries(monkeypatch):
    monkeypatch.setattr(stripe.HTTPClient, "INITIAL_DELAY", 0)


@pytest.fixture
def gift(sandbox):
    """A monthly gift of $10.00 on a card that declines every renewal; its first charge is booked."""
    sandbox.clock = datetime.now(UTC)
    donor = make_donor(email="ida@example.org")
    given = give_monthly(sandbox, amount=1000, donor=donor, campaign=make_campaign(), card=FAILS)
    ledger.book_session(given, now=timezone.now())
    skip(sandbox)
    return fresh(given)


def fresh(gift):
    return Gift.objects.select_related("campaign", "donor").get(pk=gift.pk)


def skip(sandbox):
    """What Stripe has to say gets lost."""
    sandbox.deliver(post=lambda body, header: 200)


def fail_month(client, sandbox, **kwargs):
    """The next charge fails for the first time."""
    sandbox.advance(months=1)
    assert set(deliver(client, sandbox, **kwargs)) <= {200}


def invoices(sandbox, gift):
    """What became of each month's invoice, oldest first."""
    every = sandbox.objects["invoice"].values()
    mine = [row for row in every if row["parent"]["subscription_details"]["subscription"] == gift.stripe_subscription]
    return [row["status"] for row in mine]


def failing(gift):
    """The mails about charges that failed: which of the three."""
    return [mail.about["n"] for mail in SentMail.objects.filter(gift=gift, kind="failing").order_by("pk")]


def mailed(mailoutbox):
    return [mail for mail in mailoutbox if "did not come through" in mail.subject]


def choose_card(client, sandbox, gift, card=WORKS):
    """By the link in a mail to Stripe's page, where another card is typed; nobody has told us of it yet."""
    answer = client.post(f"{urlsplit(page_url(gift)).path}card/")
    assert answer.status_code == 303
    session = sandbox.objects["billing_portal.session"][answer["Location"].rpartition("/")[2]]
    with sandbox.account.lock:
        portal.change_card(sandbox.account, session, card_of(card))
    return urlsplit(session["return_url"]).path


def words(answer):
    return " ".join(answer.content.decode().split())


def tries_to_pay(monkeypatch):
    """Every call that asks Stripe to collect an invoice."""
    tried, pay = [], Gateway.pay_invoice

    def counted(self, invoice_id, card):
        tried.append(invoice_id)
        return pay(self, invoice_id, card)

    monkeypatch.setattr(Gateway, "pay_invoice", counted)
    return tried


# --- Another card ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("heard", ["only back", "only told", "back, then told", "told, then back"])
def test_another_card_pays_what_is_open_once_and_is_charged_from_then_on(client, sandbox, gift, heard):
    fail_month(client, sandbox)
    back = choose_card(client, sandbox, gift)
    for one in heard.split(", then "):
        if "back" in one:
            assert client.get(back).status_code == 200
        else:
            assert set(deliver(client, sandbox, repeat=2)) == {200}
    assert (fresh(gift).status, fresh(gift).open_amount, invoices(sandbox, gift)) == ("active", 0, ["paid", "paid"])
    sandbox.advance(months=1)
    assert set(deliver(client, sandbox)) == {200}
    assert (fresh(gift).status, invoices(sandbox, gift)) == ("active", ["paid"] * 3)
    assert gift.payments.filter(status="succeeded").count() == 3


@pytest.mark.parametrize("queue", ["takes it and loses it", "is down"])
def test_the_message_of_another_card_is_answered_at_once_and_used_by_the_worker(
    client, sandbox, gift, monkeypatch, queue
):
    fail_month(client, sandbox)
    choose_card(client, sandbox, gift)

    def take(event_id):
        if queue == "is down":
            raise ConnectionError("The queue is down.")

    with monkeypatch.context() as patch:
        patch.setattr(tasks, "settle_event", take)
        patch.setattr(Gateway, "default_card", not_in_a_request)
        assert set(deliver(client, sandbox)) == {200}
    event = WebhookEvent.objects.get(type="customer.updated")
    assert (event.state, fresh(gift).status) == ("received", "past_due")
    webhooks.process_inbox(timezone.now() + timedelta(minutes=6))
    event.refresh_from_db()
    assert (event.state, fresh(gift).status, invoices(sandbox, gift)) == ("processed", "active", ["paid", "paid"])


def not_in_a_request(*args):
    raise AssertionError("Stripe was asked for a card inside its own request.")


def test_stripe_is_asked_about_the_card_by_the_task_alone_and_again_where_that_fails(
    client, sandbox, gift, monkeypatch
):
    fail_month(client, sandbox)
    choose_card(client, sandbox, gift)
    with monkeypatch.context() as patch:
        patch.setattr(Gateway, "default_card", unavailable)
        assert set(deliver(client, sandbox)) == {200}
    assert WebhookEvent.objects.get(type="customer.updated").state == "failed"
    webhooks.process_inbox(timezone.now() + timedelta(minutes=6))
    assert (WebhookEvent.objects.get(type="customer.updated").state, fresh(gift).status) == ("processed", "active")


def unavailable(*args):
    raise StripeUnavailable("Stripe did not answer.")


def test_whoever_comes_back_is_told_what_was_charged(client, sandbox, gift):
    fail_month(client, sandbox)
    back = choose_card(client, sandbox, gift)
    assert "Your new card was charged $10.00, and will be charged from now on." in words(client.get(back))
    assert "Your new card will be charged from now on." in words(client.get(back))
    assert invoices(sandbox, gift) == ["paid", "paid"]


def test_whoever_comes_back_after_stripes_message_is_told_so_too(client, sandbox, gift):
    fail_month(client, sandbox)
    back = choose_card(client, sandbox, gift)
    deliver(client, sandbox)
    assert "Your new card will be charged from now on." in words(client.get(back))


def test_a_new_card_that_is_declined_is_tried_once_and_leaves_the_gift_late(client, sandbox, gift):
    fail_month(client, sandbox)
    back = choose_card(client, sandbox, gift, card=FAILS)
    assert "it was declined for the charge of $10.00" in words(client.get(back))
    deliver(client, sandbox, repeat=2)
    client.get(back)
    declined = [event for event in sandbox.events if event["type"] == "invoice.payment_failed"]
    assert (len(declined), fresh(gift).status, invoices(sandbox, gift)) == (2, "past_due", ["paid", "open"])
    client.get(choose_card(client, sandbox, gift))
    assert (fresh(gift).status, invoices(sandbox, gift)) == ("active", ["paid", "paid"])


@pytest.mark.parametrize("first", ["back", "told"])
def test_a_page_that_is_loaded_again_days_later_tries_no_card_again(client, sandbox, gift, first, monkeypatch):
    fail_month(client, sandbox)
    back = choose_card(client, sandbox, gift, card=FAILS)
    client.get(back) if first == "back" else deliver(client, sandbox)
    sandbox.account.answers.clear()  # Stripe forgets keys
    tried = tries_to_pay(monkeypatch)
    page = words(client.get(back))
    assert "The charge of $10.00 is still open, and is tried again in the next days." in page
    assert (tried, fresh(gift).status, invoices(sandbox, gift)) == ([], "past_due", ["paid", "open"])


def test_the_message_and_the_way_back_at_once_charge_once(client, sandbox, gift, monkeypatch):
    fail_month(client, sandbox)
    back = choose_card(client, sandbox, gift)
    pin = Gateway.use_card

    def slowly(self, *args):
        monkeypatch.setattr(Gateway, "use_card", pin)
        deliver(client, sandbox)  # all of it is done by the message, while the way back is at work
        pin(self, *args)

    monkeypatch.setattr(Gateway, "use_card", slowly)
    assert client.get(back).status_code == 200
    assert (invoices(sandbox, gift), gift.payments.filter(status="succeeded").count()) == (["paid", "paid"], 2)


def test_a_card_that_was_chosen_while_all_is_well_is_used_and_charges_nothing(client, sandbox, gift, monkeypatch):
    tried = tries_to_pay(monkeypatch)
    assert "Your new card will be charged from now on." in words(client.get(choose_card(client, sandbox, gift)))
    fail_month(client, sandbox)
    assert (tried, invoices(sandbox, gift), fresh(gift).status) == ([], ["paid", "paid"], "active")


def test_what_stripe_says_of_a_customer_besides_tries_no_card_again(client, sandbox, api, gift, monkeypatch):
    fail_month(client, sandbox)
    client.get(choose_card(client, sandbox, gift, card=FAILS))
    deliver(client, sandbox)
    tried = tries_to_pay(monkeypatch)
    api.customers.update(gift.stripe_customer, {"description": "A friend of the coast desk"})
    assert set(deliver(client, sandbox)) == {200}
    assert tried == []


def test_trouble_while_the_new_card_is_tried_keeps_the_card(client, sandbox, gift):
    fail_month(client, sandbox)
    back = choose_card(client, sandbox, gift)
    sandbox.fail_next(path="invoices", verb="POST")
    assert "The charge of $10.00 is on its way" in words(client.get(back))
    sandbox.advance(days=3)  # Stripe's own next try
    deliver(client, sandbox)
    assert (fresh(gift).status, invoices(sandbox, gift)) == ("active", ["paid", "paid"])


def test_while_stripe_does_not_answer_the_way_back_says_to_load_it_again(client, sandbox, gift):
    fail_month(client, sandbox)
    back = choose_card(client, sandbox, gift)
    sandbox.fail_next(times=30)
    answer = client.get(back)
    assert answer.status_code == 503
    assert "Load this page again in a few minutes." in words(answer)
    sandbox.account.faults.clear()
    client.get(back)
    assert fresh(gift).status == "active"


@pytest.mark.parametrize("missing", [403, 404])
def test_a_key_that_may_do_no_more_than_it_must_books_all_the_same(client, sandbox, gift, missing):
    fail_month(client, sandbox)
    choose_card(client, sandbox, gift)
    sandbox.habits.endpoints, sandbox.habits.missing = "needed", missing
    assert set(deliver(client, sandbox)) == {200}
    assert fresh(gift).status == "past_due"


def test_the_link_in_a_receipt_leads_to_stripes_page_and_says_what_it_is_for(client, sandbox, gift):
    fail_month(client, sandbox)
    page = words(client.get(urlsplit(page_url(gift)).path))
    assert "The last charge did not come through." in page
    assert "Use another card" in page
    assert "This month’s charge is then tried once more; months before it are never asked for." in page
    assert "ida@example.org" not in page


@pytest.mark.parametrize("verb", ["get", "post"])
def test_a_changed_link_leads_nowhere(client, gift, verb):
    link = urlsplit(page_url(gift)).path[:-2] + "/"
    assert getattr(client, verb)(f"{link}card/").status_code in {404, 405}
    assert client.get(f"{link}card/back/").status_code == 404


def test_the_link_of_a_gift_that_has_ended_leads_to_no_card_page(client, sandbox, gift):
    link = urlsplit(page_url(gift)).path
    client.post(link)
    answer = client.post(f"{link}card/")
    assert answer.status_code == 422
    assert "This gift has ended" in words(answer)
    assert client.get(f"{link}card/back/").status_code == 200


# --- Mails ----------------------------------------------------------------------------------------------------------


def test_three_mails_at_most_tell_of_one_charge_whatever_is_replayed(client, sandbox, gift, mailoutbox):
    fail_month(client, sandbox, repeat=2)
    assert failing(gift) == [1]
    for days in (3, 5, 7):
        sandbox.advance(days=days)
        assert set(deliver(client, sandbox, repeat=2, shuffle=days)) <= {200}
    assert failing(gift) == [1, 2, 3]
    booked = WebhookEvent.objects.filter(state="processed")
    assert booked.update(state="failed", reason="replayed", settled_at=None) > 10
    webhooks.process_inbox(timezone.now() + timedelta(days=1))
    assert not WebhookEvent.objects.filter(state="failed").exists()
    assert failing(gift) == [1, 2, 3]
    assert invoices(sandbox, gift) == ["paid", "open"]


def test_the_mails_are_sent_once_and_lead_to_the_page_with_the_button(
    client, sandbox, gift, mailoutbox, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        fail_month(client, sandbox)
    mails.send_due(timezone.now())
    assert len(mailed(mailoutbox)) == 1
    assert page_url(gift) in mailed(mailoutbox)[0].body


def test_the_next_month_that_fails_is_told_anew(client, sandbox, gift):
    fail_month(client, sandbox)
    fail_month(client, sandbox)
    assert failing(gift)[-1] == 1
    assert len({mail.key.partition(":")[0] for mail in SentMail.objects.filter(kind="failing")}) == 2


@pytest.mark.parametrize("end", ["paid", "stopped", "refused", "paused"])
def test_no_mail_goes_out_after_it_was_paid_stopped_paused_or_refused(client, sandbox, gift, mailoutbox, end):
    fail_month(client, sandbox)
    waiting = SentMail.objects.get(kind="failing")
    mailoutbox.clear()
    SentMail.objects.filter(pk=waiting.pk).update(status="queued", sent_at=None, sending_at=None)
    if end == "paid":
        client.get(choose_card(client, sandbox, gift))
    elif end == "stopped":
        client.post(urlsplit(page_url(gift)).path)
    elif end == "paused":
        deeds.pause(fresh(gift), datetime(2027, 1, 31).date(), key="k", now=timezone.now())
    else:
        refuse_mails(gift.donor, timezone.now())
    mails.send_due(timezone.now())
    sandbox.advance(days=16)
    deliver(client, sandbox)
    mails.send_due(timezone.now())
    assert mailed(mailoutbox) == []
    assert failing(gift) == []


def test_a_booking_that_is_killed_owes_no_mail_and_its_next_try_owes_one(client, sandbox, gift, monkeypatch):
    sandbox.advance(months=1)

    def die(*args, **kwargs):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("donations.ledger.booking.difference", die)
        with pytest.raises(KeyboardInterrupt):
            deliver(client, sandbox)
    assert failing(gift) == []
    deliver(client, sandbox)
    assert failing(gift) == [1]


# --- Never arrears --------------------------------------------------------------------------------------------------


def test_a_month_that_is_over_is_not_asked_for(client, sandbox, gift):
    fail_month(client, sandbox)
    fail_month(client, sandbox)
    assert invoices(sandbox, gift) == ["paid", "void", "open"]
    client.get(choose_card(client, sandbox, gift))
    assert invoices(sandbox, gift) == ["paid", "void", "paid"]
    assert gift.payments.filter(status="succeeded").count() == 2


def test_a_month_that_is_over_is_not_asked_for_either_once_a_later_one_was_paid(client, sandbox, gift, api):
    fail_month(client, sandbox)
    method = api.payment_methods.retrieve(at_stripe(sandbox, gift)["default_payment_method"])
    sandbox.account.numbers[method.id] = WORKS
    sandbox.objects["invoice"][fresh(gift).open_invoice]["next_payment_attempt"] = None
    fail_month(client, sandbox)  # it works
    assert (fresh(gift).status, invoices(sandbox, gift)) == ("active", ["paid", "void", "paid"])


def at_stripe(sandbox, gift):
    return sandbox.objects["subscription"][gift.stripe_subscription]


def test_a_month_whose_money_is_on_its_way_is_left(client, sandbox, gift):
    fail_month(client, sandbox)
    link = next(row for row in sandbox.objects["invoice_payment"].values() if row["status"] == "open")
    sandbox.objects["payment_intent"][link["payment"]["payment_intent"]]["status"] = "processing"
    sandbox.objects["invoice"][fresh(gift).open_invoice]["next_payment_attempt"] = None
    fail_month(client, sandbox)
    assert invoices(sandbox, gift) == ["paid", "open", "open"]


def test_a_void_that_fails_fails_nothing(client, sandbox, gift, monkeypatch):
    def refuse(*args):
        raise StripeTrouble("Stripe answered 500", 500)

    fail_month(client, sandbox)
    monkeypatch.setattr(Gateway, "void_invoice", refuse)
    fail_month(client, sandbox)
    assert (fresh(gift).status, invoices(sandbox, gift)) == ("past_due", ["paid", "open", "open"])


def test_one_that_comes_in_between_is_never_taken_for_an_old_one(client, sandbox, gift, monkeypatch):
    fail_month(client, sandbox)
    listed = Gateway.open_invoices

    def then_a_month_passes(self, subscription_id):
        rows = listed(self, subscription_id)
        monkeypatch.setattr(Gateway, "open_invoices", listed)
        sandbox.next_month(subscription_id)
        return rows

    monkeypatch.setattr(Gateway, "open_invoices", then_a_month_passes)
    newest, older = deeds.open_invoices(gift.stripe_subscription, Gateway())
    assert (newest, older) == ("", [fresh(gift).open_invoice])
