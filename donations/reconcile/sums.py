"""The sums of Stripe's balance against the ledger's, for the same things, in the currency that Stripe settles in."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from django.conf import settings

from donations.models import Dispute, Payment, Refund
from donations.stripe_facts import BalanceFacts

from .report import Sum

CHARGE, REFUND, DISPUTE = "charge", "refund", "dispute"
DEBIT_FAILED: Final = "charge_failure"  # Stripe books a pending debit and takes it back
KINDS: Final = {
    "charge": CHARGE,
    DEBIT_FAILED: CHARGE,
    "refund": REFUND,
    "refund_failure": REFUND,
    "dispute": DISPUTE,
    "dispute_reversal": DISPUTE,
}
"""What each of Stripe's reporting categories is about; all others are no gifts: payouts, Stripe's own fees."""

GROSS, FEES, BACK = "gross", "fees", "reversed"
OTHER_CURRENCY: Final = "in a currency other than the one that Stripe settles in"
BEGAN_BEFORE: Final = "began before the time asked for, so only a part of it is in Stripe's list"
NAMES_NOTHING: Final = "it failed, and Stripe's movement that takes it back names nothing that Stripe has"


@dataclass
class Ours:
    """The keys of what our books say moved since, read before Stripe is asked: later ones may not be in its list."""

    charges: set[str]
    refunds: set[str]
    disputes: set[str]

    @classmethod
    def since(cls, since: datetime) -> "Ours":
        paid = Payment.objects.succeeded().filter(livemode=settings.STRIPE_LIVE)
        refunds = Refund.objects.filter(payment__in=paid, made_at__gte=since, status=Refund.Status.SUCCEEDED)
        disputes = Dispute.objects.filter(payment__in=paid, opened_at__gte=since).exclude(moved=0, fee=0)
        return cls(
            set(paid.filter(given_at__gte=since, fee__isnull=False).values_list("charge_id", flat=True)),
            {key for key in refunds.values_list("remote_id", flat=True) if key},
            set(disputes.values_list("remote_id", flat=True)),
        )


@dataclass
class Moved:
    """What Stripe's list says of one charge, refund or dispute; `failed` where a debit was taken back."""

    kind: str
    currency: str
    amount: int = 0
    fee: int = 0
    failed: bool = False


def by_source(movements: list[BalanceFacts], intents: Mapping[str, str]) -> dict[str, Moved]:
    """The movements of each thing added up: one that went forth and back moved nothing.

    All that was charged by one PaymentIntent of ours is one thing, under the charge that our books name: a debit that
    failed may go back by a refund's id. `intents` are the PaymentIntents behind the sources.
    """
    named = Payment.objects.filter(remote_id__in=set(intents.values())).exclude(charge_id="")
    charges = dict(named.values_list("remote_id", "charge_id"))
    found: dict[str, Moved] = {}
    for row in movements:
        kind = KINDS.get(row.category)
        if kind and row.source and not is_unplaced(row, intents):
            key = charges.get(intents.get(row.source), row.source) if kind == CHARGE else row.source
            moved = found.setdefault(key, Moved(kind, row.moved.currency))
            moved.amount += row.moved.amount
            moved.fee += row.moved.fee
            moved.failed = moved.failed or row.category == DEBIT_FAILED
    return found


def is_unplaced(row: BalanceFacts, intents: Mapping[str, str]) -> bool:
    """A debit taken back, of which nobody can say which one it was."""
    return row.category == DEBIT_FAILED and row.source not in intents


def unplaced(movements: list[BalanceFacts], intents: Mapping[str, str]) -> Counter[tuple[str, int]]:
    """How many of them there are of each currency and amount."""
    rows = [row.moved for row in movements if is_unplaced(row, intents)]
    return Counter((moved.currency, -moved.amount) for moved in rows)


