"""Two presses in the same instant, on real connections in real threads."""

from datetime import UTC, date, datetime, timedelta
from threading import Barrier, Event, Thread
from time import sleep
from uuid import UUID

import pytest
from django.core import mail as outbox
from django.db import connection, transaction
from django.test import Client

from donations import deeds, mails, retention, scrubbing
from donations.giving import wishes
from donations.giving.erasing import scrubbed_at_rest
from donations.models import Campaign, Donor, Gift, SentMail
from donations.scrubbing import scrub
from donations.tallies import differences
from donations.totals import public_totals

from .factories import NOON, make_campaign, make_donor, make_gift, make_payment, make_refund
from .giving import deliver, give_monthly

pytestmark = pytest.mark.django_db(transaction=True)
SOON = 0.3  # by then the other one waits for a row, or on SQLite cannot come at all


def at_once(act, times):
    """Run `act` in threads that start together; what each returned."""
    gate, ends = Barrier(times), []

    def run():
        try:
            gate.wait(timeout=10)
            ends.append(act())
        finally:
            connection.close()

    threads = [Thread(target=run) for _ in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    return ends


@pytest.mark.parametrize("time", range(3))
def test_a_button_pressed_three_times_at_once_is_one_gift_with_one_page(client, sandbox, time):
    make_campaign(is_default=True)
    token = client.get("/donate/").context["form"].initial["token"]
    fields = {"frequency": "once", "amount": "25", "email": "ann@example.org", "token": token}
    answers = at_once(lambda: Client().post("/donate/", fields), times=3)

    assert [answer.status_code for answer in answers] == [303, 303, 303]
    [url] = {answer["Location"] for answer in answers}
    [session] = sandbox.objects["checkout.session"].values()
    assert (session["url"], session["id"]) == (url, Gift.objects.get().session_id)


@pytest.mark.parametrize("time", range(3))
def test_a_mail_that_two_workers_find_is_sent_by_one(settings, now, time):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    payment = make_payment(gift=make_gift(status="given"))
    row = SentMail.objects.create(kind="receipt", key="1", gift=payment.gift, payment=payment, queued_at=now)

    assert sorted(at_once(lambda: mails.send(row.pk, now), times=3)) == [False, False, True]
    assert len(outbox.outbox) == 1


def give_and_take(campaign, donor):
    """Two payments of a donor, each by a gift of its own, one of them refunded in full."""

    def act():
        kept, lost = (make_payment(gift=make_gift(campaign=campaign, donor=donor, status="given")) for _ in range(2))
        make_refund(payment=lost)
        return kept.pk

    return act


@pytest.mark.parametrize("time", range(2))
def test_the_sums_stay_exact_while_many_book_at_once(time):
    first = make_campaign()
    second = make_campaign(follows=first, starts=date(2027, 1, 1), ends=None)
    donors = [make_donor(), make_donor()]
    acts = [give_and_take(campaign, donor) for campaign in (first, second) for donor in donors] * 2
    assert len(at_once(lambda: acts.pop()(), times=8)) == 8

    figures = public_totals(first)
    assert (figures.raised, figures.supporters) == (4 * 2500, 2)
    assert differences(first) + differences(second) == []


@pytest.mark.parametrize("time", range(2))
def test_the_sums_stay_exact_while_a_campaigns_days_change(time):
    campaign, donor = make_campaign(), make_donor()
    shorter = Campaign.objects.get(pk=campaign.pk)
    shorter.ends = date(2026, 10, 1)
    late = datetime(2026, 10, 2, 16, tzinfo=UTC)

    def pay_late():
        return make_payment(gift=make_gift(campaign=campaign, donor=donor, status="given"), given_at=late).pk

    acts = [pay_late, pay_late, lambda: shorter.save() or 1, give_and_take(campaign, donor)]
    assert len(at_once(lambda: acts.pop()(), times=4)) == 4
    assert (public_totals(shorter).raised, differences(shorter)) == (2500, [])


@pytest.mark.parametrize("time", range(5))
def test_a_gift_that_begins_while_its_giver_is_removed_is_removed_as_well_or_somebody_news(now, time):
    campaign, donor = make_campaign(), make_donor(email="ann@example.org")

    def begin():
        with transaction.atomic():
            return make_gift(campaign=campaign, donor=Donor.objects.for_email("ann@example.org"), name="Ann Poe").pk

    acts = [begin, lambda: scrub(donor, now) or 1]
    assert len(at_once(lambda: acts.pop(time % len(acts))(), times=2)) == 2
    gift = Gift.objects.select_related("donor").get()
    assert (gift.donor.email, gift.name) in [(None, ""), ("ann@example.org", "Ann Poe")]


@pytest.mark.parametrize(
    "word",
    [
        lambda gift: wishes.show_name(gift, "named", "Ann Poe", everywhere=True),
        lambda gift: wishes.choose_mails(gift.donor, "letters", NOON),
        lambda gift: deeds.stop(gift, "Ann Poe has lost her job", now=NOON),
    ],
    ids=["name", "mails", "reason"],
)
def test_what_a_giver_sends_while_they_are_removed_is_not_kept(client, sandbox, monkeypatch, word):
    gift = give_monthly(sandbox, campaign=make_campaign(), donor=make_donor(email="ann@example.org"))
    deliver(client, sandbox)
    mine, forget_mails, removed = Gift.objects.get(), scrubbing.forget_mails, Event()

    def slowly(donor):
        forget_mails(donor)
        removed.set()
        sleep(SOON)

    def send():
        removed.wait(5)
        word(mine)
        return "sent"

    monkeypatch.setattr(scrubbing, "forget_mails", slowly)
    acts = [lambda: scrub(gift.donor, NOON) or "removed", send]
    assert set(at_once(lambda: acts.pop()(), times=2)) == {"removed", "sent"}
    gift.refresh_from_db()
    assert (gift.name, gift.visibility, gift.stop_reason, gift.may_write_at) == ("", "anonymous", "", None)


def test_the_night_and_a_giver_who_is_removed_wait_in_no_circle(now):
    """Who removes the giver waits for the first of two gifts, which is being booked; then the night comes."""
    campaign, donor = make_campaign(), make_donor(email="ann@example.org")
    for number in (1, 2):
        begun = now - timedelta(days=500 - number)
        make_gift(pk=UUID(int=number), campaign=campaign, donor=donor, status="expired", begun_at=begun)
    held, waits = Event(), Event()

    def book():
        with transaction.atomic():
            Gift.objects.filter(pk=UUID(int=1)).update(version=1)
            held.set()
            sleep(3 * SOON)
        return "booked"

    def remove():
        held.wait(5)
        waits.set()
        return scrubbed_at_rest(donor, set(), now) and "removed"

    def night():
        waits.wait(5)
        sleep(SOON)
        retention.remove_never_paid(now)
        return "night"

    acts = [book, remove, night]
    assert set(at_once(lambda: acts.pop()(), times=3)) == {"booked", "removed", "night"}


def test_a_giver_of_whom_nothing_was_left_and_who_gives_again_in_the_night_stays(now):
    campaign, donor = make_campaign(), make_donor(email="ann@example.org")
    Donor.objects.update(created_at=now - timedelta(days=500))
    found = Event()

    def begin():
        with transaction.atomic():
            again = Donor.objects.for_email("ann@example.org")
            found.set()
            sleep(SOON)
            make_gift(campaign=campaign, donor=again)
        return "begun"

    def night():
        found.wait(5)
        retention.remove_forgotten_givers(now)
        return "night"

    acts = [begin, night]
    assert set(at_once(lambda: acts.pop()(), times=2)) == {"begun", "night"}
    assert Gift.objects.get().donor == donor
