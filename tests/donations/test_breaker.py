"""The breaker: when it opens by itself, when it closes, who may switch it, what it stops and what goes on."""

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import Permission
from django.db import IntegrityError
from django.utils import timezone

from cms.tasks import SWEEPS
from donations import breaker
from donations.breaker import Hold, hold_on, look, measured
from donations.models import Breaker, BreakerRule, Campaign, Gift, SentMail, WebhookEvent
from donations.sandbox.cards import Declined
from donations.sandbox.checkout import Closed
from donations.stripe_gateway import Gateway, StripeNotAllowed, StripeUnavailable

from .factories import make_campaign, make_gift, make_payment, make_user
from .fundraisers import a_fundraiser
from .giving import deliver, give_monthly, open_page

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 10, 14, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
DECLINED = "4000000000000002"


@pytest.fixture(autouse=True)
def costs():
    return make_campaign(slug="publishing-costs", title="Publishing costs", is_default=True)


def a_gift(**fields):
    return make_gift(campaign=Campaign.objects.get(slug="publishing-costs"), **fields)


def told(kind, *, gift=None, at=NOW, state="processed", livemode=False, reason=""):
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
        reason="StripeUnavailable" if state == "failed" else reason,
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
    for _ in range(3):
        fail(5, gift=a_gift())
    look(NOW)

    assert measured(NOW).failed == 9
    assert is_open() == []


def test_a_page_on_which_ten_cards_are_refused_counts_in_full_and_the_second_one_stops_gifts():
    first, second = a_gift(), a_gift()
    fail(9, gift=first)
    assert measured(NOW).failed == 3

    fail(1, gift=first)
    look(NOW)
    assert (measured(NOW).failed, is_open()) == (10, [])

    fail(2, gift=second)
    look(NOW)
    assert (measured(NOW).failed, is_open()) == (12, ["pause"])


def test_ten_cards_over_a_longer_time_close_the_page_and_count_as_a_givers():
    gift = a_gift(session_status="open", session_id="cs_slow")
    fail(5, gift=gift, at=NOW - 20 * MINUTE)
    fail(5, gift=gift)
    assert (list(breaker.worn(NOW)), measured(NOW).failed) == ([gift], 3)


def test_what_is_old_of_the_other_mode_or_not_booked_does_not_count():
    fail(12, at=NOW - 15 * MINUTE)
    fail(12, livemode=True)
    fail(12, state="failed")
    look(NOW)

    assert measured(NOW).attempts == 0
    assert is_open() == []


def test_failures_of_days_that_the_night_finds_open_nothing_and_close_no_page():
    thief = a_gift(session_status="open", session_id="cs_thief")
    fail(12, gift=thief)
    WebhookEvent.objects.update(undelivered=True)
    look(NOW)
    assert (measured(NOW).attempts, is_open(), list(breaker.worn(NOW))) == (0, [], [])

    fail(1, gift=thief)  # which Stripe brings
    assert list(breaker.worn(NOW)) == [thief]


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


# --- Monthly gifts -------------------------------------------------------------------------------------------------


def a_monthly_gift(**fields):
    """One that was charged for the first time a month ago, unless told otherwise."""
    gift = a_gift(frequency="monthly", status="active", anchor=NOW, **fields)
    make_payment(gift=gift, invoice_id=f"in_first_{gift.pk}", confirmed_at=NOW - timedelta(days=30))
    return gift


def test_first_charges_of_monthly_gifts_are_measured_apart_and_new_ones_rest_where_many_fail(costs):
    for _ in range(12):
        fail(1, gift=a_gift(frequency="monthly"))
    came(40)
    look(NOW)
    look(NOW)

    row = Breaker.objects.get()
    assert (row.frequency, row.does, row.failed, row.attempts, row.opened_by) == ("monthly", "pause", 12, 12, None)
    assert hold_on(costs) == Hold(is_monthly_paused=True)


def test_a_refused_charge_that_names_no_gift_is_taken_for_a_first_monthly_one_of_one_page_each():
    for number in range(4):
        for event in fail(4, state="ignored", reason=WebhookEvent.REFUSED_UNNAMED, gift=None):
            WebhookEvent.objects.filter(pk=event.pk).update(gift=None, object_id=f"pi_of_page_{number}")
    told("payment_failed", state="ignored", reason="It names no gift of ours.")
    look(NOW)

    assert (measured(NOW).attempts, measured(NOW, of="monthly").failed) == (0, 12)
    assert list(Breaker.objects.values_list("frequency", flat=True)) == ["monthly"]


