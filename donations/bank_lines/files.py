"""A bank's file as a table: which letters, which marks between the columns. No database."""

import codecs
import csv
from collections import Counter
from dataclasses import dataclass
from typing import Final

MOST_BYTES: Final = 1024 * 1024
MOST_LINES: Final = 5000
DELIMITERS: Final = ";,\t|"
SAMPLE: Final = 200  # rows by which the mark between the columns is told
SMALLER = "Ask the bank for fewer days, and import one file after the other."


class FileRefused(ValueError):
    """The file as a whole cannot be read; says why and what to do."""


@dataclass(frozen=True)
class Row:
    number: int
    """Of its first line in the file, from 1."""
    cells: tuple[str, ...]


@dataclass(frozen=True)
class Table:
    rows: tuple[Row, ...]

    @property
    def width(self) -> int:
        """The number of columns that most rows have, of those with more than one; 1 where none has."""
        return usual_width([row.cells for row in self.rows])[0]

    def below(self, header: int) -> list[Row]:
        return [row for row in self.rows if row.number > header]

    def names(self, header: int) -> list[str]:
        """What the columns are called in line `header`; where that is 0 or empty, by their place."""
        heads = next((row.cells for row in self.rows if row.number == header), ("",) * self.width)
        return [head or f"Column {place}" for place, head in enumerate(heads, 1)]


def text_of(content: bytes) -> str:
    """What a file says, in whatever letters banks write them. Raises FileRefused."""
    if len(content) > MOST_BYTES:
        raise FileRefused(f"This file is larger than 1 MiB. {SMALLER}")
    for encoding in encodings(content):
        try:
            return plain(content.decode(encoding))
        except UnicodeDecodeError:
            continue
    raise FileRefused("This file's letters cannot be read. Save it as CSV in UTF-8, and choose that file.")


def encodings(content: bytes) -> tuple[str, ...]:
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return ("utf-16",)
    return ("utf-8-sig", "cp1252", "latin-1")


def plain(text: str) -> str:
    """The text as it also comes back from a form: line ends are one character, and nothing before the first."""
    if "\0" in text:
        raise FileRefused(
            "This is not a text file. If it is a workbook or a PDF, get the statement as CSV from the bank."
        )
    if len(text) > MOST_BYTES:
        raise FileRefused(f"This is more than 1 MiB of text. {SMALLER}")
    return text.replace("\r\n", "\n").replace("\r", "\n").strip("\ufeff\n")


def table_of(text: str) -> Table:
    """The rows of a plain text that are not empty. Raises FileRefused."""
    lines = text.split("\n")
    if len(lines) > MOST_LINES:
        raise FileRefused(f"This file has {len(lines):,} lines, and at most {MOST_LINES:,} are read. {SMALLER}")
    table = Table(tuple(rows_of(lines, delimiter_of(lines))))
    if table.width < 2:
        raise FileRefused(
            "No columns were found: a CSV file has commas, semicolons or tabs between them. Get the statement as CSV."
        )
    return table


def delimiter_of(lines: list[str]) -> str:
    """The mark that cuts most rows into the same, large number of columns."""

    def evenness(mark: str) -> int:
        try:
            width, rows = usual_width(list(csv.reader(lines[:SAMPLE], delimiter=mark)))
        except csv.Error:  # a cell without an end; `rows_of` says where
            return 0
        return (width - 1) * rows

    return max(DELIMITERS, key=evenness)


def usual_width(rows: list[list[str]] | list[tuple[str, ...]]) -> tuple[int, int]:
    """(width, how many rows have it); a wider one wins a tie."""
    widths = Counter(len(cells) for cells in rows if len(cells) > 1)
    return max(widths.items(), key=lambda found: (found[1], found[0]), default=(1, 0))


def rows_of(lines: list[str], delimiter: str) -> list[Row]:
    """A quotation mark that is not closed would swallow the lines after it, so it refuses the file."""
    reader = csv.reader([f"{line}\n" for line in lines], delimiter=delimiter, strict=True)
    rows, number = [], 1
    try:
        for cells in reader:
            clean = tuple(" ".join(cell.split()) for cell in cells)
            if any(clean):
                rows.append(Row(number, clean))
            number = reader.line_num + 1
    except csv.Error:
        raise FileRefused(
            f"From line {number} on this is no CSV: a quotation mark is not closed, or stands inside a cell. "
            "Mend that line, or get the file from the bank again."
        ) from None
    return rows
