"""Monthly gifts: customers, subscriptions, their invoices, and the months that follow."""

import calendar
from datetime import UTC, datetime

from . import payments
from .account import ApiError
from .cards import BY_NUMBER, RENEWAL_DECLINED
from .catalogue import MONTHS
from .events import happened
from .shapes import billing as new
from .shapes import people

RETRY_IN = 3 * 86400


# --- customers
def new_customer(account, *, email, name):
    customer = account.add(people.customer(account.stamp("cus", "customer"), email=email, name=name))
    happened(account, "customer.created", customer)
    return customer


# --- time
def months_after(anchor, months):
    """`billing_cycle_anchor` plus n months in UTC, the day clipped to the month's last."""
    start = datetime.fromtimestamp(anchor, UTC)
    years, month = divmod(start.month - 1 + months, 12)
    year, month = start.year + years, month + 1
    day = min(start.day, calendar.monthrange(year, month)[1])
    return int(start.replace(year=year, month=month, day=day).timestamp())


def renewal_after(anchor, moment, price):
    """The first renewal of such a price later than `moment`."""
    recurring = price["recurring"]
    months = step = MONTHS[recurring["interval"]] * recurring["interval_count"]
    while months_after(anchor, months) <= moment:
        months += step
    return months_after(anchor, months)


# --- subscriptions
def subscribe(account, *, customer, method, lines, data):
    currency = lines[0][0]["currency"]
    stamp = account.stamp("sub", "subscription")
    given = new.subscription(stamp, customer=customer["id"], currency=currency, payment_method=method["id"], data=data)
    start = given["billing_cycle_anchor"]
    for price, quantity in lines:
        end = renewal_after(start, start, price)
        item = account.stamp("si", "subscription_item", livemode=False)
        given["items"]["data"].append(
            new.subscription_item(item, subscription=given["id"], price=price, quantity=quantity, start=start, end=end)
        )
    customer["currency"] = currency
    account.add(given)
    happened(account, "customer.subscription.created", given)
    return given


def bill(account, given, reason):
    """A finalized invoice over the present period, not yet paid."""
    customer = account.get("customer", given["customer"])
    items = given["items"]["data"]
    invoice = account.add(
        new.invoice(
            account.stamp("in", "invoice"),
            subscription=given,
            customer=customer,
            amount=sum(item["price"]["unit_amount"] * item["quantity"] for item in items),
            reason=reason,
            number=f"{customer['invoice_prefix']}-{customer['next_invoice_sequence']:04d}",
            business=account.business,
        )
    )
    invoice["lines"]["data"] += [_line(account, invoice, item) for item in items]
    customer["next_invoice_sequence"] += 1
    given["latest_invoice"] = invoice["id"]
    happened(account, "invoice.created", invoice)
    happened(account, "invoice.finalized", invoice)
    return invoice


def _line(account, invoice, item):
    name = account.get("product", item["price"]["product"])["name"]
    words = f"{item['quantity']} × {name}"
    return new.invoice_line(account.new_id("il"), invoice=invoice, item=item, description=words)


def first_intent(account, *, amount, currency):
    """A PaymentIntent for the first month; it carries none of our metadata, as at Stripe."""
    data = {"description": "Subscription creation"}
    return payments.new_intent(account, amount=amount, currency=currency, data=data)


def _next_intent(account, invoice):
    data = {"description": "Subscription update"}
    amount, currency, customer = invoice["amount_due"], invoice["currency"], invoice["customer"]
    intent = payments.new_intent(account, amount=amount, currency=currency, customer=customer, data=data)
    return pay_with(account, invoice, intent)


def pay_with(account, invoice, intent):
    """Tie `intent` to the invoice that it shall pay."""
    intent["customer"] = invoice["customer"]
    stamp = account.stamp("inpay", "invoice_payment")
    account.add(new.invoice_payment(stamp, invoice=invoice, intent=intent))
    return intent


def payment_of(account, intent):
    """The InvoicePayment that leads from a PaymentIntent to its invoice, or None."""
    links = account.objects["invoice_payment"].values()
    mine = [link for link in links if link["payment"]["payment_intent"] == intent["id"]]
    return mine[-1] if mine else None


def paid(account, invoice, intent=None):
    """The invoice is paid: by `intent`, by nothing when it was $0, or outside Stripe."""
    now = account.now()
    invoice |= {"status": "paid", "attempted": True, "next_payment_attempt": None, "auto_advance": False}
    invoice["status_transitions"]["paid_at"] = now
    if intent:
        invoice["attempt_count"] += 1
        link = payment_of(account, intent)
        link |= {"status": "paid", "amount_paid": intent["amount_received"]}
        link["status_transitions"]["paid_at"] = now
        happened(account, "invoice_payment.paid", link)
    invoice |= {"amount_paid": invoice["amount_due"], "amount_remaining": 0}
    happened(account, "invoice.paid", invoice)
    happened(account, "invoice.payment_succeeded", invoice)
    _follow(account, invoice, "active")


