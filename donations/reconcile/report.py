"""What a comparison found, as lines for staff: ids, amounts and statuses, and nothing about a person."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from django.db.models import Model

from donations.ledger import Change

NOT_TOLD: Final = {"gift", "payment", "entered_at", "confirmed_at", "reason", "statement_descriptor"}
ALL_PAYMENTS: Final = frozenset({"balance transactions", "PaymentIntents"})  # the lists that none is left out of
OF_A_NEW_ROW: Final = ("amount", "currency", "status", "moved", "fee")


@dataclass
class Drift:
    """One object that was not with us as it is at Stripe, and what was done about it."""

    about: str
    says: str
    had: str
    done: str
    remains: bool

    def __str__(self) -> str:
        return f"{self.about}: Stripe says {self.says or 'nothing'}, we had {self.had or 'nothing'}; {self.done}"


@dataclass
class Sum:
    """What moved since, in minor units of the currency that Stripe settles in; `strangers` is what names no gift."""

    currency: str
    what: str
    stripe: int = 0
    ledger: int = 0
    strangers: int = 0

    def __str__(self) -> str:
        """Told beside the run's other lines, with minor units."""
        theirs = f"Stripe says {self.stripe}" + (f", {self.strangers} of it names no gift" if self.strangers else "")
        return f"{self.currency} {self.what} since then, in minor units: {theirs}; we have {self.ledger}"

    @property
    def difference(self) -> int:
        return self.stripe - self.strangers - self.ledger


@dataclass
class Report:
    drift: list[Drift] = field(default_factory=list)
    sums: list[Sum] = field(default_factory=list)
    unasked: dict[str, str] = field(default_factory=dict)  # each list that could not be had, and why
    notes: list[str] = field(default_factory=list)
    looked_at: Counter[str] = field(default_factory=Counter)

    def add(self, found: Drift) -> None:
        """What is looked at twice without being put right is told once, as it was told last."""
        if found.remains:
            self.drift = [each for each in self.drift if each.about != found.about]
        self.drift.append(found)

    @property
    def remaining(self) -> int:
        """What still differs, sums too."""
        return sum(drift.remains for drift in self.drift) + sum(bool(each.difference) for each in self.sums)

    @property
    def is_blind(self) -> bool:
        """Whether a payment may be missing in our books, for a list that would tell of it could not be had."""
        return not ALL_PAYMENTS.isdisjoint(self.unasked)

    def found(self) -> list[str]:
        """What is worth reading later: each difference, and what could not be compared."""
        return [*map(str, self.drift), *(str(each) for each in self.sums if each.difference), *self.unasked.values()]

    def lines(self) -> Iterable[str]:
        yield f"Looked at {', '.join(f'{number} {what}' for what, number in self.looked_at.items()) or 'nothing'}."
        if self.drift:
            rows = [(each.about, each.says, each.had or "nothing", each.done) for each in self.drift]
            yield from ("", *table(("object", "Stripe says", "we had", "what was done"), rows))
        if self.sums:
            heads = ("since then, in minor units", "Stripe", "names no gift", "ours", "difference")
            yield from ("", *table(heads, [sum_row(each) for each in self.sums]))
        if self.unasked or self.notes:
            yield from ("", *self.unasked.values(), *self.notes)


def sum_row(each: Sum) -> tuple[str, ...]:
    figures = each.stripe, each.strangers, each.ledger, each.difference
    return (f"{each.currency} {each.what}", *map(str, figures))


def table(heads: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> Iterable[str]:
    """Columns as wide as their widest cell."""
    widths = [max(len(row[column]) for row in [heads, *rows]) for column in range(len(heads))]
    for row in (heads, *rows):
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def in_words(columns: dict[str, Any]) -> str:
    """The columns that tell what differs; a reason is left out, for it may be what staff wrote about a person."""
    told = {name: plain(value) for name, value in columns.items() if name not in NOT_TOLD}
    return ", ".join(f"{name} {value}" for name, value in told.items() if value != "") or ", ".join(columns)


def plain(value: Any) -> str:
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S}"
    return "none" if value is None else str(value.pk if isinstance(value, Model) else value)


def of_change(change: Change, *, fix: bool) -> Drift:
    had, says = change.had, change.says
    if not had:
        says = {name: says[name] for name in OF_A_NEW_ROW if name in says}
    return Drift(change.about, in_words(says), in_words(had), "booked" if fix else "not booked", remains=not fix)
