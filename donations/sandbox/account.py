"""One pretended Stripe account: its objects, its clock, its ids, and the answers it has already given."""

import json
import os
import random
import string
import threading
import time
from datetime import UTC, datetime
from functools import wraps

from .habits import Habits
from .mischief import Mischief

API_VERSION = "2026-10-28.endive"
NOUNS = (
    "checkout.session",
    "payment_intent",
    "charge",
    "balance_transaction",
    "refund",
    "dispute",
    "customer",
    "payment_method",
    "product",
    "price",
    "subscription",
    "invoice",
    "invoice_payment",
    "payout",
    "billing_portal.configuration",
    "billing_portal.session",
)
ALPHABET = string.ascii_letters + string.digits
IDS = random.Random()  # noqa: S311 pretended ids, which no seed of a test may repeat
# Stripe's ids: what stands before the random part, and how long that part is.
ID_LENGTHS = {"cs_test": 58, "cs_live": 58, "cus": 14, "prod": 14, "si": 14}
EVENTS_ARE_KEPT = 30 * 86400
ANSWERS_ARE_KEPT = 86400
SINCE = {"ahead": 0.0, "failures": 0, "habits": {}}  # what state files of earlier runs lack


def copied(thing):
    """As it is now, whatever becomes of it; all that an account keeps can be written as JSON."""
    return json.loads(json.dumps(thing))


class ApiError(Exception):
    """An answer in Stripe's form: `{"error": {"type", "code", "message", "param"}}`."""

    def __init__(
        self, message, *, status=400, kind="invalid_request_error", code=None, param=None, headers=None, **more
    ):
        super().__init__(message)
        self.status, self.headers = status, headers or {}
        error = {"type": kind, "code": code, "message": message, "param": param, **more}
        self.body = {"error": {key: value for key, value in error.items() if value is not None}}


class StateUnreadable(ValueError):
    """The state file holds no account; the message says which file, and what to do."""


def locked(deed):
    """A deed has the account to itself, as an API request has."""

    @wraps(deed)
    def alone(self, *args, **kwargs):
        with self.account.lock:
            return deed(self, *args, **kwargs)

    return alone


