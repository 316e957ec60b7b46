"""Whether all that Stripe told us is booked, and whether it tells us everything: each sign, well and not."""

from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse

from donations import health, webhooks
from donations.health import WAITS, WELL, WRONG, in_a_line, signs
from donations.models import Inspection, WebhookEvent
from donations.stripe_facts import EventFacts
from tests.donations.factories import make_gift, make_payment
from tests.donations.fundraisers import a_fundraiser, a_person

pytestmark = pytest.mark.django_db
PAGE = reverse("admin:donations_health")
NOW = datetime(2026, 10, 13, 16, tzinfo=UTC)


@pytest.fixture(autouse=True)
def today(time_machine, settings):
    settings.STRIPE_SECRET_KEY = "sk_test_ours"
    time_machine.move_to(NOW, tick=False)


def ago(**span):
    return NOW - timedelta(**span)


def an_event(number, **fields):
    ours = {"event_id": f"evt_{number}", "type": "charge.updated", "object_id": f"ch_{number}", "livemode": False}
    fields = {"state": "processed", "received_at": ago(hours=2)} | fields
    settled = {"settled_at": ago(hours=1)} if fields["state"] in {"ignored", "parked", "processed"} else {}
    return WebhookEvent.objects.create(**(ours | settled | fields))


def looked(kind, **fields):
    ours = {"livemode": False, "begun_at": ago(hours=13), "ended_at": ago(hours=12)}
    since = {"since": ago(days=35, hours=13)} if kind == "reconcile" else {}
    return Inspection.objects.create(kind=kind, **(ours | since | fields))


@pytest.fixture
def nightly():
    return [looked(kind) for kind in Inspection.Kind.values]


def sign(name):
    return next(each for each in signs(NOW) if each.name == name)


def tones():
    return {each.name: each.tone for each in signs(NOW) if each.tone != WELL}


# --- Altogether ------------------------------------------------------------------------------------------------------


def test_where_all_is_well_one_line_says_so(nightly):
    make_payment(gift=an_event(1, gift=make_gift(status="given")).gift, given_at=ago(hours=2))
    assert tones() == {}
    assert in_a_line(signs(NOW)) == "Everything that Stripe told us is booked."


def test_money_that_names_no_gift_is_said_and_is_no_alarm(nightly):
    an_event(1, state="ignored", reason="unattributed", payment_intent_id="pi_lost")
    assert tones() == {"unattributed": WAITS}
    assert in_a_line(signs(NOW)).endswith("but for money that names no gift of ours.")


def test_what_is_wrong_is_named_in_the_line(nightly):
    an_event(1, state="failed", reason="Stripe answered 500")
    Inspection.objects.filter(kind="endpoint").update(remaining=1, found=["The endpoint we_1 is disabled."])
    line = in_a_line(signs(NOW))
    assert (
        line
        == "Not all is well between Stripe and us. Look at: messages that failed, where Stripe sends its messages."
    )


def test_without_a_key_there_is_nothing_to_say(settings):
    settings.STRIPE_SECRET_KEY = ""
    assert in_a_line(signs(NOW)) == "Giving is switched off, so Stripe has nothing to tell us."


# --- What came -------------------------------------------------------------------------------------------------------


def test_the_last_message_is_the_last_that_stripe_itself_brought():
    an_event(1, type="invoice.paid", received_at=ago(hours=5))
    webhooks.list_stranger("pi_1", ago(hours=4))
    gift = make_gift(status="active", frequency="monthly", anchor=ago(days=9))
    webhooks.list_second("sub_1", gift.pk, ago(hours=3))
    webhooks.end_second("sub_1", gift.pk, ago(hours=2))
    an_event(2, undelivered=True, received_at=ago(hours=1))
    an_event(3, livemode=True, state="parked", reason="other mode", received_at=ago(minutes=1))
    assert (sign("heard").says, sign("heard").at) == ("invoice.paid: booked.", ago(hours=5))


