"""Invoices, the PaymentIntents that pay them, and what becomes of those that are not paid."""

from . import payments
from .account import ApiError
from .billing import end, stand, subscription_of
from .events import happened
from .shapes import billing as new

RETRIES = (3, 5, 7)  # days after the try before; then Stripe gives up


# --- making
def bill(account, given, reason, *, draft=False):
    """An invoice over the present period, not yet paid: finalized, or a draft that nobody pays."""
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
    given["latest_invoice"] = invoice["id"]
    if draft:
        return _kept_as_draft(account, invoice)
    customer["next_invoice_sequence"] += 1
    happened(account, "invoice.created", invoice)
    happened(account, "invoice.finalized", invoice)
    return invoice


def _kept_as_draft(account, invoice):
    invoice |= {"status": "draft", "number": None, "effective_at": None, "auto_advance": False}
    invoice["status_transitions"]["finalized_at"] = None
    happened(account, "invoice.created", invoice)
    return invoice


def _line(account, invoice, item):
    name = account.get("product", item["price"]["product"])["name"]
    words = f"{item['quantity']} × {name}"
    return new.invoice_line(account.new_id("il"), invoice=invoice, item=item, description=words)


# --- what pays it
def first_intent(account, *, amount, currency):
    """A PaymentIntent for the first month; it carries none of our metadata, as at Stripe."""
    data = {"description": "Subscription creation"}
    return payments.new_intent(account, amount=amount, currency=currency, data=data)


def next_intent(account, invoice):
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


def open_intent(account, invoice):
    links = [link for link in account.find("invoice_payment", invoice=invoice["id"]) if link["status"] == "open"]
    return account.get("payment_intent", links[-1]["payment"]["payment_intent"]) if links else None


def is_in_progress(account, invoice):
    intent = open_intent(account, invoice)
    return bool(intent) and intent["status"] == "processing"


# --- how it ends
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


def unpaid(account, invoice, *, automatic=True):
    """A try failed: the invoice stays open, and its subscription is past due.

    The first try and Stripe's own retries count; one that somebody asked for later leaves the schedule alone.
    """
    counts = automatic or not invoice["attempted"]
    invoice["attempted"] = True
    if counts:
        invoice["attempt_count"] += 1
        invoice["next_payment_attempt"] = _next_try(account, invoice)
    happened(account, "invoice.payment_failed", invoice)
    if subscription_of(account, invoice)["status"] != "unpaid":
        _follow(account, invoice, "past_due")
    if counts and invoice["next_payment_attempt"] is None:
        _given_up(account, invoice)


def _next_try(account, invoice):
    tries = invoice["attempt_count"]
    if tries > len(RETRIES) or subscription_of(account, invoice)["ended_at"]:
        return None
    return account.now() + RETRIES[tries - 1] * 86400


def _given_up(account, invoice):
    """The last retry has failed; the account's habits say what comes of it."""
    given = subscription_of(account, invoice)
    if account.habits.uncollectible:
        mark_uncollectible(account, invoice)
    if given["ended_at"]:
        return
    if account.habits.retries_end == "cancel":
        end(account, given, "payment_failed")
    elif account.habits.retries_end == "unpaid":
        stand(account, given, "unpaid")


def _follow(account, invoice, status):
    """The latest invoice decides whether its subscription is active or past due."""
    given = subscription_of(account, invoice)
    if given["latest_invoice"] == invoice["id"]:
        stand(account, given, status)


def mark_uncollectible(account, invoice):
    if invoice["status"] != "open":
        raise ApiError(f"This invoice is {invoice['status']}; only an open invoice can be marked uncollectible.")
    invoice |= {"status": "uncollectible", "next_payment_attempt": None, "auto_advance": False}
    invoice["status_transitions"]["marked_uncollectible_at"] = account.now()
    happened(account, "invoice.marked_uncollectible", invoice)


def void(account, invoice):
    if is_in_progress(account, invoice):
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
