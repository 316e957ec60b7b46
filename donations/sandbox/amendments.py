"""What the newsroom asks of customers, subscriptions and invoices that exist."""

from .account import ApiError
from .billing import attach, end, new_customer, refuse_ended, renewal_of, subscription_of
from .cards import RENEWAL_DECLINED
from .catalogue import price_of
from .events import happened
from .invoices import is_in_progress, mark_uncollectible, paid, release, void
from .renewals import collect
from .shapes import billing as new

CUSTOMER_FIELDS = {"email", "name", "phone", "description"}
SUBSCRIPTION_FIELDS = {"cancel_at", "default_payment_method", "description", "pause_collection"}


def create_customer(account, params):
    _refuse_others(params, CUSTOMER_FIELDS | {"metadata"})
    customer = new_customer(account, email=params.get("email") or None, name=params.get("name") or None)
    _change(customer, params, CUSTOMER_FIELDS)
    return customer


def update_customer(account, params, key):
    customer = account.get("customer", key)
    _refuse_others(params, CUSTOMER_FIELDS | {"metadata", "invoice_settings"})
    settings = params.get("invoice_settings") or {}
    if "default_payment_method" in settings:
        method = _method(account, settings["default_payment_method"], "invoice_settings[default_payment_method]")
        customer["invoice_settings"]["default_payment_method"] = method
    _change(customer, params, CUSTOMER_FIELDS)
    happened(account, "customer.updated", customer)
    return customer


def prefer(account, customer, method):
    """A new default payment method, as the portal sets it: the customer's, which a subscription's own outranks."""
    attach(account, customer, method)
    before = dict(customer["invoice_settings"])
    customer["invoice_settings"]["default_payment_method"] = method["id"]
    happened(account, "customer.updated", customer, invoice_settings=before)
    return method


def _method(account, key, param):
    return account.get("payment_method", key, param=param, status=400)["id"] if key else None


def _refuse_others(params, known):
    for key in params.keys() - set(known) - {"expand"}:
        raise ApiError(f"The sandbox does not know what to do with {key} here.", param=key)


def _change(thing, params, fields):
    """Copy plain fields; metadata is merged, and an empty value unsets."""
    for key in fields & params.keys():
        thing[key] = None if params[key] == "" else params[key]
    if "metadata" in params:
        merged = {**thing["metadata"], **params["metadata"]} if params["metadata"] else {}
        thing["metadata"] = {name: text for name, text in merged.items() if text != ""}


def cancel(account, params, key):
    given = account.get("subscription", key)
    refuse_ended(given)
    given["cancellation_details"] |= _details(params)
    end(account, given, "cancellation_requested")
    return given


def _details(params):
    details = params.get("cancellation_details") or {}
    return {key: details[key] or None for key in ("comment", "feedback") if key in details}


def update(account, params, key):
    given = account.get("subscription", key)
    if given["ended_at"]:
        raise ApiError("A canceled subscription can only update its cancellation_details and metadata.")
    more = {"metadata", "cancel_at_period_end", "cancellation_details", "proration_behavior"}
    _refuse_others(params, SUBSCRIPTION_FIELDS | more)
    _method(account, params.get("default_payment_method"), "default_payment_method")
    if isinstance(params.get("pause_collection"), dict):
        params["pause_collection"].setdefault("resumes_at", None)
    _change(given, params, SUBSCRIPTION_FIELDS)
    given["cancellation_details"] |= _details(params)
    if "cancel_at_period_end" in params:
        _cancel_at_end(account, given, params["cancel_at_period_end"])
    happened(account, "customer.subscription.updated", given)
    return given


def _cancel_at_end(account, given, yes):
    """Stays `active`, with the day on which it ends."""
    over = renewal_of(given)
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
    _refuse_others(params, {"price", "price_data", "quantity", "metadata", "proration_behavior", "payment_behavior"})
    if params.get("proration_behavior") != "none":
        raise ApiError("The sandbox changes an amount only with proration_behavior=none.", param="proration_behavior")
    if "price" in params or "price_data" in params:
        price = price_of(account, params, "item")
        item |= {"price": price, "plan": new.plan(price)}
    _change(item, params, {"quantity"})
    happened(account, "customer.subscription.updated", given)
    return item


def void_invoice(account, params, key):
    invoice = account.get("invoice", key)
    if invoice["status"] not in {"open", "uncollectible"}:
        raise ApiError(f"This invoice is {invoice['status']}; only open or uncollectible invoices can be voided.")
    void(account, invoice)
    return invoice


def write_off_invoice(account, params, key):
    invoice = account.get("invoice", key)
    mark_uncollectible(account, invoice)
    return invoice


def pay_invoice(account, params, key):
    invoice = account.get("invoice", key)
    _refuse_others(params, {"paid_out_of_band", "off_session", "forgive"})
    if invoice["status"] not in {"open", "uncollectible"}:
        raise ApiError(f"Invoice is {'already ' if invoice['status'] == 'paid' else ''}{invoice['status']}.")
    if is_in_progress(account, invoice):
        raise ApiError(f"Invoice {key} has a payment in progress.")
    if params.get("paid_out_of_band"):
        release(account, invoice)
        paid(account, invoice)
        return invoice
    collect(account, invoice, subscription_of(account, invoice), automatic=False)
    if invoice["status"] != "paid" and not is_in_progress(account, invoice):
        card = RENEWAL_DECLINED
        raise ApiError(card.message, status=402, kind="card_error", code=card.code, decline_code=card.decline_code)
    return invoice
