"""What happened, as Stripe tells it: events, and how the delivery of each stands."""

import copy

from .account import API_VERSION

# Seconds between two tries of one delivery. Stripe goes on for days; the demo's web server is back within minutes.
BACKOFF = (1, 3, 10, 30, 60, 120, 300, 900, 1800, 3600)


def happened(account, kind, thing, **before):
    """Book an event about `thing` as it is now; `before` are earlier values of what changed."""
    data = {"object": copy.deepcopy(thing)}
    if before:
        data["previous_attributes"] = before
    event = account.stamp("evt", "event") | {
        "api_version": API_VERSION,
        "data": data,
        "pending_webhooks": 1 if account.webhook_url else 0,
        "request": dict(account.request),
        "type": kind,
    }
    account.events.append(event)
    account.changed = True
    state = "waiting" if account.webhook_url else "unaddressed"
    account.deliveries[event["id"]] = {"state": state, "attempts": 0, "last": "", "at": 0.0}
    return event


def event_of(account, key):
    return next((event for event in account.events if event["id"] == key), None)


def undelivered(account):
    return [
        event for event in account.events if account.deliveries[event["id"]]["state"] in {"waiting", "unaddressed"}
    ]


def succeeded(account, event):
    """Stripe's `delivery_success`: nothing about this event is still owed to an endpoint."""
    return account.deliveries[event["id"]]["state"] in {"delivered", "unaddressed"}


def tried(account, event, status, *, now):
    """Note one try: 2xx is a delivery, anything else (a redirect too) comes again after a while."""
    delivery = account.deliveries[event["id"]]
    account.changed = True
    delivery["attempts"] += 1
    delivery["last"] = str(status)
    if isinstance(status, int) and 200 <= status < 300:
        delivery["state"] = "delivered"
        event["pending_webhooks"] = 0
    elif delivery["attempts"] > len(BACKOFF):
        delivery["state"] = "failed"
    else:
        delivery["at"] = now + BACKOFF[delivery["attempts"] - 1]


def drop(account, event):
    """Lose this delivery for good, as if the endpoint had been switched off when it was due."""
    account.deliveries[event["id"]] |= {"state": "dropped", "last": "dropped"}


def resend(account, event):
    account.deliveries[event["id"]] |= {"state": "waiting", "attempts": 0, "at": 0.0}
