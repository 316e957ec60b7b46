"""The breaker: when it opens by itself, when it closes, who may switch it, what it stops and what goes on."""

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import Permission

from donations import breaker
from donations.breaker import Hold, hold_on, look, measured
from donations.models import Breaker, BreakerRule, Campaign, SentMail, WebhookEvent
from donations.sandbox.cards import Declined

from .factories import make_campaign, make_gift, make_user
from .fundraisers import a_fundraiser
from .giving import deliver, open_page

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 10, 14, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def costs():
    return make_campaign(slug="publishing-costs", title="Publishing costs", is_default=True)


def a_gift(**fields):
    return make_gift(campaign=Campaign.objects.get(slug="publishing-costs"), **fields)


def told(kind, *, gift=None, at=NOW, state="processed", livemode=False):
    """What Stripe said about one attempt to pay."""
    number = WebhookEvent.objects.count()
    settled = None if state == "failed" else at
    return WebhookEvent.objects.create(
        event_id=f"evt_{number}",
        type=f"payment_intent.{kind}",
        object_id=f"pi_{number}",
        livemode=livemode,
        gift=gift or a_gift(),
        state=state,
        reason="StripeUnavailable" if state == "failed" else "",
        received_at=at,
        settled_at=settled,
    )


def fail(times, *, at=NOW, **fields):
    return [told("payment_failed", at=at, **fields) for _ in range(times)]


def came(times, *, at=NOW):
    return [told("succeeded", at=at, gift=a_gift(status="given")) for _ in range(times)]


def is_open():
    return list(Breaker.objects.open().values_list("does", flat=True))


# --- By itself -----------------------------------------------------------------------------------------------------


def test_it_opens_where_many_attempts_fail(costs):
    fail(12)
    came(12)
    look(NOW)

    [row] = Breaker.objects.all()
    assert (row.does, row.opened_by, row.opened_at) == ("pause", None, NOW)
    assert (row.failed, row.attempts) == (12, 24)
    assert hold_on(costs) == Hold(is_paused=True)


def test_few_failures_are_no_reason_however_large_their_share():
    fail(11)
    look(NOW)
    assert is_open() == []


def test_a_small_share_is_no_reason_however_many_failures():
    fail(12)
    came(13)
    look(NOW)
    assert is_open() == []


def test_one_giver_with_a_bad_card_does_not_stop_the_others():
    fail(30, gift=a_gift())
    look(NOW)

    assert measured(NOW).failed == 3
    assert is_open() == []


def test_what_is_old_monthly_of_the_other_mode_or_not_booked_does_not_count():
    fail(12, at=NOW - 15 * MINUTE)
    fail(12, gift=a_gift(frequency="monthly"))
    fail(12, livemode=True)
    fail(12, state="failed")
    look(NOW)

    assert measured(NOW).attempts == 0
    assert is_open() == []


def test_it_opens_once():
    fail(20)
    look(NOW)
    look(NOW + MINUTE)
    assert Breaker.objects.count() == 1


def test_it_opens_where_nearly_every_form_leads_to_nothing():
    for number in range(60):
        a_gift(form_key=f"{number:032x}", begun_at=NOW - 11 * MINUTE)
    look(NOW)

    [row] = Breaker.objects.open()
    assert (row.does, row.failed, row.attempts) == ("pause", 60, 60)
    assert (measured(NOW).failed, measured(NOW).left, measured(NOW).forms) == (0, 60, 60)


def test_a_rush_of_givers_of_whom_many_leave_the_payment_page_is_no_reason():
    for number in range(80):
        paid = {"status": "given"} if number % 10 == 0 else {}
        a_gift(form_key=f"{number:032x}", begun_at=NOW - 11 * MINUTE, **paid)
    look(NOW)
    assert is_open() == []


def test_forms_that_may_still_be_paid_and_other_values_in_one_form_do_not_count():
    for number in range(60):
        a_gift(form_key=f"{number:032x}", begun_at=NOW - 9 * MINUTE)
        a_gift(form_key=f"{1:032x}", begun_at=NOW - 11 * MINUTE)
    look(NOW)

    assert measured(NOW).forms == 1
    assert is_open() == []


def test_it_closes_by_itself_after_a_quiet_time():
    fail(12)
    look(NOW)
    look(NOW + 29 * MINUTE)
    assert is_open() == ["pause"]

    look(NOW + 30 * MINUTE)
    assert is_open() == []
    row = Breaker.objects.get()
    assert (row.closed_at, row.closed_by) == (NOW + 30 * MINUTE, None)


def test_it_stays_open_while_attempts_on_open_pages_fail():
    fail(12)
    look(NOW)
    fail(4, at=NOW + 20 * MINUTE)
    look(NOW + 30 * MINUTE)
    assert is_open() == ["pause"]

    look(NOW + 50 * MINUTE)
    assert is_open() == []


