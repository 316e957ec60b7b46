"""What becomes of each line: entered as promised, left out, or asked about. One module, so that looking and
entering cannot differ."""

import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.contrib.auth.models import User
from django.db import transaction

from donations import offline
from donations.models import Campaign, Donor, Gift, Payment, Tally
from donations.models.campaign import YEARS
from donations.money import MAX_AMOUNT, format_money
from donations.offline import in_words

from .lines import Line, folded

MOST_AT_ONCE: Final = 200
"""Each moves the sums of the campaign, and Stripe's bookings wait for that. The same file again enters the rest."""
NEAR: Final = timedelta(days=7)  # a person types the day of the order, a bank prints the day of booking


class State(StrEnum):
    GOOD = "good"
    SAME = "same"  # as a line above: good, unless the person says that the file repeats itself
    TWIN = "twin"  # of a payment that was typed, or a payout of Stripe's: only if the person says so
    KNOWN = "known"
    OUT = "out"
    WRONG = "wrong"


@dataclass(frozen=True)
class Verdict:
    line: Line
    state: State
    says: str = ""

    def is_entered(self, ticked: set[str]) -> bool:
        """`ticked` holds the keys of the lines that the person decided otherwise than the page does."""
        asked = self.state in (State.SAME, State.TWIN) and self.line.key in ticked
        return self.state in (State.GOOD, State.SAME) if not asked else self.state == State.TWIN


@dataclass(frozen=True)
class Entered:
    """A payment made offline that is there already."""

    given_on: date
    amount: int
    name: str
    reference: str
    entered_at: datetime

    def may_be(self, line: Line) -> bool:
        """Of one amount: on the same day; or within a week from the same name, or with the same reference."""
        if line.given_on is None:
            return False
        alike = same(self.name, line.name) or same(self.reference, line.reference)
        return self.given_on == line.given_on or (alike and abs(self.given_on - line.given_on) <= NEAR)


def same(typed: str, printed: str) -> bool:
    return bool(typed) and folded(typed) in folded(printed)


def look(lines: list[Line], campaign: Campaign, now: datetime) -> list[Verdict]:
    """What becomes of each line, in the order of the file. Writes nothing."""
    judge = Judge(lines, campaign, now)
    return [judge.verdict(line) for line in lines]


class Judge:
    """All that is asked of the database, once for the whole file."""

    def __init__(self, lines: list[Line], campaign: Campaign, now: datetime) -> None:
        self.campaign, self.now = campaign, now
        self.counting = [campaign, *campaign.after()]
        self.known = {
            payment.import_key: payment
            for payment in Payment.objects.filter(import_key__in=[line.key for line in lines if line.key])
        }
        self.there = defaultdict[int, list[Entered]](list)
        for one in entered_near(lines, campaign.currency, known=set(self.known)):
            self.there[one.amount].append(one)

    def verdict(self, line: Line) -> Verdict:
        for state, says in self.reasons(line):
            if says:
                return Verdict(line, state, says)
        return Verdict(line, State.GOOD)

    def reasons(self, line: Line) -> Iterable[tuple[State, str]]:
        """In the order in which they matter, each empty where it does not hold."""
        yield State.WRONG, line.wrong
        yield State.OUT, "Nothing came in." if line.amount == 0 else ""
        yield State.OUT, "Money that went out." if line.amount < 0 else ""
        yield State.KNOWN, self.was_imported(line)
        yield State.WRONG, self.too_large(line)
        yield State.WRONG, self.wrong_day(line)
        yield State.TWIN, self.may_be_stripes(line)
        yield State.TWIN, self.may_be_there(line)
        yield State.SAME, self.was_said(line)

    def was_imported(self, line: Line) -> str:
        payment = self.known.get(line.key)
        if payment is None:
            return ""
        when = f"Imported on {in_words(payment.entered_at.astimezone(ZoneInfo(self.campaign.timezone)).date())}"
        if payment.status == Payment.Status.CANCELED:
            return f"{when} and rejected since. If it did come, enter it by hand."
        return f"{when}."

    def too_large(self, line: Line) -> str:
        if line.amount <= MAX_AMOUNT:
            return ""
        currency = self.campaign.currency
        return (
            f"{format_money(line.amount, currency)} is more than one payment can carry, "
            f"{format_money(MAX_AMOUNT, currency)}. Check it; if it is right, enter it by hand in parts."
        )

    def wrong_day(self, line: Line) -> str:
        assert line.given_on is not None  # it was read
        if offline.is_to_come(line.given_on, self.campaign, self.now):
            return "This day is still to come. Check which way round the file writes its dates."
        days = offline.why_not_on(line.given_on, self.counting)
        return f"{days} Import the file for the campaign of that day as well." if days else ""

    def may_be_stripes(self, line: Line) -> str:
        if "stripe" not in folded(f"{line.name} {line.reference}"):
            return ""
        return "This looks like Stripe paying out gifts that are counted already. Tick it only if it is a gift."

    def may_be_there(self, line: Line) -> str:
        there = next((one for one in self.there[line.amount] if one.may_be(line)), None)
        if there is None:
            return ""
        entered = there.entered_at.astimezone(ZoneInfo(self.campaign.timezone)).date()
        who = f" from {there.name}" if there.name else ""
        return (
            f"{format_money(there.amount, self.campaign.currency)}{who}, dated {in_words(there.given_on)}, "
            f"was entered on {in_words(entered)}. Tick this line only if it is another payment."
        )

    def was_said(self, line: Line) -> str:
        if not line.same_as:
            return ""
        return (
            f"It says the same as line {line.same_as}. Both count, as two payments; tick it to leave it out "
            "if the file repeats itself."
        )


