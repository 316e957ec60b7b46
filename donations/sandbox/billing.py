"""Monthly gifts: customers, subscriptions, their invoices, and the months that follow."""

import calendar
from datetime import UTC, datetime

from . import payments
from .account import ApiError
from .cards import BY_NUMBER, RENEWAL_DECLINED, Declined
from .events import happened
from .shapes import billing as new
from .shapes import people

RETRY_IN = 3 * 86400


# --- what is sold
def create_product(account, params):
    key = params.get("id")
    if key and key in account.objects["product"]:
        raise ApiError("Product already exists.", code="resource_already_exists", param="id")
    stamp = account.stamp("prod", "product")
    return account.add(new.product(stamp | ({"id": key} if key else {}), name=params["name"], params=params))


def price_of(account, given, where):
    """A price from `price` or `price_data`, whose product must exist."""
    if given.get("price"):
        return account.get("price", given["price"], param=f"{where}[price]", status=400)
    if not (data := given.get("price_data")):
        raise ApiError(f"{where} needs a price or price_data.", code="parameter_missing", param=f"{where}[price]")
    product = _product_of(account, data, f"{where}[price_data]")
    amount = data.get("unit_amount")
    if amount is None or amount == "" or not 0 <= amount <= 99_999_999:
        message = f"Invalid unit_amount {amount}: it must be a whole number of minor units from 0 to 99999999."
        raise ApiError(message, param=f"{where}[price_data][unit_amount]")
    stamp = account.stamp("price", "price")
    currency = _currency(data["currency"], where)
    recurring = data.get("recurring")
    return account.add(new.price(stamp, product=product, currency=currency, amount=amount, recurring=recurring))


def _product_of(account, data, where):
    if data.get("product_data"):
        return create_product(account, data["product_data"])["id"]
    if not data.get("product"):
        raise ApiError(
            f"{where} needs a product or product_data.", code="parameter_missing", param=f"{where}[product]"
        )
    return account.get("product", data["product"], param=f"{where}[product]", status=400)["id"]


def _currency(code, where):
    if not (len(code) == 3 and code.isalpha() and code.isascii()):
        raise ApiError(f"Invalid currency: {code}.", param=f"{where}[price_data][currency]")
    return code.lower()


# --- customers
def new_customer(account, *, email, name):
    customer = account.add(people.customer(account.stamp("cus", "customer"), email=email, name=name))
    happened(account, "customer.created", customer)
    return customer


def update_customer(account, params, key):
    customer = account.get("customer", key)
    settings = params.pop("invoice_settings", None) or {}
    _change(customer, params, ("email", "name", "phone", "description", "metadata"))
    if "default_payment_method" in settings:
        method = settings["default_payment_method"] or None
        customer["invoice_settings"]["default_payment_method"] = method
    happened(account, "customer.updated", customer)
    return customer


def _change(thing, params, known):
    """Copy plain fields; metadata is merged, and an empty value unsets."""
    for key, value in params.items():
        if key == "metadata":
            merged = {**thing["metadata"], **value} if value else {}
            thing["metadata"] = {name: text for name, text in merged.items() if text != ""}
        elif key in known:
            thing[key] = None if value == "" else value
        elif key != "expand":
            raise ApiError(f"The sandbox does not change {key}.", param=key)


# --- time
def months_after(anchor, months):
    """`billing_cycle_anchor` plus n months in UTC, the day clipped to the month's last."""
    start = datetime.fromtimestamp(anchor, UTC)
    years, month = divmod(start.month - 1 + months, 12)
    year, month = start.year + years, month + 1
    day = min(start.day, calendar.monthrange(year, month)[1])
    return int(start.replace(year=year, month=month, day=day).timestamp())


def renewal_after(anchor, moment):
    """The first renewal later than `moment`."""
    months = 1
    while months_after(anchor, months) <= moment:
        months += 1
    return months_after(anchor, months)


