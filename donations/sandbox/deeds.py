"""What people, banks, other systems and time do to the account, as Python calls: half of the sandbox's face."""

from . import agenda, amendments, billing, checkout, elsewhere, faults, invoices, payments, renewals, reversals
from .account import locked
from .cards import SUCCEEDS, card_of


class Giving:
    """What givers do."""

    @locked
    def pay(
        self,
        session_id,
        card=SUCCEEDS.number,
        email="reader@example.com",
        name="A Reader",
        *,
        method="card",
        authenticated=True,
    ):
        """Press Pay; `method` may be `bank_debit` (settled later). Raises Declined, WrongCard or Closed."""
        session = self.account.get("checkout.session", session_id)
        method = "bank_debit_succeeds" if method == "bank_debit" else method
        checkout.pay(
            self.account, session, card=card, email=email, name=name, method=method, authenticated=authenticated
        )
        return session

    @locked
    def prefer_card(self, customer_id, card=SUCCEEDS.number):
        """Type another card in the portal: it becomes the customer's default, not the subscription's."""
        customer = self.account.get("customer", customer_id)
        details = {"email": customer["email"], "name": customer["name"]}
        method = payments.new_method(self.account, "card", card_of(card).number, **details)
        return amendments.prefer(self.account, customer, method)

    @locked
    def confirm(self, invoice_id, succeeds=True):
        """Answer the bank that asks about a renewal."""
        invoice = self.account.get("invoice", invoice_id)
        renewals.confirm(self.account, invoice, succeeds=succeeds)
        return invoice


class Banking:
    """What banks and Stripe do."""

    @locked
    def settle(self, payment_intent_id, succeeds=True):
        intent = self.account.get("payment_intent", payment_intent_id)
        self._forget(payment_intent_id, "debit succeeds", "debit fails")
        checkout.settle(self.account, intent, succeeds=succeeds)
        return intent

    @locked
    def return_debit(self, payment_intent_id):
        """Call a bank debit back that had succeeded: a dispute, lost at once."""
        self._forget(payment_intent_id, "debit returned")
        return reversals.return_debit(self.account, self.account.get("payment_intent", payment_intent_id))

    @locked
    def refund(self, payment_intent_id, amount=None):
        wanted = {"payment_intent": payment_intent_id} | ({"amount": amount} if amount is not None else {})
        return reversals.create_refund(self.account, wanted)

    @locked
    def finish_refund(self, refund_id):
        return self._refunded(refund_id, reversals.finish_refund)

    @locked
    def fail_refund(self, refund_id):
        return self._refunded(refund_id, reversals.fail_refund)

    @locked
    def cancel_refund(self, refund_id):
        return self._refunded(refund_id, reversals.cancel_refund)

    def _refunded(self, refund_id, work):
        given = self.account.get("refund", refund_id)
        self._forget(refund_id)
        work(self.account, given)
        return given

    @locked
    def dispute(self, payment_intent_id, amount=None, *, reason="fraudulent", inquiry=False, refunded_too=False):
        intent = self.account.get("payment_intent", payment_intent_id)
        charge = self.account.get("charge", intent["latest_charge"])
        how = {"amount": amount, "reason": reason, "inquiry": inquiry, "refunded_too": refunded_too}
        return reversals.dispute(self.account, charge, **how)

    @locked
    def answer_dispute(self, dispute_id):
        complaint = self.account.get("dispute", dispute_id)
        reversals.answer_dispute(self.account, complaint)
        return complaint

    @locked
    def escalate_dispute(self, dispute_id):
        """Make a dispute of an inquiry."""
        complaint = self.account.get("dispute", dispute_id)
        reversals.escalate(self.account, complaint)
        return complaint

    @locked
    def close_dispute(self, dispute_id, won=False):
        complaint = self.account.get("dispute", dispute_id)
        reversals.close_dispute(self.account, complaint, won=won)
        return complaint

    def _forget(self, key, *verbs):
        """Somebody was quicker than the clock."""
        jobs = self.account.later
        self.account.later = [job for job in jobs if job["id"] != key or (verbs and job["verb"] not in verbs)]


