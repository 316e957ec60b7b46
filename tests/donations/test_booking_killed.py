"""A process that is killed while it books: nothing is lost, and nothing is booked twice."""

import os
import signal
import subprocess
import sys
import time
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone

from donations import webhooks
from donations.ledger import booking, money
from donations.models import Gift, Payment, Refund, SentMail, WebhookEvent
from donations.reconcile import reconcile
from donations.totals import totals
from tests.donations.factories import make_campaign
from tests.donations.giving import books, deliver, everything, give, give_monthly, intent_of, poster


class Killed(BaseException):
    """The process ends here: nothing catches it, and no transaction that is open is committed."""


def killed(*args, **kwargs):
    raise Killed


def killed_after(function):
    def dies(*args, **kwargs):
        function(*args, **kwargs)
        raise Killed

    return dies


# Where it is killed, and what stands in the tables then: (inbox rows, payments).
POINTS = {
    "stored, and nothing asked": (webhooks, "settle", killed, (1, 0)),
    "fetched, and nothing written": (booking, "write", killed, (1, 0)),
    "the version moved": (booking, "write_money", killed, (1, 0)),
    "the payment written": (money, "owe_receipt", killed, (1, 0)),
    "all written, and not committed": (booking, "write_gift", killed_after(booking.write_gift), (1, 0)),
    "booked, and the inbox not told": (webhooks, "write_down", killed, (1, 1)),
}


def message(sandbox, kind):
    (event,) = [event for event in sandbox.events if event["type"] == kind]
    return sandbox.signed(event)


@pytest.mark.django_db
@pytest.mark.parametrize("again", ["delivery", "worker"])
@pytest.mark.parametrize("point", POINTS)
def test_a_gift_whose_booking_was_killed_is_booked_once(client, sandbox, monkeypatch, point, again):
    where, name, dies, left = POINTS[point]
    gift = give(sandbox, campaign=make_campaign(ends=None), amount=2500)
    monkeypatch.setattr(where, name, dies)
    with pytest.raises(Killed):
        poster(client)(*message(sandbox, "payment_intent.succeeded"))
    monkeypatch.undo()
    assert (WebhookEvent.objects.filter(state="received").count(), Payment.objects.count()) == left
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
    where, name, dies, _ = POINTS[point]
    gift = give_monthly(sandbox, campaign=make_campaign(ends=None), amount=1000)
    sandbox.capture()
    with monkeypatch.context() as patched:
        patched.setattr(where, name, dies)
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


# --- A real process, really killed ---------------------------------------------------------------------------------

# What the worker runs, but that it halts between booking and telling the inbox, and says so by a file.
CHILD = """
import sys, time, django
django.setup()
from pathlib import Path
from donations import webhooks

def halts(*args):
    Path(sys.argv[1]).touch()
    time.sleep(60)

setattr(*{"booked": (webhooks, "write_down", halts), "fetched": (webhooks.ledger.booking, "write", halts)}[sys.argv[2]])
from django.core.management import call_command
call_command("process_inbox")
"""


def database_url():
    """Where the test's own rows are, for another process."""
    database = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{database['NAME']}"
    who = f"{database['USER']}:{database['PASSWORD']}".rstrip(":")
    return f"postgres://{who}@{database['HOST']}:{database['PORT'] or 5432}/{database['NAME']}"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("point", "came"), [("fetched", 0), ("booked", 1)])
def test_a_worker_that_is_killed_with_sigkill_leaves_the_rest_to_the_next(client, sandbox, tmp_path, point, came):
    gift = give(sandbox, campaign=make_campaign(starts="2020-01-01", ends=None), amount=2500)
    event = {"type": "payment_intent.succeeded", "object_id": intent_of(sandbox, gift), "livemode": False}
    WebhookEvent.objects.create(event_id="evt_left", received_at="2026-01-01T00:00Z", **event)
    sign = tmp_path / "there"
    ours = {
        name: str(getattr(settings, name))
        for name in ("STRIPE_API_BASE", "STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET")
    }
    environment = os.environ | ours | {"DJANGO_SETTINGS_MODULE": "cms.settings", "DATABASE_URL": database_url()}
    worker = subprocess.Popen([sys.executable, "-c", CHILD, sign, point], cwd=settings.BASE_DIR, env=environment)
    deadline = time.monotonic() + 60
    while not sign.exists() and worker.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)
    worker.send_signal(signal.SIGKILL)
    assert worker.wait(timeout=10) == -signal.SIGKILL
    assert (Payment.objects.count(), SentMail.objects.count()) == (came, came)
    assert WebhookEvent.objects.get().state == "received"
    assert webhooks.process_inbox(timezone.now()) == 1
    assert (Payment.objects.count(), SentMail.objects.count()) == (1, 1)
    assert totals(Gift.objects.get().campaign, timezone.now()).raised == 2500
