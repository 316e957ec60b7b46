"""The lines of a statement, read by the columns that a person chose, each with the key by which it is known again."""

import json
import unicodedata
from collections import Counter
from dataclasses import dataclass, replace
from datetime import date

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.crypto import salted_hmac

from .files import Row, Table
from .notation import CAME_IN, WENT_OUT, Unreadable, read_amount, read_date

Key = tuple[str, int, str, str, str]


@dataclass(frozen=True)
class Columns:
    """Where what stands, from 0, and how it is written; None for a column that the file has not."""

    date: int
    amount: int
    currency_code: str
    name: int | None = None
    reference: int | None = None
    email: int | None = None
    currency: int | None = None
    direction: int | None = None
    header_line: int = 0
    order: str = "dmy"
    decimal: str = "."

    def last(self) -> int:
        places = (self.date, self.amount, self.name, self.reference, self.email, self.currency, self.direction)
        return max(place for place in places if place is not None)


@dataclass(frozen=True)
class Line:
    """One line of the file. `wrong` says why it cannot be read; all else of it may then be empty."""

    number: int
    wrong: str = ""
    given_on: date | None = None
    amount: int = 0
    """In minor units; below zero where money went out."""
    name: str = ""
    reference: str = ""
    email: str = ""
    key: str = ""
    same_as: int = 0
    """The number of the first line that says the same; 0 where this is the first."""


def read_lines(table: Table, columns: Columns) -> list[Line]:
    """Every line below the columns' names. Lines that say the same are told apart by a number, in any order."""
    width = len(table.names(columns.header_line))
    read = [read_line(row, columns, width) for row in table.below(columns.header_line)]
    seen, first = Counter[Key](), dict[Key, int]()
    return [line if line.wrong else numbered(line, columns.currency_code, seen, first) for line in read]


def numbered(line: Line, currency: str, seen: Counter[Key], first: dict[Key, int]) -> Line:
    what = said_by(line, currency)
    seen[what] += 1
    earlier = first.setdefault(what, line.number)
    return replace(line, key=key_of(what, seen[what]), same_as=earlier if seen[what] > 1 else 0)


def said_by(line: Line, currency: str) -> Key:
    assert line.given_on is not None  # it was read
    return (line.given_on.isoformat(), line.amount, currency, folded(line.reference), folded(line.name))


def key_of(what: Key, number: int) -> str:
    """Day, amount, currency, reference, name, and which of the lines that say the same. No place in the file.

    Made with the SECRET_KEY, for it stays when a giver is removed: nobody without that can confirm a guessed name.
    """
    said = json.dumps([*what, number], ensure_ascii=False)
    return salted_hmac("donations.bank_lines", said, algorithm="sha256").hexdigest()


def folded(text: str) -> str:
    """One spelling for what letters, spaces and capitals may differ in from one export to the next."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def read_line(row: Row, columns: Columns, width: int) -> Line:
    try:
        refuse_shifted(row, columns, width)
        refuse_currency(cell(row, columns.currency), columns.currency_code)
        return Line(
            number=row.number,
            given_on=read_date(cell(row, columns.date), columns.order),
            amount=signed(row, columns),
            name=cell(row, columns.name),
            reference=cell(row, columns.reference),
            email=read_email(cell(row, columns.email)),
        )
    except Unreadable as trouble:
        return Line(number=row.number, wrong=str(trouble))


def cell(row: Row, place: int | None) -> str:
    return row.cells[place] if place is not None else ""


def refuse_shifted(row: Row, columns: Columns, width: int) -> None:
    """A mark too many inside a cell moves all cells after it: 25,00 would become 25."""
    has = len(row.cells)
    if has <= columns.last() or any(row.cells[width:]):
        raise Unreadable(
            f"This line has {has} column{'' if has == 1 else 's'}, and there are {width} names. If it is a line of a "
            "payment, correct it in the file."
        )


def refuse_currency(said: str, currency: str) -> None:
    if said and said.upper() != currency:
        raise Unreadable(
            f"This line is in {said[:12]}, the campaign counts in {currency}. Import it for a campaign in that "
            "currency, or enter by hand what the bank credited."
        )


def signed(row: Row, columns: Columns) -> int:
    """The amount, below zero where its own sign or the column for in and out says so; 0 where there is none.

    A bank with one column for what came in leaves it empty where money went out.
    """
    text = cell(row, columns.amount)
    if not text:
        return 0
    amount = read_amount(text, columns.decimal, columns.currency_code)
    said = cell(row, columns.direction).casefold().rstrip(".")
    if columns.direction is None or said in CAME_IN:
        return amount
    if said not in WENT_OUT:
        raise Unreadable(f"“{said[:12]}” does not say whether money came in or went out. Correct it in the file.")
    return -abs(amount)


def read_email(text: str) -> str:
    try:
        validate_email(text) if text else None
    except ValidationError:
        raise Unreadable(
            f"“{text[:60]}” is no e-mail address. Correct it in the file, or choose no column for addresses."
        ) from None
    return text