def test_each_time_that_it_opens_in_a_day_it_stays_open_for_twice_as_long():
    fail(12)
    look(NOW)
    look(NOW + 30 * MINUTE)
    fail(12, at=NOW + 31 * MINUTE)
    look(NOW + 31 * MINUTE)
    assert is_open() == ["pause"]

    look(NOW + 90 * MINUTE)
    assert is_open() == ["pause"]
    look(NOW + 91 * MINUTE)
    assert is_open() == []


# --- By hand -------------------------------------------------------------------------------------------------------


def test_what_staff_opened_stays_until_staff_close_it():
    ann = make_user(username="ann")
    breaker.switch_on("pause", NOW, by=ann)
    look(NOW + timedelta(days=3))
    assert is_open() == ["pause"]

    breaker.switch_off(NOW + timedelta(days=4), by=ann)
    row = Breaker.objects.get()
    assert (row.opened_by, row.closed_by, row.closed_at) == (ann, ann, NOW + timedelta(days=4))


def test_staff_who_take_it_over_keep_it_open():
    ann = make_user(username="ann")
    fail(12)
    look(NOW)
    breaker.switch_on("pause", NOW + MINUTE, by=ann)
    look(NOW + timedelta(days=1))

    assert is_open() == ["pause"]
    assert list(Breaker.objects.values_list("opened_by", "closed_by")) == [(ann.pk, None), (None, ann.pk)]


def test_what_staff_switched_off_does_not_open_again_for_the_same_failures():
    fail(20)
    look(NOW)
    breaker.switch_off(NOW + MINUTE, by=make_user())
    look(NOW + 2 * MINUTE)
    assert is_open() == []

    fail(12, at=NOW + 3 * MINUTE)
    look(NOW + 3 * MINUTE)
    assert is_open() == ["pause"]


def test_a_raised_minimum_holds_in_the_newsrooms_currency_and_pauses_gifts_in_another(costs):
    breaker.switch_on("raise", NOW, by=make_user(), minimum=2000)
    assert hold_on(costs) == Hold(minimum=2000)
    assert hold_on(make_campaign(currency="EUR")) == Hold(is_paused=True)


def test_as_staff_decided_it_raises_the_minimum_first_and_pauses_where_that_did_not_help(costs):
    breaker.set_rule("pause", NOW - timedelta(days=2), by=make_user())
    breaker.set_rule("raise", NOW - timedelta(days=1), by=make_user(), minimum=1500)
    fail(12)
    look(NOW)
    assert hold_on(costs) == Hold(minimum=1500)

    look(NOW + MINUTE)
    assert hold_on(costs) == Hold(minimum=1500)

    fail(12, at=NOW + 2 * MINUTE)
    look(NOW + 2 * MINUTE)
    assert hold_on(costs) == Hold(is_paused=True, minimum=1500)
    assert BreakerRule.objects.count() == 2


# --- Who is told -----------------------------------------------------------------------------------------------------


def test_each_who_may_switch_it_is_told_once_of_each_opening():
    priya = a_fundraiser()
    priya.email = "priya@example.org"
    priya.save()
    omar = make_user(username="omar")
    omar.email = "omar@example.org"
    omar.save()
    omar.user_permissions.add(Permission.objects.get(codename="switch_breaker"))
    nobody = a_fundraiser(username="without-an-address")
    make_user(username="other")
    fail(12)
    look(NOW)
    look(NOW + MINUTE)

    row = Breaker.objects.get()
    mails = SentMail.objects.order_by("staff__username")
    assert list(mails.values_list("kind", "key", "staff", "about")) == [
        ("breaker", f"{row.pk}:{omar.pk}", omar.pk, {"breaker": row.pk}),
        ("breaker", f"{row.pk}:{priya.pk}", priya.pk, {"breaker": row.pk}),
    ]
    assert nobody.has_perm(breaker.PERMISSION)


def test_two_processes_that_open_it_in_the_same_instant_make_one_row_and_one_mail_each():
    priya = a_fundraiser()
    priya.email = "priya@example.org"
    priya.save()
    fail(12)
    figures = measured(NOW)
    first, second = (breaker.open_by_itself(figures, NOW) for _ in range(2))

    assert (first, second) == (Breaker.objects.get(), None)
    assert SentMail.objects.count() == 1


def test_looking_is_cheap(django_assert_num_queries):
    fail(5)
    with django_assert_num_queries(5):
        look(NOW)


# --- What Stripe tells ----------------------------------------------------------------------------------------------


def test_cards_that_are_refused_on_stripes_page_open_it_as_soon_as_stripe_tells(client, sandbox, monkeypatch, costs):
    monkeypatch.setattr(breaker, "FAILURES", 2)
    for _ in range(2):
        gift = open_page(campaign=costs, begun_at=NOW)
        with pytest.raises(Declined):
            sandbox.pay(gift.session_id, card="4000000000000002")
    assert set(deliver(client, sandbox)) == {200}

    row = Breaker.objects.get()
    assert (row.does, row.failed, row.attempts, row.opened_by) == ("pause", 2, 2, None)
