"""Money out again: refunds, which may change their end, and disputes."""

from . import payments
from .account import ApiError
from .cards import BY_NUMBER
from .events import happened
from .shapes import payments as new

DISPUTE_FEE = 1500
REFUND_ENDS_AFTER = 15  # seconds, in a sandbox that runs by itself
INQUIRIES = {"warning_needs_response", "warning_under_review"}
CLOSED = {"won", "lost", "warning_closed"}


def create_refund(account, params):
    charge = _charge_of(account, params)
    taken = _disputed(account, charge)
    left = charge["amount"] - charge["amount_refunded"] - taken
    if left <= 0 and taken:
        raise ApiError(f"Charge {charge['id']} has been charged back; cannot issue a refund.", code="charge_disputed")
    if left <= 0:
        raise ApiError(f"Charge {charge['id']} has already been refunded.", code="charge_already_refunded")
    amount = params.get("amount", left)
    if amount == "" or amount <= 0:
        raise ApiError("Invalid positive integer", code="parameter_invalid_integer", param="amount")
    if amount > left:
        raise ApiError(
            f"Refund amount ({amount}) is greater than unrefunded amount on charge ({left})", param="amount"
        )
    return refund(account, charge, amount=amount, reason=params.get("reason"), metadata=params.get("metadata") or {})


def _disputed(account, charge):
    """What the bank holds or has taken for good; an inquiry holds nothing, and what was won is free again."""
    complaints = account.find("dispute", charge=charge["id"])
    return sum(each["amount"] for each in complaints if each["balance_transactions"] and each["status"] != "won")


def _charge_of(account, params):
    if params.get("charge"):
        charge = account.get("charge", params["charge"], param="charge", status=400)
    elif params.get("payment_intent"):
        intent = account.get("payment_intent", params["payment_intent"], param="payment_intent", status=400)
        if intent["status"] != "succeeded":
            raise ApiError(f"This PaymentIntent ({intent['id']}) does not have a successful charge to refund.")
        charge = account.get("charge", intent["latest_charge"])
    else:
        raise ApiError("One of the following params should be provided: charge or payment_intent.")
    if charge["status"] != "succeeded":
        raise ApiError(f"Charge {charge['id']} is {charge['status']}; only a successful charge can be refunded.")
    return charge


def refund(account, charge, *, amount, reason=None, metadata=None):
    card = BY_NUMBER.get(account.numbers.get(charge["payment_method"]))
    ends = card.refund_ends if card else None
    status = "pending" if ends == "succeeded" else "succeeded"
    prefix = "re" if charge["payment_method_details"]["type"] == "card" else "pyr"
    stamp = account.stamp(prefix, "refund", livemode=False)
    given = account.add(
        new.refund(stamp, charge=charge, amount=amount, status=status, reason=reason, metadata=metadata or {})
    )
    _count(charge, amount)
    if status == "succeeded":
        _pay_out(account, given)
    happened(account, "refund.created", given)
    happened(account, "charge.refunded", charge)
    if ends:
        account.soon(f"refund {ends}", given["id"], REFUND_ENDS_AFTER)
    return given


def _count(charge, amount):
    charge["amount_refunded"] += amount
    charge["refunded"] = charge["amount_refunded"] == charge["amount"]


def _pay_out(account, given):
    kind = "refund" if given["id"].startswith("re_") else "payment_refund"
    moved = payments.balance(account, given, amount=-given["amount"], kind=kind, category="refund")
    given["balance_transaction"] = moved["id"]


def finish_refund(account, given):
    """A pending refund reaches the card."""
    if given["status"] != "pending":
        raise ApiError(f"{given['id']} is {given['status']}; only a pending refund can still succeed.")
    given["status"] = "succeeded"
    given.pop("pending_reason", None)
    _pay_out(account, given)
    happened(account, "refund.updated", given, status="pending")


def fail_refund(account, given):
    """The money could not be given back, perhaps days after Stripe said that it was."""
    if given["status"] not in {"pending", "succeeded"}:
        raise ApiError(f"{given['id']} is {given['status']}; only a pending or succeeded refund can fail.")
    before = given["status"]
    given |= {"status": "failed", "failure_reason": "expired_or_canceled_card"}
    given.pop("pending_reason", None)
    if given["balance_transaction"]:
        kind = "refund_failure" if given["id"].startswith("re_") else "payment_failure_refund"
        back = payments.balance(account, given, amount=given["amount"], kind=kind, category="refund_failure")
        given["failure_balance_transaction"] = back["id"]
    _count(account.get("charge", given["charge"]), -given["amount"])
    happened(account, "refund.updated", given, status=before)
    happened(account, "refund.failed", given)


