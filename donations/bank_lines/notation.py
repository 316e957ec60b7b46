"""Dates and amounts as banks write them. What could be read in two ways is asked for, never guessed. No database."""

import re
from collections.abc import Iterable
from datetime import date
from typing import Final

from babel.numbers import get_currency_symbol

from donations.money import COUNTED, REFUSED, exponent, shorten

DAY_FIRST: Final = "dmy"
MONTH_FIRST: Final = "mdy"
ORDERS: Final = (DAY_FIRST, MONTH_FIRST)

TIME = r"(?:[T ,]+[0-9]{1,2}:.*)?"
YEAR_FIRST = re.compile(rf"([0-9]{{4}})([-/.]?)([0-9]{{2}})\2([0-9]{{2}}){TIME}")
DOTTED = re.compile(rf"([0-9]{{1,2}})\.([0-9]{{1,2}})\.([0-9]{{4}}|[0-9]{{2}}){TIME}")
EITHER = re.compile(rf"([0-9]{{1,2}})([/-])([0-9]{{1,2}})\2([0-9]{{4}}|[0-9]{{2}}){TIME}")
DAY_AND_NAME = re.compile(rf"([0-9]{{1,2}})[-. ]+([^\W\d]+)\.?[-, ]+([0-9]{{4}}|[0-9]{{2}}){TIME}")
NAME_AND_DAY = re.compile(rf"([^\W\d]+)\.? ([0-9]{{1,2}}),? ([0-9]{{4}}){TIME}")
MONTHS: Final = {"mär": 3, "mai": 5, "okt": 10, "dez": 12} | {
    name: number for number, name in enumerate("jan feb mar apr may jun jul aug sep oct nov dec".split(), 1)
}

NUMBER = re.compile(r"(?P<before>[^0-9]*)(?P<number>[0-9](?:[0-9.,'’ ]*[0-9])?)(?P<after>[^0-9]*)")
WHOLE = re.compile(r"[0-9]+|[0-9]{1,3}(?P<mark>[.,'’ ])[0-9]{3}(?:(?P=mark)[0-9]{3})*")
MINUS: Final = "-−–"
CAME_IN: Final = frozenset("+ c cr credit h haben in bij crdt gutschrift".split())
WENT_OUT: Final = frozenset("- d dr debit s soll out af dbit lastschrift".split())
LONGEST: Final = 30


class Unclear(ValueError):
    """The cells can be read in two ways; `example` is one of them."""

    def __init__(self, example: str) -> None:
        super().__init__(example)
        self.example = example


class Unreadable(ValueError):
    """One cell is no date or no amount; says so."""


class OtherCurrency(Unreadable):
    """The amount names another currency than the campaign's."""


# --- Dates


def order_of_dates(cells: Iterable[str]) -> str:
    """Whether days or months stand first in dates such as 13/10/2026, by all of them. Raises Unclear.

    Dates with dots have the day first wherever they are written so; those with names and years first are clear.
    """
    pairs = [(cell, int(found[1]), int(found[3])) for cell in cells if (found := EITHER.fullmatch(cell))]
    day_first = any(first > 12 for _, first, _ in pairs)
    month_first = any(second > 12 for _, _, second in pairs)
    either = next((cell for cell, first, second in pairs if first != second), "")
    if either and day_first == month_first:
        raise Unclear(either)
    return MONTH_FIRST if month_first else DAY_FIRST


def read_date(text: str, order: str) -> date:
    """A day as banks write it. Raises Unreadable."""
    try:
        year, month, day = parts_of(text, order)
        return date(year + 2000 if year < 100 else year, month, day)
    except (LookupError, ValueError):
        said = f"“{shorten(text)}” is no date" if text else "There is no date"
        raise Unreadable(f"{said}. If it is a line of a payment, correct it in the file.") from None