@pytest.mark.parametrize("state", ["processed", "ignored", "failed"])
def test_an_event_that_was_never_delivered_is_marked_when_it_is_taken_in_whatever_becomes_of_it(monkeypatch, state):
    verdict = webhooks.Verdict(WebhookEvent.State(state), "" if state == "processed" else "why")
    monkeypatch.setattr(webhooks, "judge", lambda *event: verdict)
    make_payment(given_at=ago(hours=6))
    event = webhooks.take_in(EventFacts("evt_lost", "invoice.paid", "in_1", False, "", ago(hours=7)), NOW)
    assert (event.state, event.undelivered) == (state, True)
    assert not health.delivered().exists()
    assert sign("silent").tone == WRONG


def test_what_was_delivered_while_it_was_looked_for_is_not_marked():
    an_event(1)
    told = EventFacts("evt_1", "charge.updated", "ch_1", False, "", ago(hours=2))
    assert not webhooks.take_in(told, NOW).undelivered


def test_the_list_of_messages_says_which_ones_no_delivery_brought(client):
    client.force_login(a_fundraiser())
    an_event(1, state="ignored", reason="It names no gift of ours.")
    page = reverse("admin:donations_webhookevent_changelist")
    assert "No delivery brought it" not in client.get(page).content.decode()
    an_event(2, undelivered=True)
    an_event(3, undelivered=True, state="ignored", reason=WebhookEvent.UNATTRIBUTED)
    shown = client.get(page).content.decode()
    assert ">No delivery brought it: a comparison found it.<" in shown
    assert ">It names no gift of ours. No delivery brought it: a comparison found it.<" in shown


def test_messages_that_failed_are_counted_with_the_oldest_and_the_last_reason(nightly):
    an_event(1, state="failed", reason="the first", received_at=ago(hours=9), attempted_at=ago(hours=2))
    an_event(2, state="failed", reason="the last", received_at=ago(hours=3), attempted_at=ago(hours=1))
    found = sign("failing")
    assert (found.tone, found.at) == (WRONG, ago(hours=9))
    assert found.says == "2 messages could not be booked. The last reason: the last"


def test_messages_wait_five_minutes_before_they_are_late(nightly):
    an_event(1, state="received", received_at=ago(minutes=4))
    assert sign("late").tone == WELL
    an_event(2, state="received", received_at=ago(minutes=6))
    assert (sign("late").tone, sign("late").at) == (WRONG, ago(minutes=6))


def test_messages_of_the_other_mode_are_to_look_at(nightly):
    an_event(1, state="parked", reason="other mode", livemode=True)
    assert tones() == {"parked": WAITS}
    assert sign("parked").says == "1 message that does not tell of test money, and counts for nothing."


# --- What should have come -------------------------------------------------------------------------------------------


def told(payment, **later):
    return an_event(payment.pk, gift=payment.gift, received_at=payment.given_at + timedelta(**later))


def test_payments_since_the_last_message_mean_that_stripe_is_silent():
    told(make_payment(given_at=ago(hours=9)), seconds=4)
    lost = make_payment(given_at=ago(hours=6))
    make_payment(given_at=ago(minutes=5))  # its message may be on the way
    found = sign("silent")
    assert (found.tone, found.at) == (WRONG, lost.given_at)
    assert found.says == "1 payment came since Stripe's last message, and it told us of none."


def test_a_first_payment_of_which_no_message_ever_came_means_silence():
    make_payment(given_at=ago(hours=6))
    assert sign("silent").tone == WRONG


def test_what_was_missed_before_the_last_message_or_told_late_is_to_look_at():
    make_payment(given_at=ago(hours=9))
    told(make_payment(given_at=ago(hours=8)), minutes=40)
    told(make_payment(given_at=ago(hours=6)), seconds=4)
    found = sign("silent")
    assert (found.tone, found.says) == (
        WAITS,
        "Of 3 payments in three days 1 came without a message, 1 long before it.",
    )


