"""The endpoints: from a request's method, path and parameters to Stripe's answer."""

import hashlib
import hmac
import re
import time
from urllib.parse import parse_qsl, urlencode

from . import amendments, catalogue, checkout, faults, params, portal, reversals
from .account import API_VERSION, ApiError, copied
from .answers import expanded, listed, retrieved
from .needed import refuse_others


def _session(account, given):
    return checkout.create(account, given)


def _expire(account, given, key):
    return checkout.expire(account, account.get("checkout.session", key))


def _get(noun):
    return lambda account, given, key: retrieved(account, noun, key)


def _list(noun):
    return lambda account, given: listed(account, noun, given)


def _lines(account, given, key):
    lines = checkout.line_items(account, account.get("checkout.session", key))
    return {"object": "list", "data": lines, "has_more": False, "url": f"/v1/checkout/sessions/{key}/line_items"}


# Method, path, the package's own type of the parameters, what to do.
ROUTES = (
    ("POST", "checkout/sessions", "checkout.SessionCreateParams", _session),
    ("GET", "checkout/sessions", "checkout.SessionListParams", _list("checkout.session")),
    ("GET", "checkout/sessions/{}", "checkout.SessionRetrieveParams", _get("checkout.session")),
    ("GET", "checkout/sessions/{}/line_items", "checkout.SessionListLineItemsParams", _lines),
    ("POST", "checkout/sessions/{}/expire", "checkout.SessionExpireParams", _expire),
    ("GET", "payment_intents", "PaymentIntentListParams", _list("payment_intent")),
    ("GET", "payment_intents/{}", "PaymentIntentRetrieveParams", _get("payment_intent")),
    ("GET", "charges", "ChargeListParams", _list("charge")),
    ("GET", "charges/{}", "ChargeRetrieveParams", _get("charge")),
    ("GET", "balance_transactions", "BalanceTransactionListParams", _list("balance_transaction")),
    ("GET", "balance_transactions/{}", "BalanceTransactionRetrieveParams", _get("balance_transaction")),
    ("POST", "refunds", "RefundCreateParams", reversals.create_refund),
    ("GET", "refunds", "RefundListParams", _list("refund")),
    ("GET", "refunds/{}", "RefundRetrieveParams", _get("refund")),
    ("GET", "disputes", "DisputeListParams", _list("dispute")),
    ("GET", "disputes/{}", "DisputeRetrieveParams", _get("dispute")),
    ("POST", "customers", "CustomerCreateParams", amendments.create_customer),
    ("GET", "customers", "CustomerListParams", _list("customer")),
    ("GET", "customers/{}", "CustomerRetrieveParams", _get("customer")),
    ("POST", "customers/{}", "CustomerUpdateParams", amendments.update_customer),
    ("GET", "payment_methods", "PaymentMethodListParams", _list("payment_method")),
    ("GET", "payment_methods/{}", "PaymentMethodRetrieveParams", _get("payment_method")),
    ("POST", "products", "ProductCreateParams", catalogue.create_product),
    ("GET", "products", "ProductListParams", _list("product")),
    ("GET", "products/{}", "ProductRetrieveParams", _get("product")),
    ("GET", "prices", "PriceListParams", _list("price")),
    ("GET", "prices/{}", "PriceRetrieveParams", _get("price")),
    ("GET", "subscriptions", "SubscriptionListParams", _list("subscription")),
    ("GET", "subscriptions/{}", "SubscriptionRetrieveParams", _get("subscription")),
    ("POST", "subscriptions/{}", "SubscriptionUpdateParams", amendments.update),
    ("DELETE", "subscriptions/{}", "SubscriptionCancelParams", amendments.cancel),
    ("GET", "subscription_items/{}", "SubscriptionItemRetrieveParams", amendments.get_item),
    ("POST", "subscription_items/{}", "SubscriptionItemUpdateParams", amendments.update_item),
    ("GET", "invoices", "InvoiceListParams", _list("invoice")),
    ("GET", "invoices/{}", "InvoiceRetrieveParams", _get("invoice")),
    ("POST", "invoices/{}/void", "InvoiceVoidInvoiceParams", amendments.void_invoice),
    ("POST", "invoices/{}/mark_uncollectible", "InvoiceMarkUncollectibleParams", amendments.write_off_invoice),
    ("POST", "invoices/{}/pay", "InvoicePayParams", amendments.pay_invoice),
    ("GET", "invoice_payments", "InvoicePaymentListParams", _list("invoice_payment")),
    ("GET", "invoice_payments/{}", "InvoicePaymentRetrieveParams", _get("invoice_payment")),
    ("POST", "billing_portal/configurations", "billing_portal.ConfigurationCreateParams", portal.configure),
    ("GET", "billing_portal/configurations", "billing_portal.ConfigurationListParams", _list(portal.CONFIGURATION)),
    (
        "GET",
        "billing_portal/configurations/{}",
        "billing_portal.ConfigurationRetrieveParams",
        _get(portal.CONFIGURATION),
    ),
    ("POST", "billing_portal/sessions", "billing_portal.SessionCreateParams", portal.create),
    ("GET", "events", "EventListParams", _list("event")),
    ("GET", "events/{}", "EventRetrieveParams", _get("event")),
    ("GET", "webhook_endpoints", "WebhookEndpointListParams", _list("webhook_endpoint")),
    ("GET", "webhook_endpoints/{}", "WebhookEndpointRetrieveParams", _get("webhook_endpoint")),
)
COMPILED = tuple(
    (verb, re.compile("/v1/" + path.replace("{}", "([^/]+)") + "/?"), kind, work) for verb, path, kind, work in ROUTES
)


