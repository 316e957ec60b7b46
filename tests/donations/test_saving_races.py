"""A campaign is saved while another one saves it, or while money is booked: real threads, each on its own connection.

On PostgreSQL they meet at the locks; SQLite lets one write at a time, so there they only come one after the other.
"""

from datetime import date, timedelta
from threading import Event, local
from time import sleep

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from donations import bank_lines, closing, offline, tallies
from donations.admin.campaigns import CampaignAdmin
from donations.bank_lines import State, judging
from donations.bank_lines.judging import Verdict
from donations.bank_lines.lines import Line
from donations.giving.erasing import scrubbed_at_rest
from donations.models import Campaign, Tally
from donations.totals import public_totals
from tests.articles.forms import filled

from .factories import NOON, make_campaign, make_donor, make_gift, make_payment, make_user
from .fundraisers import a_fundraiser
from .test_booking_races import at_once

pytestmark = pytest.mark.django_db(transaction=True)
SOON = 0.3  # by then the other one waits for a lock, or on SQLite cannot come at all


@pytest.fixture
def campaign():
    return make_campaign(ends=None)


def test_who_saves_words_while_the_days_are_moved_counts_what_the_days_now_say(campaign, monkeypatch):
    make_payment(gift=make_gift(campaign=campaign, status="given"))
    one, other = Campaign.objects.get(), Campaign.objects.get()
    counting, here, recount = Event(), local(), tallies.recount

    def slowly(campaign):
        recount(campaign)
        if hasattr(here, "moves_days"):
            counting.set()
            sleep(SOON)

    def move_days():
        here.moves_days = True
        one.starts = date(2026, 11, 1)
        one.save()

    def save_words():
        counting.wait(5)
        other.title = "Other words"
        other.save()

    monkeypatch.setattr(tallies, "recount", slowly)
    at_once(move_days, save_words)
    campaign = Campaign.objects.get()
    assert (campaign.title, campaign.starts, public_totals(campaign).raised) == ("Other words", date(2026, 1, 1), 2500)
    assert tallies.differences(campaign) == []


def test_a_booking_that_waits_while_a_campaign_that_follows_is_made_counts_there(campaign):
    Campaign.objects.update(ends=date(2026, 8, 31))
    gift = make_gift(campaign=campaign, frequency="monthly", status="begun")
    written, made = Event(), Event()

    def book():
        with tallies.kept(gift):
            pay(gift)
            written.set()
            made.wait(SOON)

    def make():
        written.wait(5)
        with transaction.atomic():
            first = Campaign.objects.get()
            make_campaign(slug="next", starts=date(2026, 9, 1), ends=None, follows=first)
            made.set()
            sleep(SOON)  # the booking now waits for the sums

    at_once(book, make)
    after = Campaign.objects.get(slug="next")
    assert (public_totals(after).raised, tallies.differences(after)) == (2500, [])


def test_days_and_address_are_saved_while_the_first_payment_of_a_day_is_booked(campaign):
    held = Event()

    def save():
        held.wait(5)
        again = Campaign.objects.get(pk=campaign.pk)
        again.slug, again.starts = "another", date(2026, 1, 2)
        again.save()
        return "saved"

    assert at_once(first_of_a_day(campaign, held), save) == ["booked", "saved"]
    again = Campaign.objects.get()
    assert (again.slug, public_totals(again).raised, tallies.differences(again)) == ("another", 2500, [])


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [("timezone", "Asia/Tokyo", "Payments have come in"), ("currency", "EUR", "Gifts have been begun in it")],
)
def test_what_payments_are_counted_by_stays_while_the_first_is_booked_and_the_form_says_so(
    campaign, field, value, says
):
    held, desk = Event(), Client()
    page = reverse("admin:donations_campaign_change", args=[campaign.pk])
    desk.force_login(a_fundraiser())
    form = desk.get(page).context["adminform"].form
    typed = {name: form[name].value() or "" for name in form.fields} | {field: value}

    def save():
        held.wait(5)
        return desk.post(page, typed).content.decode()

    booked, shown = at_once(first_of_a_day(campaign, held), save)
    assert (booked, f"{says}, so this stays" in shown) == ("booked", True)
    again = Campaign.objects.get()
    assert (again.timezone, again.currency) == ("America/New_York", "USD")
    assert (public_totals(again).raised, tallies.differences(again)) == (2500, [])


