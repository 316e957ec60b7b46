"""What happened, as Stripe tells it: events, and how the delivery of each stands."""

from .account import API_VERSION, copied

# Seconds between two tries of one delivery. Stripe goes on for days; the demo's web server is back within minutes.
BACKOFF = (1, 3, 10, 30, 60, 120, 300, 900, 1800, 3600)


def happened(account, kind, thing, **before):
    """Book an event about `thing` as it is now; `before` are earlier values of what changed."""
    data = {"object": copied(thing)}
    if before:
        data["previous_attributes"] = before
    event = account.stamp("evt", "event") | {"api_version": API_VERSION, "data": data, "type": kind}
    return record(account, event)


def record(account, event):
    """Keep an event, and note whether somebody is to be told."""
    state = _state(account, event["type"])
    event |= {"pending_webhooks": int(state == "waiting"), "request": dict(account.request)}
    account.events.append(event)
    account.changed = True
    account.deliveries[event["id"]] = {"state": state, "attempts": 0, "last": "", "at": 0.0}
    return event


def _state(account, kind):
    """Waiting for its delivery; or missed, when the endpoint is off or never asked for such events."""
    habits = account.habits
    if not habits.endpoint_is_on or not {"*", kind} & set(habits.enabled_events):
        return "missed"
    return "waiting" if account.webhook_url else "unaddressed"


def event_of(account, key):
    return next((event for event in account.events if event["id"] == key), None)


def undelivered(account):
    return [
        event for event in account.events if account.deliveries[event["id"]]["state"] in {"waiting", "unaddressed"}
    ]


def succeeded(account, event):
    """Stripe's `delivery_success`: nothing about this event is still owed to an endpoint."""
    return account.deliveries[event["id"]]["state"] in {"delivered", "unaddressed", "missed"}


def tried(account, event, status, *, now):
    """Note one try: 2xx is a delivery, anything else (a redirect too) comes again after a while."""
    delivery = account.deliveries.get(event["id"])
    if delivery is None:  # told before, and forgotten with its month while this try was under way
        return
    account.changed = True
    delivery["attempts"] += 1
    delivery["last"] = str(status)
    if isinstance(status, int) and 200 <= status < 300:
        delivery["state"] = "delivered"
        event["pending_webhooks"] = account.failures = 0
        return
    account.failures += 1
    if delivery["attempts"] > len(BACKOFF):
        delivery["state"] = "failed"
    else:
        delivery["at"] = now + BACKOFF[delivery["attempts"] - 1]
        if delivery["state"] == "unaddressed":
            delivery["state"] = "waiting"
    if 0 < account.habits.switch_off_after <= account.failures:
        switch_off(account)


def switch_off(account):
    """Stripe has had enough of this endpoint: what it is owed has failed, and what happens now it will not hear."""
    account.habits.endpoint_is_on = False
    account.changed = True
    for delivery in account.deliveries.values():
        if delivery["state"] in {"waiting", "unaddressed"}:
            delivery["state"] = "failed"


def switch_on(account):
    account.habits.endpoint_is_on = True
    account.failures = 0
    account.changed = True


def drop(account, event):
    """Lose this delivery for good, as if the endpoint had been switched off when it was due."""
    account.deliveries[event["id"]] |= {"state": "dropped", "last": "dropped"}


def resend(account, event):
    account.deliveries[event["id"]] |= {"state": "waiting", "attempts": 0, "at": 0.0, "fate": "send"}
