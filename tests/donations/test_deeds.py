"""What givers change about a monthly gift: asked of Stripe once, booked, told by mail; refused in words."""

from datetime import UTC, date, datetime, timedelta
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import pytest
import stripe
from django.test import Client

from donations import deeds, ledger
from donations.giving.deed_forms import new_key
from donations.ledger import NotBooked
from donations.models import Gift, SentMail
from donations.monthly import next_charge, page_url
from donations.stripe_gateway import Gateway, StripeNotAllowed, StripeRefused
from tests.donations.factories import make_campaign, make_donor, make_gift
from tests.donations.giving import deliver, give_monthly

pytestmark = pytest.mark.django_db
NEW_YORK = ZoneInfo("America/New_York")


def now():
    return datetime.now(UTC)


def fresh(gift):
    return Gift.objects.select_related("campaign", "donor").get(pk=gift.pk)


def let_in(client, donor):
    """The giver is at their own page in this browser."""
    session = client.session
    session["giver"] = {"donor": donor.pk.hex, "since": now().timestamp()}
    session.save()


@pytest.fixture
def gift(client, sandbox):
    """A monthly gift of $10.00, begun now and booked; its giver is at their own page."""
    sandbox.clock = now()
    given = give_monthly(sandbox, amount=1000, campaign=make_campaign(minimum=500))
    ledger.book_session(given, now=now())
    sandbox.deliver(post=lambda body, header: 200)  # what it tells of the beginning is booked already
    let_in(client, given.donor)
    return fresh(given)


@pytest.fixture
def row(client):
    """A monthly gift that nobody asks Stripe about; its giver is at their own page."""
    fields = {"status": "active", "anchor": now(), "monthly_amount": 1000, "stripe_subscription": "sub_1"}
    made = make_gift(frequency="monthly", amount=1000, **fields)
    let_in(client, made.donor)
    return made


@pytest.fixture(autouse=True)
def no_rest_between_tries(monkeypatch):
    monkeypatch.setattr(stripe.HTTPClient, "INITIAL_DELAY", 0)


def at_stripe(sandbox, gift):
    return sandbox.objects["subscription"][gift.stripe_subscription]


def asked_monthly(sandbox, gift):
    """What Stripe will charge, in minor units."""
    return at_stripe(sandbox, gift)["items"]["data"][0]["price"]["unit_amount"]


def page_of(gift, name):
    return f"/giving/gifts/{gift.pk}/{name}/"


def send(client, gift, name, **typed):
    return client.post(page_of(gift, name), {"token": new_key()} | typed)


def words(answer):
    return " ".join(answer.content.decode().split())


def kinds(gift):
    """The mails about the gift that are no receipts, oldest first."""
    owed = SentMail.objects.filter(gift=gift).exclude(kind__in=["receipt", "renewal_receipt"])
    return list(owed.order_by("pk").values_list("kind", flat=True))


def changes_at_stripe(sandbox, gift):
    """How often Stripe changed the subscription."""
    mine = [event for event in sandbox.events if event["type"] == "customer.subscription.updated"]
    return sum(event["data"]["object"]["id"] == gift.stripe_subscription for event in mine)


def needs_only_what_it_must(sandbox, missing):
    sandbox.habits.endpoints, sandbox.habits.missing = "needed", missing


# --- Amount ---------------------------------------------------------------------------------------------------------


def test_another_amount_is_charged_from_the_next_month_on(client, sandbox, gift):
    answer = send(client, gift, "amount", amount="$15.50")
    assert (answer.status_code, answer["Location"]) == (303, f"{page_of(gift, 'amount')}?done")
    assert (asked_monthly(sandbox, gift), fresh(gift).monthly_amount, fresh(gift).amount) == (1550, 1550, 1000)
    assert "Your gift is $15.50 a month, charged next on December 10, 2026." in words(client.get(answer["Location"]))
    sandbox.advance(months=1)
    deliver(client, sandbox)
    assert sorted(gift.payments.values_list("amount", flat=True)) == [1000, 1550]
    assert kinds(gift) == ["changed"]
    assert SentMail.objects.get(kind="changed").about == {"was": 1000, "is": 1550}


