"""A campaign's figures and its course as sheets: the same cells on the page, behind its charts, in CSV and in XLSX."""

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from io import BytesIO, StringIO
from typing import Any

from babel.dates import format_date
from openpyxl import Workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

from .course import Day, Membership, Month, days, membership, months
from .exports import disarmed
from .models import Campaign
from .money import exponent

Cell = str | int | date | Decimal | None


@dataclass(frozen=True)
class Sheet:
    """Rows under heads, the oldest first: texts, numbers, days, exact decimals; None where nothing is known."""

    name: str
    title: str
    heads: tuple[str, ...]
    rows: list[list[Cell]]

    def newest(self, number: int | None = None) -> list[list["Shown"]]:
        """Rows for a page, the latest first."""
        latest = self.rows[::-1][:number]
        return [[shown(cell, self.name) for cell in row] for row in latest]


@dataclass(frozen=True)
class Shown:
    """A cell as people read it, and for a program: decimals without grouping, days as 2026-10-13."""

    text: str
    value: str


def shown(cell: Cell, name: str) -> Shown:
    if cell is None:
        return Shown("–", "")
    if isinstance(cell, date):
        pattern = "MMM d, y" if name == "days" else "MMM y"
        return Shown(format_date(cell, pattern, locale="en_US"), cell.isoformat())
    return Shown(cell if isinstance(cell, str) else f"{cell:,}", str(cell))


def course_sheets(campaign: Campaign, now: datetime) -> list[Sheet]:
    """Day by day, month by month, and who joined and left."""
    rows = days(campaign, now)
    return [
        sheet_of_days(campaign, rows),
        sheet_of_months(campaign, months(campaign, rows, now)),
        sheet_of_members(membership(campaign, now)),
    ]


def sheet_of_days(campaign: Campaign, rows: Iterable[Day]) -> Sheet:
    def cells(row: Day) -> list[Cell]:
        brought = [row.once, row.monthly, row.so_far, row.on_track]
        return [row.day, *(money(amount, campaign) for amount in brought)]

    heads = ("Day", "Once", "Monthly", "Raised so far", "On track")
    return Sheet("days", "Day by day", heads, [cells(row) for row in rows])


def sheet_of_months(campaign: Campaign, rows: Iterable[Month]) -> Sheet:
    def cells(row: Month) -> list[Cell]:
        return [row.first, *(money(amount, campaign) for amount in (row.once, row.monthly, row.together))]

    return Sheet("months", "Once and monthly", ("Month", "Once", "Monthly", "Together"), [cells(row) for row in rows])


def sheet_of_members(rows: Iterable[Membership]) -> Sheet:
    heads = ("Month", "Joined", "Left", "Going on")
    return Sheet("members", "Monthly gifts", heads, [[row.first, row.joined, row.left, row.going_on] for row in rows])


def money(minor: int | None, campaign: Campaign) -> Decimal | None:
    """Minor units as an exact decimal of the currency."""
    return None if minor is None else Decimal(minor).scaleb(-exponent(campaign.currency))


# --- To take home -------------------------------------------------------------------------------------------------


def as_csv(sheet: Sheet) -> bytes:
    """With the mark by which spreadsheets know UTF-8; what is typed is disarmed, numbers are numbers."""
    text = StringIO()
    writer = csv.writer(text)
    writer.writerows([list(map(disarmed, row)) for row in [list(sheet.heads), *sheet.rows]])
    return text.getvalue().encode("utf-8-sig")


def as_xlsx(sheets: Iterable[Sheet]) -> bytes:
    """One workbook with a leaf per sheet; money with the decimals of its currency."""
    book = Workbook()
    book.remove(book.active)
    for sheet in sheets:
        fill(book.create_sheet(sheet.title), sheet)
    file = BytesIO()
    book.save(file)
    return file.getvalue()


def fill(leaf: Any, sheet: Sheet) -> None:
    for row in [list(sheet.heads), *sheet.rows]:
        leaf.append([disarmed(for_a_workbook(cell)) for cell in row])
    for column, cells in enumerate(leaf.columns, start=1):
        leaf.column_dimensions[get_column_letter(column)].width = 2 + max(len(str(one.value or "")) for one in cells)
        cells[0].font = Font(bold=True)
    for cell in (one for row in leaf.iter_rows(min_row=2) for one in row):
        if isinstance(cell.value, Decimal):
            cell.number_format = f"#,##0{decimals(cell.value)}"
        elif isinstance(cell.value, date):
            cell.number_format = "yyyy-mm-dd" if sheet.name == "days" else "mmm yyyy"
    leaf.freeze_panes = "A2"


def for_a_workbook(cell: Cell) -> Cell:
    """Text without the control characters that the format cannot hold."""
    return ILLEGAL_CHARACTERS_RE.sub("", cell) if isinstance(cell, str) else cell


def decimals(amount: Decimal) -> str:
    number = -int(amount.as_tuple().exponent)
    return f".{'0' * number}" if number else ""