def cancel_refund(account, given):
    """A pending refund is called off before any money moved."""
    if given["status"] != "pending":
        raise ApiError(f"{given['id']} is {given['status']}; only a pending refund can be canceled.")
    given["status"] = "canceled"
    given.pop("pending_reason", None)
    _count(account.get("charge", given["charge"]), -given["amount"])
    happened(account, "refund.updated", given, status="pending")


# --- disputes
def dispute(account, charge, *, amount=None, reason="fraudulent", inquiry=False, refunded_too=False):
    """The bank takes the money back, and Stripe its fee, until it is decided; an inquiry only asks.

    With `refunded_too` the bank also takes what was refunded already, as banks at times do.
    """
    if charge["status"] != "succeeded" or charge["disputed"]:
        raise ApiError(f"Charge {charge['id']} cannot be disputed: it is {charge['status']} or disputed already.")
    left = charge["amount"] - (0 if refunded_too else charge["amount_refunded"])
    amount = left if amount is None else amount
    if not 0 < amount <= left:
        raise ApiError(
            f"A dispute over {amount} is not possible: {left} of {charge['id']} is not refunded.", param="amount"
        )
    stamp = account.stamp("du", "dispute")
    complaint = account.add(new.dispute(stamp, charge=charge, amount=amount, reason=reason, inquiry=inquiry))
    charge["disputed"] = True
    happened(account, "charge.dispute.created", complaint)
    if not inquiry:
        _withdraw(account, complaint)
    return complaint


def _withdraw(account, complaint):
    _move(account, complaint, -complaint["amount"], fee=DISPUTE_FEE, category="dispute")
    happened(account, "charge.dispute.funds_withdrawn", complaint)


def escalate(account, complaint):
    """The bank was not content with the answer to its inquiry: now it takes the money."""
    if complaint["status"] not in INQUIRIES:
        raise ApiError(f"{complaint['id']} is {complaint['status']}; only an open inquiry can become a dispute.")
    before = complaint["status"]
    complaint |= {"status": "needs_response", "is_charge_refundable": False}
    if complaint["payment_method_details"]:
        complaint["payment_method_details"]["card"]["case_type"] = "chargeback"
    happened(account, "charge.dispute.updated", complaint, status=before)
    _withdraw(account, complaint)


def return_debit(account, intent):
    """A bank debit that had succeeded is called back: a dispute that is lost from the start."""
    charge = account.get("charge", intent["latest_charge"])
    complaint = dispute(account, charge, reason="insufficient_funds")
    close_dispute(account, complaint, won=False)
    return complaint


def answer_dispute(account, complaint):
    """Evidence has been handed in; the bank looks at it."""
    _refuse_closed(complaint)
    before = complaint["status"]
    complaint["evidence_details"] |= {"has_evidence": True, "submission_count": 1, "submission_method": "manual"}
    complaint["status"] = "warning_under_review" if before in INQUIRIES else "under_review"
    happened(account, "charge.dispute.updated", complaint, status=before)


def close_dispute(account, complaint, *, won):
    """Won, the amount comes back; an inquiry is only closed."""
    _refuse_closed(complaint)
    if complaint["status"] in INQUIRIES:
        complaint["status"] = "warning_closed"
    else:
        complaint["status"] = "won" if won else "lost"
        if won:
            _give_back(account, complaint)
    happened(account, "charge.dispute.closed", complaint)


def _give_back(account, complaint):
    fee = -DISPUTE_FEE if account.habits.dispute_fee_returned else 0
    _move(account, complaint, complaint["amount"], fee=fee, category="dispute_reversal")
    happened(account, "charge.dispute.funds_reinstated", complaint)


def _refuse_closed(complaint):
    if complaint["status"] in CLOSED:
        raise ApiError(f"{complaint['id']} is already {complaint['status'].replace('_', ' ')}.")


def _move(account, complaint, amount, *, category, fee=0):
    moved = payments.balance(account, complaint, amount=amount, fee=fee, kind="adjustment", category=category)
    complaint["balance_transactions"].append(moved)
