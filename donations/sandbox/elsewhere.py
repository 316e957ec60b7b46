"""Other users of the same Stripe account: a shop, a colleague in Stripe's dashboard, Stripe's own payouts."""

from . import billing, catalogue, invoices, payments
from .account import API_VERSION
from .cards import SUCCEEDS, card_of
from .events import happened, record
from .shapes import payments as new


def sell(account, amount, currency, *, card=SUCCEEDS.number, metadata=None, customer=None):
    """A PaymentIntent that never saw Checkout."""
    data = {"metadata": metadata or {"order": "1001"}, "description": "A mug"}
    intent = payments.new_intent(account, amount=amount, currency=currency, customer=customer, data=data)
    method = payments.new_method(account, "card", card_of(card).number, email="buyer@example.com", name="A Buyer")
    payments.succeed(account, intent, method)
    return intent


def subscribe(account, amount, currency, *, card=SUCCEEDS.number, interval="month", **data):
    """A subscription with no word of ours in it, unless `metadata` says so."""
    email = "member@example.com"
    customer = billing.new_customer(account, email=email, name="A Member")
    method = payments.new_method(account, "card", card_of(card).number, email=email, name="A Member")
    billing.attach(account, customer, method)
    price = {
        "currency": currency,
        "unit_amount": amount,
        "product_data": {"name": "Membership"},
        "recurring": {"interval": interval},
    }
    lines = [(catalogue.price_of(account, {"price_data": price}, "items[0]"), 1)]
    given = billing.subscribe(account, customer=customer, method=method, lines=lines, data=data)
    invoice = invoices.bill(account, given, "subscription_create")
    intent = invoices.first_intent(account, amount=amount, currency=currency)
    invoices.pay_with(account, invoice, intent)
    payments.succeed(account, intent, method)
    invoices.paid(account, invoice, intent)
    return given


def pay_out(account, amount, currency):
    payout = account.add(new.payout(account.stamp("po", "payout"), amount=amount, currency=currency))
    moved = payments.balance(account, payout, amount=-amount, kind="payout", category="payout")
    payout["balance_transaction"] = moved["id"]
    happened(account, "payout.created", payout)
    return payout


def foreign_event(account, connected):
    """Of a payment in a connected account, which our key does not reach."""
    stamp = account.stamp("pi", "payment_intent")
    intent = new.payment_intent(stamp, amount=900, currency="usd")
    event = account.stamp("evt", "event") | {
        "account": connected,
        "api_version": API_VERSION,
        "data": {"object": intent},
        "type": "payment_intent.created",
    }
    return record(account, event)