# --- subscriptions
def subscribe(account, *, customer, method, lines, data):
    currency = lines[0][0]["currency"]
    stamp = account.stamp("sub", "subscription")
    given = new.subscription(stamp, customer=customer["id"], currency=currency, payment_method=method["id"], data=data)
    start = given["billing_cycle_anchor"]
    end = months_after(start, 1)
    for price, quantity in lines:
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
    amount = sum(item["price"]["unit_amount"] * item["quantity"] for item in items)
    number = f"{customer['invoice_prefix']}-{customer['next_invoice_sequence']:04d}"
    customer["next_invoice_sequence"] += 1
    invoice = new.invoice(
        account.stamp("in", "invoice"),
        subscription=given,
        customer=customer,
        amount=amount,
        reason=reason,
        number=number,
        business=account.business,
    )
    for item in items:
        name = account.get("product", item["price"]["product"])["name"]
        line = new.invoice_line(
            account.new_id("il"), invoice=invoice, item=item, description=f"{item['quantity']} × {name}"
        )
        invoice["lines"]["data"].append(line)
    given["latest_invoice"] = invoice["id"]
    account.add(invoice)
    happened(account, "invoice.created", invoice)
    happened(account, "invoice.finalized", invoice)
    return invoice


def intent_for(account, invoice, intent=None):
    """The PaymentIntent that pays `invoice`; it carries none of our metadata, as at Stripe."""
    if intent is None:
        words = (
            "Subscription creation" if invoice["billing_reason"] == "subscription_create" else "Subscription update"
        )
        intent = payments.new_intent(
            account,
            amount=invoice["amount_due"],
            currency=invoice["currency"],
            customer=invoice["customer"],
            data={"description": words},
        )
    intent["customer"] = invoice["customer"]
    stamp = account.stamp("inpay", "invoice_payment")
    account.add(new.invoice_payment(stamp, invoice=invoice, intent=intent))
    return intent


def payment_of(account, intent):
    """The InvoicePayment that leads from a PaymentIntent to its invoice, or None."""
    mine = [
        one for one in account.objects["invoice_payment"].values() if one["payment"]["payment_intent"] == intent["id"]
    ]
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
    _living(given)
    if _ends(given):
        end(account, given, "cancellation_requested")
        return None
    items = given["items"]["data"]
    before = items[0]["current_period_end"]
    for item in items:
        item["current_period_start"] = before
        item["current_period_end"] = renewal_after(given["billing_cycle_anchor"], before)
    invoice = bill(account, given, "subscription_cycle")
    happened(account, "customer.subscription.updated", given, latest_invoice=None)
    if given["pause_collection"]:
        void(account, invoice)
    else:
        collect(account, invoice, given, succeeds=succeeds)
    return invoice


def _ends(given):
    over = given["items"]["data"][0]["current_period_end"]
    return given["cancel_at_period_end"] or bool(given["cancel_at"] and given["cancel_at"] <= over)


def collect(account, invoice, given, *, succeeds=True):
    """Charge the subscription's own payment method; a card that fails renewals fails whatever was asked for."""
    if not invoice["amount_due"]:
        return paid(account, invoice)
    method = account.get("payment_method", method_of(account, given))
    card = BY_NUMBER.get(account.numbers.get(method["id"]))
    intent = _open_intent(account, invoice) or intent_for(account, invoice)
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
    return given["default_payment_method"] or customer["invoice_settings"]["default_payment_method"]


def _open_intent(account, invoice):
    links = [link for link in account.find("invoice_payment", invoice=invoice["id"]) if link["status"] == "open"]
    return account.get("payment_intent", links[-1]["payment"]["payment_intent"]) if links else None


def end(account, given, reason):
    now = account.now()
    given |= {"status": "canceled", "canceled_at": given["canceled_at"] or now, "ended_at": now}
    given["cancellation_details"]["reason"] = reason
    happened(account, "customer.subscription.deleted", given)


def _living(given):
    if given["ended_at"]:
        raise ApiError(f"No such subscription: '{given['id']}'", status=404, code="resource_missing", param="id")


# --- what the newsroom asks for
SUBSCRIPTION_FIELDS = ("cancel_at", "default_payment_method", "description", "pause_collection", "proration_behavior")