@dataclass
class Sums:
    """`strangers` are the sources that name no gift of ours, `unplaced` debits taken back, by currency and amount."""

    since: datetime
    strangers: set[str]
    unplaced: Counter[tuple[str, int]] = field(default_factory=Counter)
    found: dict[tuple[str, str], Sum] = field(default_factory=dict)
    left_out: Counter[tuple[str, str]] = field(default_factory=Counter)

    def of(self, currency: str, what: str) -> Sum:
        return self.found.setdefault((currency, what), Sum(currency, what))

    def take(self, moved: dict[str, Moved], ours: Ours) -> None:
        """Adds up both sides."""
        keys: dict[str, set[str]] = defaultdict(set)
        for source, what in moved.items():
            keys[what.kind].add(source)
        for payment in Payment.objects.filter(charge_id__in=keys[CHARGE] | ours.charges).exclude(charge_id=""):
            self.charge(payment, moved.pop(payment.charge_id, None))
        for refund in Refund.objects.filter(remote_id__in=keys[REFUND] | ours.refunds).select_related("payment"):
            self.refund(refund, moved.pop(refund.remote_id or "", None))
        for dispute in Dispute.objects.filter(remote_id__in=keys[DISPUTE] | ours.disputes).select_related("payment"):
            self.dispute(dispute, moved.pop(dispute.remote_id, None))
        for source, rest in moved.items():
            self.without_row(source, rest)

    def charge(self, payment: Payment, moved: Moved | None) -> None:
        if payment.status not in {Payment.Status.SUCCEEDED, Payment.Status.PENDING}:
            self.failed_charge(payment, moved)
            return
        settled = moved.currency if moved else payment.fee_currency or payment.currency
        fee = moved.fee if moved and moved.failed else payment.fee or 0  # an earlier try may have cost something
        self.both(settled, FEES, moved.fee if moved else 0, fee)
        if settled != payment.currency:
            self.left_out[CHARGE, OTHER_CURRENCY] += 1
        else:
            self.both(settled, GROSS, moved.amount if moved else 0, payment.amount)

    def failed_charge(self, payment: Payment, moved: Moved | None) -> None:
        """What did not come is nothing of ours, and whatever it cost is Stripe's word: our figures leave it out."""
        if moved is None:
            return
        if moved.failed and payment.given_at < self.since:
            self.left_out[CHARGE, BEGAN_BEFORE] += 1
        elif self.unplaced[moved.currency, moved.amount]:
            self.unplaced[moved.currency, moved.amount] -= 1
            self.left_out[CHARGE, NAMES_NOTHING] += 1
        else:
            self.both(moved.currency, FEES, moved.fee, moved.fee)
            self.both(moved.currency, GROSS, moved.amount, 0)

    def refund(self, refund: Refund, moved: Moved | None) -> None:
        if refund.made_at < self.since:
            self.left_out[REFUND, BEGAN_BEFORE] += 1
        elif moved and moved.currency != refund.currency:
            self.left_out[REFUND, OTHER_CURRENCY] += 1
        else:
            counts = refund.status not in {Refund.Status.FAILED, Refund.Status.CANCELED}
            self.both(refund.currency, BACK, -moved.amount if moved else 0, refund.amount if counts else 0)

    def dispute(self, dispute: Dispute, moved: Moved | None) -> None:
        if dispute.opened_at < self.since:
            self.left_out[DISPUTE, BEGAN_BEFORE] += 1
            return
        settled = moved.currency if moved else dispute.fee_currency or dispute.currency
        self.both(settled, FEES, moved.fee if moved else 0, dispute.fee)
        if settled != dispute.payment.currency:
            self.left_out[DISPUTE, OTHER_CURRENCY] += 1
        else:
            self.both(settled, BACK, -moved.amount if moved else 0, dispute.moved)

    def both(self, currency: str, what: str, stripe: int, ledger: int) -> None:
        each = self.of(currency, what)
        each.stripe += stripe
        each.ledger += ledger

    def without_row(self, source: str, moved: Moved) -> None:
        """What our books do not hold: another's money, or a gift that is still to be booked."""
        if moved.failed and not moved.amount:
            return
        back = moved.kind != CHARGE
        for what, amount in ((BACK if back else GROSS, -moved.amount if back else moved.amount), (FEES, moved.fee)):
            each = self.of(moved.currency, what)
            each.stripe += amount
            each.strangers += amount if source in self.strangers else 0

    def rows(self) -> list[Sum]:
        return [self.found[key] for key in sorted(self.found)]

    def notes(self) -> list[str]:
        return [
            f"{number} {kind}{'' if number == 1 else 's'} cannot be compared by sums: {why}."
            for (kind, why), number in self.left_out.items()
        ]
