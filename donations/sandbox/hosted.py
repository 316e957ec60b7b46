"""The hosted payment page: what a giver sees after pressing Give."""

import re

from donations.money import format_money

from . import checkout
from .account import ApiError
from .cards import CARDS, SUCCEEDS, Declined, WrongCard
from .rendering import page, see_other

EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


def show(sandbox, given, key):
    return _with_session(sandbox, key, lambda session: _form(sandbox, session, {"card": given.get("card", "")}))


def pay(sandbox, given, key):
    return _with_session(sandbox, key, lambda session: _pay(sandbox, session, given))


def ask(sandbox, given, key):
    return _with_session(sandbox, key, lambda session: _bank(sandbox, session))


def authenticate(sandbox, given, key):
    return _with_session(
        sandbox, key, lambda session: _authenticated(sandbox, session, given.get("result") == "complete")
    )


def _with_session(sandbox, key, work):
    """Under the account's lock, with an open session; otherwise a page that says how it stands."""
    account = sandbox.account
    with account.lock:
        try:
            session = account.get("checkout.session", key)
        except ApiError as problem:
            words = {"title": "No such payment page", "text": str(problem), "link": sandbox.site_url}
            return page("closed.html", _shared(sandbox) | words, status=404)
        return work(session) if session["status"] == "open" else _closed(sandbox, session)


def _closed(sandbox, session):
    if session["status"] == "complete":
        words = {"title": "This payment is complete", "text": "Nothing more is needed.", "link": success_url(session)}
    else:
        back = session["cancel_url"] or sandbox.site_url
        words = {"title": "This page has expired", "text": "No money was taken. Please begin again.", "link": back}
    return page("closed.html", _shared(sandbox) | words, status=200 if session["status"] == "complete" else 410)


def success_url(session):
    return session["success_url"].replace("{CHECKOUT_SESSION_ID}", session["id"])


def _shared(sandbox):
    return {"newsroom": sandbox.account.business, "livemode": sandbox.account.livemode}


def _summary(sandbox, session):
    lines = checkout.line_items(sandbox.account, session)
    money = format_money(session["amount_total"], session["currency"].upper())
    monthly = session["mode"] == "subscription"
    button = "Donate" if session["submit_type"] == "donate" else f"Pay {money}"
    return _shared(sandbox) | {
        "session": session,
        "product": lines[0]["description"],
        "money": money,
        "monthly": monthly,
        "button": button,
        "back": session["cancel_url"] or sandbox.site_url,
    }


def _form(sandbox, session, typed, problem="", field="", status=200):
    email = checkout.known_email(sandbox.account, session)
    fresh = {"email": email or "", "name": "", "method": "card"}
    typed = fresh | typed | {"card": typed.get("card") or SUCCEEDS.spaced, "email_is_fixed": bool(email)}
    more = {"typed": typed, "cards": CARDS, "methods": checkout.METHODS, "problem": problem, "field": field}
    return page("pay.html", _summary(sandbox, session) | more, status=status, form_action=session["success_url"])


def _pay(sandbox, session, given):
    typed = {key: given.get(key, "").strip() for key in ("card", "email", "name")}
    typed["email"] = checkout.known_email(sandbox.account, session) or typed["email"]
    typed["method"] = given.get("method", "card")
    if typed["method"] not in checkout.METHODS:
        return _form(sandbox, session, typed, "Choose a way to pay.", "method", 422)
    if not EMAIL.fullmatch(typed["email"]):
        return _form(sandbox, session, typed, "Type an e-mail address such as name@example.org.", "email", 422)
    if not typed["name"]:
        return _form(sandbox, session, typed, "Type the name on the card.", "name", 422)
    return _try(sandbox, session, typed, None)


def _try(sandbox, session, typed, authenticated):
    try:
        checkout.pay(sandbox.account, session, authenticated=authenticated, **typed)
    except checkout.AuthenticationNeeded:
        return see_other(f"/c/pay/{session['id']}/authenticate")
    except (Declined, WrongCard) as problem:
        return _form(sandbox, session, typed, str(problem), "card", 402 if isinstance(problem, Declined) else 422)
    return see_other(success_url(session))


def _bank(sandbox, session):
    if "typed" not in sandbox.account.kept[session["id"]]:
        return see_other(f"/c/pay/{session['id']}")
    return page("authenticate.html", _summary(sandbox, session), form_action=session["success_url"])


def _authenticated(sandbox, session, complete):
    typed = sandbox.account.kept[session["id"]].pop("typed", None)
    if typed is None:
        return see_other(f"/c/pay/{session['id']}")
    return _try(sandbox, session, typed | {"method": "card"}, complete)
