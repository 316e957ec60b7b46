"""What comes to pass by itself: what was noted for later, and what the calendar brings, each at its own moment."""

import logging
from functools import partial
from itertools import islice

from . import billing, checkout, payments, renewals, reversals
from .account import ApiError

logger = logging.getLogger(__name__)


# --- what was noted for later
def _dispute(account, charge):
    if not charge["disputed"]:
        reversals.dispute(account, charge)


# Each verb that `Account.soon` notes: the kind of object, and what to do with it.
LATER = {
    "capture": ("charge", payments.capture),
    "dispute": ("charge", _dispute),
    "refund succeeded": ("refund", reversals.finish_refund),
    "refund failed": ("refund", reversals.fail_refund),
    "debit succeeds": ("payment_intent", partial(checkout.settle, succeeds=True)),
    "debit fails": ("payment_intent", partial(checkout.settle, succeeds=False)),
    "debit returned": ("payment_intent", reversals.return_debit),
}


def do_noted(account, **which):
    """The noted things of one kind, those whose time has come, or all: see `Account.take`."""
    for job in account.take(**which):
        _do_job(account, job)


def _do_job(account, job):
    noun, work = LATER[job["verb"]]
    _tried(f"{job['verb']} of {job['id']}", work, account, account.get(noun, job["id"]))


def _tried(words, work, *args):
    """Somebody may have been quicker: a refunded charge is not disputed any more."""
    try:
        work(*args)
    except ApiError as problem:
        logger.info("%s did not come to pass: %s", words, problem)


# --- the calendar
def advance(account, until):
    """Do in order whatever is due up to `until` (Unix seconds), with the clock at the moment of each."""
    open_things = _OpenThings(account)
    while turn := _first_due(open_things, until):
        moment, work, thing = turn
        account.move_to(max(moment, account.moment()))
        work(account, thing)
    account.move_to(until)
    _make_available(account)


def _first_due(open_things, until):
    turns = [turn for turn in open_things.turns() if turn[0] is not None and turn[0] <= until]
    return min(turns, key=lambda turn: turn[0], default=None)


class _OpenThings:
    """What may still bring something, so that a year does not look at all that is over for each of its days.

    While time goes by, invoices are made, but no sessions and no subscriptions.
    """

    def __init__(self, account):
        self.account = account
        self.subscriptions = list(account.objects["subscription"].values())
        self.sessions = account.find("checkout.session", status="open")
        self.invoices, self.seen = [], 0

    def turns(self):
        """(moment or None, what to do, with what). At the same moment, what stands first here comes first."""
        for job in self.account.later:
            yield job["at"], _noted, job
        self.subscriptions = [given for given in self.subscriptions if not given["ended_at"]]
        for given in self.subscriptions:
            yield given["cancel_at"], _end, given
            yield (given["pause_collection"] or {}).get("resumes_at"), renewals.resume, given
            yield billing.renewal_of(given), _renew, given
        self._see_invoices()
        for invoice in self.invoices:
            yield invoice["next_payment_attempt"], _retry, invoice
        self.sessions = [session for session in self.sessions if session["status"] == "open"]
        for session in self.sessions:
            yield session["expires_at"], checkout.expire, session

    def _see_invoices(self):
        made = list(islice(self.account.objects["invoice"].values(), self.seen, None))
        self.seen += len(made)
        self.invoices = [invoice for invoice in self.invoices + made if invoice["status"] == "open"]


def _noted(account, job):
    account.later.remove(job)
    _do_job(account, job)


def _end(account, given):
    billing.end(account, given, "cancellation_requested")


def _renew(account, given):
    _tried(f"The renewal of {given['id']}", renewals.next_month, account, given)


def _retry(account, invoice):
    invoice["next_payment_attempt"] = None
    _tried(f"A retry of {invoice['id']}", renewals.retry, account, invoice)


def _make_available(account):
    for row in account.find("balance_transaction", status="pending"):
        if row["available_on"] <= account.now():
            row["status"] = "available"


def expire_old(account):
    for session in account.find("checkout.session", status="open"):
        if session["expires_at"] <= account.now():
            checkout.expire(account, session)
