"""The rows of the control page: what each object is in words, and what can be done with it."""

import time
from datetime import UTC, datetime

from donations.money import format_money

from .invoices import open_intent
from .renewals import ALWAYS, failures_ahead
from .reversals import CLOSED, INQUIRIES

SHOWN = 25


def sections(account, wanted):
    """(anchor, title, what was found) of each kind of object."""
    kinds = (
        ("payments", "Payments", "payment_intent", _payment),
        ("subscriptions", "Monthly gifts", "subscription", _subscription),
        ("refunds", "Refunds", "refund", _refund_row),
        ("disputes", "Disputes", "dispute", _dispute),
        ("sessions", "Checkout sessions", "checkout.session", _session),
        ("events", "Events", "event", _event),
    )
    return [(slug, title, _rows(account, noun, make, wanted)) for slug, title, noun, make in kinds]


def _rows(account, noun, make, wanted):
    found = [make(account, thing) for thing in account.newest_first(noun)]
    mine = [row for row in found if wanted.lower() in row["search"].lower()]
    return {"rows": mine[:SHOWN], "more": max(0, len(mine) - SHOWN), "all": len(found)}


def _row(account, thing, *, title, state, tone="quiet", notes=(), buttons=(), refund=False, link=None, search=""):
    moment = datetime.fromtimestamp(thing["created"], UTC)
    notes = [note for note in notes if note]
    return {
        "id": thing["id"],
        "when": f"{moment:%d %b %Y, %H:%M:%S} UTC",
        "title": title,
        "state": state,
        "tone": tone,
        "notes": notes,
        "buttons": buttons,
        "refund": refund,
        "link": link,
        "search": " ".join([thing["id"], title, state, search, *notes]),
    }


def _money(thing, key="amount"):
    return format_money(thing[key], thing["currency"].upper())


def _session(account, session):
    is_open = session["status"] == "open"
    kind = "monthly" if session["mode"] == "subscription" else "once"
    email = (session["customer_details"] or {}).get("email") or session["customer_email"] or ""
    return _row(
        account,
        session,
        title=f"{_money(session, 'amount_total')} {kind}",
        state=session["status"] if is_open else f"{session['status']}, {session['payment_status']}",
        tone="good" if session["payment_status"] == "paid" else "quiet",
        notes=(email,),
        buttons=[("expire", "Expire")] if is_open else [],
        link=session["url"] and ("Open the payment page", session["url"]),
        search=" ".join(
            filter(None, (session["client_reference_id"], session["payment_intent"], session["subscription"]))
        ),
    )


GOOD = ("succeeded", "active", "won", "paid", "delivered")
BAD = (
    *("requires_payment_method", "past_due", "unpaid", "failed"),
    *("needs_response", "under_review", "lost", "dropped"),
)
TONES = dict.fromkeys(GOOD, "good") | dict.fromkeys(BAD, "bad")


def _payment(account, intent):
    charge = account.objects["charge"].get(intent["latest_charge"]) or {}
    succeeded, processing = intent["status"] == "succeeded", intent["status"] == "processing"
    disputed = charge.get("disputed", False)
    buttons = [("dispute", "Dispute"), ("inquire", "Inquire")] if succeeded and not disputed else []
    if buttons and charge["payment_method_details"]["type"] != "card":
        buttons = [("call-back", "Bank calls it back"), *buttons]
    if processing:
        buttons = [("settle", "Bank debit succeeds"), ("return", "Bank debit fails")]
    return _row(
        account,
        intent,
        title=_money(intent),
        state=intent["status"].replace("_", " "),
        tone=TONES.get(intent["status"], "quiet"),
        notes=_payment_notes(account, intent, charge),
        buttons=buttons,
        refund=succeeded and not charge["refunded"],
    )


def _payment_notes(account, intent, charge):
    fee = account.objects["balance_transaction"].get(charge.get("balance_transaction"))
    error = intent["last_payment_error"]
    return (
        charge.get("billing_details", {}).get("email"),
        fee and f"fee {_money(fee, 'fee')}",
        charge.get("amount_refunded") and f"{_money(charge, 'amount_refunded')} refunded",
        charge.get("disputed") and "disputed",
        error and error["message"],
    )


