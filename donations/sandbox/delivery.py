"""Signed webhooks on their way to the newsroom, from a thread of their own and never inside an API request."""

import http.client
import json
import random
import time
import urllib.error
import urllib.request
from datetime import UTC, datetime

import stripe

from .account import locked
from .events import drop, event_of, resend, switch_on, tried, undelivered

TIMEOUT = 10
DELAY = 20  # seconds by which a running sandbox delays an event


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args):
        return None  # a redirect is a failed delivery


OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirects)


def signed(event, secret, *, thin=False):
    """The body and the Stripe-Signature header of an honest delivery, signed now."""
    body = json.dumps(_notification(event) if thin else event)
    return body.encode(), stripe.WebhookSignature.generate_signature_header(body, secret, int(time.time()))


def _notification(event):
    """The thin form: what happened, and where to fetch what it happened to."""
    thing = event["data"]["object"]
    made_by = event["request"]["id"] and {"type": "request", "request": event["request"]}
    return {
        "id": event["id"],
        "object": "v2.core.event",
        "type": f"v1.{event['type']}",
        "created": f"{datetime.fromtimestamp(event['created'], UTC):%Y-%m-%dT%H:%M:%S.000Z}",
        "livemode": event["livemode"],
        "context": event.get("account"),
        "reason": made_by or None,
        "related_object": {
            "id": thing["id"],
            "type": thing["object"],
            "url": f"/v1/{thing['object'].replace('.', '/')}s/{thing['id']}",
        },
    }


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
    for event in account.mischief.mix(due(account, time.time())):
        for _ in range(_times(account, event)):
            attempt(account, event, secret, lambda body, header: post(account.webhook_url, body, header))


def _times(account, event):
    """How often to deliver this one now."""
    with account.lock:
        delivery = account.deliveries.get(event["id"])
        if delivery is None:  # forgotten since it was found due
            return 0
        fate = "drop" if account.drop_next else account.mischief.fate_of(delivery)
        if fate == "drop":
            account.drop_next = max(0, account.drop_next - 1)
            drop(account, event)
        if fate == "delay":
            delivery |= {"fate": "send", "at": time.time() + DELAY}
        return {"send": 1, "repeat": 2}.get(fate, 0)


def attempt(account, event, secret, send):
    """One try, outside the lock: the endpoint asks the API while it answers."""
    body, header = signed(event, secret, thin=account.habits.thin)
    status = send(body, header)
    with account.lock:
        tried(account, event, status, now=time.time())
    return status


class Delivering:
    """The part of the sandbox's face that is about webhooks."""

    def signed(self, event, *, thin=False):
        return signed(event, self.webhook_secret, thin=thin)

    def event(self, event_id):
        return event_of(self.account, event_id)

    def deliver(self, drop=(), repeat=1, shuffle=None, post=None, *, delay=(), mischief=None):
        """Post what is undelivered, now; returns [(event, status)].

        `drop` holds event ids or types to lose, `delay` those to leave for the next delivery, `shuffle` a seed for the
        order, `post` a function (body, header) → status in place of HTTP. A `mischief` stays for later deliveries.
        """
        if post is None and not self.account.webhook_url:
            raise ValueError("The sandbox has no webhook_url; give it one, or deliver(post=…).")
        self.account.mischief = mischief or self.account.mischief
        send = post or self._post
        outcomes = []
        for event in self._in_order(drop, repeat, shuffle, delay):
            if self.account.habits.endpoint_is_on:
                outcomes.append((event, attempt(self.account, event, self.webhook_secret, send)))
        return outcomes

    def _post(self, body, header):
        return post(self.account.webhook_url, body, header)

    @locked
    def _in_order(self, lost, repeat, shuffle, late=()):
        events = []
        for event in undelivered(self.account):
            fate = self._fate(event, lost, late)
            if fate == "drop":
                drop(self.account, event)
            elif fate == "delay":
                self.account.deliveries[event["id"]]["fate"] = "send"
            else:
                events.extend([event] * (repeat * 2 if fate == "repeat" else repeat))
        if shuffle is not None:
            random.Random(shuffle).shuffle(events)  # noqa: S311 an order, not a secret
        return self.account.mischief.mix(events)

    def _fate(self, event, lost, late):
        names = {event["id"], event["type"]}
        if names & set(lost):
            return "drop"
        if names & set(late):
            return "delay"
        return self.account.mischief.fate_of(self.account.deliveries[event["id"]])

    @locked
    def resend(self, event_id):
        """Stripe's button: this event again, whatever became of it."""
        event = event_of(self.account, event_id)
        if event is None:
            raise ValueError(f"No such event: {event_id}")
        if not self.account.webhook_url:
            raise ValueError("There is no webhook address to send to. Start the sandbox with --webhook.")
        resend(self.account, event)

    @locked
    def switch_on(self):
        """Switch the endpoint on again; what happened in between is not told."""
        switch_on(self.account)
