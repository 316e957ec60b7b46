"""What is typed into the control page's forms. Whatever cannot be read is a ValueError, in words for who typed it."""

from decimal import Decimal, InvalidOperation

from donations.money import exponent

from .habits import CHOICES
from .mischief import Mischief

STEPS = {
    "1 day": {"days": 1},
    "3 days": {"days": 3},
    "1 week": {"days": 7},
    "1 month": {"months": 1},
    "3 months": {"months": 3},
}
FAULTS = {
    "429": "429, too many requests",
    "500": "500, an error at Stripe",
    "503": "503, Stripe is down",
    "403": "403, not allowed",
    "404": "404, not there",
    "cut": "the connection breaks",
    "slow": "the answer is slow",
}
SHARES = ("dropped", "repeated", "delayed")


def step(given):
    """How far the clock goes on."""
    if given.get("by") not in STEPS:
        raise ValueError(f"“{given.get('by', '')}” is no step of time. Choose {', '.join(STEPS)}.")
    return STEPS[given["by"]]


def number(given, name, most, *, words):
    typed = given.get(name, "").strip() or "0"
    if not (typed.isascii() and typed.isdigit() and int(typed) <= most):
        raise ValueError(f"“{typed}” is not a number of {words}. Type one from 0 to {most}.")
    return int(typed)


def order_fault(sandbox, given):
    kind = given.get("kind")
    if kind not in FAULTS:
        raise ValueError(f"“{kind}” is no fault. Choose one of the list.")
    path = given.get("path", "").strip().removeprefix("/v1/")
    which = {"times": number(given, "times", 1000, words="requests"), "path": path}
    which |= {"verb": given.get("method", ""), "after": "after" in given}
    if kind == "cut":
        sandbox.cut_next(**which)
    elif kind == "slow":
        sandbox.slow_next(number(given, "seconds", 60, words="seconds"), **which)
    else:
        sandbox.fail_next(status=int(kind), retry_after=30 if kind == "429" else None, **which)


def set_mischief(account, given):
    shares = {name: number(given, name, 100, words="percent") / 100 for name in SHARES}
    account.mischief = Mischief(number(given, "seed", 10**6, words="the seed"), **shares)


def set_habits(habits, given):
    """All of the form or nothing."""
    chosen = {name: given.get(name, "") for name in ("captures", "retries_end", "endpoints")}
    for name, value in chosen.items():
        if value not in CHOICES[name]:
            raise ValueError(f"“{value}” is no choice for {name}. Choose one of {', '.join(CHOICES[name])}.")
    currency = given.get("settles_in", "").strip().lower()
    if currency:
        exponent(currency.upper())  # raises CurrencyRefused, in words
    chosen |= {"settles_in": currency, "rate": _rate(given.get("rate", ""))}
    switches = ("dispute_fee_returned", "debits_book_early", "uncollectible", "thin", "expands")
    for name, value in (chosen | {name: name in given for name in switches}).items():
        setattr(habits, name, value)


def _rate(typed):
    try:
        rate = Decimal(typed.strip() or "1")
    except InvalidOperation:
        rate = Decimal(0)
    if not rate.is_finite() or rate <= 0:
        raise ValueError(f"“{typed}” is not a rate. Type a number above 0, such as 0.92.")
    return str(rate)
