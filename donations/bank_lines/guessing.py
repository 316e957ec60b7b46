"""Which line of a bank's file names the columns, and which column is which. A person looks it over. No database."""

from typing import Final

from .files import Table
from .notation import CAME_IN, WENT_OUT, Unreadable, read_date

# What banks call them, the best first: the whole name, or how it begins.
CALLED: Final = {
    "date": "booking date|buchungstag|buchungsdatum|buchung|transaction date|posting date|date|datum|wertstellung"
    "|valuta|value date|completed|fecha|data|dato|bokföringsdag",
    "amount": "amount|betrag|umsatz|credit|paid in|money in|gutschrift|montant|crédit|importe|importo|bedrag|belopp"
    "|beløb|kwota|value",
    "name": "name|beguenstigter|begünstigter|auftraggeber|zahlungspflichtige|payer|remitter|originator|ordering party"
    "|counterparty|partner|sender|debtor|payee|naam|nombre|ordenante|ordinante|from",
    "reference": "reference|verwendungszweck|payment reference|purpose|remittance|unstructured remittance"
    "|payment details|message|mededelingen|meddelande|memo|narrative|narration|particulars|description"
    "|transaction description|transaction details|omschrijving|libellé|libelle|motif|concepto|causale|descrizione"
    "|details|note|buchungstext|booking text|text",
    "email": "e-mail|email|mail",
    "currency": "currency|währung|waehrung|devise|ccy",
    "direction": "soll/haben|s/h|debit/credit|credit/debit|credit debit|debit or credit|dr/cr|cr/dr|af bij",
}
FIRST_LINES: Final = 30  # what a bank writes above the table is no longer


def guess(table: Table) -> dict[str, str]:
    """The fields of the form that a person sees first: `header_line`, and the place of each column as it seems."""
    header = header_of(table)
    names, found = table.names(header), dict[str, int]()
    for column in CALLED:
        place = place_of(column, names, set(found.values()))
        if place is not None:
            found[column] = place
    if "direction" not in found and (place := signs_alone(table, header)) is not None:
        found["direction"] = place
    return {name: str(said) for name, said in (found | {"header_line": header}).items()}


def header_of(table: Table) -> int:
    """The number of the line that names a date and an amount, else of the first one as wide as most; 0 for none."""
    first = [row for row in table.rows[:FIRST_LINES] if len(row.cells) > 1]
    for row in first:
        if all(place_of(column, list(row.cells), set()) is not None for column in ("date", "amount")):
            return row.number
    widest = next(row for row in first if len(row.cells) == table.width)
    return 0 if any(is_date(cell) for cell in widest.cells) else widest.number


def is_date(cell: str) -> bool:
    try:
        read_date(cell, "dmy")
    except Unreadable:
        return False
    return True


def place_of(column: str, names: list[str], taken: set[int]) -> int | None:
    """Where the column with the best of the known names stands."""
    folded = [name.casefold() for name in names]
    for called in CALLED[column].split("|"):
        for fits in (str.__eq__, str.startswith):
            for place, name in enumerate(folded):
                if fits(name, called) and place not in taken:
                    return place
    return None


def signs_alone(table: Table, header: int) -> int | None:
    """The column that says nothing but in or out, such as S and H: without it, what went out would seem to come in."""
    rows = table.below(header)
    for place in range(table.width):
        said = {row.cells[place].casefold() for row in rows if len(row.cells) > place} - {""}
        if said and said <= CAME_IN | WENT_OUT and said & WENT_OUT:
            return place
    return None