def _subscription(account, given):
    item = given["items"]["data"][0]
    customer = account.get("customer", given["customer"])
    return _row(
        account,
        given,
        title=f"{format_money(item['price']['unit_amount'] * item['quantity'], given['currency'].upper())} monthly",
        state=given["status"].replace("_", " "),
        tone=TONES.get(given["status"], "quiet"),
        notes=(customer["email"], *_subscription_notes(account, given, item)),
        buttons=() if given["ended_at"] else _subscription_buttons(account, given),
        link=_question(account, given),
        search=given["customer"],
    )


def _question(account, given):
    """The page on which the giver answers the bank, while it asks about the newest invoice."""
    invoice = account.get("invoice", given["latest_invoice"])
    intent = open_intent(account, invoice)
    asks = intent is not None and intent["status"] == "requires_action"
    return ("Answer the bank", f"/i/{invoice['id']}") if asks else None


def _subscription_notes(account, given, item):
    if given["ended_at"]:
        return ()
    again = account.get("invoice", given["latest_invoice"])["next_payment_attempt"]
    failures = failures_ahead(account, given)
    return (
        f"{'ends' if given['cancel_at_period_end'] else 'next charge'} {_day(item['current_period_end'])}",
        again and f"tried again {_day(again)}",
        given["pause_collection"] and "paused",
        failures and f"to be declined: {_failing(failures)}",
    )


def _failing(failures):
    if failures == 1:
        return "the next charge"
    return "every charge" if failures == ALWAYS else f"the next {failures} charges"


def _day(moment):
    return f"{datetime.fromtimestamp(moment, UTC):%d %b %Y}"


def _subscription_buttons(account, given):
    buttons = [("next-month", "Next month succeeds"), ("next-month-fails", "Next month fails")]
    if not failures_ahead(account, given):
        buttons.append(("fail-renewal", "Fail next renewal"))
    if given["status"] in {"past_due", "unpaid"}:
        buttons = [("retry", "Retry the open invoice"), *buttons]
    return [*buttons, ("portal", "Open the portal"), ("cancel", "Cancel")]


def _refund_row(account, given):
    buttons = [("fail-refund", "Fail it")] if given["status"] in {"pending", "succeeded"} else []
    if given["status"] == "pending":
        buttons = [("finish-refund", "Let it succeed"), *buttons]
    return _row(
        account,
        given,
        title=_money(given),
        state=given["status"],
        tone=TONES.get(given["status"], "quiet"),
        notes=(f"of {given['payment_intent']}", (given["reason"] or "").replace("_", " ")),
        buttons=buttons,
    )


def _dispute(account, complaint):
    inquiry = complaint["status"] in INQUIRIES
    buttons = [] if complaint["status"] in CLOSED else [("win", "Win"), ("lose", "Lose")]
    if inquiry:
        buttons = [("lose", "Close"), ("escalate", "Make it a dispute")]
    if complaint["status"].endswith("needs_response"):
        buttons = [("answer", "Hand in evidence"), *buttons]
    return _row(
        account,
        complaint,
        title=_money(complaint),
        state=complaint["status"].replace("_", " "),
        tone=TONES.get(complaint["status"], "quiet"),
        notes=(f"of {complaint['payment_intent']}", complaint["reason"]),
        buttons=buttons,
    )


def _event(account, event):
    delivery = account.deliveries[event["id"]]
    words = {"unaddressed": "not sent: no webhook address", "missed": "not sent: not asked for"}.get(
        delivery["state"], delivery["state"]
    )
    tries = delivery["attempts"]
    again = max(0, round(delivery["at"] - time.time()))
    return _row(
        account,
        event,
        title=event["type"],
        state=words,
        tone=TONES.get(delivery["state"], "quiet"),
        notes=(
            event["data"]["object"]["id"],
            tries and f"{tries} {'try' if tries == 1 else 'tries'}, last answer {delivery['last']}",
            delivery["state"] == "waiting" and tries and f"again in {again} s",
        ),
        buttons=[("resend", "Resend")] if account.webhook_url else [],
    )