def answer(account, *, verb, path, text, headers):
    """One request: (status, body, more headers). Everything happens under the account's lock, so order is plain."""
    request = account.new_id("req")
    with account.lock:
        try:
            _authorized(account, headers)
            status, body, more = _once(account, verb, path, text, headers.get("Idempotency-Key"), request)
        except ApiError as problem:
            status, body, more = _said(problem)
    return status, body, {"Request-Id": request, "Stripe-Version": API_VERSION} | more


def _authorized(account, headers):
    kind, _, key = headers.get("Authorization", "").partition(" ")
    if kind != "Bearer" or not hmac.compare_digest(key.encode(), account.secret_key.encode()):
        shown = f"{key[:8]}****{key[-4:]}" if len(key) > 16 else "****"
        raise ApiError(f"Invalid API Key provided: {shown}", status=401)
    version = headers.get("Stripe-Version", API_VERSION)
    if version != API_VERSION:
        raise ApiError(f"Invalid Stripe API version: {version}. This sandbox speaks only {API_VERSION}.")
    if headers.get("Stripe-Account"):
        raise ApiError("The sandbox has no connected accounts.", status=403, code="account_invalid")


def _once(account, verb, path, text, key, request):
    """Honour an idempotency key: the first answer again, whatever it was; other parameters are an error."""
    if verb != "POST" or not key:
        return _work(account, verb, path, text, key, request)
    if len(key) > 255:
        raise ApiError("Idempotency keys have at most 255 characters.", code="idempotency_key_too_long")
    print_ = hashlib.sha256(
        f"{path}?{urlencode(sorted(parse_qsl(text, keep_blank_values=True)))}".encode()
    ).hexdigest()
    if first := account.answers.get(key):
        if first["print"] != print_:
            message = (
                "Keys for idempotent requests can only be used with the same parameters they were first used with. "
                f"Try using a key other than '{key}' if you meant to execute a different request."
            )
            raise ApiError(message, kind="idempotency_error")
        return first["status"], first["body"], {"Idempotent-Replayed": "true"}
    status, body, more = _work(account, verb, path, text, key, request)
    if status not in {409, 429}:  # Stripe did not begin on those
        account.changed = True
        account.answers[key] = {"print": print_, "status": status, "body": body, "at": time.time()}
    return status, body, more


def _work(account, verb, path, text, key, request):
    """(status, body, more headers) of a request that is not a replay."""
    fault = faults.take(account, verb, path, of_the_line=False)
    if fault and not fault.after:
        return _said(faults.error(fault))
    account.request = {"id": request, "idempotency_key": key}
    try:
        answer = 200, _route(account, verb, path, text), {}
    except ApiError as problem:
        answer = _said(problem)
    finally:
        account.request = {"id": None, "idempotency_key": None}
    return _said(faults.error(fault)) if fault else answer


def _said(problem):
    return problem.status, problem.body, problem.headers


def _route(account, verb, path, text):
    for method, pattern, kind, work in COMPILED:
        if method == verb and (match := pattern.fullmatch(path)):
            given = params.read(text, kind)
            refuse_others(account, verb, path, given)
            thing = work(account, dict(given), *match.groups())
            paths = given.get("expand") or [] if account.expands else []
            answer = expanded(account, copied(thing), paths)
            return _of_a_later_version(answer) if account.habits.unknown_fields else answer
    raise ApiError(f"Unrecognized request URL ({verb}: {path}). The sandbox has no such endpoint.", status=404)


def _of_a_later_version(thing):
    """Whatever the answer holds has one field more."""
    if isinstance(thing, list):
        return [_of_a_later_version(one) for one in thing]
    if not isinstance(thing, dict):
        return thing
    more = {"field_of_a_later_version": {"kind": "unheard_of"}} if "object" in thing else {}
    return {key: _of_a_later_version(value) for key, value in thing.items()} | more
