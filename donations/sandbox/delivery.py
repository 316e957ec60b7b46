"""Signed webhooks on their way to the newsroom, from a thread of their own and never inside an API request."""

import http.client
import json
import random
import time
import urllib.error
import urllib.request

import stripe

from .events import drop, tried, undelivered

TIMEOUT = 10


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args):
        return None  # a redirect is a failed delivery


OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirects)


def signed(event, secret):
    """The body and the Stripe-Signature header of an honest delivery, signed now."""
    body = json.dumps(event, indent=2)
    return body.encode(), stripe.WebhookSignature.generate_signature_header(body, secret, int(time.time()))


def post(url, body, header):
    """The answer's status, or in words why there was none."""
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "Stripe-Signature": header,
        "User-Agent": "Stripe/1.0",
    }
    request = urllib.request.Request(url, data=body, headers=headers, method="POST")  # noqa: S310 our own setting
    try:
        with OPENER.open(request, timeout=TIMEOUT) as answer:
            return answer.status
    except urllib.error.HTTPError as problem:
        with problem:
            return problem.code
    except (OSError, http.client.HTTPException) as problem:
        return f"none: {getattr(problem, 'reason', problem)}"


def due(account, now):
    """Events whose next try has come; half-mixed when the control page asked for disorder."""
    with account.lock:
        events = [event for event in undelivered(account) if _is_due(account, event, now)]
        if account.shuffled:
            random.shuffle(events)
            return events[: len(events) // 2 + 1]
        return events


def _is_due(account, event, now):
    delivery = account.deliveries[event["id"]]
    return delivery["state"] == "waiting" and delivery["at"] <= now


def deliver_due(account, secret):
    for event in due(account, time.time()):
        with account.lock:
            if account.drop_next:
                account.drop_next -= 1
                drop(account, event)
                continue
        attempt(account, event, secret, lambda body, header: post(account.webhook_url, body, header))


def attempt(account, event, secret, send):
    """One try, outside the lock: the endpoint asks the API while it answers."""
    body, header = signed(event, secret)
    status = send(body, header)
    with account.lock:
        tried(account, event, status, now=time.time())
    return status
