"""The control page: what banks, givers and time would do, as buttons."""

import time
from datetime import UTC, datetime

from donations.money import AmountRefused, format_money, parse_amount

from . import events
from .account import ApiError
from .rendering import page, see_other

SHOWN = 25


# --- the buttons
def do(sandbox, given, verb, key):
    deed = DEEDS.get(verb)
    if deed is None:
        return show(sandbox, {}, problem=f"The sandbox has no button “{verb}”.", status=404)
    section, work = deed
    try:
        work(sandbox, key, given)
    except (ApiError, AmountRefused, ValueError) as problem:
        return show(sandbox, {}, problem=str(problem), status=422)
    find = f"?q={given['q']}" if given.get("q", "").replace("_", "").isalnum() else ""
    return see_other(f"/{find}#{section}")


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


def _resend(sandbox, key, given):
    event = sandbox.event(key)
    if event is None:
        raise ValueError(f"No such event: {key}")
    if not sandbox.account.webhook_url:
        raise ValueError("There is no webhook address to send to. Start the sandbox with --webhook.")
    with sandbox.account.lock:
        events.resend(sandbox.account, event)


# Each button: the section to come back to, and what it does.
DEEDS = {
    "expire": ("sessions", lambda sandbox, key, given: sandbox.expire(key)),
    "refund": ("refunds", _refund),
    "settle": ("payments", lambda sandbox, key, given: sandbox.settle(key)),
    "return": ("payments", lambda sandbox, key, given: sandbox.settle(key, succeeds=False)),
    "dispute": ("disputes", lambda sandbox, key, given: sandbox.dispute(key)),
    "answer": ("disputes", lambda sandbox, key, given: sandbox.answer_dispute(key)),
    "win": ("disputes", lambda sandbox, key, given: sandbox.close_dispute(key, won=True)),
    "lose": ("disputes", lambda sandbox, key, given: sandbox.close_dispute(key)),
    "finish-refund": ("refunds", lambda sandbox, key, given: sandbox.finish_refund(key)),
    "fail-refund": ("refunds", lambda sandbox, key, given: sandbox.fail_refund(key)),
    "next-month": ("subscriptions", lambda sandbox, key, given: sandbox.next_month(key)),
    "next-month-fails": ("subscriptions", lambda sandbox, key, given: sandbox.next_month(key, succeeds=False)),
    "retry": ("subscriptions", lambda sandbox, key, given: sandbox.retry(key)),
    "cancel": ("subscriptions", lambda sandbox, key, given: sandbox.cancel(key)),
    "resend": ("events", _resend),
    "drop": ("deliveries", _drop),
    "shuffle": ("deliveries", _shuffle),
}


# --- the page
def show(sandbox, given, *, problem="", status=200):
    account = sandbox.account
    wanted = given.get("q", "").strip()
    with account.lock:
        sections = [
            ("payments", "Payments", _rows(account, "payment_intent", _payment, wanted)),
            ("subscriptions", "Monthly gifts", _rows(account, "subscription", _subscription, wanted)),
            ("refunds", "Refunds", _rows(account, "refund", _refund_row, wanted)),
            ("disputes", "Disputes", _rows(account, "dispute", _dispute, wanted)),
            ("sessions", "Checkout sessions", _rows(account, "checkout.session", _session, wanted)),
            ("events", "Events", _rows(account, "event", _event, wanted)),
        ]
        context = {
            "account": account,
            "newsroom": account.business,
            "sections": sections,
            "waiting": _waiting(account),
        }
    context |= {"site_url": sandbox.site_url, "problem": problem, "q": wanted, "shown": SHOWN}
    return page("control.html", context, status=status)


def _waiting(account):
    return sum(delivery["state"] == "waiting" for delivery in account.deliveries.values())


def _rows(account, noun, make, wanted):
    found = [make(account, thing) for thing in account.newest_first(noun)]
    mine = [row for row in found if wanted.lower() in row["search"].lower()]
    return {"rows": mine[:SHOWN], "more": max(0, len(mine) - SHOWN), "all": len(found)}


def _row(account, thing, *, title, state, tone="quiet", notes=(), buttons=(), refund=False, link="", search=""):
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
        link=session["url"] or "",
        search=" ".join(
            filter(None, (session["client_reference_id"], session["payment_intent"], session["subscription"]))
        ),
    )


TONES = {"succeeded": "good", "active": "good", "won": "good", "paid": "good", "delivered": "good"} | dict.fromkeys(
    ("requires_payment_method", "past_due", "failed", "needs_response", "under_review", "lost", "dropped"), "bad"
)


def _payment(account, intent):
    charge = account.objects["charge"].get(intent["latest_charge"]) or {}
    succeeded, processing = intent["status"] == "succeeded", intent["status"] == "processing"
    disputed = charge.get("disputed", False)
    buttons = [("dispute", "Dispute")] if succeeded and not disputed else []
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
        refund=succeeded and not disputed and not charge["refunded"],
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
    until = datetime.fromtimestamp(item["current_period_end"], UTC)
    living = not given["ended_at"]
    buttons = [("next-month", "Next month succeeds"), ("next-month-fails", "Next month fails"), ("cancel", "Cancel")]
    if given["status"] == "past_due":
        buttons = [("retry", "Retry the open invoice"), *buttons]
    return _row(
        account,
        given,
        title=f"{format_money(item['price']['unit_amount'] * item['quantity'], given['currency'].upper())} monthly",
        state=given["status"].replace("_", " "),
        tone=TONES.get(given["status"], "quiet"),
        notes=(customer["email"], living and f"next charge {until:%d %b %Y}", given["pause_collection"] and "paused"),
        buttons=buttons if living else [],
        search=given["customer"],
    )


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
    buttons = [("win", "Win"), ("lose", "Lose")] if complaint["status"] not in {"won", "lost"} else []
    if complaint["status"] == "needs_response":
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
    words = {"unaddressed": "not sent: no webhook address", "waiting": "waiting"}.get(
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
