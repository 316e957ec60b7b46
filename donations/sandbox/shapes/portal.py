"""The customer portal: what it offers, and one visit to it."""


def configuration(stamp, *, params, is_default):
    profile, features = params.get("business_profile") or {}, params["features"]
    return stamp | {
        "active": True,
        "application": None,
        "business_profile": {
            "headline": profile.get("headline") or None,
            "privacy_policy_url": profile.get("privacy_policy_url") or None,
            "terms_of_service_url": profile.get("terms_of_service_url") or None,
        },
        "default_return_url": params.get("default_return_url") or None,
        "features": _features(features),
        "is_default": is_default,
        "login_page": {"enabled": False, "url": None},
        "metadata": dict(params.get("metadata") or {}),
        "name": params.get("name") or None,
        "updated": stamp["created"],
    }


def _features(asked):
    def is_on(name):
        return asked.get(name, {}).get("enabled", False)

    return {
        "customer_update": {
            "allowed_updates": asked.get("customer_update", {}).get("allowed_updates") or [],
            "enabled": is_on("customer_update"),
        },
        "invoice_history": {"enabled": is_on("invoice_history")},
        "payment_method_update": {
            "enabled": is_on("payment_method_update"),
            "payment_method_configuration": None,
        },
        "subscription_cancel": {
            "cancellation_reason": {"enabled": False, "options": []},
            "enabled": is_on("subscription_cancel"),
            "mode": asked.get("subscription_cancel", {}).get("mode", "at_period_end"),
            "proration_behavior": "none",
        },
        "subscription_pause": {"duration": {"interval_options": [], "type": "indefinite"}, "enabled": False},
        "subscription_update": {
            "billing_cycle_anchor": None,
            "default_allowed_updates": [],
            "enabled": is_on("subscription_update"),
            "proration_behavior": "none",
            "schedule_at_period_end": {"conditions": []},
            "trial_update_behavior": "end_trial",
        },
    }


def session(stamp, *, params, customer, configuration, url):
    return stamp | {
        "configuration": configuration,
        "customer": customer,
        "customer_account": None,
        "flow": _flow(params["flow_data"]) if params.get("flow_data") else None,
        "locale": params.get("locale") or None,
        "on_behalf_of": None,
        "return_url": params.get("return_url") or None,
        "url": url,
    }


def _flow(asked):
    after = asked.get("after_completion") or {"type": "portal_homepage"}
    confirmation = after.get("hosted_confirmation")
    return {
        "after_completion": {
            "hosted_confirmation": confirmation and {"custom_message": confirmation.get("custom_message")},
            "redirect": after.get("redirect"),
            "type": after["type"],
        },
        "subscription_cancel": None,
        "subscription_update": None,
        "subscription_update_confirm": None,
        "type": asked["type"],
    }
