"""How Stripe answers: one object, a page of a list, and what `expand` puts inside."""

from . import checkout
from .account import API_VERSION, ApiError, copied
from .events import event_of, succeeded
from .shapes import billing as new

URLS = {
    "checkout.session": "/v1/checkout/sessions",
    "payment_intent": "/v1/payment_intents",
    "charge": "/v1/charges",
    "balance_transaction": "/v1/balance_transactions",
    "refund": "/v1/refunds",
    "dispute": "/v1/disputes",
    "customer": "/v1/customers",
    "payment_method": "/v1/payment_methods",
    "product": "/v1/products",
    "price": "/v1/prices",
    "subscription": "/v1/subscriptions",
    "invoice": "/v1/invoices",
    "invoice_payment": "/v1/invoice_payments",
    "billing_portal.configuration": "/v1/billing_portal/configurations",
    "event": "/v1/events",
    "webhook_endpoint": "/v1/webhook_endpoints",
}
NOT_FILTERS = {"limit", "starting_after", "ending_before", "expand"}


def retrieved(account, noun, key):
    if noun == "webhook_endpoint":
        found = next((each for each in _endpoints(account) if each["id"] == key), None)
    elif noun == "event":
        found = event_of(account, key)
    else:
        return account.get(noun, key)
    if found is None:
        name = noun.replace("_", " ")
        raise ApiError(f"No such {name}: '{key}'", status=404, code="resource_missing", param="id")
    return found


def listed(account, noun, given):
    """A page, newest first. A filter without a value filters nothing: the whole account, as at Stripe."""
    wanted = {key: value for key, value in given.items() if key not in NOT_FILTERS and value != ""}
    if noun == "subscription":
        wanted.setdefault("status", "not canceled")
    tests = [_test(noun, key, value) for key, value in wanted.items()]

    def is_asked_for(thing):
        return all(test(account, thing) for test in tests)

    if noun == "webhook_endpoint":
        return _page(_endpoints(account), given, URLS[noun])
    return _page(account.newest_first(noun, is_asked_for), given, URLS[noun])


def _endpoints(account):
    if not account.webhook_url:
        return []
    habits = account.habits
    parts = {"url": account.webhook_url, "created": account.opened, "livemode": account.livemode}
    parts |= {"version": habits.endpoint_version or API_VERSION, "events": list(habits.enabled_events)}
    return [new.webhook_endpoint(**parts, status="enabled" if habits.endpoint_is_on else "disabled")]


def _page(found, given, url):
    limit = given.get("limit", 10)
    if not 1 <= limit <= 100:
        raise ApiError(f"Invalid limit {limit}: it must be from 1 to 100.", param="limit")
    keys = [thing["id"] for thing in found]
    if after := given.get("starting_after"):
        found = found[_position(keys, after, "starting_after") + 1 :]
    elif before := given.get("ending_before"):
        found = found[: _position(keys, before, "ending_before")][-limit:]
    return new.listing(found[:limit], url, has_more=len(found) > limit)


def _position(keys, key, param):
    if key not in keys:
        raise ApiError(f"No such object in this list: '{key}'", code="resource_missing", param=param)
    return keys.index(key)


def _test(noun, key, value):
    """What a filter asks of each row."""
    if key == "created":
        return lambda account, thing: _in_time(thing["created"], value)
    if special := FILTERS.get((noun, key)):
        return lambda account, thing: special(account, thing, value)
    if noun in PLAIN and key in PLAIN[noun]:
        return lambda account, thing: thing[key] == value
    raise ApiError(f"The sandbox does not filter {noun} by {key}.", param=key)


def _in_time(created, wanted):
    if isinstance(wanted, int):
        return created == wanted
    compare = {"gte": created.__ge__, "gt": created.__gt__, "lte": created.__le__, "lt": created.__lt__}
    return all(compare[name](bound) for name, bound in wanted.items() if bound != "")


def _status_of_subscription(account, thing, value):
    if value == "not canceled":
        return thing["status"] != "canceled"
    if value == "ended":
        return thing["status"] in {"canceled", "incomplete_expired"}
    return value == "all" or thing["status"] == value


def _price_of_subscription(account, thing, value):
    return any(item["price"]["id"] == value for item in thing["items"]["data"])


def _subscription_of_invoice(account, thing, value):
    return thing["parent"]["subscription_details"]["subscription"] == value