def entered_near(lines: list[Line], currency: str, *, known: set[Any]) -> list[Entered]:
    """The offline payments, not rejected, around the days of the file, without those that are lines of it."""
    days = [line.given_on for line in lines if line.given_on and line.amount > 0 and line.given_on.year in YEARS]
    if not days:
        return []
    rows = Payment.objects.exclude(channel=Payment.Channel.STRIPE).exclude(status=Payment.Status.CANCELED)
    around = rows.filter(currency=currency, given_at__date__range=(min(days) - 2 * NEAR, max(days) + 2 * NEAR))
    return [
        as_entered(payment) for payment in around.select_related("gift__campaign") if payment.import_key not in known
    ]


def as_entered(payment: Payment) -> Entered:
    gift: Gift = payment.gift
    day = payment.given_at.astimezone(ZoneInfo(gift.campaign.timezone)).date()
    return Entered(day, payment.amount, gift.name, payment.reference, payment.entered_at)


def digest(verdicts: list[Verdict], campaign: Campaign) -> str:
    """What the person was shown: another file, other columns, or another payment since, and it differs."""
    shown = [
        (one.line.key, one.line.name, one.line.reference, one.line.email, one.state, one.says)
        for one in verdicts
        if one.line.key
    ]
    return sha256(json.dumps([campaign.pk, shown]).encode()).hexdigest()


def enter(verdicts: list[Verdict], ticked: set[str], campaign: Campaign, *, by: User, now: datetime) -> list[Payment]:
    """Enters the good lines, and what the person decided, as transfers promised until a second person confirms them.

    All or none, and at most MOST_AT_ONCE; the same file again enters the rest. Raises NotBooked, and IntegrityError
    where another import of the same lines was first.
    """
    chosen = [one.line for one in verdicts if one.is_entered(ticked)][:MOST_AT_ONCE]
    with transaction.atomic():
        for email in sorted({line.email for line in chosen if line.email}, key=str.lower):
            Donor.objects.for_email(email)  # every giver is held, in one order, before the sums are
        Tally.objects.hold()  # two files that share lines wait for each other here, before either has entered one
        return [enter_line(line, campaign, by=by, now=now) for line in chosen]


def enter_line(line: Line, campaign: Campaign, *, by: User, now: datetime) -> Payment:
    assert line.given_on is not None  # it was judged
    entry = offline.Entry(
        amount=line.amount,
        channel=Payment.Channel.BANK,
        given_on=line.given_on,
        email=line.email,
        name=cut(line.name),
        reference=cut(line.reference),
        import_key=line.key,
    )
    return offline.enter(campaign, entry, by=by, now=now)


def cut(text: str, most: int = 120) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
