"""Money in: PaymentIntents, the charges that serve them, and what they did to the balance."""

import re
from decimal import ROUND_HALF_UP, Decimal

from donations.money import exponent

from .account import ApiError
from .cards import BY_NUMBER, DEBIT_RETURNED
from .events import happened
from .shapes import payments as new
from .shapes import people

# Seconds, in a sandbox that runs by itself.
CAPTURED_AFTER = 1.5  # until a charge's balance transaction shows
CAPTURED_LATE_AFTER = 2 * 86400
DISPUTED_AFTER = 8
DEBIT_ENDS_AFTER = 45


def fee_of(amount):
    """2.9 % and 30 minor units, half up."""
    return (amount * 29 + 500) // 1000 + 30


def statement(account):
    """How the payment appears on the bank's statement: at most 22 plain capitals."""
    return re.sub(r"[^A-Z0-9 ]", "", account.business.upper())[:22].strip()


def new_intent(account, *, amount, currency, customer=None, data=None):
    stamp = account.stamp("pi", "payment_intent")
    intent = account.add(new.payment_intent(stamp, amount=amount, currency=currency, customer=customer, data=data))
    happened(account, "payment_intent.created", intent)
    return intent


def new_method(account, kind, number, *, email, name, customer=None):
    stamp = account.stamp("pm", "payment_method")
    if kind == "card":
        method = people.card_method(stamp, number=number, email=email, name=name)
    else:
        method = people.bank_method(stamp, email=email, name=name)
    method["customer"] = customer
    account.numbers[method["id"]] = number
    return account.add(method)


def succeed(account, intent, method):
    """The money is there: a charge, but not yet its fee."""
    charge = _charge(account, intent, method, status="succeeded")
    _received(account, intent, charge)
    card = BY_NUMBER.get(account.numbers[method["id"]])
    if card and card.disputed:
        account.soon("dispute", charge["id"], DISPUTED_AFTER)
    return charge


def _received(account, intent, charge):
    intent |= {
        "amount_received": intent["amount"],
        "status": "succeeded",
        "last_payment_error": None,
        "next_action": None,
    }
    happened(account, "charge.succeeded", charge)
    happened(account, "payment_intent.succeeded", intent)
    if account.habits.captures != "never":
        late = account.habits.captures == "late"
        account.soon("capture", charge["id"], CAPTURED_LATE_AFTER if late else CAPTURED_AFTER)


def process(account, intent, method, *, ends="succeeds"):
    """A bank debit is on its way; `settle` ends it. It succeeds, fails, or succeeds and is returned as a dispute."""
    charge = _charge(account, intent, method, status="pending")
    intent |= {"status": "processing", "last_payment_error": None}
    happened(account, "charge.pending", charge)
    happened(account, "payment_intent.processing", intent)
    if account.habits.debits_book_early:
        capture(account, charge)
    account.soon("debit fails" if ends == "fails" else "debit succeeds", intent["id"], DEBIT_ENDS_AFTER)
    if ends == "returned":
        account.soon("debit returned", intent["id"], DEBIT_ENDS_AFTER + DISPUTED_AFTER)
    return charge


def refuse(account, intent, method, card):
    charge = _charge(account, intent, method, status="failed", card=card)
    _failed(account, intent, charge, method, card)


def _failed(account, intent, charge, method, card):
    error = new.payment_error(method, card, charge=charge["id"])
    intent |= {"status": "requires_payment_method", "payment_method": None, "next_action": None}
    intent["last_payment_error"] = error
    happened(account, "charge.failed", charge)
    happened(account, "payment_intent.payment_failed", intent)


def _charge(account, intent, method, *, status, card=None):
    prefix = "ch" if method["type"] == "card" else "py"
    stamp = account.stamp(prefix, "charge")
    words = statement(account)
    charge = new.charge(stamp, intent=intent, method=method, statement=words, status=status, card=card)
    intent |= {"latest_charge": charge["id"], "payment_method": method["id"]}
    return account.add(charge)


def ask_to_authenticate(account, intent, method, url):
    """The bank wants to see the giver first; no charge is tried until then."""
    redirect = {"return_url": url, "url": url}
    intent |= {"status": "requires_action", "payment_method": method["id"], "last_payment_error": None}
    intent["next_action"] = {"type": "redirect_to_url", "redirect_to_url": redirect}
    happened(account, "payment_intent.requires_action", intent)


def fail_to_authenticate(account, intent, method, card):
    intent |= {"status": "requires_payment_method", "payment_method": None, "next_action": None}
    intent["last_payment_error"] = new.payment_error(method, card, charge=None)
    happened(account, "payment_intent.payment_failed", intent)


def settle(account, intent, *, succeeds):
    """The later end of a bank debit. Returns the charge."""
    if intent["status"] != "processing":
        raise ApiError(f"{intent['id']} is {intent['status']}; only a bank debit in status processing can be settled.")
    charge = account.get("charge", intent["latest_charge"])
    if succeeds:
        charge |= {"status": "succeeded", "paid": True, "captured": True, "amount_captured": charge["amount"]}
        _received(account, intent, charge)
    else:
        charge |= {"status": "failed", "failure_code": DEBIT_RETURNED.code, "failure_message": DEBIT_RETURNED.message}
        _take_back(account, charge)
        method = account.get("payment_method", charge["payment_method"])
        _failed(account, intent, charge, method, DEBIT_RETURNED)
    return charge


def _take_back(account, charge):
    """A debit that moved the balance before its time moves it back; Stripe keeps its fee."""
    if charge["balance_transaction"]:
        kind, category = "payment_failure_refund", "charge_failure"
        back = balance(account, charge, amount=-charge["amount"], kind=kind, category=category)
        charge["failure_balance_transaction"] = back["id"]


def cancel_intent(account, intent, reason):
    intent |= {"status": "canceled", "canceled_at": account.now(), "cancellation_reason": reason, "next_action": None}
    happened(account, "payment_intent.canceled", intent)


def capture(account, charge):
    """The late balance transaction, with the fee, becomes visible."""
    if charge["balance_transaction"]:
        return
    kind = "charge" if charge["payment_method_details"]["type"] == "card" else "payment"
    amount, _, _ = settled(account, charge["amount"], charge["currency"])
    moved = balance(account, charge, amount=charge["amount"], fee=fee_of(amount), kind=kind, category="charge")
    charge["balance_transaction"] = moved["id"]
    happened(account, "charge.updated", charge, balance_transaction=None)


def settled(account, amount, currency):
    """An amount in the currency of the balance: (amount, currency, exchange rate or None). Halves go up."""
    into = account.habits.settles_in.lower()
    if not into or into == currency:
        return amount, currency, None
    rate = Decimal(account.habits.rate)
    minor = exponent(into.upper()) - exponent(currency.upper())
    whole = (amount * rate).scaleb(minor).quantize(Decimal(1), rounding=ROUND_HALF_UP)
    return int(whole), into, float(rate)


def balance(account, source, *, amount, kind, category, fee=0):
    """What a charge, refund or dispute moved: `amount` in its own currency, `fee` in that of the balance."""
    amount, currency, rate = settled(account, amount, source["currency"])
    stamp = account.stamp("txn", "balance_transaction", livemode=False)
    return account.add(
        new.balance_transaction(
            stamp,
            amount=amount,
            currency=currency,
            rate=rate,
            fee=fee,
            kind=kind,
            category=category,
            source=source["id"],
        )
    )
