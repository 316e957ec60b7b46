"""Checkout Sessions: from the newsroom's request to the giver's button."""

import re
from functools import partial
from urllib.parse import urlsplit

from donations.money import MAX_AMOUNT

from . import billing, catalogue, invoices, payments
from .account import ApiError
from .cards import AUTHENTICATION_FAILED, Declined, card_of
from .events import happened
from .shapes import checkout as new

METHODS = {
    "card": "Card",
    "bank_debit_succeeds": "Bank debit that succeeds later",
    "bank_debit_fails": "Bank debit that fails later",
    "bank_debit_returned": "Bank debit that succeeds later and is then returned",
}
SMALLEST = 50
ONLY_MONTHLY = ("subscription_data",)
ONLY_ONCE = ("payment_intent_data", "customer_creation", "invoice_creation")


class AuthenticationNeeded(Exception):
    """The bank asks the giver to confirm on its own page first."""


class Closed(Exception):
    """The session is complete or expired."""


# --- the newsroom's side
def create(account, params):
    _check(account, params)
    lines = _lines(account, params)
    amount = sum(price["unit_amount"] * quantity for price, quantity in lines)
    currency = lines[0][0]["currency"]
    _check_amount(amount, currency)
    stamp = account.stamp("cs_live" if account.livemode else "cs_test", "checkout.session")
    url = page(account, stamp["id"])
    session = account.add(new.session(stamp, params=params, currency=currency, amount=amount, url=url))
    account.kept[session["id"]] = {
        "lines": [[price["id"], quantity] for price, quantity in lines],
        "payment_intent_data": params.get("payment_intent_data") or {},
        "subscription_data": params.get("subscription_data") or {},
    }
    return session


def page(account, key):
    return f"{account.base_url}/c/pay/{key}"


def _check(account, params):
    mode = params.get("mode")
    if mode not in {"payment", "subscription"}:
        raise ApiError("The sandbox knows the modes payment and subscription.", param="mode")
    if params.get("ui_mode", "hosted_page") != "hosted_page":
        raise ApiError("The sandbox knows only ui_mode=hosted_page.", param="ui_mode")
    for name in ONLY_ONCE if mode == "subscription" else ONLY_MONTHLY:
        if name in params:
            raise ApiError(f"You can not pass `{name}` in `{mode}` mode.", param=name)
    _check_urls(params)
    _check_person(account, params)
    if len(params.get("client_reference_id", "")) > 200:
        raise ApiError("client_reference_id has at most 200 characters.", param="client_reference_id")
    age = params.get("expires_at", account.now() + 86400) - account.now()
    if not 1800 <= age <= 86400:
        raise ApiError("`expires_at` must be between 30 minutes and 24 hours from now.", param="expires_at")


def _check_urls(params):
    if not params.get("success_url"):
        raise ApiError("Missing required param: success_url.", code="parameter_missing", param="success_url")
    for name in ("success_url", "cancel_url"):
        if params.get(name) and urlsplit(params[name]).scheme not in {"http", "https"}:
            raise ApiError(f"Not a valid URL: {params[name]}", code="url_invalid", param=name)


def _check_person(account, params):
    if params.get("customer") and params.get("customer_email"):
        raise ApiError("You may only specify one of these parameters: customer, customer_email.")
    if params.get("customer"):
        account.get("customer", params["customer"], param="customer", status=400)
    email = params.get("customer_email")
    if email is not None and not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", email):
        raise ApiError(f"Invalid email address: {email}", code="email_invalid", param="customer_email")


def _lines(account, params):
    if not params.get("line_items"):
        raise ApiError("Missing required param: line_items.", code="parameter_missing", param="line_items")
    lines = []
    for number, line in enumerate(params["line_items"]):
        price = catalogue.price_of(account, line, f"line_items[{number}]")
        lines.append((price, line.get("quantity", 1)))
    monthly = [price for price, _ in lines if price["recurring"]]
    if params["mode"] == "payment" and monthly:
        raise ApiError(
            "You specified `payment` mode but passed a recurring price. Use `subscription` mode.", param="mode"
        )
    if params["mode"] == "subscription" and not monthly:
        raise ApiError("You must provide at least one recurring price in `subscription` mode.", param="line_items")
    if monthly and len(monthly) < len(lines):
        raise ApiError("The sandbox takes no single prices in `subscription` mode.", param="line_items")
    return lines


def _check_amount(amount, currency):
    if not SMALLEST <= amount <= MAX_AMOUNT:
        code = "amount_too_small" if amount < SMALLEST else "amount_too_large"
        message = f"The Checkout Session's total is {amount} {currency}; it must be from {SMALLEST} to {MAX_AMOUNT}."
        raise ApiError(message, code=code)


def line_items(account, session):
    lines = []
    for number, (key, quantity) in enumerate(account.kept[session["id"]]["lines"]):
        price = account.get("price", key)
        product = account.get("product", price["product"])
        name = f"li_{session['id'][-20:]}{number:04d}"
        lines.append(new.line_item(name, price=price, product=product, quantity=quantity))
    return lines