class Months:
    """What becomes of monthly gifts, and what time brings."""

    @locked
    def next_month(self, subscription_id, succeeds=True):
        """The next renewal, now; its invoice, or None when the gift ends instead."""
        given = self.account.get("subscription", subscription_id)
        return renewals.next_month(self.account, given, succeeds=succeeds)

    @locked
    def fail_renewals(self, subscription_id, times=1):
        """The next `times` charges of a monthly gift are declined, retries too; `times=None` means all of them."""
        given = self.account.get("subscription", subscription_id)
        renewals.fail(self.account, given, renewals.ALWAYS if times is None else times)

    @locked
    def retry(self, subscription_id):
        """Somebody tries the newest open invoice again; the invoice."""
        given = self.account.get("subscription", subscription_id)
        return amendments.pay_invoice(self.account, {}, given["latest_invoice"])

    @locked
    def mark_uncollectible(self, invoice_id):
        invoice = self.account.get("invoice", invoice_id)
        invoices.mark_uncollectible(self.account, invoice)
        return invoice

    @locked
    def cancel(self, subscription_id):
        return amendments.cancel(self.account, {}, subscription_id)

    @locked
    def expire(self, session_id):
        return checkout.expire(self.account, self.account.get("checkout.session", session_id))

    @locked
    def capture(self):
        """Late balance transactions become visible."""
        agenda.do_noted(self.account, verb="capture")

    @locked
    def time_passes(self):
        """All that was noted for later: fees, ends of refunds and bank debits, disputes of the card for it.

        The clock stays where it is; `advance` moves it.
        """
        agenda.do_noted(self.account)

    @locked
    def advance(self, *, months=0, days=0, seconds=0):
        """Let time go by. Whatever is due on the way happens in order, each thing at its own moment.

        That is what `time_passes` does, and renewals, their retries, the ends of pauses, of gifts and of sessions.
        """
        until = billing.months_after(self.account.now(), months) + days * 86400 + seconds
        if until < self.account.now():
            raise ValueError("The clock goes forward only. Set `clock` to begin at an earlier moment.")
        agenda.advance(self.account, until)


class Elsewhere:
    """What others do with the same Stripe account."""

    @locked
    def open_session(self, *, price, mode="payment", **params):
        """A Checkout Session over one `price_data` that names no gift of ours; its object."""
        lines = [{"price_data": price, "quantity": 1}]
        ours = {"mode": mode, "line_items": lines, "success_url": f"{self.site_url}/"}
        return checkout.create(self.account, ours | params)

    @locked
    def sell(self, amount=1200, currency="usd", **how):
        """A payment by another shop; its PaymentIntent."""
        return elsewhere.sell(self.account, amount, currency, **how)

    @locked
    def subscribe(self, amount=2500, currency="usd", **how):
        """A subscription made in Stripe's dashboard, with its first month paid; its object."""
        return elsewhere.subscribe(self.account, amount, currency, **how)

    @locked
    def pay_out(self, amount=100_000, currency="usd"):
        """Money on its way to the newsroom's bank: its balance goes down, and nobody gave less."""
        return elsewhere.pay_out(self.account, amount, currency)

    @locked
    def foreign_event(self, connected="acct_elsewhere"):
        """An event of a connected account that came to our endpoint."""
        return elsewhere.foreign_event(self.account, connected)


class Trouble:
    """What may go wrong between the newsroom and Stripe's API. Orders are kept until such requests have come.

    Each is for the next `times` requests under `path`, such as "refunds"; with a `verb`, such as "GET", for its alone.
    With `after` the work is done all the same, and only its answer is lost or late.
    """

    @locked
    def fail_next(self, times=1, status=500, after=False, path="", verb="", retry_after=None):
        """Answers that are errors; a 429 may say after how many seconds to come again."""
        fault = faults.Fault(status=status, after=after, path=path, verb=verb, retry_after=retry_after)
        faults.order(self.account, fault, times)

    @locked
    def cut_next(self, times=1, after=False, path="", verb=""):
        """The connection breaks, and no answer arrives."""
        faults.order(self.account, faults.Fault(cut=True, after=after, path=path, verb=verb), times)

    @locked
    def slow_next(self, seconds, times=1, after=False, path="", verb=""):
        """The answer takes `seconds` longer; without `after` the work too begins only then."""
        faults.order(self.account, faults.Fault(seconds=seconds, after=after, path=path, verb=verb), times)
