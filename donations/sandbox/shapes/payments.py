"""Money on its way in and out: intents, charges, what they did to the balance, refunds, disputes."""

from .people import billing_details, method_details

EVIDENCE = (
    "access_activity_log",
    "billing_address",
    "cancellation_policy",
    "cancellation_policy_disclosure",
    "cancellation_rebuttal",
    "customer_communication",
    "customer_email_address",
    "customer_name",
    "customer_purchase_ip",
    "customer_signature",
    "duplicate_charge_documentation",
    "duplicate_charge_explanation",
    "duplicate_charge_id",
    "product_description",
    "receipt",
    "refund_policy",
    "refund_policy_disclosure",
    "refund_refusal_explanation",
    "service_date",
    "service_documentation",
    "shipping_address",
    "shipping_carrier",
    "shipping_date",
    "shipping_documentation",
    "shipping_tracking_number",
    "uncategorized_file",
    "uncategorized_text",
)


def payment_intent(stamp, *, amount, currency, customer=None, data=None):
    """`data` is what a Checkout Session handed over as `payment_intent_data`."""
    data = data or {}
    return stamp | {
        "amount": amount,
        "amount_capturable": 0,
        "amount_details": {"tip": {}},
        "amount_received": 0,
        "application": None,
        "application_fee_amount": None,
        "automatic_payment_methods": None,
        "canceled_at": None,
        "cancellation_reason": None,
        "capture_method": "automatic_async",
        "client_secret": stamp["id"] + "_secret_sandbox",
        "confirmation_method": "automatic",
        "currency": currency,
        "customer": customer,
        "description": data.get("description") or None,
        "last_payment_error": None,
        "latest_charge": None,
        "metadata": dict(data.get("metadata") or {}),
        "next_action": None,
        "on_behalf_of": None,
        "payment_method": None,
        "payment_method_configuration_details": None,
        "payment_method_options": {"card": {"request_three_d_secure": "automatic"}},
        "payment_method_types": ["card", "us_bank_account"],
        "processing": None,
        "receipt_email": data.get("receipt_email") or None,
        "review": None,
        "setup_future_usage": data.get("setup_future_usage") or None,
        "shipping": None,
        "source": None,
        "statement_descriptor": data.get("statement_descriptor") or None,
        "statement_descriptor_suffix": data.get("statement_descriptor_suffix") or None,
        "status": "requires_payment_method",
        "transfer_data": None,
        "transfer_group": None,
    }


def payment_error(method, card, *, charge):
    """`last_payment_error`, with the whole payment method inside as Stripe has it."""
    error = {"type": "card_error", "code": card.code, "message": card.message, "payment_method": dict(method)}
    if card.decline_code:
        error |= {"decline_code": card.decline_code, "advice_code": "try_again_later"}
    if charge:
        error |= {"charge": charge}
    return error


def charge(stamp, *, intent, method, statement, status, card=None):
    """A try to take the money of `intent`; `card` says why it was declined."""
    details = method["billing_details"]
    paid = status == "succeeded"
    return stamp | {
        "amount": intent["amount"],
        "amount_captured": intent["amount"] if paid else 0,
        "amount_refunded": 0,
        "application": None,
        "application_fee": None,
        "application_fee_amount": None,
        "balance_transaction": None,
        "billing_details": billing_details(email=details["email"], name=details["name"]),
        "calculated_statement_descriptor": statement,
        "captured": paid,
        "currency": intent["currency"],
        "customer": intent["customer"],
        "description": intent["description"],
        "disputed": False,
        "failure_balance_transaction": None,
        "failure_code": card.code if card else None,
        "failure_message": card.message if card else None,
        "fraud_details": {},
        "metadata": dict(intent["metadata"]),
        "on_behalf_of": None,
        "outcome": _outcome(card),
        "paid": paid,
        "payment_intent": intent["id"],
        "payment_method": method["id"],
        "payment_method_details": method_details(method),
        "radar_options": {},
        "receipt_email": intent["receipt_email"],
        "receipt_number": None,
        "receipt_url": None,
        "refunded": False,
        "review": None,
        "shipping": None,
        "source": None,
        "source_transfer": None,
        "statement_descriptor": intent["statement_descriptor"],
        "statement_descriptor_suffix": intent["statement_descriptor_suffix"],
        "status": status,
        "transfer_data": None,
        "transfer_group": None,
    }