class Account:
    def __init__(self, *, secret_key, business, webhook_url=None):
        self.lock = threading.RLock()
        self.secret_key = secret_key
        self.livemode = secret_key.startswith(("sk_live_", "rk_live_"))
        self.business = business
        self.webhook_url = webhook_url
        self.base_url = ""
        self.clock = None  # an aware datetime when somebody holds the time still
        self.request = {"id": None, "idempotency_key": None}
        self.drop_next = 0
        self.shuffled = False
        self.mischief = Mischief()
        self.faults = []  # what shall go wrong with the next requests
        self.opened = int(time.time())
        self.empty()

    def empty(self):
        self.objects = {noun: {} for noun in NOUNS}
        self.events = []  # oldest first
        self.deliveries = {}  # event id → how its delivery stands
        self.answers = {}  # idempotency key → the first answer
        self.numbers = {}  # payment method → what was typed, which says how the card behaves
        self.kept = {}  # session → what Stripe keeps to itself: lines, data for later, the intent, what was typed
        self.later = []  # what happens by itself after a while
        self.habits = Habits()
        self.ahead = 0.0  # seconds by which the clock was advanced before the machine's
        self.failures = 0  # deliveries in a row that the endpoint did not take
        self.changed = False  # since the last save

    @property
    def expands(self):
        return self.habits.expands

    @expands.setter
    def expands(self, yes):
        self.habits.expands = yes

    # --- time and ids
    def moment(self):
        """Seconds, with their parts, for what is shorter than one."""
        return self.clock.timestamp() if self.clock else time.time() + self.ahead

    def now(self):
        return int(self.moment())

    def move_to(self, moment):
        """Put the clock forward; a clock that is held stays held, at the new moment."""
        self.changed = True
        if self.clock:
            self.clock = datetime.fromtimestamp(moment, UTC)
        else:
            self.ahead = max(self.ahead, moment - time.time())

    def new_id(self, prefix):
        length = ID_LENGTHS.get(prefix, 24)
        return f"{prefix}_" + "".join(IDS.choices(ALPHABET, k=length))

    def stamp(self, prefix, noun, *, livemode=True):
        """What nearly every object begins with; a few of Stripe's carry no `livemode`."""
        start = {"id": self.new_id(prefix), "object": noun, "created": self.now()}
        return start | {"livemode": self.livemode} if livemode else start

    # --- objects
    def add(self, thing):
        self.objects[thing["object"]][thing["id"]] = thing
        self.changed = True
        return thing

    def get(self, noun, key, *, param=None, status=404):
        """The object, or Stripe's `resource_missing`: 404 for the URL's own, 400 for one that a parameter names."""
        try:
            return self.objects[noun][key]
        except KeyError:
            name = noun.rpartition(".")[2]
            message = f"No such {name}: '{key}'"
            raise ApiError(message, status=status, code="resource_missing", param=param or "id") from None

    def find(self, noun, **wanted):
        """Objects whose fields are these, oldest first."""
        things = self.objects[noun].values()
        return [thing for thing in things if all(thing[key] == value for key, value in wanted.items())]

    def newest_first(self, noun, wanted=lambda thing: True):
        things = self.events if noun == "event" else self.objects[noun].values()
        return sorted(filter(wanted, things), key=lambda thing: thing["created"])[::-1]

    def anything(self, key):
        """Any object by its id, as a balance transaction's `source` needs it."""
        return next((things[key] for things in self.objects.values() if key in things), None)

    # --- what happens by itself
    def soon(self, verb, key, seconds):
        """Note what life would do on its own; a running sandbox does it when the seconds are over."""
        self.later.append({"verb": verb, "id": key, "at": self.moment() + seconds})

    def take(self, *, due=None, verb=None):
        """The noted things to do now: of one kind, or those whose time has come, or all."""
        mine = [job for job in self.later if (due is None or job["at"] <= due) and verb in {None, job["verb"]}]
        taken = {id(job) for job in mine}
        self.later = [job for job in self.later if id(job) not in taken]
        self.changed = self.changed or bool(mine)
        return mine

    # --- the state file
    STATE = ("objects", "events", "deliveries", "answers", "numbers", "kept", "later", "ahead", "failures")

    def save(self, path):
        with self.lock:
            self._forget_old()
            self.changed = False
            state = {name: getattr(self, name) for name in self.STATE}
            text = json.dumps({"api_version": API_VERSION, "habits": self.habits.saved()} | state)
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_suffix(".new")
        draft.write_text(text, encoding="utf-8")
        os.replace(draft, path)

    def load(self, path):
        try:
            state = SINCE | json.loads(path.read_text(encoding="utf-8"))
            version = state["api_version"]
            if version != API_VERSION:
                raise ValueError(f"it was written for Stripe {version}, and this sandbox is {API_VERSION}")
            for name in self.STATE:
                setattr(self, name, state[name])
            self.objects = {noun: {} for noun in NOUNS} | self.objects
            self.habits = Habits.loaded(state["habits"])
        except (OSError, ValueError, KeyError, TypeError) as problem:
            raise StateUnreadable(f"{path} cannot be read: {problem}. Remove it to begin afresh.") from problem

    def _forget_old(self):
        oldest = self.now() - EVENTS_ARE_KEPT
        waiting = {key for key, delivery in self.deliveries.items() if delivery["state"] == "waiting"}
        self.events = [event for event in self.events if event["created"] >= oldest or event["id"] in waiting]
        kept = {event["id"] for event in self.events}
        self.deliveries = {key: value for key, value in self.deliveries.items() if key in kept}
        oldest = time.time() - ANSWERS_ARE_KEPT
        self.answers = {key: answer for key, answer in self.answers.items() if answer["at"] >= oldest}
