"""Two people who settle what went back of a cheque, or import one file, in the same instant: real threads and connections."""

from datetime import UTC, datetime

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from donations import offline, tallies
from donations.ledger import NotBooked
from donations.models import Payment, Refund
from donations.totals import totals
from tests.donations.factories import make_campaign, make_gift, make_payment, make_user
from tests.donations.fundraisers import a_fundraiser
from tests.donations.test_booking_races import at_once

pytestmark = pytest.mark.django_db(transaction=True)
NOW = datetime(2026, 10, 15, 16, tzinfo=UTC)


@pytest.fixture
def cheque():
    gift = make_gift(campaign=make_campaign(), status="given", livemode=None)
    return make_payment(gift=gift, channel="cheque", amount=10000)


def says(payment, amount, by):
    return lambda: told(offline.propose_reversal, payment, amount=amount, seen=10000, reason="Bounced", by=by, now=NOW)


def told(act, *args, **kwargs):
    """What came of it: nothing to say, or the refusal in words."""
    try:
        act(*args, **kwargs)
    except NotBooked as refusal:
        return str(refusal)
    return ""


def test_of_two_people_who_confirm_a_reversal_at_once_one_is_told_and_it_counts_once(cheque):
    refund = offline.propose_reversal(cheque, amount=4000, seen=10000, reason="Bounced", by=make_user(), now=NOW)

    def confirms(by):
        return lambda: told(offline.confirm_reversal, Refund.objects.get(pk=refund.pk), by=by, now=NOW)

    answers = at_once(confirms(make_user()), confirms(make_user()))
    assert sorted(map(bool, answers)) == [False, True]
    assert "not waiting for a confirmation any more" in max(answers)
    assert totals(cheque.gift.campaign, NOW).raised == 6000
    assert tallies.differences(cheque.gift.campaign) == []


def test_one_who_confirms_while_another_drops_it_settles_it_once(cheque):
    refund = offline.propose_reversal(cheque, amount=4000, seen=10000, reason="Bounced", by=make_user(), now=NOW)
    ben, mine, theirs = make_user(), Refund.objects.get(), Refund.objects.get()
    answers = at_once(
        lambda: told(offline.confirm_reversal, mine, by=ben, now=NOW), lambda: told(offline.drop_reversal, theirs)
    )
    assert sorted(map(bool, answers)) == [False, True]
    refund.refresh_from_db()
    raised = {"succeeded": 6000, "canceled": 10000}[refund.status]
    assert totals(cheque.gift.campaign, NOW).raised == raised
    assert tallies.differences(cheque.gift.campaign) == []


def test_two_who_enter_the_same_reversal_at_once_enter_it_once(cheque):
    ann, ben = Payment.objects.get(), Payment.objects.get()
    answers = at_once(says(ann, 6000, make_user()), says(ben, 6000, make_user()))
    assert sorted(map(bool, answers)) == [False, True]
    assert (Refund.objects.count(), cheque.unspoken_for()) == (1, 4000)


def presses(client, campaign):
    """What enters the two payments of one file, which was shown before; answers with the status."""
    address = reverse("admin:donations_bank_import")
    file = SimpleUploadedFile("october.csv", b"Date,Name,Amount\n2026-10-10,Edith,25.00\n2026-10-10,Ann,30.00\n")
    shown = client.post(address, {"campaign": campaign.pk, "file": file})
    typed = {name: shown.context["form"].data.get(name, "") for name in shown.context["form"].fields}
    return lambda: client.post(address, typed | {"enter": "1", "seen": shown.context["report"].seen}).status_code


@pytest.mark.parametrize("campaigns", [1, 2])
def test_two_who_import_the_same_file_at_once_enter_it_once(campaigns):
    """For one campaign they take turns; for two, the key of each line lets only one of them in."""
    made, clients = [make_campaign() for _ in range(campaigns)], [Client(), Client()]
    for client, name in zip(clients, ("priya", "noor"), strict=True):
        client.force_login(a_fundraiser(username=name))
    answers = at_once(*(presses(client, made[place % campaigns]) for place, client in enumerate(clients)))
    assert sorted(answers) == [302, 409]
    assert sorted(Payment.objects.values_list("amount", flat=True)) == [2500, 3000]
    assert [tallies.differences(campaign) for campaign in made] == [[]] * campaigns