def test_a_second_press_does_nothing_even_after_the_amount_was_changed_back(client, sandbox, gift):
    token = new_key()
    send(client, gift, "amount", token=token, amount="15")
    send(client, gift, "amount", token=token, amount="15")
    send(client, gift, "amount", amount="10")
    send(client, gift, "amount", token=token, amount="15")
    assert (asked_monthly(sandbox, gift), fresh(gift).monthly_amount) == (1000, 1000)
    assert changes_at_stripe(sandbox, gift) == 2
    assert kinds(gift) == ["changed", "changed"]


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("0.99", "The smallest gift is $1.00."),
        ("1000000", "The most is $999,999.99."),
        ("", "Type an amount"),
        ("ten", "“ten” is not an amount."),
        ("0", "The amount is zero."),
        ("12.345", "has too many decimals"),
    ],
)
def test_an_amount_that_cannot_be_is_refused_with_what_was_typed(client, row, typed, said):
    answer = send(client, row, "amount", amount=typed)
    assert answer.status_code == 422
    assert said in words(answer)
    assert f'value="{typed}"' in words(answer) or not typed


def test_the_same_amount_asks_nothing_of_stripe(client, sandbox, gift):
    assert send(client, gift, "amount", amount="10").status_code == 303
    assert (changes_at_stripe(sandbox, gift), kinds(gift)) == (0, [])


def test_an_amount_that_only_stripe_can_judge_is_refused_at_its_field(client, gift, monkeypatch):
    def refuse(*args):
        raise StripeRefused("Stripe answered 400", 400, "amount_too_small")

    monkeypatch.setattr(Gateway, "change_amount", refuse)
    answer = send(client, gift, "amount", amount="5")
    assert answer.status_code == 422
    assert answer.context["form"].errors["amount"] == ["This is less than Stripe can charge. Type a larger amount."]
    assert 'value="5"' in words(answer)


def test_the_product_that_prices_belong_to_is_made_where_it_is_missing(client, sandbox, gift):
    sandbox.objects["product"].clear()
    assert send(client, gift, "amount", amount="15").status_code == 303
    assert asked_monthly(sandbox, gift) == 1500


def test_a_gift_without_one_monthly_price_says_who_can_change_it(client, sandbox, gift):
    item = at_stripe(sandbox, gift)["items"]["data"][0]
    item["price"]["recurring"] |= {"interval": "year"}
    answer = send(client, gift, "amount", amount="15")
    assert answer.status_code == 422
    assert "not charged by one monthly price" in words(answer)


def test_a_late_or_paused_gift_can_have_another_amount_and_stays_as_it_is(client, sandbox, gift):
    send(client, gift, "pause", last_day="2027-01-31")
    assert send(client, gift, "amount", amount="15").status_code == 303
    assert (fresh(gift).status, fresh(gift).monthly_amount) == ("paused", 1500)
    send(client, gift, "resume")
    sandbox.fail_renewals(gift.stripe_subscription)
    sandbox.advance(months=1)
    deliver(client, sandbox)
    assert send(client, gift, "amount", amount="20").status_code == 303
    late = fresh(gift)
    assert (late.status, late.monthly_amount, late.open_amount) == ("past_due", 2000, 1500)


# --- Pause ----------------------------------------------------------------------------------------------------------


def test_a_paused_gift_is_charged_again_after_the_last_day_in_the_campaigns_zone(client, sandbox, gift):
    answer = send(client, gift, "pause", last_day="2027-01-31")
    assert answer.status_code == 303
    paused = fresh(gift)
    assert (paused.status, paused.paused_until) == ("paused", datetime(2027, 2, 1, tzinfo=NEW_YORK))
    told = words(client.get(answer["Location"]))
    assert "Nothing is charged until February 1, 2027." in told
    assert "the next charge is on February 10, 2027." in told
    sandbox.advance(months=2, days=10)
    deliver(client, sandbox)
    assert gift.payments.filter(status="succeeded").count() == 1
    sandbox.advance(months=1)
    deliver(client, sandbox)
    assert (fresh(gift).status, gift.payments.filter(status="succeeded").count()) == ("active", 2)
    assert kinds(gift) == ["paused", "resumed"]
    assert SentMail.objects.get(kind="paused").about == {"until": "2027-02-01"}


