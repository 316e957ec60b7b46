"""The endpoints without which no gift is booked; everything else a stand-in for Stripe may lack, and so may a key."""

import re

from .account import ApiError

BY_ID = (
    "checkout/sessions payment_intents charges refunds disputes invoices subscriptions balance_transactions"
).split()
LISTS = {"refunds": "payment_intent", "disputes": "payment_intent", "invoice_payments": "invoice"}


def is_needed(verb, path, given):
    name = path.removeprefix("/v1/").strip("/")
    if verb != "GET":
        return (verb, name) == ("POST", "checkout/sessions")
    if name in LISTS:
        return bool(given.get(LISTS[name]))
    return any(re.fullmatch(f"{each}/[^/]+", name) for each in BY_ID)


def refuse_others(account, verb, path, given):
    """Where the account's habits say so, whatever is not needed is missing (404) or not allowed (403)."""
    habits = account.habits
    if habits.endpoints == "all" or is_needed(verb, path, given):
        return
    if habits.missing == 403:
        words = "The provided key does not have the required permissions for this endpoint."
        raise ApiError(f"{words} ({verb}: {path})", status=403)
    raise ApiError(f"Unrecognized request URL ({verb}: {path}). Only what is needed is there.", status=404)