def unpaid(account, invoice):
    """A try failed: the invoice stays open, and its subscription is past due."""
    invoice |= {"attempted": True, "attempt_count": invoice["attempt_count"] + 1}
    invoice["next_payment_attempt"] = account.now() + RETRY_IN
    happened(account, "invoice.payment_failed", invoice)
    _follow(account, invoice, "past_due")


def _follow(account, invoice, status):
    """The latest invoice decides whether its subscription is active or past due."""
    given = account.get("subscription", invoice["parent"]["subscription_details"]["subscription"])
    before = given["status"]
    if given["latest_invoice"] == invoice["id"] and before != status and before != "canceled":
        given["status"] = status
        happened(account, "customer.subscription.updated", given, status=before)


def next_month(account, given, *, succeeds=True):
    """What Stripe does on its own when the period ends. Returns the invoice, or None when the gift ended instead."""
    refuse_ended(given)
    if _ends(given):
        end(account, given, "cancellation_requested")
        return None
    items = given["items"]["data"]
    before = items[0]["current_period_end"]
    for item in items:
        item["current_period_start"] = before
        item["current_period_end"] = renewal_after(given["billing_cycle_anchor"], before, item["price"])
    last = given["latest_invoice"]
    invoice = bill(account, given, "subscription_cycle")
    happened(account, "customer.subscription.updated", given, latest_invoice=last)
    if _paused(given, before):
        void(account, invoice)
    else:
        collect(account, invoice, given, succeeds=succeeds)
    return invoice


def _paused(given, moment):
    """Whether collection is paused at `moment`; a pause whose end has come is lifted."""
    pause = given["pause_collection"]
    if pause and pause["resumes_at"] and pause["resumes_at"] <= moment:
        given["pause_collection"] = pause = None
    return bool(pause)


def _ends(given):
    over = given["items"]["data"][0]["current_period_end"]
    return given["cancel_at_period_end"] or bool(given["cancel_at"] and given["cancel_at"] <= over)


def collect(account, invoice, given, *, succeeds=True):
    """Charge the subscription's own payment method; a card that fails renewals fails whatever was asked for."""
    if not invoice["amount_due"]:
        return paid(account, invoice)
    method = method_of(account, given)
    card = BY_NUMBER.get(account.numbers[method["id"]])
    intent = open_intent(account, invoice) or _next_intent(account, invoice)
    if not succeeds or (card and (card.fails_later or card.code)):
        refusal = card if card and card.code else RENEWAL_DECLINED
        payments.refuse(account, intent, method, refusal)
        return unpaid(account, invoice)
    if method["type"] != "card":
        return payments.process(account, intent, method)
    payments.succeed(account, intent, method)
    return paid(account, invoice, intent)


def method_of(account, given):
    customer = account.get("customer", given["customer"])
    key = given["default_payment_method"] or customer["invoice_settings"]["default_payment_method"]
    if not key:
        raise ApiError(f"{given['id']} and its customer have no default payment method.")
    return account.get("payment_method", key)


def open_intent(account, invoice):
    links = [link for link in account.find("invoice_payment", invoice=invoice["id"]) if link["status"] == "open"]
    return account.get("payment_intent", links[-1]["payment"]["payment_intent"]) if links else None


def end(account, given, reason):
    now = account.now()
    given |= {"status": "canceled", "canceled_at": given["canceled_at"] or now, "ended_at": now}
    given["cancellation_details"]["reason"] = reason
    happened(account, "customer.subscription.deleted", given)


def refuse_ended(given):
    if given["ended_at"]:
        raise ApiError(f"No such subscription: '{given['id']}'", status=404, code="resource_missing", param="id")


def void(account, invoice):
    intent = open_intent(account, invoice)
    if intent and intent["status"] == "processing":
        raise ApiError(f"Invoice {invoice['id']} has a payment in progress and cannot be voided.")
    invoice |= {"status": "void", "next_payment_attempt": None, "auto_advance": False}
    invoice["status_transitions"]["voided_at"] = account.now()
    happened(account, "invoice.voided", invoice)
    release(account, invoice)


def release(account, invoice):
    """What was to pay this invoice is not needed any more."""
    if intent := open_intent(account, invoice):
        link = payment_of(account, intent)
        link["status"] = "canceled"
        link["status_transitions"]["canceled_at"] = account.now()
        payments.cancel_intent(account, intent, "void_invoice")