def test_a_pause_that_is_set_twice_is_the_last_one(client, sandbox, gift):
    token = new_key()
    send(client, gift, "pause", token=token, last_day="2026-12-31")
    send(client, gift, "pause", token=token, last_day="2026-12-31")
    send(client, gift, "pause", last_day="2027-03-31")
    assert fresh(gift).paused_until == datetime(2027, 4, 1, tzinfo=NEW_YORK)
    assert (kinds(gift), changes_at_stripe(sandbox, gift)) == (["paused", "paused"], 2)


def test_an_old_form_does_not_pause_again_what_goes_on(client, sandbox, gift):
    token = new_key()
    send(client, gift, "pause", token=token, last_day="2026-12-31")
    send(client, gift, "resume")
    send(client, gift, "pause", token=token, last_day="2026-12-31")
    assert fresh(gift).status == "active"
    assert at_stripe(sandbox, gift)["pause_collection"] is None


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("2026-11-10", "November 10, 2026 is not to come any more."),
        ("2020-01-01", "January 1, 2020 is not to come any more."),
        ("2028-06-01", "for a year at most, until November 11, 2027."),
        ("", "Choose the last day of the pause."),
        ("2026-02-31", "This is not a day of the calendar."),
        ("9999-12-31", "for a year at most"),
    ],
)
def test_a_day_that_cannot_be_is_refused_with_what_was_typed(client, row, typed, said):
    answer = send(client, row, "pause", last_day=typed)
    assert answer.status_code == 422
    assert said in words(answer)
    assert f'value="{typed}"' in words(answer) or not typed


def test_a_day_is_judged_in_the_campaigns_zone(row):
    late = datetime(2026, 11, 11, 3, tzinfo=UTC)  # the tenth, in New York
    deeds.refuse_pause(row, date(2026, 11, 11), late)
    with pytest.raises(NotBooked):
        deeds.refuse_pause(row, date(2026, 11, 10), late)


def test_a_late_gift_that_is_paused_is_not_asked_for_what_is_open(client, sandbox, gift):
    sandbox.fail_renewals(gift.stripe_subscription)
    sandbox.advance(months=1)
    deliver(client, sandbox)
    assert send(client, gift, "pause", last_day="2027-01-31").status_code == 303
    paused = fresh(gift)
    assert (paused.status, paused.open_amount, paused.open_invoice) == ("paused", 0, "")
    sandbox.advance(days=20)
    deliver(client, sandbox)
    assert gift.payments.filter(status="succeeded").count() == 1


def test_a_gift_that_is_not_paused_goes_on_as_it_does(client, sandbox, gift):
    assert "Your gift is not paused." in words(client.get(page_of(gift, "resume")))
    assert send(client, gift, "resume").status_code == 303
    assert (changes_at_stripe(sandbox, gift), kinds(gift)) == (0, [])


def test_a_resumed_gift_says_when_it_is_charged_next(client, sandbox, gift):
    send(client, gift, "pause", last_day="2027-01-31")
    answer = send(client, gift, "resume")
    assert "It is $10.00 a month, charged next on December 10, 2026." in words(client.get(answer["Location"]))
    assert kinds(gift) == ["paused", "resumed"]


def test_the_next_charge_of_a_paused_gift_is_after_the_pause():
    anchor = datetime(2026, 8, 10, 14, tzinfo=UTC)
    fields = {"frequency": "monthly", "status": "paused", "anchor": anchor}
    paused = make_gift(**fields, paused_until=datetime(2027, 2, 10, 15, tzinfo=UTC))
    assert next_charge(paused, now()) == datetime(2027, 3, 10, 14, tzinfo=UTC)
    assert next_charge(make_gift(**fields), now()) is None


# --- Stop -----------------------------------------------------------------------------------------------------------