def test_charges_of_monthly_gifts_that_were_paid_before_neither_count_nor_dilute():
    for _ in range(12):
        fail(1, gift=a_monthly_gift())
    assert measured(NOW, of="monthly").attempts == 0

    for _ in range(20):
        told("succeeded", gift=a_monthly_gift())
    for _ in range(12):
        fail(1, gift=a_gift(frequency="monthly"))
    look(NOW)
    assert (measured(NOW, of="monthly").failed, measured(NOW, of="monthly").attempts) == (12, 12)


def test_a_first_charge_counts_once_also_where_the_page_of_thanks_booked_it_before_stripe_told():
    gift = a_gift(frequency="monthly", status="active", anchor=NOW)
    paid = make_payment(gift=gift, invoice_id="in_1", confirmed_at=NOW - MINUTE)
    event = told("succeeded", gift=gift)
    WebhookEvent.objects.filter(pk=event.pk).update(object_id=paid.remote_id)
    event = told("succeeded", gift=gift)
    WebhookEvent.objects.filter(pk=event.pk).update(type="invoice.paid", object_id="in_1")

    assert (measured(NOW, of="monthly").failed, measured(NOW, of="monthly").attempts) == (0, 1)


def test_forms_for_monthly_gifts_that_lead_to_nothing_are_a_reason_too():
    for number in range(60):
        a_gift(frequency="monthly", form_key=f"{number:032x}", begun_at=NOW - 11 * MINUTE)
    look(NOW)

    [row] = Breaker.objects.open()
    assert (row.frequency, row.failed, row.attempts) == ("monthly", 60, 60)
    assert measured(NOW).forms == 0


def test_each_of_the_two_ends_by_itself_and_is_switched_by_itself(costs):
    for _ in range(12):
        fail(1, gift=a_gift(frequency="monthly"))
    look(NOW)
    fail(12, at=NOW + 29 * MINUTE)
    look(NOW + 29 * MINUTE)
    assert hold_on(costs) == Hold(is_paused=True, is_monthly_paused=True)

    look(NOW + 30 * MINUTE)
    assert hold_on(costs) == Hold(is_paused=True)

    breaker.switch_on("pause", NOW + 31 * MINUTE, by=make_user(), of="monthly")
    breaker.switch_off(NOW + 32 * MINUTE, by=make_user())
    assert hold_on(costs) == Hold(is_monthly_paused=True, is_by_hand=True)


def test_what_staff_decided_of_one_off_gifts_raises_no_monthly_one(costs):
    breaker.set_rule("raise", NOW - timedelta(days=1), by=make_user(), minimum=1500)
    for _ in range(12):
        fail(1, gift=a_gift(frequency="monthly"))
    look(NOW)
    assert hold_on(costs) == Hold(is_monthly_paused=True)


def test_the_database_keeps_no_raised_minimum_of_monthly_gifts():
    with pytest.raises(IntegrityError, match="breaker_of_monthly_gifts_pauses"):
        Breaker.objects.create(frequency="monthly", does="raise", minimum=1500, opened_at=NOW)


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
    assert hold_on(costs) == Hold(minimum=2000, is_by_hand=True)
    assert hold_on(make_campaign(currency="EUR")) == Hold(is_paused=True, is_by_hand=True)


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


def test_two_processes_that_look_at_once_raise_the_minimum_and_do_not_pause_too(costs, monkeypatch):
    breaker.set_rule("raise", NOW - timedelta(days=1), by=make_user(), minimum=1500)
    fail(12)

    def while_another_looks(*args, **kwargs):
        figures = measured(*args, **kwargs)
        monkeypatch.setattr(breaker, "measured", measured)
        look(NOW)
        return figures

    monkeypatch.setattr(breaker, "measured", while_another_looks)
    look(NOW)
    assert hold_on(costs) == Hold(minimum=1500)


def test_looking_is_cheap(django_assert_num_queries):
    fail(5)
    with django_assert_num_queries(9):
        look(NOW)


# --- What Stripe tells ----------------------------------------------------------------------------------------------


def test_cards_that_are_refused_on_stripes_page_open_it_as_soon_as_stripe_tells(client, sandbox, monkeypatch, costs):
    monkeypatch.setattr(breaker, "FAILURES", 2)
    for _ in range(2):
        gift = open_page(campaign=costs, begun_at=NOW)
        with pytest.raises(Declined):
            sandbox.pay(gift.session_id, card=DECLINED)
    assert set(deliver(client, sandbox)) == {200}

    row = Breaker.objects.get()
    assert (row.does, row.failed, row.attempts, row.opened_by) == ("pause", 2, 2, None)


