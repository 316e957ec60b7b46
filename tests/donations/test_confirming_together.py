"""Several payments of one statement confirmed by a second person on one page, each by itself."""

import re
from datetime import UTC, date, datetime, timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.urls import reverse
from django.utils import timezone

from donations import offline
from donations.models import Payment, SentMail
from donations.totals import public_totals
from tests.donations.factories import make_campaign, make_user
from tests.donations.fundraisers import a_fundraiser, a_person

pytestmark = pytest.mark.django_db
WAITING = reverse("admin:donations_offline_waiting")
TOGETHER = reverse("admin:donations_offline_together")


@pytest.fixture(autouse=True)
def today(time_machine):
    time_machine.move_to(datetime(2026, 10, 13, 16, tzinfo=UTC), tick=False)


@pytest.fixture
def noor():
    return a_fundraiser(username="noor", first_name="Noor", last_name="Haddad")


@pytest.fixture
def desk(client, noor):
    client.force_login(noor)
    return client


@pytest.fixture
def campaign():
    return make_campaign()


def entered(campaign, *, by=None, amount=2500, now=None, **fields):
    ours = {"channel": "bank", "given_on": date(2026, 10, 10), "amount": amount}
    return offline.enter(campaign, offline.Entry(**(ours | fields)), by=by or make_user(), now=now or timezone.now())


def text_of(response):
    return " ".join(response.content.decode().split())


def told(response):
    return [str(message) for message in response.context["messages"]]


def test_what_is_ticked_is_looked_over_first(desk, campaign):
    one, two = entered(campaign, name="Edith Crane", reference="R 7", email="e@example.org"), entered(campaign)
    shown = text_of(desk.post(TOGETHER, {"tick": [one.pk, two.pk]}))
    assert "2 payments, $50.00" in shown
    assert "Edith Crane" in shown
    assert "R 7" in shown
    assert "1 receipt goes to the givers whose address is known." in shown
    assert public_totals(campaign).raised == 0


def test_then_each_counts_and_its_receipt_is_owed(desk, noor, campaign):
    one, two = entered(campaign, email="e@example.org"), entered(campaign, amount=4000)
    stays = entered(campaign)
    answer = desk.post(TOGETHER, {"tick": [one.pk, two.pk], "sure": "1"}, follow=True)
    assert told(answer) == ["Confirmed: 2 payments count from now on, $65.00."]
    assert public_totals(campaign).raised == 6500
    assert set(Payment.objects.filter(confirmed_by=noor)) == {one, two}
    assert SentMail.objects.get().payment == one
    assert LogEntry.objects.filter(user=noor).count() == 2
    stays.refresh_from_db()
    assert stays.status == "pending"


def test_nobody_confirms_their_own_among_others(desk, noor, campaign):
    own, other = entered(campaign, by=noor), entered(campaign, amount=4000)
    desk.post(TOGETHER, {"tick": [own.pk, other.pk], "sure": "1"})
    assert public_totals(campaign).raised == 4000


def test_one_that_cannot_be_confirmed_keeps_none_waiting(desk, campaign, monkeypatch):
    one, two = entered(campaign, name="Edith Crane"), entered(campaign, amount=4000)
    real = offline.confirm

    def withdrawn_meanwhile(payment, **how):
        if payment.pk == one.pk:
            offline.withdraw(Payment.objects.get(pk=one.pk), now=how["now"])
        real(payment, **how)

    monkeypatch.setattr(offline, "confirm", withdrawn_meanwhile)
    answer = desk.post(TOGETHER, {"tick": [one.pk, two.pk], "sure": "1"}, follow=True)
    assert told(answer) == [
        "$25.00 from Edith Crane: This payment is not waiting for a confirmation any more. Reload the page to see it.",
        "Confirmed: 1 payment counts from now on, $40.00.",
    ]
    assert public_totals(campaign).raised == 4000


@pytest.mark.parametrize("ticks", [[], ["0"], ["x"], ["9" * 40], ["-1"]])
def test_nothing_ticked_is_told(desk, campaign, ticks):
    entered(campaign)
    answer = desk.post(TOGETHER, {"tick": ticks, "sure": "1"}, follow=True)
    assert told(answer) == ["Nothing that you could confirm was ticked. Tick two or more."]
    assert public_totals(campaign).raised == 0


def test_the_list_offers_it_where_two_wait_and_ticks_all_on_demand(desk, noor, campaign):
    entered(campaign)
    entered(campaign, by=noor)
    assert 'name="tick"' not in text_of(desk.get(WAITING))
    entered(campaign)
    shown = text_of(desk.get(WAITING))
    assert (shown.count('name="tick"'), shown.count("checked>")) == (2, 0)
    assert text_of(desk.get(WAITING, {"tick": "all"})).count("checked>") == 2


def test_a_long_list_has_pages_and_ones_own_come_last(desk, noor, campaign, monkeypatch):
    monkeypatch.setattr("donations.admin.offline.SHOWN", 2)
    entered(campaign, by=noor, amount=100)
    for amount in (200, 300):
        entered(campaign, amount=amount)
    first, second = text_of(desk.get(WAITING)), text_of(desk.get(WAITING, {"page": 2}))
    assert "$2.00" in first
    assert "$1.00" not in first
    assert "Page 1 of 2" in first
    assert "$1.00" in second


def test_a_page_of_a_long_list_reads_no_other_rows(desk, campaign, monkeypatch):
    monkeypatch.setattr("donations.admin.offline.SHOWN", 2)
    now, read, from_db = timezone.now(), [], Payment.from_db
    bounced, _, _ = (entered(campaign, amount=hours * 100, now=now - timedelta(hours=hours)) for hours in (3, 1, 5))
    offline.confirm(bounced, by=make_user(), now=now)
    offline.propose_reversal(
        bounced, amount=50, seen=300, reason="Bounced", by=make_user(), now=now - timedelta(hours=2)
    )
    monkeypatch.setattr(Payment, "from_db", classmethod(lambda cls, *row: read.append(cls) or from_db(*row)))
    pages = [desk.get(WAITING, {"page": page}).content.decode() for page in (1, 2)]
    assert [re.findall(r'class="slip-money">.*?([$][0-9.]+)', page) for page in pages] == [
        ["$5.00", "$0.50"],
        ["$1.00"],
    ]
    assert len(read) == 3


def test_reading_is_not_enough(client, campaign):
    reader, payment = a_person(username="reader"), entered(campaign)
    reader.user_permissions.add(*a_fundraiser().groups.get().permissions.filter(codename__startswith="view_"))
    client.force_login(reader)
    assert client.post(TOGETHER, {"tick": [payment.pk], "sure": "1"}).status_code == 404
    assert client.get(TOGETHER).status_code == 404