def parts_of(text: str, order: str) -> tuple[int, int, int]:
    """(year, month, day) as they are written; raises LookupError where the form is unknown."""
    if found := YEAR_FIRST.fullmatch(text):
        return int(found[1]), int(found[3]), int(found[4])
    if found := DOTTED.fullmatch(text):
        return int(found[3]), int(found[2]), int(found[1])
    if found := EITHER.fullmatch(text):
        first, second, year = int(found[1]), int(found[3]), int(found[4])
        return (year, first, second) if order == MONTH_FIRST else (year, second, first)
    if found := DAY_AND_NAME.fullmatch(text):
        return int(found[3]), MONTHS[found[2][:3].casefold()], int(found[1])
    if found := NAME_AND_DAY.fullmatch(text):
        return int(found[3]), MONTHS[found[1][:3].casefold()], int(found[2])
    raise LookupError(text)


# --- Amounts


def decimal_mark(cells: Iterable[str]) -> str:
    """The mark before the decimals, by all cells of the column. Raises Unclear, for 1.234 could be a thousand or one.

    A file without any such mark is read the same with either.
    """
    said = [(cell, mark_of(found["number"])) for cell in cells if (found := NUMBER.fullmatch(cell))]
    marks = {mark for _, mark in said if mark in {".", ","}}
    unclear = next((cell for cell, mark in said if mark == "?"), "")
    if len(marks) == 2:
        raise Unclear(next(cell for cell, mark in said if mark in marks))
    if not marks and unclear:
        raise Unclear(unclear)
    return marks.pop() if marks else "."


def mark_of(number: str) -> str:
    """What one number says: "." or ",", "?" where it could be either, nothing where it has neither."""
    marks = [letter for letter in number if letter in ".,"]
    if not marks:
        return ""
    if len(marks) > 1:
        return other(marks[0]) if len(set(marks)) == 1 else marks[-1]
    whole, _, part = number.partition(marks[0])
    thousands = len(part) == 3 and len(whole) <= 3 and not whole.startswith("0")
    return "?" if thousands else marks[0]


def other(mark: str) -> str:
    return "." if mark == "," else ","


def read_amount(text: str, decimal: str, currency: str) -> int:
    """An amount in minor units, below zero where it says that money went out. Raises Unreadable, OtherCurrency."""
    found = NUMBER.fullmatch(text) if len(text) <= LONGEST else None
    if not found:
        raise no_amount(text)
    sign = sign_of(found["before"], found["after"], currency, text)
    whole, _, part = found["number"].partition(decimal)
    if not WHOLE.fullmatch(whole) or (part and not part.isdigit()) or decimal in part:
        raise no_amount(text)
    decimals = exponent(currency)
    part = part[:decimals] + part[decimals:].rstrip("0")
    if len(part) > decimals:
        raise Unreadable(f"“{shorten(text)}” has too many decimals for {currency}. Correct it in the file.")
    digits = "".join(letter for letter in whole if letter.isdigit())
    return sign * int(digits + part.ljust(decimals, "0"))


def sign_of(before: str, after: str, currency: str, text: str) -> int:
    """What stands around the digits: a sign, a currency, a word of the bank's for in and out."""
    around = f"{before} {after}".strip()
    minuses = sum(around.count(minus) for minus in MINUS)
    out = minuses == 1 or ("(" in before and ")" in after)
    words = [word.casefold() for word in re.sub(rf"[{MINUS}+()]", " ", around).split()]
    ours = {currency.casefold(), get_currency_symbol(currency, locale="en_US").casefold(), "€" * (currency == "EUR")}
    rest = [word for word in words if word not in ours]
    if minuses > 1 or len(rest) > 1:
        raise no_amount(text)
    if rest and rest[0] not in CAME_IN | WENT_OUT:
        raise foreign(text, currency) if is_money(rest[0]) else no_amount(text)
    return -1 if out or (rest and rest[0] in WENT_OUT) else 1


def is_money(word: str) -> bool:
    return word.upper() in COUNTED or word.upper() in REFUSED or word in "€$£¥"


def foreign(text: str, currency: str) -> OtherCurrency:
    return OtherCurrency(
        f"“{shorten(text)}” is not in {currency}, the campaign's currency. Import it for a campaign in that currency, "
        "or enter by hand what the bank credited."
    )


def no_amount(text: str) -> Unreadable:
    said = f"“{shorten(text)}” is no amount" if text else "There is no amount"
    return Unreadable(f"{said}. If it is a line of a payment, correct it in the file.")
