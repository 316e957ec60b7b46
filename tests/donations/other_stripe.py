"""A stand-in for Stripe by somebody else: it knows the endpoints without which no gift is booked, and no others.

It shares nothing with our sandbox, not even its habits: `expand` is ignored, so that ids arrive as ids; fields and
statuses are new to us; a charge's fee is not known at first.
"""

import hashlib
import hmac
import json
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from threading import Thread
from urllib.parse import parse_qsl, urlsplit

SECRET = "whsec_of_somebody_else"
BY_ID = {
    "checkout/sessions": "checkout.session",
    "payment_intents": "payment_intent",
    "charges": "charge",
    "refunds": "refund",
    "disputes": "dispute",
    "invoices": "invoice",
    "subscriptions": "subscription",
    "balance_transactions": "balance_transaction",
}
LISTS = {
    "refunds": ("refund", "payment_intent"),
    "disputes": ("dispute", "payment_intent"),
    "invoice_payments": ("invoice_payment", "invoice"),
}
NOT_THERE = {
    "404 as Stripe says it": (
        404,
        {"error": {"type": "invalid_request_error", "message": "Unrecognized request URL"}},
    ),
    "404 as a page": (404, "<!doctype html><title>404 Not Found</title>"),
    "403 as a page": (403, "<!doctype html><title>403 Forbidden</title>"),
}
DISPUTE_FEE = 1500


def fee_of(amount):
    return amount * 3 // 100 + 25


