"""What is sold, to be paid monthly: products, prices, subscriptions, invoices and the payments of invoices."""


def product(stamp, *, name, params):
    return stamp | {
        "active": params.get("active", True),
        "default_price": None,
        "description": params.get("description") or None,
        "images": [],
        "marketing_features": [],
        "metadata": dict(params.get("metadata") or {}),
        "name": name,
        "package_dimensions": None,
        "shippable": None,
        "statement_descriptor": params.get("statement_descriptor") or None,
        "tax_code": None,
        "type": "service",
        "unit_label": None,
        "updated": stamp["created"],
        "url": params.get("url") or None,
    }


def price(stamp, *, product, currency, amount, recurring=None):
    interval = recurring and {
        "interval": recurring["interval"],
        "interval_count": recurring.get("interval_count", 1),
        "meter": None,
        "trial_period_days": None,
        "usage_type": "licensed",
    }
    return stamp | {
        "active": False,  # a price made inside another request can't be used again
        "billing_scheme": "per_unit",
        "currency": currency,
        "custom_unit_amount": None,
        "lookup_key": None,
        "metadata": {},
        "nickname": None,
        "product": product,
        "recurring": interval,
        "tax_behavior": "unspecified",
        "tiers_mode": None,
        "transform_quantity": None,
        "type": "recurring" if interval else "one_time",
        "unit_amount": amount,
        "unit_amount_decimal": str(amount),
    }


def plan(price):
    """The older name of a recurring price, which every subscription item still repeats."""
    same = ("id", "active", "billing_scheme", "created", "currency", "livemode", "metadata", "nickname", "product")
    interval = {key: price["recurring"][key] for key in ("interval", "interval_count", "meter", "usage_type")}
    return (
        {key: price[key] for key in same}
        | interval
        | {
            "object": "plan",
            "amount": price["unit_amount"],
            "amount_decimal": price["unit_amount_decimal"],
            "tiers_mode": None,
            "transform_usage": None,
            "trial_period_days": None,
        }
    )


def subscription_item(stamp, *, subscription, price, quantity, start, end):
    return stamp | {
        "billing_thresholds": None,
        "current_period_end": end,
        "current_period_start": start,
        "discounts": [],
        "metadata": {},
        "plan": plan(price),
        "price": price,
        "quantity": quantity,
        "subscription": subscription,
        "tax_rates": [],
    }


def subscription(stamp, *, customer, currency, payment_method, data):
    """`data` is what a Checkout Session handed over as `subscription_data`."""
    return stamp | {
        "application": None,
        "application_fee_percent": None,
        "automatic_tax": {"disabled_reason": None, "enabled": False, "liability": None},
        "billing_cycle_anchor": stamp["created"],
        "billing_cycle_anchor_config": None,
        "billing_mode": {"flexible": {"proration_discounts": "included"}, "type": "flexible"},
        "billing_schedules": [],
        "billing_thresholds": None,
        "cancel_at": None,
        "cancel_at_period_end": False,
        "canceled_at": None,
        "cancellation_details": {"comment": None, "feedback": None, "reason": None},
        "collection_method": "charge_automatically",
        "currency": currency,
        "customer": customer,
        "days_until_due": None,
        "default_payment_method": payment_method,
        "default_source": None,
        "default_tax_rates": [],
        "description": data.get("description") or None,
        "discounts": [],
        "ended_at": None,
        "invoice_settings": {"account_tax_ids": None, "issuer": {"type": "self"}},
        "items": listing([], f"/v1/subscription_items?subscription={stamp['id']}"),
        "latest_invoice": None,
        "metadata": dict(data.get("metadata") or {}),
        "next_pending_invoice_item_invoice": None,
        "on_behalf_of": None,
        "pause_collection": None,
        "payment_settings": {
            "payment_method_options": None,
            "payment_method_types": None,
            "save_default_payment_method": "off",
        },
        "pending_invoice_item_interval": None,
        "pending_setup_intent": None,
        "pending_update": None,
        "schedule": None,
        "start_date": stamp["created"],
        "status": "active",
        "test_clock": None,
        "transfer_data": None,
        "trial_end": None,
        "trial_settings": {"end_behavior": {"missing_payment_method": "create_invoice"}},
        "trial_start": None,
    }


def listing(data, url, *, has_more=False):
    return {"object": "list", "data": data, "has_more": has_more, "url": url}


