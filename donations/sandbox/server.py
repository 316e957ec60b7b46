"""The sandbox's face: an HTTP server in threads, and the same deeds as Python calls."""

import logging
import random
import threading
import time
from functools import wraps
from pathlib import Path

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from . import amendments, billing, checkout, delivery, payments, reversals
from .account import Account, ApiError
from .events import drop, event_of, undelivered
from .serving import Server, handler_for

logger = logging.getLogger(__name__)
TICK = 0.25  # seconds between two looks at what is due
SAVED_EVERY = 2.0


class SandboxRefused(ImproperlyConfigured):
    pass


def refuse_in_production():
    if not settings.DEBUG:
        raise SandboxRefused(
            "The Stripe sandbox starts only with DEBUG=1: it pretends to take money. Use Stripe itself."
        )


def locked(deed):
    """A deed has the account to itself, as an API request has."""

    @wraps(deed)
    def alone(self, *args, **kwargs):
        with self.account.lock:
            return deed(self, *args, **kwargs)

    return alone


class Sandbox:
    """Stands in for Stripe.

    `clock` holds the time still at an aware datetime: whatever is made then is made at that moment. With
    `start(by_itself=True)` fees, late refunds, bank debits and webhooks come on their own; otherwise they wait for
    `capture()`, `time_passes()` and `deliver()`.
    """

    def __init__(
        self,
        *,
        secret_key="sk_test_sandbox",  # noqa: S107 a pretended key
        webhook_url=None,
        webhook_secret="whsec_sandbox",  # noqa: S107
        state_file=None,
        site_url=None,
    ):
        self.account = Account(secret_key=secret_key, business=settings.NEWSROOM_NAME, webhook_url=webhook_url)
        self.webhook_secret = webhook_secret
        self.state_file = Path(state_file) if state_file else None
        self.site_url = (site_url or settings.SITE_URL).rstrip("/")
        self._server = None
        self._threads = []
        self._stopping = threading.Event()
        self._saved = time.monotonic()
        if self.state_file and self.state_file.exists():
            self.account.load(self.state_file)

    # --- as a server
    def start(self, port=0, *, by_itself=False):
        refuse_in_production()
        self._stopping.clear()
        self._server = Server(("127.0.0.1", port), handler_for(self))
        self.account.base_url = self.url
        self._refresh_urls()
        self._run(self._server.serve_forever, 0.01)
        if by_itself:
            self.live()
        return self

    def live(self):
        """Fees, late ends and webhooks come on their own from now on."""
        self._run(self._repeat, self._pass_time)
        self._run(self._repeat, lambda: delivery.deliver_due(self.account, self.webhook_secret))

    def _run(self, work, *args):
        thread = threading.Thread(target=work, args=args, daemon=True)
        thread.start()
        self._threads.append(thread)

    def _refresh_urls(self):
        """Open sessions kept from an earlier run answer at today's port."""
        for session in self.account.find("checkout.session", status="open"):
            session["url"] = checkout.page(self.account, session["id"])

    @property
    def url(self):
        host, port = self._server.server_address[:2]
        return f"http://{host}:{port}"

    def stop(self):
        self._stopping.set()
        if self._server:
            self._server.shutdown()
            self._server.server_close()
        for thread in self._threads:
            thread.join(timeout=5)
        self._threads.clear()
        self.save()

    def save(self):
        self._saved = time.monotonic()
        if self.state_file:
            self.account.save(self.state_file)

    def _repeat(self, work):
        while not self._stopping.wait(TICK):
            try:
                work()
            except Exception:
                logger.exception("The sandbox stumbled and goes on.")

    def _pass_time(self):
        self._do_later(due=time.time())
        self._expire_old()
        if self.account.changed and time.monotonic() - self._saved >= SAVED_EVERY:
            self.save()

    @locked
    def _expire_old(self):
        for session in self.account.find("checkout.session", status="open"):
            if session["expires_at"] <= self.account.now():
                checkout.expire(self.account, session)

    # --- what there is
    @property
    def clock(self):
        return self.account.clock

    @clock.setter
    def clock(self, moment):
        if moment is not None and moment.tzinfo is None:
            raise ValueError(f"The sandbox's clock needs an aware datetime, and {moment} has no time zone.")
        self.account.clock = moment

    @property
    def events(self):
        return self.account.events

    @property
    def objects(self):
        return self.account.objects

    # --- what another shop of the same account does
    @locked
    def open_session(self, *, price, mode="payment", **params):
        """A Checkout Session over one `price_data` that names no gift of ours; its object."""
        lines = [{"price_data": price, "quantity": 1}]
        ours = {"mode": mode, "line_items": lines, "success_url": f"{self.site_url}/"}
        return checkout.create(self.account, ours | params)

    # --- what givers do
    @locked
    def pay(
        self,
        session_id,
        card="4242424242424242",
        email="reader@example.com",
        name="A Reader",
        *,
        method="card",
        authenticated=True,
    ):
        """Press Pay; `method` may be `bank_debit` (settled later). Raises Declined, WrongCard or Closed."""
        session = self.account.get("checkout.session", session_id)
        method = "bank_debit_succeeds" if method == "bank_debit" else method
        checkout.pay(
            self.account, session, card=card, email=email, name=name, method=method, authenticated=authenticated
        )
        return session

    @locked
    def settle(self, payment_intent_id, succeeds=True):
        intent = self.account.get("payment_intent", payment_intent_id)
        self._forget(payment_intent_id)
        checkout.settle(self.account, intent, succeeds=succeeds)
        return intent

    # --- what banks and Stripe do
    @locked
    def refund(self, payment_intent_id, amount=None):
        wanted = {"payment_intent": payment_intent_id} | ({"amount": amount} if amount is not None else {})
        return reversals.create_refund(self.account, wanted)

    @locked
    def finish_refund(self, refund_id):
        self._forget(refund_id)
        given = self.account.get("refund", refund_id)
        reversals.finish_refund(self.account, given)
        return given

    @locked
    def fail_refund(self, refund_id):
        self._forget(refund_id)
        given = self.account.get("refund", refund_id)
        reversals.fail_refund(self.account, given)
        return given

    @locked
    def dispute(self, payment_intent_id, amount=None):
        intent = self.account.get("payment_intent", payment_intent_id)
        charge = self.account.get("charge", intent["latest_charge"])
        return reversals.dispute(self.account, charge, amount=amount)

    @locked
    def answer_dispute(self, dispute_id):
        complaint = self.account.get("dispute", dispute_id)
        reversals.answer_dispute(self.account, complaint)
        return complaint

    @locked
    def close_dispute(self, dispute_id, won=False):
        complaint = self.account.get("dispute", dispute_id)
        reversals.close_dispute(self.account, complaint, won=won)
        return complaint

    @locked
    def next_month(self, subscription_id, succeeds=True):
        """The next renewal, now; its invoice, or None when the gift ends instead."""
        given = self.account.get("subscription", subscription_id)
        return billing.next_month(self.account, given, succeeds=succeeds)

    @locked
    def retry(self, subscription_id):
        """Try the newest open invoice again, as Stripe does for some days; its invoice."""
        given = self.account.get("subscription", subscription_id)
        return amendments.pay_invoice(self.account, {}, given["latest_invoice"])

    @locked
    def cancel(self, subscription_id):
        return amendments.cancel(self.account, {}, subscription_id)

    @locked
    def expire(self, session_id):
        return checkout.expire(self.account, self.account.get("checkout.session", session_id))

    @locked
    def capture(self):
        """Late balance transactions become visible."""
        for job in self.account.take(verb="capture"):
            payments.capture(self.account, self.account.get("charge", job["id"]))

    def time_passes(self):
        """All that would happen by itself: fees, ends of refunds and bank debits, disputes of the card for it."""
        self._do_later()

    @locked
    def _do_later(self, due=None):
        for job in self.account.take(due=due):
            try:
                LATER[job["verb"]](self, job["id"])
            except ApiError as problem:
                logger.info("%s of %s did not come to pass: %s", job["verb"], job["id"], problem)

    def _forget(self, key):
        """Somebody was quicker than the clock."""
        self.account.later = [job for job in self.account.later if job["id"] != key]

    # --- webhooks
    def signed(self, event):
        return delivery.signed(event, self.webhook_secret)

    def deliver(self, drop=(), repeat=1, shuffle=None, post=None):
        """Post what is undelivered, now; returns [(event, status)].

        `drop` holds event ids or types to lose, `shuffle` a seed for the order, `post` a function (body, header) →
        status in place of HTTP.
        """
        if post is None and not self.account.webhook_url:
            raise ValueError("The sandbox has no webhook_url; give it one, or deliver(post=…).")
        send = post or (lambda body, header: delivery.post(self.account.webhook_url, body, header))
        outcomes = []
        for event in self._in_order(drop, repeat, shuffle):
            outcomes.append((event, delivery.attempt(self.account, event, self.webhook_secret, send)))
        return outcomes

    @locked
    def _in_order(self, lost, repeat, shuffle):
        events = []
        for event in undelivered(self.account):
            if event["id"] in lost or event["type"] in lost:
                drop(self.account, event)
            else:
                events.extend([event] * repeat)
        if shuffle is not None:
            random.Random(shuffle).shuffle(events)  # noqa: S311 an order, not a secret
        return events

    def event(self, event_id):
        return event_of(self.account, event_id)

    @locked
    def fail_next(self, times=1, status=500, after=False, path="", verb=""):
        """The next API answers under `path`, such as "refunds", are errors; with `after` the work is done anyway.

        With a `verb`, such as "GET", only its requests are.
        """
        fault = {"status": status, "after": after, "path": path, "verb": verb}
        self.account.faults.extend(dict(fault) for _ in range(times))


def _capture(sandbox, key):
    payments.capture(sandbox.account, sandbox.account.get("charge", key))


def _dispute(sandbox, key):
    charge = sandbox.account.get("charge", key)
    if not charge["disputed"]:
        reversals.dispute(sandbox.account, charge)


LATER = {
    "capture": _capture,
    "dispute": _dispute,
    "refund succeeded": Sandbox.finish_refund,
    "refund failed": Sandbox.fail_refund,
    "debit succeeds": Sandbox.settle,
    "debit fails": lambda sandbox, key: sandbox.settle(key, succeeds=False),
}