class OtherStripe:
    """`told` holds what there is to deliver, oldest first; `in_vain` what was asked for and is not there."""

    def __init__(self):
        self.server = Server(("127.0.0.1", 0), Answering)
        self.server.stripe = self
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        self.forget("404 as Stripe says it")

    def forget(self, not_there):
        """An empty account, and how it says that an endpoint is not there."""
        self.rows, self.replays, self.told, self.in_vain = {}, {}, [], []
        self.numbers, self.not_there = count(1), NOT_THERE[not_there]

    def stop(self):
        self.server.shutdown()
        self.server.server_close()

    # --- What is asked

    def answer(self, verb, name, said, key):
        kind, _, row_id = name.rpartition("/")
        if (verb, name) == ("POST", "checkout/sessions"):
            return 200, self.replays.get(key) or self.replays.setdefault(key, self.open_session(said))
        if verb == "GET" and kind in BY_ID:
            row = self.rows.get(row_id, {})
            return (200, row) if row.get("object") == BY_ID[kind] else self.missing(row_id)
        if verb == "GET" and name in LISTS and said.get(LISTS[name][1]):
            kind, field = LISTS[name]
            rows = [row for row in self.rows.values() if row["object"] == kind and row[field] == said[field]]
            return 200, {"object": "list", "data": rows, "has_more": False, "url": f"/v1/{name}", "weather": "fine"}
        self.in_vain.append(f"{verb} {name}")
        return self.not_there

    def missing(self, row_id):
        words = {"type": "invalid_request_error", "code": "resource_missing", "message": f"No such thing: {row_id}"}
        return 404, {"error": words}

    def open_session(self, said):
        price = "line_items[0][price_data]"
        ours = {"gift": said["metadata[gift]"]}
        return self.make(
            "checkout.session",
            "cs_test",
            mode=said["mode"],
            status="open",
            payment_status="unpaid",
            url=f"https://pay.example/{next(self.numbers)}",
            success_url=said["success_url"],
            amount_total=int(said[f"{price}[unit_amount]"]),
            currency=said[f"{price}[currency]"],
            client_reference_id=said["client_reference_id"],
            metadata=ours,
            payment_intent=None,
            subscription=None,
            customer=None,
        )

    # --- What happens

    def make(self, kind, prefix, **fields):
        row_id = f"{prefix}_{next(self.numbers)}other"
        ours = {"id": row_id, "object": kind, "created": int(time.time()), "livemode": False}
        self.rows[row_id] = ours | {"horoscope": {"sign": "libra"}} | fields
        return self.rows[row_id]

    def tell(self, row, *kinds):
        self.told += [(kind, row["id"]) for kind in kinds]

    def session_at(self, url):
        return next(row for row in self.rows.values() if row.get("url") == url)

    def pay(self, session):
        """Somebody pays on the page; what they paid with."""
        session |= {"status": "complete", "payment_status": "paid", "url": None}
        if session["mode"] == "subscription":
            intent = self.begin(session)
        else:
            intent = self.charge(session["amount_total"], session["currency"], {"metadata": session["metadata"]})
            session["payment_intent"] = intent["id"]
        self.tell(session, "checkout.session.completed")
        return intent

    def charge(self, amount, currency, metadata, *, comes=True):
        intent = self.make("payment_intent", "pi", amount=amount, currency=currency, amount_received=0, **metadata)
        charge = self.make(
            "charge",
            "ch",
            payment_intent=intent["id"],
            amount=amount,
            currency=currency,
            balance_transaction=None,
            status="succeeded" if comes else "failed",
            payment_method_details={"type": "seashells", "seashells": {"colour": "pink"}},
        )
        status = "succeeded" if comes else "requires_payment_method"
        intent |= {"latest_charge": charge["id"], "status": status, "amount_received": amount if comes else 0}
        self.tell(intent, "payment_intent.succeeded" if comes else "payment_intent.payment_failed")
        self.tell(charge, "charge.succeeded" if comes else "charge.failed")
        return intent

    def settle(self):
        """Now the fees are known of all that was charged."""
        charges = [row for row in self.rows.values() if row["object"] == "charge" and row["status"] == "succeeded"]
        for row in [row for row in charges if row["balance_transaction"] is None]:
            row["balance_transaction"] = self.move(row["amount"], fee_of(row["amount"]), row["currency"])
            self.tell(row, "charge.updated")

    def move(self, amount, fee, currency):
        row = self.make("balance_transaction", "txn", amount=amount, fee=fee, net=amount - fee, currency=currency)
        return row["id"]

    def begin(self, session):
        price = {"unit_amount": session["amount_total"], "currency": session["currency"]}
        item = {
            "id": "si_1",
            "quantity": 1,
            "price": price | {"recurring": {"interval": "month", "interval_count": 1}},
        }
        customer = self.make("customer", "cus")
        given = self.make("subscription", "sub", status="active", customer=customer["id"], items={"data": [item]})
        given |= {"metadata": session["metadata"], "billing_cycle_anchor": given["created"], "pause_collection": None}
        session |= {"subscription": given["id"], "customer": customer["id"]}
        self.tell(given, "customer.subscription.created")
        return self.charge_month(given, "subscription_create")

    def charge_month(self, given, reason="subscription_cycle", *, comes=True):
        """One month of a monthly gift; its PaymentIntent says nothing about us."""
        price = given["items"]["data"][0]["price"]
        intent = self.charge(price["unit_amount"], price["currency"], {}, comes=comes)
        invoice = self.make(
            "invoice", "in", billing_reason=reason, attempt_count=1, status="paid" if comes else "open"
        )
        invoice["parent"] = {"type": "subscription_details", "subscription_details": {"subscription": given["id"]}}
        invoice["amount_remaining"] = 0 if comes else price["unit_amount"]
        paying = {"type": "payment_intent", "payment_intent": intent["id"]}
        self.make("invoice_payment", "inpay", invoice=invoice["id"], payment=paying, status="paid")
        given |= {"latest_invoice": invoice["id"], "status": "active" if comes else "past_due"}
        self.tell(invoice, "invoice.paid" if comes else "invoice.payment_failed")
        self.tell(given, "customer.subscription.updated")
        return intent

    def refund(self, intent, amount, *, status="succeeded"):
        fields = {"payment_intent": intent["id"], "amount": amount, "currency": intent["currency"], "reason": None}
        refund = self.make("refund", "re", status=status, **fields)
        self.tell(refund, "refund.created", "refund.updated")
        return refund

    def fail(self, refund):
        refund["status"] = "failed"
        self.tell(refund, "refund.failed")

    def dispute(self, intent, *, status="under_telepathy"):
        """A bank asks; no money has moved yet."""
        fields = {"payment_intent": intent["id"], "amount": intent["amount"], "currency": intent["currency"]}
        dispute = self.make("dispute", "dp", status=status, reason="bad_dream", balance_transactions=[], **fields)
        self.tell(dispute, "charge.dispute.created")
        return dispute

    def withdraw(self, dispute):
        moved = self.move(-dispute["amount"], DISPUTE_FEE, dispute["currency"])
        dispute["balance_transactions"].append(moved)
        self.tell(dispute, "charge.dispute.funds_withdrawn")

    def reinstate(self, dispute):
        dispute["balance_transactions"].append(self.move(dispute["amount"], 0, dispute["currency"]))
        dispute["status"] = "won"
        self.tell(dispute, "charge.dispute.funds_reinstated", "charge.dispute.closed")

    # --- What is told

    def deliver(self, client, *, backwards=False):
        """Tells all that happened, signed; the statuses that we answered."""
        told, self.told = self.told[:: -1 if backwards else 1], []
        return [self.post(client, kind, row_id) for kind, row_id in told]

    def post(self, client, kind, row_id):
        event = {"id": f"evt_{next(self.numbers)}other", "object": "event", "type": kind, "livemode": False}
        event |= {"created": int(time.time()), "data": {"object": {"id": row_id}}, "mood": "cheerful"}
        body, now = json.dumps(event), int(time.time())
        signature = hmac.new(SECRET.encode(), f"{now}.{body}".encode(), hashlib.sha256).hexdigest()
        header = {"Stripe-Signature": f"t={now},v1={signature}"}
        answer = client.post("/stripe/webhook/", body, content_type="application/json", headers=header)
        return answer.status_code


class Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False  # whoever asks keeps its connection


class Answering(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def do_GET(self):
        self.say()

    def do_POST(self):
        self.say()

    def do_DELETE(self):
        self.say()

    def say(self):
        asked = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        said = dict(parse_qsl(asked.query) + parse_qsl(body))
        name = asked.path.removeprefix("/v1/").strip("/")
        status, answer = self.server.stripe.answer(self.command, name, said, self.headers.get("Idempotency-Key"))
        is_page = isinstance(answer, str)
        written = (answer if is_page else json.dumps(answer)).encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/html" if is_page else "application/json")
        self.send_header("Content-Length", str(len(written)))
        self.end_headers()
        self.wfile.write(written)

    def log_message(self, *args):
        """Says nothing on the terminal."""