def test_a_message_of_the_gifts_first_month_does_not_tell_of_the_next():
    gift = make_gift(status="active", frequency="monthly", anchor=ago(days=31))
    told(make_payment(gift=gift, given_at=ago(days=31)), seconds=4)
    make_payment(gift=gift, given_at=ago(hours=6))
    assert sign("silent").tone == WRONG


@pytest.mark.parametrize(("later", "tone"), [({"seconds": 4}, WELL), ({"minutes": 40}, WAITS)])
def test_money_that_a_person_gave_its_gift_was_told_of_by_the_message_that_named_none(later, tone):
    payment = make_payment(given_at=ago(hours=6))
    unattributed = {"state": "ignored", "reason": "unattributed", "payment_intent_id": payment.remote_id}
    an_event(1, received_at=payment.given_at + timedelta(**later), **unattributed)
    an_event(2, received_at=ago(hours=5))  # another's, so that Stripe is not silent since
    assert sign("silent").tone == tone


def test_cheques_the_other_mode_and_messages_that_failed_are_no_silence():
    make_payment(channel="cheque", given_at=ago(hours=6))
    make_payment(livemode=True, given_at=ago(hours=6))
    payment = make_payment(given_at=ago(hours=6))
    an_event(1, state="failed", reason="Stripe answered 500", object_id=payment.remote_id, received_at=ago(hours=5))
    assert sign("silent").tone == WELL


# --- What was looked at ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", Inspection.Kind.values)
def test_what_remains_is_wrong_and_told_line_by_line(kind):
    looked(kind, remaining=2, found=["one", "two"])
    found = sign(kind)
    assert (found.tone, found.says, found.lines, found.at) == (
        WRONG,
        "2 things to put right.",
        ("one", "two"),
        ago(hours=12),
    )
    assert "manage.py" in found.advice


@pytest.mark.parametrize("kind", Inspection.Kind.values)
def test_what_was_put_right_is_to_look_at(kind):
    looked(kind, fixed=True, found=["one"])
    assert (sign(kind).tone, sign(kind).lines) == (WAITS, ("one",))


@pytest.mark.parametrize("kind", Inspection.Kind.values)
def test_a_look_older_than_a_night_means_that_the_worker_did_not_run(kind):
    looked(kind, begun_at=ago(hours=27), ended_at=ago(hours=26), since=ago(days=36, hours=3))
    found = sign(kind)
    assert (found.tone, found.says) == (WRONG, "Nobody has looked for more than a day.")


@pytest.mark.parametrize("kind", Inspection.Kind.values)
def test_a_look_that_was_cut_off_is_wrong_until_a_later_one_ends(kind):
    looked(kind)
    looked(kind, begun_at=ago(hours=3), ended_at=None, since=ago(days=35, hours=3))
    assert sign(kind).says == "The last look was cut off."
    looked(kind, begun_at=ago(hours=1), ended_at=ago(hours=1), since=ago(days=35, hours=1))
    assert sign(kind).tone == WELL


def test_a_look_that_still_runs_is_not_cut_off(nightly):
    looked("reconcile", begun_at=ago(minutes=9), ended_at=None, since=ago(days=35))
    assert sign("reconcile").tone == WELL


@pytest.mark.parametrize(
    "happened",
    [
        lambda at: make_gift(begun_at=at),
        lambda at: an_event(f"{at:%H}", received_at=at, settled_at=at),
        lambda at: looked("tallies", begun_at=at, ended_at=at),
    ],
    ids=["a gift", "a message", "another look"],
)
def test_on_a_new_installation_nobody_has_looked_yet_and_after_a_night_that_is_wrong(happened):
    assert sign("endpoint").tone == WAITS
    happened(ago(hours=25))
    assert sign("endpoint").tone == WAITS
    happened(ago(hours=27))
    assert sign("endpoint").tone == WRONG


