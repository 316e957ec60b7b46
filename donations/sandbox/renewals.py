"""The months that follow: a charge each, tried again where it failed, or nothing while a gift is paused."""

from . import payments
from .account import ApiError
from .billing import end, method_of, refuse_ended, renewal_after, renewal_of, subscription_of
from .cards import AUTHENTICATION_FAILED, BY_NUMBER, RENEWAL_DECLINED
from .events import happened
from .invoices import (
    bill,
    is_in_progress,
    mark_uncollectible,
    next_intent,
    open_intent,
    paid,
    unpaid,
    void,
)

ALWAYS = -1


def next_month(account, given, *, succeeds=True):
    """What Stripe does on its own when the period ends. Returns the invoice, or None when the gift ended instead."""
    refuse_ended(given)
    if _ends(given):
        end(account, given, "cancellation_requested")
        return None
    before = renewal_of(given)
    for item in given["items"]["data"]:
        item["current_period_start"] = before
        item["current_period_end"] = renewal_after(given["billing_cycle_anchor"], before, item["price"])
    if _pause_is_over(given, before):
        resume(account, given)
    last, pause = given["latest_invoice"], (given["pause_collection"] or {}).get("behavior")
    draft = given["status"] == "unpaid" or pause == "keep_as_draft"
    invoice = bill(account, given, "subscription_cycle", draft=draft)
    happened(account, "customer.subscription.updated", given, latest_invoice=last)
    if pause == "void":
        void(account, invoice)
    elif pause == "mark_uncollectible":
        mark_uncollectible(account, invoice)
    elif not draft:
        collect(account, invoice, given, succeeds=succeeds)
    return invoice


def _ends(given):
    return given["cancel_at_period_end"] or bool(given["cancel_at"] and given["cancel_at"] <= renewal_of(given))


def _pause_is_over(given, moment):
    pause = given["pause_collection"]
    return bool(pause and pause["resumes_at"] and pause["resumes_at"] <= moment)


def resume(account, given):
    before, given["pause_collection"] = given["pause_collection"], None
    happened(account, "customer.subscription.updated", given, pause_collection=before)


def collect(account, invoice, given, *, succeeds=True, automatic=True):
    """Charge the subscription's payment method; a card that fails renewals fails whatever was asked for."""
    if not invoice["amount_due"]:
        return paid(account, invoice)
    method = method_of(account, given)
    card = BY_NUMBER.get(account.numbers[method["id"]])
    intent = open_intent(account, invoice) or next_intent(account, invoice)
    if not succeeds or _fails_by_rule(account, given) or (card and (card.fails_later or card.code)):
        payments.refuse(account, intent, method, card if card and card.code else RENEWAL_DECLINED)
        return unpaid(account, invoice, automatic=automatic)
    if card and card.always_asks:
        return _ask(account, invoice, intent, method, automatic=automatic)
    if method["type"] != "card":
        invoice["next_payment_attempt"] = None
        return payments.process(account, intent, method)
    payments.succeed(account, intent, method)
    return paid(account, invoice, intent)


# --- failures by rule
def fail(account, given, times):
    """The next `times` tries to charge this gift are declined, whatever its card; ALWAYS means all of them."""
    account.kept.setdefault(given["id"], {})["failures"] = times
    account.changed = True


def failures_ahead(account, given):
    return account.kept.get(given["id"], {}).get("failures", 0)


def _fails_by_rule(account, given):
    times = failures_ahead(account, given)
    if times > 0:
        fail(account, given, times - 1)
    return times != 0


def retry(account, invoice):
    """One of Stripe's own tries again."""
    given = subscription_of(account, invoice)
    if is_in_progress(account, invoice):
        raise ApiError(f"Invoice {invoice['id']} has a payment in progress.")
    collect(account, invoice, given)


# --- the bank asks the giver
def _ask(account, invoice, intent, method, *, automatic):
    """Nobody is there to answer, so this try has failed; the giver may still confirm on the invoice's page."""
    url = f"{account.base_url}/i/{invoice['id']}"
    payments.ask_to_authenticate(account, intent, method, url)
    invoice["hosted_invoice_url"] = url
    happened(account, "invoice.payment_action_required", invoice)
    unpaid(account, invoice, automatic=automatic)


def confirm(account, invoice, *, succeeds=True):
    """The giver answers the bank."""
    intent = open_intent(account, invoice)
    if intent is None or intent["status"] != "requires_action":
        raise ApiError(f"Nothing of invoice {invoice['id']} waits for the giver's confirmation.")
    method = account.get("payment_method", intent["payment_method"])
    if succeeds:
        payments.succeed(account, intent, method)
        paid(account, invoice, intent)
    else:
        payments.fail_to_authenticate(account, intent, method, AUTHENTICATION_FAILED)
        unpaid(account, invoice, automatic=False)