def expire(account, session):
    if session["status"] != "open":
        message = f'Only Checkout Sessions with a status in ["open"] can be expired. This one is {session["status"]}.'
        raise ApiError(message)
    session |= {"status": "expired", "url": None}
    if session["payment_intent"]:
        payments.cancel_intent(account, account.get("payment_intent", session["payment_intent"]), "automatic")
    happened(account, "checkout.session.expired", session)
    return session


# --- the giver's side
def pay(account, session, *, card, email, name, method="card", authenticated=None):
    """The Pay button. Raises Declined, WrongCard, AuthenticationNeeded or Closed, with words for the giver."""
    if session["status"] != "open":
        raise Closed(f"This payment page is {session['status']}.")
    known = card_of(card) if method == "card" else None
    email = known_email(account, session) or email
    paying = _method(account, session, known, email=email, name=name)
    if known and known.needs_authentication and not authenticated:
        return _authenticate(account, session, paying, {"card": card, "email": email, "name": name}, authenticated)
    if known and known.code:
        payments.refuse(account, _intent(account, session), paying, known)
        raise Declined(known)
    take = DEEDS[method]
    (_pay_monthly if session["mode"] == "subscription" else _pay_once)(account, session, paying, take)
    _complete(account, session, email=email, name=name, debit=method != "card")


def known_email(account, session):
    """What the newsroom told us; the giver cannot change it."""
    customer = account.objects["customer"].get(session["customer"])
    return customer["email"] if customer else session["customer_email"]


def _method(account, session, card, *, email, name):
    kind, number = ("card", card.number) if card else ("us_bank_account", "")
    return payments.new_method(account, kind, number, email=email, name=name)


def _intent(account, session):
    """The session's PaymentIntent, made at the first try and kept for the next."""
    kept = account.kept[session["id"]]
    if "intent" not in kept:
        total = {"amount": session["amount_total"], "currency": session["currency"]}
        if session["mode"] == "subscription":
            kept["intent"] = invoices.first_intent(account, **total)["id"]
        else:
            intent = payments.new_intent(account, **total, data=kept["payment_intent_data"])
            kept["intent"] = session["payment_intent"] = intent["id"]
    return account.get("payment_intent", kept["intent"])


def _authenticate(account, session, method, typed, authenticated):
    intent = _intent(account, session)
    if authenticated is None:
        account.kept[session["id"]]["typed"] = typed
        payments.ask_to_authenticate(account, intent, method, page(account, session["id"]) + "/authenticate")
        raise AuthenticationNeeded
    payments.fail_to_authenticate(account, intent, method, AUTHENTICATION_FAILED)
    raise Declined(AUTHENTICATION_FAILED)


DEEDS = {
    "card": payments.succeed,
    "bank_debit_succeeds": payments.process,
    "bank_debit_fails": partial(payments.process, ends="fails"),
    "bank_debit_returned": partial(payments.process, ends="returned"),
}


def _pay_once(account, session, method, take):
    intent = _intent(account, session)
    if session["customer"] or session["customer_creation"] == "always":
        intent["customer"] = _customer(account, session, method)["id"]
    take(account, intent, method)


def _pay_monthly(account, session, method, take):
    customer = _customer(account, session, method)
    kept = account.kept[session["id"]]
    lines = [(account.get("price", key), quantity) for key, quantity in kept["lines"]]
    intent = _intent(account, session)
    data = kept["subscription_data"]
    given = billing.subscribe(account, customer=customer, method=method, lines=lines, data=data)
    invoice = invoices.bill(account, given, "subscription_create")
    invoices.pay_with(account, invoice, intent)
    session |= {"subscription": given["id"], "invoice": invoice["id"]}
    take(account, intent, method)
    if intent["status"] == "succeeded":
        invoices.paid(account, invoice, intent)


def _customer(account, session, method):
    details = method["billing_details"]
    if session["customer"]:
        customer = account.get("customer", session["customer"])
    else:
        customer = billing.new_customer(account, email=details["email"], name=details["name"])
    session["customer"] = customer["id"]
    billing.attach(account, customer, method)
    return customer


def _complete(account, session, *, email, name, debit):
    session |= {"status": "complete", "url": None, "payment_status": "unpaid" if debit else "paid"}
    session["customer_details"] = new.customer_details(email=email, name=name)
    happened(account, "checkout.session.completed", session)


def settle(account, intent, *, succeeds):
    """A bank debit ends; whoever waits for it is told: the invoice, then the session."""
    payments.settle(account, intent, succeeds=succeeds)
    if link := invoices.payment_of(account, intent):
        invoice = account.get("invoice", link["invoice"])
        invoices.paid(account, invoice, intent) if succeeds else invoices.unpaid(account, invoice)
    for session in _sessions_of(account, intent):
        if succeeds:
            session["payment_status"] = "paid"
        word = "succeeded" if succeeds else "failed"
        happened(account, f"checkout.session.async_payment_{word}", session)


def _sessions_of(account, intent):
    """The session that began with this payment; a later month has none."""
    sessions = account.objects["checkout.session"].values()
    mine = [one for one in sessions if account.kept.get(one["id"], {}).get("intent") == intent["id"]]
    return [session for session in mine if session["payment_status"] == "unpaid"]