def test_first_charges_of_monthly_gifts_that_are_refused_on_stripes_page_open_theirs(
    client, sandbox, monkeypatch, costs
):
    monkeypatch.setattr(breaker, "FAILURES", 2)
    for _ in range(2):
        gift = open_page(campaign=costs, begun_at=NOW, frequency="monthly")
        with pytest.raises(Declined):
            sandbox.pay(gift.session_id, card=DECLINED)
    assert set(deliver(client, sandbox)) == {200}

    row = Breaker.objects.get()
    assert (row.frequency, row.does, row.failed, row.attempts) == ("monthly", "pause", 2, 2)
    assert hold_on(costs) == Hold(is_monthly_paused=True)


@pytest.mark.parametrize("asks", [True, False])
def test_a_renewal_that_fails_is_no_first_charge_also_where_its_invoice_cannot_be_asked_for(
    client, sandbox, monkeypatch, asks
):
    sandbox.clock = datetime.now(UTC)
    give_monthly(sandbox, card="4000000000000341")
    deliver(client, sandbox)
    if not asks:
        monkeypatch.setattr(Gateway, "invoices_of_intent", lambda self, intent_id: [])
    now = timezone.now()
    sandbox.advance(months=1)
    deliver(client, sandbox)

    failed = WebhookEvent.objects.get(type=breaker.FAILED)
    assert failed.gift is not None if asks else failed.reason == "It names no gift of ours."
    assert breaker.attempts(now - MINUTE, now + MINUTE, of="monthly") == (0, 1)


# --- Pages with too many cards ---------------------------------------------------------------------------------------


def refuse(sandbox, gift, times):
    """So many cards are refused on this gift's page; how many were tried before Stripe had closed it."""
    for tried in range(times):
        try:
            with pytest.raises(Declined):
                sandbox.pay(gift.session_id, card=DECLINED)
        except Closed:
            return tried
    return times


def a_page(costs):
    gift = open_page(campaign=costs, begun_at=NOW)
    Gift.objects.filter(pk=gift.pk).update(session_status="open")
    return gift


def test_a_page_on_which_ten_cards_were_refused_is_closed_at_stripe_and_one_with_five_is_not(client, sandbox, costs):
    giver, thief = a_page(costs), a_page(costs)
    for gift, times in ((giver, 5), (thief, 10)):
        refuse(sandbox, gift, times)
        assert set(deliver(client, sandbox)) == {200}
    assert set(deliver(client, sandbox)) <= {200}  # that the page expired

    of_giver, of_thief = (Gift.objects.get(pk=gift.pk) for gift in (giver, thief))
    assert (of_giver.session_status, of_thief.session_status, of_thief.status) == ("open", "expired", "expired")
    assert (refuse(sandbox, thief, 3), refuse(sandbox, giver, 3)) == (0, 3)
    assert Breaker.objects.count() == 1  # three of the giver's count, and all ten of the thief's


@pytest.mark.parametrize("trouble", [StripeUnavailable("No answer."), StripeNotAllowed("This key may not.")])
def test_where_stripe_does_not_close_a_page_nothing_else_fails_and_it_is_asked_again(
    client, sandbox, costs, monkeypatch, caplog, trouble
):
    def in_vain(self, session_id):
        raise trouble

    thief = a_page(costs)
    refuse(sandbox, thief, 10)
    with monkeypatch.context() as patch:
        patch.setattr(Gateway, "expire_session", in_vain)
        assert set(deliver(client, sandbox)) == {200}
    assert f"Too many cards for gift {thief.pk}, but its page was not closed" in caplog.text

    breaker.close_pages(timezone.now())
    assert refuse(sandbox, thief, 1) == 0
    assert breaker.close_pages in [run for _, run in SWEEPS]


def test_a_message_has_its_own_page_closed_and_leaves_all_others_to_the_worker(client, sandbox, costs):
    thief, another = a_page(costs), a_page(costs)
    monthly = open_page(campaign=costs, begun_at=NOW, frequency="monthly")
    fail(10, gift=another, at=timezone.now())
    refuse(sandbox, thief, 10)
    refuse(sandbox, monthly, 1)  # a message that names no gift
    assert set(deliver(client, sandbox)) == {200}

    statuses = [Gift.objects.get(pk=gift.pk).session_status for gift in (thief, another)]
    assert statuses == ["expired", "open"]
    breaker.close_pages(timezone.now())
    assert refuse(sandbox, another, 1) == 0


def test_a_page_that_was_paid_or_tried_long_ago_is_left(monkeypatch):
    paid = a_gift(session_status="complete", session_id="cs_paid", status="given")
    once = a_gift(session_status="open", session_id="cs_once")
    fail(10, gift=paid)
    fail(10, gift=once, at=NOW - 15 * MINUTE)
    assert list(breaker.worn(NOW)) == []
    fail(1, gift=once)
    assert list(breaker.worn(NOW)) == [once]
