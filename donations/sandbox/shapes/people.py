"""Customers and the ways they pay."""

ADDRESS = {"city": None, "country": "US", "line1": None, "line2": None, "postal_code": None, "state": None}
CARD_CHECKS = {"address_line1_check": None, "address_postal_code_check": None, "cvc_check": "pass"}


def billing_details(*, email, name):
    return {"address": dict(ADDRESS), "email": email, "name": name, "phone": None, "tax_id": None}


def customer(stamp, *, email, name):
    return stamp | {
        "address": dict(ADDRESS),
        "balance": 0,
        "currency": None,
        "default_source": None,
        "delinquent": False,
        "description": None,
        "discount": None,
        "email": email,
        "invoice_prefix": stamp["id"][-8:].upper(),
        "invoice_settings": {
            "custom_fields": None,
            "default_payment_method": None,
            "footer": None,
            "rendering_options": None,
        },
        "metadata": {},
        "name": name,
        "next_invoice_sequence": 1,
        "phone": None,
        "preferred_locales": ["en"],
        "shipping": None,
        "tax_exempt": "none",
        "test_clock": None,
    }


def card_method(stamp, *, number, email, name):
    card = {
        "brand": "visa",
        "checks": dict(CARD_CHECKS),
        "country": "US",
        "display_brand": "visa",
        "exp_month": 12,
        "exp_year": 2034,
        "fingerprint": "sandbox" + number[-9:],
        "funding": "credit",
        "generated_from": None,
        "last4": number[-4:],
        "networks": {"available": ["visa"], "preferred": None},
        "regulated_status": "unregulated",
        "three_d_secure_usage": {"supported": True},
        "wallet": None,
    }
    return _method(stamp, "card", card, email=email, name=name)


def bank_method(stamp, *, email, name):
    account = {
        "account_holder_type": "individual",
        "account_type": "checking",
        "bank_name": "STRIPE TEST BANK",
        "financial_connections_account": None,
        "fingerprint": "sandboxbank6789",
        "last4": "6789",
        "networks": {"preferred": "ach", "supported": ["ach"]},
        "routing_number": "110000000",
        "status_details": {},
    }
    return _method(stamp, "us_bank_account", account, email=email, name=name)


def _method(stamp, kind, details, *, email, name):
    return stamp | {
        "allow_redisplay": "limited",
        "billing_details": billing_details(email=email, name=name),
        "customer": None,
        "metadata": {},
        "type": kind,
        kind: details,
    }


def method_details(method):
    """The payment method as a charge remembers it."""
    kind = method["type"]
    if kind == "us_bank_account":
        same = ("account_holder_type", "account_type", "bank_name", "fingerprint", "last4", "routing_number")
        return {
            "type": kind,
            kind: {key: method[kind][key] for key in same} | {"payment_reference": "091000015001234"},
        }
    same = ("brand", "checks", "country", "exp_month", "exp_year", "fingerprint", "funding", "last4")
    more = {
        "installments": None,
        "mandate": None,
        "network": method[kind]["brand"],
        "network_transaction_id": "100000000000001",
        "regulated_status": "unregulated",
        "three_d_secure": None,
        "wallet": None,
    }
    return {"type": kind, kind: {key: method[kind][key] for key in same} | more}
