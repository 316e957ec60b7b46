"""The customer portal: where a giver types another card."""

from . import amendments, payments
from .account import ApiError
from .cards import Declined
from .shapes import portal as new

CONFIGURATION = "billing_portal.configuration"


def configure(account, params):
    """The first configuration is the default one, as the one saved in Stripe's dashboard."""
    stamp = account.stamp("bpc", CONFIGURATION)
    is_default = not account.objects[CONFIGURATION]
    return account.add(new.configuration(stamp, params=params, is_default=is_default))


def create(account, params):
    """A session; its address is for the customer alone."""
    customer = account.get("customer", params.get("customer", ""), param="customer", status=400)
    flow = params.get("flow_data")
    if flow and flow["type"] != "payment_method_update":
        raise ApiError("The sandbox's portal knows only the flow payment_method_update.", param="flow_data[type]")
    stamp = account.stamp("bps", "billing_portal.session")
    parts = {"customer": customer["id"], "configuration": _configuration(account, params)["id"]}
    url = f"{account.base_url}/p/session/{stamp['id']}"
    return account.add(new.session(stamp, params=params, url=url, **parts))


def open_for(account, customer, return_url):
    """A visit for the control page, which needs no configuration of the newsroom's."""
    if not account.find(CONFIGURATION, is_default=True):
        configure(account, {"features": {"payment_method_update": {"enabled": True}}})
    return create(account, {"customer": customer, "return_url": return_url})


def _configuration(account, params):
    if params.get("configuration"):
        return account.get(CONFIGURATION, params["configuration"], param="configuration", status=400)
    saved = account.find(CONFIGURATION, is_default=True)
    if not saved:
        raise ApiError(
            "No configuration provided and your default configuration has not been created. "
            "Create one, or save the customer portal's settings in the dashboard."
        )
    return saved[0]


def change_card(account, session, card):
    """The card becomes the customer's default; a subscription with a card of its own is not touched."""
    if card.code:
        raise Declined(card)
    customer = account.get("customer", session["customer"])
    details = {"email": customer["email"], "name": customer["name"]}
    return amendments.prefer(account, customer, payments.new_method(account, "card", card.number, **details))


def cards_of(account, session):
    """What is charged to which card: the customer's default, and each running gift's own."""
    customer = account.get("customer", session["customer"])
    default = customer["invoice_settings"]["default_payment_method"]
    named = [("Your default", default, "none yet")]
    for given in account.find("subscription", customer=customer["id"]):
        if not given["ended_at"]:
            named.append((f"Monthly gift {given['id']}", given["default_payment_method"], "your default"))
    methods = account.objects["payment_method"]
    return [(what, _in_words(methods[key]) if key else otherwise) for what, key, otherwise in named]


def _in_words(method):
    kind = method["type"]
    return f"{'Card' if kind == 'card' else 'Bank account'} ending in {method[kind]['last4']}"


def way_back(session):
    """Where the giver goes on to, and whether at once."""
    after = (session["flow"] or {}).get("after_completion", {})
    if after.get("type") == "redirect":
        return after["redirect"]["return_url"], True
    return session["return_url"], False
