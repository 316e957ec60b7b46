"""Hosted pages for givers who come back: the portal, and an invoice that waits for the bank's question."""

from datetime import UTC, datetime

from donations.money import format_money

from . import portal, renewals
from .account import ApiError
from .cards import CARDS, SUCCEEDS, Declined, WrongCard, card_of
from .invoices import open_intent
from .rendering import page, see_other


def _with(sandbox, noun, key, work):
    """Under the account's lock, with the object; otherwise a page that says it is not there."""
    account = sandbox.account
    with account.lock:
        try:
            thing = account.get(noun, key)
        except ApiError as problem:
            return _said(sandbox, "There is no such page", str(problem), status=404)
        return work(thing)


def _said(sandbox, title, text, link="", status=200):
    words = {"title": title, "text": text, "link": link or f"{sandbox.site_url}/"}
    return page("closed.html", _shared(sandbox) | words, status=status)


def _shared(sandbox):
    return {"newsroom": sandbox.account.business}


# --- the portal
VISIT = "billing_portal.session"


def show_portal(sandbox, given, key):
    return _with(sandbox, VISIT, key, lambda session: _portal(sandbox, session, given.get("card", "")))


def change_card(sandbox, given, key):
    return _with(sandbox, VISIT, key, lambda session: _change(sandbox, session, given.get("card", "").strip()))


def _portal(sandbox, session, typed, *, problem="", changed=False, status=200):
    account = sandbox.account
    back, _ = portal.way_back(session)
    context = _shared(sandbox) | {
        "session": session,
        "email": account.get("customer", session["customer"])["email"],
        "held": portal.cards_of(account, session),
        "cards": CARDS,
        "typed": typed or SUCCEEDS.spaced,
        "problem": problem,
        "changed": changed,
        "back": back,
    }
    return page("portal.html", context, status=status, form_action=back or "")


def _change(sandbox, session, typed):
    try:
        portal.change_card(sandbox.account, session, card_of(typed))
    except (Declined, WrongCard) as problem:
        status = 402 if isinstance(problem, Declined) else 422
        return _portal(sandbox, session, typed, problem=str(problem), status=status)
    back, at_once = portal.way_back(session)
    return see_other(back) if at_once else _portal(sandbox, session, typed, changed=True)


# --- an invoice
def show_invoice(sandbox, given, key):
    return _with(sandbox, "invoice", key, lambda invoice: _invoice(sandbox, invoice))


def confirm(sandbox, given, key):
    succeeds = given.get("result") == "complete"
    return _with(sandbox, "invoice", key, lambda invoice: _confirm(sandbox, invoice, succeeds))


def _invoice(sandbox, invoice):
    intent = open_intent(sandbox.account, invoice)
    if invoice["status"] == "paid":
        return _said(sandbox, "This month is paid", "Nothing more is needed.")
    if intent is None or intent["status"] != "requires_action":
        return _said(sandbox, "Nothing to confirm", f"This invoice is {invoice['status']}. No money was taken.")
    money = format_money(invoice["amount_due"], invoice["currency"].upper())
    day = f"{datetime.fromtimestamp(invoice['created'], UTC):%d %B %Y}"
    return page("confirm.html", _shared(sandbox) | {"invoice": invoice, "money": money, "day": day})


def _confirm(sandbox, invoice, succeeds):
    try:
        renewals.confirm(sandbox.account, invoice, succeeds=succeeds)
    except ApiError as problem:
        return _said(sandbox, "Nothing to confirm", str(problem), status=409)
    return _invoice(sandbox, invoice)
