"""The control page: what banks, givers and time would do, as buttons; and how this account is set, as forms."""

from datetime import UTC, datetime

from donations.money import AmountRefused, parse_amount

from . import forms, portal
from .account import ApiError
from .events import switch_off
from .habits import CHOICES
from .rendering import page, see_other
from .rows import SHOWN, sections


# --- the buttons
def do(sandbox, given, verb, key):
    deed = DEEDS.get(verb)
    if deed is None:
        return show(sandbox, {}, problem=f"The sandbox has no button “{verb}”.", status=404)
    section, work = deed
    try:
        there = work(sandbox, key, given)
    except (ApiError, AmountRefused, ValueError) as problem:
        return show(sandbox, {}, problem=str(problem), status=422)
    find = f"?q={given['q']}" if given.get("q", "").replace("_", "").isalnum() else ""
    return see_other(there if section == "elsewhere" else f"/{find}#{section}")


def _refund(sandbox, key, given):
    intent = sandbox.account.get("payment_intent", key)
    typed = given.get("amount", "")
    sandbox.refund(key, parse_amount(typed, intent["currency"].upper()) if typed.strip() else None)


def _drop(sandbox, key, given):
    typed = given.get("number", "")
    if not (typed.isascii() and typed.isdigit()):
        raise ValueError(f"“{typed}” is not a number of deliveries to drop. Type one such as 3, or 0 to drop none.")
    sandbox.account.drop_next = int(typed)


def _shuffle(sandbox, key, given):
    sandbox.account.shuffled = not sandbox.account.shuffled


def _endpoint(sandbox, key, given):
    with sandbox.account.lock:
        if sandbox.habits.endpoint_is_on:
            switch_off(sandbox.account)
        else:
            sandbox.switch_on()


def _portal(sandbox, key, given):
    """A visit to the portal, as the giver of this subscription."""
    account = sandbox.account
    with account.lock:
        session = portal.open_for(account, account.get("subscription", key)["customer"], f"{sandbox.site_url}/")
    return session["url"].removeprefix(account.base_url)


# Each button: the section to come back to, and what it does.
DEEDS = {
    "advance": ("time", lambda sandbox, key, given: sandbox.advance(**forms.step(given))),
    "fault": ("faults", lambda sandbox, key, given: forms.order_fault(sandbox, given)),
    "no-faults": ("faults", lambda sandbox, key, given: sandbox.account.faults.clear()),
    "habits": ("habits", lambda sandbox, key, given: forms.set_habits(sandbox.habits, given)),
    "mischief": ("deliveries", lambda sandbox, key, given: forms.set_mischief(sandbox.account, given)),
    "endpoint": ("deliveries", _endpoint),
    "drop": ("deliveries", _drop),
    "shuffle": ("deliveries", _shuffle),
    "resend": ("events", lambda sandbox, key, given: sandbox.resend(key)),
    "expire": ("sessions", lambda sandbox, key, given: sandbox.expire(key)),
    "refund": ("refunds", _refund),
    "finish-refund": ("refunds", lambda sandbox, key, given: sandbox.finish_refund(key)),
    "fail-refund": ("refunds", lambda sandbox, key, given: sandbox.fail_refund(key)),
    "settle": ("payments", lambda sandbox, key, given: sandbox.settle(key)),
    "return": ("payments", lambda sandbox, key, given: sandbox.settle(key, succeeds=False)),
    "call-back": ("disputes", lambda sandbox, key, given: sandbox.return_debit(key)),
    "dispute": ("disputes", lambda sandbox, key, given: sandbox.dispute(key)),
    "inquire": ("disputes", lambda sandbox, key, given: sandbox.dispute(key, inquiry=True)),
    "escalate": ("disputes", lambda sandbox, key, given: sandbox.escalate_dispute(key)),
    "answer": ("disputes", lambda sandbox, key, given: sandbox.answer_dispute(key)),
    "win": ("disputes", lambda sandbox, key, given: sandbox.close_dispute(key, won=True)),
    "lose": ("disputes", lambda sandbox, key, given: sandbox.close_dispute(key)),
    "next-month": ("subscriptions", lambda sandbox, key, given: sandbox.next_month(key)),
    "next-month-fails": ("subscriptions", lambda sandbox, key, given: sandbox.next_month(key, succeeds=False)),
    "fail-renewal": ("subscriptions", lambda sandbox, key, given: sandbox.fail_renewals(key)),
    "retry": ("subscriptions", lambda sandbox, key, given: sandbox.retry(key)),
    "cancel": ("subscriptions", lambda sandbox, key, given: sandbox.cancel(key)),
    "portal": ("elsewhere", _portal),
}


# --- the page
def show(sandbox, given, *, problem="", status=200):
    account = sandbox.account
    wanted = given.get("q", "").strip()
    with account.lock:
        context = {"sections": sections(account, wanted), "waiting": _waiting(account)} | _now(account)
        context |= {"account": account, "habits": account.habits, "newsroom": account.business}
    context |= {"steps": forms.STEPS, "faults": forms.FAULTS, "choices": CHOICES, "shares": _shares(account)}
    context |= {"site_url": sandbox.site_url, "problem": problem, "q": wanted, "shown": SHOWN}
    return page("control.html", context, status=status)


def _now(account):
    moment = datetime.fromtimestamp(account.now(), UTC)
    return {"today": f"{moment:%d %B %Y, %H:%M} UTC", "days_ahead": round(account.ahead / 86400)}


def _shares(account):
    return [(name, round(getattr(account.mischief, name) * 100)) for name in forms.SHARES]


def _waiting(account):
    return sum(delivery["state"] == "waiting" for delivery in account.deliveries.values())