def test_a_look_at_the_last_hours_or_of_the_other_mode_is_none_at_the_books(nightly):
    Inspection.objects.filter(kind="reconcile").update(begun_at=ago(hours=40), since=ago(days=36, hours=16))
    looked("reconcile", begun_at=ago(hours=1), ended_at=ago(hours=1), since=ago(hours=13))
    looked("reconcile", begun_at=ago(hours=1), ended_at=ago(hours=1), since=ago(days=36), livemode=True)
    assert sign("reconcile").says == "Nobody has looked for more than a day."


def test_what_a_short_look_left_open_is_wrong_until_a_later_one_of_as_much_finds_none(nightly):
    hand = looked("reconcile", begun_at=ago(hours=5), ended_at=ago(hours=5), since=ago(hours=29), remaining=14)
    assert (sign("reconcile").tone, sign("reconcile").says) == (WRONG, "14 things to put right.")
    looked("reconcile", begun_at=ago(hours=4), ended_at=ago(hours=4), since=ago(hours=8))
    assert sign("reconcile").at == hand.ended_at
    looked("reconcile", begun_at=ago(hours=3), ended_at=ago(hours=3), since=ago(hours=30))
    assert sign("reconcile").tone == WELL


def test_what_a_short_look_left_open_before_the_last_night_is_past(nightly):
    looked("reconcile", begun_at=ago(hours=15), ended_at=ago(hours=15), since=ago(hours=29), remaining=14)
    assert sign("reconcile").tone == WELL


@pytest.mark.parametrize("since", [{}, {"since": ago(days=2)}], ids=["a whole one", "a short one"])
def test_what_a_look_left_open_is_wrong_until_one_that_saw_as_much_found_none(since):
    left = looked("reconcile", remaining=1, found=["pi_1: not booked"], **since)
    looked("reconcile", begun_at=ago(hours=3), ended_at=ago(hours=3), since=ago(days=35, hours=3), blind=True)
    found = sign("reconcile")
    assert (found.tone, found.lines, found.at) == (WRONG, ("pi_1: not booked",), left.ended_at)
    looked("reconcile", begun_at=ago(hours=2), ended_at=ago(hours=2), since=ago(days=35, hours=2))
    assert sign("reconcile").tone == WELL


def test_where_no_look_can_see_all_the_next_night_clears_what_one_left_open():
    looked("reconcile", remaining=1, blind=True)
    looked("reconcile", begun_at=ago(hours=3), ended_at=ago(hours=3), since=ago(days=35, hours=3), blind=True)
    assert sign("reconcile").tone == WELL


# --- At the desk -----------------------------------------------------------------------------------------------------


def test_the_page_says_each_sign_with_the_way_to_its_rows(client, nightly):
    client.force_login(a_fundraiser())
    an_event(1, state="failed", reason="Stripe answered 500")
    an_event(2, state="ignored", reason="unattributed", payment_intent_id="pi_lost")
    shown = " ".join(client.get(PAGE).content.decode().split())
    assert "Not all is well between Stripe and us. Look at: messages that failed." in shown
    assert f"{reverse('admin:donations_webhookevent_changelist')}?state__exact=failed" in shown
    assert f"{reverse('admin:donations_attention')}#unattributed" in shown
    assert "Last look: <time" in shown
    messages = client.get(reverse("admin:donations_webhookevent_changelist")).content.decode()
    assert PAGE in messages


def test_the_fundraisers_desk_says_it_only_where_something_is_wrong(client, nightly):
    client.force_login(a_fundraiser())
    assert "Not all is well" not in client.get(reverse("admin:index")).content.decode()
    an_event(1, state="failed", reason="Stripe answered 500")
    desk = client.get(reverse("admin:index")).content.decode()
    assert "Not all is well between Stripe and us. Look at: messages that failed." in desk
    assert desk.count(PAGE) == 2


def test_journalists_do_not_see_the_page(client):
    client.force_login(a_person(username="ana", group="Journalists"))
    assert client.get(PAGE).status_code == 404
