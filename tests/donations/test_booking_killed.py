"""A process that is killed while it books: nothing is lost, and nothing is booked twice."""

from datetime import timedelta

import pytest
from django.utils import timezone

from donations import webhooks
from donations.ledger import booking
from donations.models import Gift, Payment, Refund, SentMail, WebhookEvent
from donations.reconcile import reconcile
from donations.tallies import differences
from donations.totals import totals
from tests.donations.factories import make_campaign
from tests.donations.giving import books, deliver, everything, give, give_monthly, intent_of, poster
from tests.donations.killing import POINTS, Nursery, stop_at


class Killed(BaseException):
    """The process ends here: nothing catches it, and no transaction that is open is committed."""


def killed():
    raise Killed


def standing():
    """What is in the tables: inbox rows that wait, and payments."""
    return WebhookEvent.objects.filter(state="received").count(), Payment.objects.count()


def message(sandbox, kind):
    """The last of a kind."""
    *_, event = [event for event in sandbox.events if event["type"] == kind]
    return sandbox.signed(event)


@pytest.mark.django_db
@pytest.mark.parametrize("again", ["delivery", "worker"])
@pytest.mark.parametrize("point", POINTS)
def test_a_gift_whose_booking_was_killed_is_booked_once(client, sandbox, monkeypatch, point, again):
    gift = give(sandbox, campaign=make_campaign(ends=None), amount=2500)
    stop_at(POINTS[point], killed, monkeypatch.setattr)
    with pytest.raises(Killed):
        poster(client)(*message(sandbox, "payment_intent.succeeded"))
    monkeypatch.undo()
    assert standing() == (1, POINTS[point].payments)
    if again == "delivery":
        assert poster(client)(*message(sandbox, "payment_intent.succeeded")) == 200
    else:
        assert webhooks.process_inbox(timezone.now() + timedelta(minutes=5)) == 1
    assert WebhookEvent.objects.get().state == "processed"
    assert (Payment.objects.count(), SentMail.objects.count(), totals(gift.campaign, timezone.now()).raised) == (
        1,
        1,
        2500,
    )
    before = books(gift)["payments"]
    deliver(client, sandbox)
    assert (books(gift)["payments"], SentMail.objects.count()) == (before, 1)


@pytest.mark.django_db
@pytest.mark.parametrize("point", POINTS)
def test_a_monthly_gift_with_all_its_messages_killed_is_booked_by_the_worker(client, sandbox, monkeypatch, point):
    gift = give_monthly(sandbox, campaign=make_campaign(ends=None), amount=1000)
    sandbox.capture()
    with monkeypatch.context() as patched:
        stop_at(POINTS[point], killed, patched.setattr)
        for event in sandbox.events:
            try:
                poster(client)(*sandbox.signed(event))
            except Killed:
                continue
    assert webhooks.process_inbox(timezone.now() + timedelta(minutes=5)) > 0
    assert not WebhookEvent.objects.filter(state__in=WebhookEvent.UNSETTLED).exists()
    assert (Gift.objects.get().status, Payment.objects.count(), SentMail.objects.count()) == ("active", 1, 1)
    assert totals(gift.campaign, timezone.now()).raised == 1000


@pytest.mark.django_db
def test_a_comparison_that_is_killed_leaves_whole_gifts_and_the_next_one_does_the_rest(client, sandbox, monkeypatch):
    campaign = make_campaign(ends=None)
    gifts = [give(sandbox, campaign=campaign, amount=amount) for amount in (1000, 2000)]
    sandbox.refund(intent_of(sandbox, gifts[0]), amount=300)
    now, write = timezone.now(), booking.write
    written = []

    def second_is_killed(*args):
        written.append(args)
        if len(written) == 2:
            raise Killed
        return write(*args)

    monkeypatch.setattr(booking, "write", second_is_killed)
    with pytest.raises(Killed):
        reconcile(now - timedelta(days=1), fix=True, now=now)
    monkeypatch.undo()
    assert (Payment.objects.count(), SentMail.objects.count()) == (1, 1)
    assert reconcile(now - timedelta(days=1), fix=True, now=now).remaining == 0
    assert (Payment.objects.count(), Refund.objects.count(), SentMail.objects.count()) == (2, 1, 2)
    before = everything()
    assert reconcile(now - timedelta(days=1), fix=True, now=now).drift == []
    assert everything() == before


# --- Real processes, really killed ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def nursery(django_db_setup, tmp_path_factory):
    forks = Nursery(tmp_path_factory.mktemp("var"))
    yield forks
    forks.close()


@pytest.mark.django_db(transaction=True)
def test_wherever_the_web_and_then_the_worker_are_killed_with_sigkill_a_gift_is_booked_once(sandbox, nursery):
    """One test for all points, since emptying the tables after each takes as long as the killing."""
    campaign = make_campaign(ends=None)
    for before, (name, point) in enumerate(POINTS.items()):
        give(sandbox, campaign=campaign, amount=2500)
        body, header = message(sandbox, "payment_intent.succeeded")
        left = name, (1, before + point.payments)
        nursery.kill("web", name, now=timezone.now(), message=(body.decode(), header))
        assert (name, standing()) == left
        later = timezone.now() + timedelta(minutes=5)
        nursery.kill("worker", name, now=later)
        assert (name, standing()) == left
        assert webhooks.process_inbox(later) == 1
        assert (name, standing(), SentMail.objects.count()) == (name, (0, before + 1), before + 1)
    assert (totals(campaign, later).raised, differences(campaign)) == (2500 * len(POINTS), [])
