"""The sandbox's face: an HTTP server in threads, and the same deeds as Python calls."""

import logging
import threading
import time
from pathlib import Path

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from . import agenda, checkout, delivery
from .account import Account, locked
from .deeds import Banking, Elsewhere, Giving, Months, Trouble
from .delivery import Delivering
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


class Sandbox(Giving, Banking, Months, Elsewhere, Trouble, Delivering):
    """Stands in for Stripe.

    `clock` holds the time still at an aware datetime: whatever is made then is made at that moment. With
    `start(by_itself=True)` fees, late refunds, bank debits and webhooks come on their own; otherwise they wait for
    `capture()`, `time_passes()` and `deliver()`. Months pass in both only when `advance()` says so.

    `habits` says how this account is set: see its class.
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
        with self.account.lock:
            agenda.do_noted(self.account, due=self.account.moment())
        self._expire_old()
        if self.account.changed and time.monotonic() - self._saved >= SAVED_EVERY:
            self.save()

    @locked
    def _expire_old(self):
        agenda.expire_old(self.account)

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
    def habits(self):
        return self.account.habits

    @property
    def events(self):
        return self.account.events

    @property
    def objects(self):
        return self.account.objects