def test_a_first_payment_that_waits_for_a_new_zone_counts_by_it(campaign, monkeypatch):
    gift = make_gift(campaign=campaign, status="given")
    counting, recount = Event(), tallies.recount

    def slowly(campaign):
        counting.set()
        sleep(SOON)  # the booking now waits for the sums, and its payment is not to be seen
        recount(campaign)

    def save():
        again = Campaign.objects.get()
        again.timezone = "Asia/Tokyo"
        again.save()
        return "saved"

    def book():
        counting.wait(5)
        with tallies.kept(gift):
            pay(gift)
        return "booked"

    monkeypatch.setattr(tallies, "recount", slowly)
    assert at_once(save, book) == ["saved", "booked"]
    assert (public_totals(campaign).raised, list(campaign.days.values_list("day", flat=True))) == (
        2500,
        [date(2026, 10, 2)],  # in New York it was still the first
    )


def test_a_cheque_is_entered_while_the_first_payment_of_a_day_is_booked(campaign):
    held, desk, page = Event(), Client(), reverse("admin:donations_offline_enter")
    desk.force_login(a_fundraiser())
    assert desk.get(page).status_code == 200  # so that the next question to it is a quick one
    slip = {"campaign": campaign.pk, "amount": "10", "given_on": "2026-08-01", "channel": "cheque"}

    def enter():
        held.wait(5)
        return desk.post(page, slip | {"visibility": "anonymous"}).status_code

    assert at_once(first_of_a_day(campaign, held), enter) == ["booked", 302]
    sums = public_totals(campaign)
    assert (sums.raised, tallies.differences(campaign)) == (2500, [])


def opens(username, campaign, name="change"):
    desk, page = Client(), reverse(f"admin:donations_campaign_{name}", args=[campaign.pk])
    desk.force_login(a_fundraiser(username=username))
    return desk, page, desk.get(page)


def saves(username, campaign, **typed):
    """Sends the form of a campaign, which was opened before."""
    desk, page, opened = opens(username, campaign)
    form = filled(opened, form_id="campaign_form", **typed)
    return lambda: desk.post(page, form).status_code


def makes_default(username, campaign):
    desk, page, _ = opens(username, campaign, "default")
    return lambda: desk.post(page).status_code


def slow(monkeypatch, name, begun):
    """Lets the desk hesitate before it does this."""
    act = getattr(CampaignAdmin, name)

    def slowly(*args):
        begun.set()
        sleep(2 * SOON)
        return act(*args)

    monkeypatch.setattr(CampaignAdmin, name, slowly)


def test_of_two_who_make_another_campaign_the_default_at_once_one_is_the_last(monkeypatch):
    make_campaign(is_default=True)
    acts = [makes_default(name, make_campaign()) for name in ("priya", "noor")]
    slow(monkeypatch, "log_change", Event())
    assert at_once(*acts) == [302, 302]
    assert Campaign.objects.filter(is_default=True).count() == 1


@pytest.mark.parametrize("saved", [0, 1])
def test_words_of_a_campaign_are_saved_while_another_becomes_the_default(monkeypatch, saved):
    campaigns, begun = [make_campaign(is_default=True), make_campaign()], Event()
    save, press = saves("priya", campaigns[saved], title="Other words"), makes_default("noor", campaigns[1])
    slow(monkeypatch, "save_model", begun)

    def make_default():
        begun.wait(5)
        return press()

    assert at_once(save, make_default) == [302, 302]
    assert Campaign.objects.get(title="Other words") == campaigns[saved]
    assert Campaign.objects.get(is_default=True) == campaigns[1]


def test_who_chooses_a_default_while_the_next_one_takes_its_place_has_the_last_word():
    over = make_campaign(is_default=True, ends=date(2026, 6, 30))
    make_campaign(starts=date(2026, 7, 1), follows=over)
    chosen, begun = make_campaign(), Event()
    press = makes_default("priya", chosen)

    def hand_on():
        with transaction.atomic():
            closing.hand_on(NOON)
            begun.set()
            sleep(SOON)

    def choose():
        begun.wait(5)
        return press()

    assert at_once(hand_on, choose) == [None, 302]
    assert Campaign.objects.get(is_default=True) == chosen


def test_the_next_one_does_not_take_the_place_of_a_default_that_is_chosen_meanwhile(monkeypatch):
    over = make_campaign(is_default=True, ends=date(2026, 6, 30))
    make_campaign(starts=date(2026, 7, 1), follows=over)
    chosen, begun = make_campaign(), Event()
    press = makes_default("priya", chosen)
    slow(monkeypatch, "log_change", begun)

    def hand_on():
        begun.wait(5)
        closing.hand_on(NOON)

    assert at_once(press, hand_on) == [302, None]
    assert Campaign.objects.get(is_default=True) == chosen