def _payment_of_invoice_payment(account, thing, value):
    return all(thing["payment"].get(key) == wanted for key, wanted in value.items())


def _types(account, thing, value):
    if len(value) > 20:
        raise ApiError(f"types has {len(value)} entries; at most 20 are allowed.", param="types")
    return thing["type"] in value


def _delivery(account, thing, value):
    return succeeded(account, thing) == value


PLAIN = {
    "checkout.session": {"payment_intent", "subscription", "customer", "status"},
    "payment_intent": {"customer"},
    "charge": {"payment_intent", "customer"},
    "balance_transaction": {"type", "currency", "source"},
    "refund": {"payment_intent", "charge"},
    "dispute": {"payment_intent", "charge"},
    "customer": {"email"},
    "payment_method": {"customer", "type"},
    "product": {"active"},
    "price": {"active", "product", "currency", "type"},
    "subscription": {"customer", "collection_method"},
    "invoice": {"customer", "status", "collection_method"},
    "invoice_payment": {"invoice", "status"},
    "billing_portal.configuration": {"active", "is_default"},
    "event": {"type"},
}
FILTERS = {
    ("subscription", "status"): _status_of_subscription,
    ("subscription", "price"): _price_of_subscription,
    ("invoice", "subscription"): _subscription_of_invoice,
    ("invoice_payment", "payment"): _payment_of_invoice_payment,
    ("event", "types"): _types,
    ("event", "delivery_success"): _delivery,
    ("product", "ids"): lambda account, thing, value: thing["id"] in value,
}

# Fields that hold an id and may be asked for as the object itself.
EXPANDABLE = {
    "checkout.session": {"payment_intent", "subscription", "customer", "invoice"},
    "payment_intent": {"latest_charge", "customer", "payment_method"},
    "charge": {"balance_transaction", "customer", "payment_intent", "failure_balance_transaction"},
    "balance_transaction": {"source"},
    "refund": {"balance_transaction", "charge", "payment_intent", "failure_balance_transaction"},
    "dispute": {"charge", "payment_intent"},
    "subscription": {"customer", "default_payment_method", "latest_invoice"},
    "subscription_item": set(),
    "invoice": {"customer", "default_payment_method"},
    "invoice_payment": {"invoice"},
    "payment": {"payment_intent", "charge"},
    "subscription_details": {"subscription"},
    "invoice_settings": {"default_payment_method"},
    "payment_method": {"customer"},
    "price": {"product"},
    "product": {"default_price"},
}


def _refunds(account, charge):
    rows = account.find("refund", charge=charge["id"])[::-1]
    return new.listing(rows, f"/v1/charges/{charge['id']}/refunds")


def _session_lines(account, session):
    return new.listing(checkout.line_items(account, session), f"/v1/checkout/sessions/{session['id']}/line_items")


def _payments(account, invoice):
    rows = account.find("invoice_payment", invoice=invoice["id"])[::-1]
    return new.listing(rows, f"/v1/invoice_payments?invoice={invoice['id']}")


# Fields that are absent unless asked for.
INCLUDABLE = {
    ("charge", "refunds"): _refunds,
    ("checkout.session", "line_items"): _session_lines,
    ("invoice", "payments"): _payments,
}


def expanded(account, thing, paths):
    """Replace ids by objects along each path, such as `latest_charge.balance_transaction` or `data.customer`."""
    for path in paths:
        _expand(account, thing, path.split("."), path, thing.get("object"))
    return thing


def _expand(account, thing, steps, path, name):
    first, *rest = steps
    if isinstance(thing, list):
        for one in thing:
            _expand(account, one, steps, path, one.get("object", name))
        return
    noun = thing.get("object", name)
    _fill(account, thing, noun, first, path)
    inner = thing.get(first)
    if rest and isinstance(inner, dict | list):
        _expand(account, inner, rest, path, first)


def _fill(account, thing, noun, field, path):
    """Put the object, or the list, where the id was."""
    if make := INCLUDABLE.get((noun, field)):
        thing.setdefault(field, copied(make(account, thing)))
    elif field in EXPANDABLE.get(noun, ()):
        if isinstance(thing.get(field), str):
            thing[field] = copied(account.anything(thing[field]) or thing[field])
    elif not isinstance(thing.get(field), dict | list):
        raise ApiError(f"This property cannot be expanded ({path}).", param="expand")