def _outcome(card):
    declined = card is not None
    return {
        "advice_code": "try_again_later" if declined else None,
        "network_advice_code": None,
        "network_decline_code": "01" if declined else None,
        "network_status": "declined_by_network" if declined else "approved_by_network",
        "reason": (card.decline_code or card.code) if declined else None,
        "risk_level": "normal",
        "risk_score": 12,
        "seller_message": "The bank did not approve this payment." if declined else "Payment complete.",
        "type": "issuer_declined" if declined else "authorized",
    }


def balance_transaction(stamp, *, amount, currency, rate, fee, kind, category, source, description=None):
    fees = [_fee(fee, currency, "Dispute fee" if kind == "adjustment" else "Stripe processing fees")] if fee else []
    return stamp | {
        "amount": amount,
        "available_on": stamp["created"] + 2 * 86400,
        "balance_type": "payments",
        "currency": currency,
        "description": description,
        "exchange_rate": rate,
        "fee": fee,
        "fee_details": fees,
        "net": amount - fee,
        "reporting_category": category,
        "source": source,
        "status": "pending",
        "type": kind,
    }


def _fee(amount, currency, description):
    fee = {"amount": amount, "currency": currency, "description": description}
    return fee | {"application": None, "type": "stripe_fee"}


def refund(stamp, *, charge, amount, status, reason, metadata):
    kind = charge["payment_method_details"]["type"]
    return (
        stamp
        | {
            "amount": amount,
            "balance_transaction": None,
            "charge": charge["id"],
            "currency": charge["currency"],
            "destination_details": _destination("card" if kind == "card" else "us_bank_transfer"),
            "metadata": dict(metadata),
            "payment_intent": charge["payment_intent"],
            "reason": reason,
            "receipt_number": None,
            "source_transfer_reversal": None,
            "status": status,
            "transfer_reversal": None,
        }
        | ({"pending_reason": "processing"} if status == "pending" else {})
    )


def _destination(kind):
    details = {"reference": None, "reference_status": "pending"}
    if kind == "card":
        details |= {"reference_type": "acquirer_reference_number", "type": "refund"}
    return {"type": kind, kind: details}


def dispute(stamp, *, charge, amount, reason, inquiry=False):
    method = charge["payment_method_details"]
    return stamp | {
        "amount": amount,
        "balance_transactions": [],
        "charge": charge["id"],
        "currency": charge["currency"],
        "enhanced_eligibility_types": [],
        "evidence": dict.fromkeys(EVIDENCE) | {"enhanced_evidence": {}},
        "evidence_details": {
            "due_by": stamp["created"] + 7 * 86400,
            "enhanced_eligibility": {},
            "has_evidence": False,
            "past_due": False,
            "submission_count": 0,
            "submission_method": "not_submitted",
        },
        "is_charge_refundable": inquiry,
        "metadata": {},
        "network_reason_code": "10.4",
        "payment_intent": charge["payment_intent"],
        "payment_method_details": _disputed_card(method["card"], inquiry) if method["type"] == "card" else None,
        "reason": reason,
        "status": "warning_needs_response" if inquiry else "needs_response",
    }


def _disputed_card(card, inquiry):
    known = {"brand": card["brand"], "network": card["network"]}
    kind = "inquiry" if inquiry else "chargeback"
    return {"type": "card", "card": known | {"case_type": kind, "network_reason_code": "10.4"}}


def payout(stamp, *, amount, currency):
    return stamp | {
        "amount": amount,
        "application_fee": None,
        "application_fee_amount": None,
        "arrival_date": stamp["created"] + 2 * 86400,
        "automatic": True,
        "balance_transaction": None,
        "currency": currency,
        "description": "STRIPE PAYOUT",
        "destination": "ba_sandbox",
        "failure_balance_transaction": None,
        "failure_code": None,
        "failure_message": None,
        "metadata": {},
        "method": "standard",
        "original_payout": None,
        "payout_method": None,
        "reconciliation_status": "in_progress",
        "reversed_by": None,
        "source_type": "card",
        "statement_descriptor": None,
        "status": "in_transit",
        "trace_id": None,
        "type": "bank_account",
    }
