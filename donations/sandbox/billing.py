"""Monthly gifts: their customers, their calendar, and how they begin and end."""

import calendar
from datetime import UTC, datetime

from .account import ApiError
from .catalogue import MONTHS
from .events import happened
from .shapes import billing as new
from .shapes import people


# --- customers
def new_customer(account, *, email, name):
    customer = account.add(people.customer(account.stamp("cus", "customer"), email=email, name=name))
    happened(account, "customer.created", customer)
    return customer


def attach(account, customer, method):
    method["customer"] = customer["id"]
    happened(account, "payment_method.attached", method)
    return method


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


def renewal_of(given):
    """When the present period is over."""
    return given["items"]["data"][0]["current_period_end"]


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


def subscription_of(account, invoice):
    return account.get("subscription", invoice["parent"]["subscription_details"]["subscription"])


def invoices_of(account, given):
    """Oldest first."""
    invoices = account.objects["invoice"].values()
    return [each for each in invoices if each["parent"]["subscription_details"]["subscription"] == given["id"]]


def method_of(account, given):
    """The subscription's own payment method, else its customer's default."""
    customer = account.get("customer", given["customer"])
    key = given["default_payment_method"] or customer["invoice_settings"]["default_payment_method"]
    if not key:
        raise ApiError(f"{given['id']} and its customer have no default payment method.")
    return account.get("payment_method", key)


def stand(account, given, status):
    """Give the subscription a status, and say so where it is another one."""
    before = given["status"]
    if before not in {status, "canceled"}:
        given["status"] = status
        happened(account, "customer.subscription.updated", given, status=before)


def end(account, given, reason):
    """Stops a subscription for good; what is open stays open, but nobody tries it again."""
    now = account.now()
    given |= {"status": "canceled", "canceled_at": given["canceled_at"] or now, "ended_at": now}
    given["cancellation_details"]["reason"] = reason
    for invoice in invoices_of(account, given):
        if invoice["status"] == "open":
            invoice |= {"auto_advance": False, "next_payment_attempt": None}
    happened(account, "customer.subscription.deleted", given)


def refuse_ended(given):
    if given["ended_at"]:
        raise ApiError(f"No such subscription: '{given['id']}'", status=404, code="resource_missing", param="id")