def test_two_who_move_days_towards_each_other_leave_no_day_in_two_campaigns_of_a_chain(monkeypatch):
    first = make_campaign(ends=date(2027, 6, 30))
    second = make_campaign(starts=date(2027, 9, 1), ends=None, follows=first)
    acts = saves("priya", first, ends="2027-08-20"), saves("noor", second, starts="2027-07-15")
    slow(monkeypatch, "save_model", Event())
    assert sorted(at_once(*acts)) == [200, 302]
    Campaign.objects.get(pk=second.pk).check_chain()


def test_two_who_let_two_campaigns_follow_each_other_make_no_circle(monkeypatch):
    first = make_campaign(ends=date(2027, 6, 30))
    second = make_campaign(starts=date(2027, 7, 1), ends=date(2027, 7, 31))
    later = {"starts": "2027-08-01", "ends": "2027-08-31"}
    acts = saves("priya", first, follows=str(second.pk), **later), saves("noor", second, follows=str(first.pk))
    slow(monkeypatch, "save_model", Event())
    assert sorted(at_once(*acts)) == [200, 302]
    assert Campaign.objects.exclude(follows=None).count() == 1


@pytest.fixture
def file(campaign, monkeypatch):
    """A bank's file of two givers, entered slowly."""
    return File(campaign, monkeypatch)


class File:
    paper = {"amount": 1000, "given_on": date(2026, 8, 1)}

    def __init__(self, campaign, monkeypatch):
        self.campaign, self.begun = campaign, Event()
        self.givers = [make_donor(), make_donor()]
        self.staff = {"by": make_user(), "now": NOON + timedelta(days=1)}
        self.enter_line = judging.enter_line
        monkeypatch.setattr(judging, "enter_line", self.slowly)

    def slowly(self, *line, **staff):
        entered = self.enter_line(*line, **staff)
        self.begun.set()
        sleep(2 * SOON)
        return entered

    def enter(self):
        """How many lines were entered."""
        lines = [Line(n, **self.paper, email=giver.email, key=giver.email) for n, giver in enumerate(self.givers)]
        return len(bank_lines.enter([Verdict(line, State.GOOD) for line in lines], set(), self.campaign, **self.staff))


def test_a_banks_file_and_a_cheque_of_one_of_its_givers_for_another_campaign_are_both_entered(file):
    other = make_campaign(ends=None)
    entry = offline.Entry(**file.paper, channel="cheque", email=file.givers[1].email)

    def cheque():
        file.begun.wait(5)
        return offline.enter(other, entry, **file.staff).amount

    assert at_once(file.enter, cheque) == [2, 1000]


def test_a_giver_is_removed_while_their_gift_is_booked_and_a_file_has_another_one_of_theirs(campaign, file):
    giver, written = file.givers[1], Event()
    gift = make_gift(campaign=campaign, donor=giver, status="given")

    def book():
        with tallies.kept(gift):
            pay(gift)
            written.set()
            file.begun.wait(5)
            sleep(SOON)
        return "booked"

    def enter():
        written.wait(5)
        return file.enter()

    def remove():
        file.begun.wait(5)
        return scrubbed_at_rest(giver, set(), NOON)

    assert at_once(book, enter, remove) == ["booked", 2, True]
    assert (public_totals(campaign).raised, tallies.differences(campaign)) == (2500, [])


def test_of_two_files_with_the_same_lines_the_other_way_round_one_is_entered(campaign, monkeypatch):
    other, begun, enter_line = make_campaign(ends=None), Event(), judging.enter_line
    staff = {"by": make_user(), "now": NOON}
    lines = [Verdict(Line(n, **File.paper, key=f"line {n}"), State.GOOD) for n in range(2)]

    def slowly(*line, **staff):
        entered = enter_line(*line, **staff)
        begun.set()
        sleep(SOON)
        return entered

    def enter(lines, campaign):
        try:
            return len(bank_lines.enter(lines, set(), campaign, **staff))
        except IntegrityError:
            return "the other was first"

    def enter_the_other():
        begun.wait(5)
        return enter(lines[::-1], other)

    monkeypatch.setattr(judging, "enter_line", slowly)
    assert at_once(lambda: enter(lines, campaign), enter_the_other) == [2, "the other was first"]


def first_of_a_day(campaign, held):
    """A booking that holds the sums for a while; as it ends, a new row of that day names the campaign."""
    gift = make_gift(campaign=campaign, status="given")

    def book():
        with tallies.kept(gift):
            pay(gift)
            Tally.objects.hold()
            held.set()
            sleep(SOON)
        return "booked"

    return book


def pay(gift):
    money = {"amount": 2500, "currency": "USD", "status": "succeeded", "livemode": False}
    when = dict.fromkeys(("given_at", "entered_at", "confirmed_at"), NOON)
    gift.payments.create(channel="stripe", remote_id="pi_race", fee=0, fee_currency="USD", **money, **when)