def invoice(stamp, *, subscription, customer, amount, reason, number, business):
    return (
        stamp
        | _invoice_amounts(amount)
        | {
            "account_country": "US",
            "account_name": business,
            "account_tax_ids": None,
            "application": None,
            "attempt_count": 0,
            "attempted": False,
            "auto_advance": True,
            "automatic_tax": {
                "disabled_reason": None,
                "enabled": False,
                "liability": None,
                "provider": None,
                "status": None,
            },
            "automatically_finalizes_at": None,
            "billing_reason": reason,
            "collection_method": "charge_automatically",
            "currency": subscription["currency"],
            "custom_fields": None,
            "customer": customer["id"],
            "customer_address": customer["address"],
            "customer_email": customer["email"],
            "customer_name": customer["name"],
            "customer_phone": None,
            "customer_shipping": None,
            "customer_tax_exempt": "none",
            "customer_tax_ids": [],
            "default_payment_method": None,
            "default_source": None,
            "default_tax_rates": [],
            "description": None,
            "discounts": [],
            "due_date": None,
            "effective_at": stamp["created"],
            "ending_balance": 0,
            "footer": None,
            "from_invoice": None,
            "hosted_invoice_url": None,
            "invoice_pdf": None,
            "issuer": {"type": "self"},
            "last_finalization_error": None,
            "latest_revision": None,
            "lines": listing([], f"/v1/invoices/{stamp['id']}/lines"),
            "metadata": {},
            "next_payment_attempt": None,
            "number": number,
            "on_behalf_of": None,
            "parent": _parent(subscription),
            "payment_settings": {
                "default_mandate": None,
                "payment_method_options": None,
                "payment_method_types": None,
            },
            "period_end": stamp["created"],
            "period_start": stamp["created"],
            "receipt_number": None,
            "rendering": None,
            "shipping_cost": None,
            "shipping_details": None,
            "statement_descriptor": None,
            "status": "open",
            "status_transitions": {
                "finalized_at": stamp["created"],
                "marked_uncollectible_at": None,
                "paid_at": None,
                "voided_at": None,
            },
            "test_clock": None,
            "webhooks_delivered_at": stamp["created"],
        }
    )


def _invoice_amounts(amount):
    sums = dict.fromkeys(("amount_due", "amount_remaining", "subtotal", "subtotal_excluding_tax", "total"), amount)
    nothing = ("amount_overpaid", "amount_paid", "amount_shipping", "starting_balance")
    notes = ("post_payment_credit_notes_amount", "pre_payment_credit_notes_amount")
    lists = {"total_discount_amounts": [], "total_pretax_credit_amounts": [], "total_taxes": []}
    return sums | dict.fromkeys(nothing + notes, 0) | lists | {"total_excluding_tax": amount}


def _parent(subscription):
    details = {"metadata": dict(subscription["metadata"]), "subscription": subscription["id"]}
    return {"quote_details": None, "subscription_details": details, "type": "subscription_details"}


def invoice_line(key, *, invoice, item, description):
    amount = item["price"]["unit_amount"] * item["quantity"]
    details = {
        "invoice_item": None,
        "proration": False,
        "proration_details": None,
        "subscription": item["subscription"],
        "subscription_item": item["id"],
    }
    price = {"price": item["price"]["id"], "product": item["price"]["product"]}
    return {
        "id": key,
        "object": "line_item",
        "amount": amount,
        "currency": invoice["currency"],
        "description": description,
        "discount_amounts": [],
        "discountable": True,
        "discounts": [],
        "invoice": invoice["id"],
        "livemode": invoice["livemode"],
        "metadata": {},
        "parent": {
            "invoice_item_details": None,
            "subscription_item_details": details,
            "type": "subscription_item_details",
        },
        "period": {"end": item["current_period_end"], "start": item["current_period_start"]},
        "pretax_credit_amounts": [],
        "pricing": {
            "price_details": price,
            "type": "price_details",
            "unit_amount_decimal": item["price"]["unit_amount_decimal"],
        },
        "quantity": item["quantity"],
        "subtotal": amount,
        "taxes": [],
    }


def invoice_payment(stamp, *, invoice, intent):
    return stamp | {
        "amount_paid": None,
        "amount_requested": invoice["amount_due"],
        "currency": invoice["currency"],
        "invoice": invoice["id"],
        "is_default": True,
        "payment": {"payment_intent": intent["id"], "type": "payment_intent"},
        "status": "open",
        "status_transitions": {"canceled_at": None, "paid_at": None},
    }


def webhook_endpoint(*, url, created, livemode, version, events, status):
    return {
        "id": "we_sandbox",
        "object": "webhook_endpoint",
        "api_version": version,
        "application": None,
        "created": created,
        "description": "The newsroom on this machine",
        "enabled_events": events,
        "livemode": livemode,
        "metadata": {},
        "status": status,
        "url": url,
    }