def cancel(account, params, key):
    given = account.get("subscription", key)
    _living(given)
    given["cancellation_details"] |= _details(params)
    end(account, given, "cancellation_requested")
    return given


def _details(params):
    details = params.get("cancellation_details") or {}
    return {key: details.get(key) or None for key in ("comment", "feedback")}


def update(account, params, key):
    given = account.get("subscription", key)
    if given["ended_at"]:
        raise ApiError("A canceled subscription can only update its cancellation_details and metadata.")
    params.pop("proration_behavior", None)
    given["cancellation_details"] |= _details({"cancellation_details": params.pop("cancellation_details", None)})
    at_end = params.pop("cancel_at_period_end", None)
    if params.get("default_payment_method"):
        account.get("payment_method", params["default_payment_method"], param="default_payment_method", status=400)
    if isinstance(params.get("pause_collection"), dict):
        params["pause_collection"].setdefault("resumes_at", None)
    _change(given, params, SUBSCRIPTION_FIELDS)
    if at_end is not None:
        _cancel_at_end(account, given, at_end)
    happened(account, "customer.subscription.updated", given)
    return given


def _cancel_at_end(account, given, yes):
    """Stays `active`, with the day on which it ends."""
    over = given["items"]["data"][0]["current_period_end"]
    given |= {"cancel_at_period_end": yes, "cancel_at": over if yes else None}
    given["canceled_at"] = account.now() if yes else None
    given["cancellation_details"]["reason"] = "cancellation_requested" if yes else None


def item_of(account, key):
    for given in account.objects["subscription"].values():
        for item in given["items"]["data"]:
            if item["id"] == key:
                return given, item
    raise ApiError(f"No such subscription item: '{key}'", status=404, code="resource_missing", param="item")


def get_item(account, params, key):
    return item_of(account, key)[1]


def update_item(account, params, key):
    given, item = item_of(account, key)
    if params.pop("proration_behavior", "create_prorations") != "none":
        raise ApiError("The sandbox changes an amount only with proration_behavior=none.", param="proration_behavior")
    if "price" in params or "price_data" in params:
        price = price_of(account, params, "items[0]")
        item |= {"price": price, "plan": new.plan(price)}
    item["quantity"] = params.get("quantity", item["quantity"])
    _change(item, {key: value for key, value in params.items() if key == "metadata"}, ())
    happened(account, "customer.subscription.updated", given)
    return item


def void_invoice(account, params, key):
    invoice = account.get("invoice", key)
    if invoice["status"] not in {"open", "uncollectible"}:
        raise ApiError(f"This invoice is {invoice['status']}; only open or uncollectible invoices can be voided.")
    void(account, invoice)
    return invoice


def void(account, invoice):
    intent = _open_intent(account, invoice)
    if intent and intent["status"] == "processing":
        raise ApiError(f"Invoice {invoice['id']} has a payment in progress and cannot be voided.")
    invoice |= {"status": "void", "next_payment_attempt": None, "auto_advance": False}
    invoice["status_transitions"]["voided_at"] = account.now()
    happened(account, "invoice.voided", invoice)
    if intent:
        link = payment_of(account, intent)
        link["status"] = "canceled"
        link["status_transitions"]["canceled_at"] = account.now()
        payments.cancel_intent(account, intent, "void_invoice")


def pay_invoice(account, params, key):
    invoice = account.get("invoice", key)
    if invoice["status"] != "open":
        word = "already paid" if invoice["status"] == "paid" else invoice["status"]
        raise ApiError(f"Invoice is {word}.", code="invoice_not_open" if word != "already paid" else None)
    given = account.get("subscription", invoice["parent"]["subscription_details"]["subscription"])
    if params.get("paid_out_of_band"):
        paid(account, invoice)
    else:
        collect(account, invoice, given)
    if invoice["status"] == "open" and _open_intent(account, invoice)["status"] != "processing":
        declined = Declined(RENEWAL_DECLINED)
        raise ApiError(
            str(declined), status=402, kind="card_error", code=declined.code, decline_code=declined.decline_code
        )
    return invoice