def test_a_gift_is_stopped_with_a_reason_in_the_givers_words(client, sandbox, gift):
    answer = send(client, gift, "stop", reason="  I moved\r\nhouse. ")
    assert answer.status_code == 303
    assert (fresh(gift).status, fresh(gift).stop_reason) == ("ended", "I moved house.")
    assert "Your gift has been stopped" in words(client.get(answer["Location"]))
    send(client, gift, "stop")
    deliver(client, sandbox)
    assert (kinds(gift), fresh(gift).stop_reason) == (["stopped"], "I moved house.")


def test_a_reason_is_optional_and_not_too_long(client, sandbox, gift):
    refused = send(client, gift, "stop", reason="a" * 301)
    assert (refused.status_code, fresh(gift).status) == (422, "active")
    assert "at most 300 characters; these are 301" in words(refused)
    assert send(client, gift, "stop").status_code == 303
    assert (fresh(gift).status, fresh(gift).stop_reason) == ("ended", "")


@pytest.mark.parametrize(
    ("name", "typed"), [("amount", {"amount": "15"}), ("pause", {"last_day": "2027-01-31"}), ("resume", {})]
)
def test_an_ended_gift_can_only_be_given_again(client, sandbox, gift, name, typed):
    sandbox.cancel(gift.stripe_subscription)  # of which we have not been told
    answer = send(client, gift, name, **typed)
    assert answer.status_code == 422
    assert "This gift has ended" in words(answer)
    assert fresh(gift).status == "ended"
    assert "This gift has ended" in words(client.get(page_of(gift, name)))
    assert "<form" not in words(client.get(page_of(gift, name)))


# --- Whoever asks, and trouble --------------------------------------------------------------------------------------

EVERY = [
    ("amount", {"amount": "15"}),
    ("pause", {"last_day": "2027-01-31"}),
    ("resume", {}),
    ("stop", {"reason": "Too much"}),
    ("card", {}),
]


@pytest.mark.parametrize(("name", "typed"), [*EVERY, ("card/back", {})])
def test_another_givers_gift_is_not_found_and_whoever_is_not_let_in_is_led_to_the_door(client, row, name, typed):
    stranger, outside = Client(), Client()
    let_in(stranger, make_donor())
    for ask in (stranger.get, stranger.post):
        assert ask(page_of(row, name), typed).status_code == 404
    for ask in (outside.get, outside.post):
        answer = ask(page_of(row, name), typed)
        assert (answer.status_code, answer["Location"]) == (302, "/giving/")
    assert fresh(row).status == "active"


@pytest.mark.parametrize("name", [name for name, _ in EVERY])
def test_a_gift_given_once_or_never_paid_has_no_such_page(client, row, name):
    once = make_gift(donor=row.donor, status="given")
    begun = make_gift(donor=row.donor, frequency="monthly")
    assert [client.get(page_of(one, name)).status_code for one in (once, begun)] == [404, 404]


@pytest.mark.parametrize("name", [name for name, _ in EVERY])
def test_the_pages_are_kept_by_nobody_and_cannot_be_pressed_from_elsewhere(client, row, name):
    answer = client.get(page_of(row, name))
    assert (answer.status_code, answer["X-Robots-Tag"], answer["Referrer-Policy"]) == (200, "noindex", "same-origin")
    assert "no-store" in answer["Cache-Control"]
    careful = Client(enforce_csrf_checks=True)
    let_in(careful, row.donor)
    assert careful.post(page_of(row, name)).status_code == 403


@pytest.mark.parametrize(("name", "typed"), EVERY)
def test_while_stripe_is_down_the_page_says_so_and_keeps_what_was_typed(client, sandbox, gift, name, typed):
    sandbox.fail_next(times=30)
    answer = send(client, gift, name, **typed)
    assert answer.status_code == 503
    assert "Stripe, which takes the payments, does not answer" in words(answer)
    assert all(value in words(answer) for value in typed.values())
    sandbox.account.faults.clear()
    assert fresh(gift).status == "active"


@pytest.mark.parametrize(("name", "typed"), EVERY)
@pytest.mark.parametrize("missing", [403, 404])
def test_where_the_key_may_not_do_it_the_page_says_so(client, sandbox, gift, missing, name, typed):
    if name == "resume":
        send(client, gift, "pause", last_day="2027-01-31")
    needs_only_what_it_must(sandbox, missing)
    answer = send(client, gift, name, **typed)
    assert answer.status_code == 503
    assert "This cannot be done on this page at the moment." in words(answer)


