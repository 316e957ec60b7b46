"""Two workers book one gift while Stripe changes its mind: every order of their steps ends with what Stripe says last.

The steps of each booking are to read the gift's version, to fetch (the first booking in two parts), and to write.
The real booking runs in a thread that stops before each step until its turn has come; no two run at once.
"""

import itertools
import threading
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

import pytest
from django.db import connection, connections, transaction

from donations import ledger
from donations.attribution import Hint
from donations.ledger import booking
from donations.models import Gift, Payment, Refund, SentMail
from donations.stripe_facts import ChargeFacts, IntentFacts, Movement, RefundFacts, SubscriptionFacts
from donations.stripe_gateway import Gateway
from tests.donations.factories import make_gift

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
CHARGE = ChargeFacts("ch_1", "pi_1", NOW, "card", "", False, Movement(10000, 320, "USD"))
INTENT = IntentFacts("pi_1", "succeeded", 10000, 10000, "USD", False, NOW, "", CHARGE)
REFUND = RefundFacts("re_1", "pi_1", 4000, "USD", "succeeded", "", "", NOW)
MONTHLY = SubscriptionFacts("sub_1", "active", "", "cus_1", 10000, NOW, None, None, False, "in_1")


class Stripe(Gateway):
    """Stripe as it stands at the moment of each question; `states` are what it will say, one after the other."""

    def __init__(self, states):
        self.states, self.now = states, 0

    def change(self):
        self.now += 1

    def intent(self, intent_id):
        return INTENT

    def refunds(self, intent_id):
        pause("A")
        return self.states[self.now]

    def disputes(self, intent_id):
        return []

    def subscription(self, subscription_id):
        return self.states[self.now]


class Worker(threading.Thread):
    """A booking that takes one step at a time."""

    def __init__(self, name, book):
        super().__init__(name=name, daemon=True)
        self.book, self.error = book, None
        self.connection = connections["default"]
        self.turn, self.done = threading.Semaphore(0), threading.Semaphore(0)

    def run(self):
        connections["default"] = self.connection
        self.turn.acquire()
        try:
            self.book()
        except Exception as error:
            self.error = error
        self.turn = None
        self.done.release()

    def step(self):
        """One step, where any is left."""
        if self.turn:
            self.turn.release()
            assert self.done.acquire(timeout=20)

    def finish(self):
        while self.turn:
            self.step()
        self.join(timeout=20)
        if self.error:
            raise self.error


def pause(*names):
    """The step is taken, by whoever is named or anybody; wait for the next turn."""
    worker = threading.current_thread()
    if isinstance(worker, Worker) and worker.name in (names or "AB"):
        worker.done.release()
        worker.turn.acquire()


@pytest.fixture(autouse=True)
def in_steps(monkeypatch):
    """Makes every booking stop before it fetches, after it has fetched, and before it begins again."""
    connection.inc_thread_sharing()
    ask, write = booking.ask, booking.write

    def slow_ask(*args):
        pause()
        told = ask(*args)
        pause()
        return told

    def slow_write(*args):
        written = write(*args)
        if written is None:
            pause()
        return written

    monkeypatch.setattr(booking, "ask", slow_ask)
    monkeypatch.setattr(booking, "write", slow_write)
    yield
    connection.dec_thread_sharing()


def orders(steps):
    """Every order in which A takes its steps, Stripe changes twice, and B books the message of the second change."""
    rest = "CCBBB"
    for places in itertools.combinations(range(len(rest) + steps), steps):
        order = iter(rest)
        yield "".join("A" if place in places else next(order) for place in range(len(rest) + steps))


def play(order, stripe, books):
    """Both bookings and Stripe in this order; then whoever is not ready yet."""
    workers = {name: Worker(name, book) for name, book in zip("AB", books, strict=True)}
    for worker in workers.values():
        worker.start()
    for who in order:
        if who == "C":
            stripe.change()
        else:
            workers[who].step()
    for worker in workers.values():
        worker.finish()


def ends(states, hint, outcome, books=(ledger.book, ledger.book), *, parts=1):
    """What is booked at the end of each order; A fetches in so many parts."""
    for order in orders(2 + parts):
        with transaction.atomic():
            stripe = Stripe(states)
            play(order, stripe, [partial(book, hint, gateway=stripe, now=NOW) for book in books])
            end = outcome()
            transaction.set_rollback(True)
        yield end


def quietly(hint, *, gateway, now):
    """As the nightly comparison books: where nothing differs, no version moves."""
    ledger.compare(hint, gateway=gateway, now=now, fix=True)


# --- Money: a refund is made, and fails -----------------------------------------------------------------------------

REFUNDED_AND_FAILED = [[], [REFUND], [replace(REFUND, status="failed")]]


def rows_of_money():
    return Refund.objects.get().status, Payment.objects.count(), SentMail.objects.count()


def test_of_a_refund_that_fails_every_order_ends_right():
    hint = Hint(make_gift(amount=10000).pk, intents=("pi_1",))
    found = list(ends(REFUNDED_AND_FAILED, hint, rows_of_money, parts=2))
    assert len(found) == 126
    assert set(found) == {("failed", 1, 1)}


def test_a_version_that_is_read_after_fetching_would_be_found_out():
    hint = Hint(make_gift(amount=10000).pk, intents=("pi_1",))

    def wrong(hint, *, gateway, now):
        told = booking.ask(hint, gateway)
        ledger.write(Gift.objects.get(pk=hint.gift), told, now)

    assert ("succeeded", 1, 1) in ends(REFUNDED_AND_FAILED, hint, rows_of_money, [wrong, wrong])


# --- A monthly gift: paused, and gone on ----------------------------------------------------------------------------

PAUSED_AND_RESUMED = [MONTHLY, replace(MONTHLY, paused=True), MONTHLY]


@pytest.fixture
def monthly():
    """The hint of a monthly gift that is booked as active."""
    hint = Hint(make_gift(amount=10000, frequency="monthly").pk, subscription="sub_1")
    ledger.book(hint, gateway=Stripe(PAUSED_AND_RESUMED), now=NOW)
    return hint


def status():
    return Gift.objects.get().status


def test_of_a_gift_that_is_paused_and_goes_on_every_order_ends_right(monthly):
    found = list(ends(PAUSED_AND_RESUMED, monthly, status))
    assert len(found) == 56
    assert set(found) == {"active"}


def test_a_nightly_comparison_beside_a_message_ends_right_in_every_order(monthly):
    assert set(ends(PAUSED_AND_RESUMED, monthly, status, [quietly, ledger.book])) == {"active"}


def test_a_message_that_moved_no_version_would_be_found_out(monthly):
    """What was fetched in between would be written over it, though it is no longer so."""
    assert "paused" in ends(PAUSED_AND_RESUMED, monthly, status, [ledger.book, quietly])
