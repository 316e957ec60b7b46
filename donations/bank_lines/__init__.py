"""The lines of a bank's statement: read from its file, held against what was entered, and entered as promised."""

from .files import MOST_BYTES, MOST_LINES, FileRefused, Table, plain, table_of, text_of
from .guessing import guess
from .judging import MOST_AT_ONCE, State, Verdict, digest, enter, look
from .lines import Columns, Line, read_lines
from .notation import Unclear, decimal_mark, order_of_dates

__all__ = [
    "MOST_AT_ONCE",
    "MOST_BYTES",
    "MOST_LINES",
    "Columns",
    "FileRefused",
    "Line",
    "State",
    "Table",
    "Unclear",
    "Verdict",
    "decimal_mark",
    "digest",
    "enter",
    "guess",
    "look",
    "order_of_dates",
    "plain",
    "read_lines",
    "table_of",
    "text_of",
]