@pytest.mark.parametrize(("name", "typed"), EVERY[:-1])
def test_what_stripe_did_and_we_have_not_booked_is_said_to_be_done(client, sandbox, gift, name, typed, monkeypatch):
    def fail(*args, **kwargs):
        raise RuntimeError("The database is gone.")

    with monkeypatch.context() as patch:
        patch.setattr("donations.ledger.doing.book", fail)
        answer = send(client, gift, name, **typed)
    assert answer.status_code == 200
    assert "It is done" in words(answer)
    assert "Our books follow in a minute" in words(answer)
    deliver(client, sandbox)
    expected = {"amount": "active", "pause": "paused", "resume": "active", "stop": "ended"}
    assert fresh(gift).status == expected[name]


def test_an_answer_that_got_lost_is_tried_again_and_done_once(client, sandbox, gift):
    sandbox.cut_next(after=True, path="subscription_items", verb="POST")
    assert send(client, gift, "amount", amount="15").status_code == 303
    assert (asked_monthly(sandbox, gift), changes_at_stripe(sandbox, gift)) == (1500, 1)


def test_after_an_error_that_stripe_would_repeat_the_same_page_works_again(client, sandbox, gift):
    token = new_key()
    sandbox.fail_next(path="subscription_items", verb="POST")  # and to the client's own tries the same again
    refused = send(client, gift, "amount", token=token, amount="15")
    assert refused.status_code == 503
    again = refused.context["form"]["token"].value()
    assert again != token
    assert send(client, gift, "amount", token=again, amount="15").status_code == 303


@pytest.mark.parametrize("token", ["", "made-up", "eyJ:1:x"])
def test_a_form_without_a_good_key_is_shown_again(client, sandbox, gift, token):
    answer = send(client, gift, "amount", token=token, amount="15")
    assert answer.status_code == 422
    assert "This page has been open for long." in words(answer)
    again = answer.context["form"]["token"].value()
    assert send(client, gift, "amount", token=again, amount="15").status_code == 303


def test_a_form_that_was_open_for_a_day_is_looked_over_first(client, gift, time_machine):
    token = new_key()
    time_machine.shift(timedelta(hours=21))
    let_in(client, gift.donor)
    assert send(client, gift, "pause", token=token, last_day="2027-01-31").status_code == 422


# --- Another card ---------------------------------------------------------------------------------------------------


def test_the_button_leads_to_stripes_page_which_changes_nothing_but_a_card(client, sandbox, gift, settings):
    answer = client.post(page_of(gift, "card"))
    session = sandbox.objects["billing_portal.session"][answer["Location"].rpartition("/")[2]]
    configuration = sandbox.objects["billing_portal.configuration"][session["configuration"]]
    switched_on = [name for name, feature in configuration["features"].items() if feature["enabled"]]
    assert switched_on == ["payment_method_update"]
    assert session["return_url"] == f"{settings.SITE_URL}{page_of(gift, 'card/back')}"
    client.post(page_of(gift, "card"))
    assert len(sandbox.objects["billing_portal.configuration"]) == 1


def test_browsers_may_follow_the_button_to_stripes_page(client, sandbox, gift):
    link = urlsplit(page_url(gift)).path
    for address in (page_of(gift, "card"), link):
        policy = client.get(address)["Content-Security-Policy"]
        action = next(part for part in policy.split(";") if part.strip().startswith("form-action"))
        assert "https://billing.stripe.com" in action
        assert sandbox.url in action


def test_whoever_comes_back_without_another_card_has_changed_nothing(client, sandbox, gift):
    client.post(page_of(gift, "card"))
    answer = client.get(page_of(gift, "card/back"))
    assert "No other card was chosen, so nothing has changed." in words(answer)
    assert changes_at_stripe(sandbox, gift) == 0


def test_the_gateway_refuses_what_its_key_may_not_do(sandbox, gift):
    needs_only_what_it_must(sandbox, 403)
    with pytest.raises(StripeNotAllowed):
        Gateway().card_page(gift.stripe_customer, "https://news.example.org/")
