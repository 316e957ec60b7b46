"""Files as banks make them, read without a database: what is clear is read exactly, what is not is asked for."""

import json
from datetime import date
from hashlib import sha256

import pytest
from django.test import override_settings
from hypothesis import given, settings
from hypothesis import strategies as st

from donations import bank_lines
from donations.bank_lines import Columns, FileRefused, Unclear, decimal_mark, guess, order_of_dates, read_lines
from donations.bank_lines.notation import OtherCurrency, Unreadable, read_amount, read_date

GERMAN = """\
Kontoauszug;DE02 1203 0000 0000 2020 51
Zeitraum;01.10.2026 - 13.10.2026

Buchungstag;Wertstellung;Auftraggeber/Empfänger;Verwendungszweck;Betrag;Währung
13.10.2026;13.10.2026;Jürgen Groß;"Spende; für die Zeitung";1.025,50;EUR
12.10.2026;12.10.2026;Hetzner;Rechnung;-19,90;EUR
"""


def table(text):
    return bank_lines.table_of(bank_lines.plain(text))


def read(text, currency="EUR", **changes):
    """The lines of a text by the columns that are guessed."""
    rows = table(text)
    said = {name: int(place) for name, place in guess(rows).items()} | changes
    cells = [row.cells for row in rows.below(said["header_line"])]
    found = {
        "order": order_of_dates([row[said["date"]] for row in cells]),
        "decimal": decimal_mark([row[said["amount"]] for row in cells]),
    }
    return read_lines(rows, Columns(**(found | said), currency_code=currency))


# --- Files


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "latin-1", "utf-16"])
def test_a_file_says_the_same_in_any_letters(encoding):
    assert bank_lines.text_of(GERMAN.encode(encoding)) == GERMAN.strip("\n")


@pytest.mark.parametrize("ends", ["\r\n", "\r"])
def test_line_ends_and_the_mark_at_the_beginning_do_not_matter(ends):
    assert bank_lines.plain("\ufeff" + GERMAN.replace("\n", ends)) == GERMAN.strip("\n")


def test_a_german_statement_with_lines_above_its_table():
    came, went = read(GERMAN)
    assert (came.number, came.given_on, came.amount, came.name, came.reference) == (
        5,
        date(2026, 10, 13),
        102550,
        "Jürgen Groß",
        "Spende; für die Zeitung",
    )
    assert (went.number, went.amount) == (6, -1990)


def test_an_american_statement():
    text = 'Date,Description,Amount\n10/13/2026,"Crane, Edith","1,250.00"\n10/01/2026,Rent,($900.00)\n'
    came, went = read(text, currency="USD")
    assert (came.given_on, came.amount, came.reference) == (date(2026, 10, 13), 125000, "Crane, Edith")
    assert (went.given_on, went.amount) == (date(2026, 10, 1), -90000)


def test_a_british_statement_has_a_column_for_what_came_in():
    text = "Date,Details,Paid out,Paid in\n13 Oct 2026,EDITH CRANE,,25.00\n14 Oct 2026,RENT,900.00,\n"
    assert [line.amount for line in read(text, currency="GBP")] == [2500, 0]


def test_a_column_of_debit_and_credit_is_found_by_what_it_says():
    text = "Datum;Betrag;Name;\n13.10.2026;25,00;Edith;H\n13.10.2026;900,00;Miete;S\n"
    assert guess(table(text))["direction"] == "3"
    assert [line.amount for line in read(text)] == [2500, -90000]


def test_a_file_without_names_has_its_columns_counted():
    rows = table("2026-10-13;Edith;25,00\n2026-10-12;Ann;30,00\n")
    assert guess(rows)["header_line"] == "0"
    assert rows.names(0) == ["Column 1", "Column 2", "Column 3"]


def test_a_comma_too_many_does_not_make_25_of_25_euros_and_a_half():
    (line,) = read_lines(table("Date,Name,Amount\n2026-10-13,Edith,25,50\n"), Columns(0, 2, "EUR", header_line=1))
    assert line.wrong.startswith("This line has 4 columns, and there are 3 names.")


def test_a_line_below_the_table_says_that_it_has_one_column():
    _, line = read_lines(table("Date;Name;Amount\n2026-10-13;Edith;25\nEnd\n"), Columns(0, 2, "EUR", header_line=1))
    assert line.wrong.startswith("This line has 1 column, and there are 3 names.")


@pytest.mark.parametrize(
    "name",
    "Purpose|Purpose of payment|Remittance Information|Unstructured remittance information|Payment details"
    "|Transaction details|Particulars|Narration|Libellé|Concepto|Mededelingen".split("|"),
)
def test_what_the_giver_wrote_is_found_by_whatever_a_bank_calls_it(name):
    (line,) = read(f"Booking date;Payer;{name};Amount\n13.10.2026;Edith Crane;Keep going;25,00\n")
    assert (line.name, line.reference) == ("Edith Crane", "Keep going")


@pytest.mark.parametrize("name", ["Remitter", "Originator", "Ordering party", "Naam tegenpartij", "Ordenante"])
def test_the_giver_is_found_by_whatever_a_bank_calls_them(name):
    (line,) = read(f"Booking date;{name};Purpose;Amount\n13.10.2026;Edith Crane;Keep going;25,00\n")
    assert (line.name, line.reference) == ("Edith Crane", "Keep going")


@pytest.mark.parametrize(
    "head", ["Data;Ordinante;Causale;Importo", "Datum;Namn;Meddelande;Belopp", "Date;Libellé;Crédit"]
)
def test_the_amount_is_found_by_whatever_a_bank_calls_it(head):
    cells = ["13.10.2026", "Edith", "Keep going", "25,00"]
    row = cells if head.count(";") == 3 else [cells[0], *cells[2:]]
    (line,) = read(f"{head}\n{';'.join(row)}\n")
    assert line.amount == 2500


def test_a_quotation_mark_that_is_not_closed_swallows_no_payment():
    with pytest.raises(FileRefused, match="From line 2 on this is no CSV: a quotation mark is not closed"):
        table('Date;Name;Amount\n2026-10-13;"Edith;25,00\n2026-10-14;Ann;30,00\n')


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"PK\x03\x04\0\0", "not a text file"),
        (b"one column\nonly\n", "No columns were found"),
        (b"", "No columns were found"),
        (b"a;b\n" * 5002, "5,002 lines, and at most 5,000"),
        (b"a;" * 600_000, "larger than 1 MiB"),
        (b"\xff\xfea", "cannot be read"),
    ],
    ids=["workbook", "one column", "empty", "long", "large", "letters"],
)
def test_what_is_no_statement_is_refused_in_words(content, words):
    with pytest.raises(FileRefused, match=words):
        bank_lines.table_of(bank_lines.text_of(content))


# --- Dates and amounts


@pytest.mark.parametrize(
    "text",
    [
        *("2026-10-03", "2026/10/03", "20261003", "2026-10-03T09:15:00Z", "03.10.2026", "3.10.26", "03.10.2026 09:15"),
        *("3 Oct 2026", "03-Oct-26", "Oct 3, 2026", "October 3, 2026", "3. Oktober 2026", "03/10/2026", "3-10-26"),
    ],
)
def test_a_date_in_many_ways(text):
    assert read_date(text, "dmy") == date(2026, 10, 3)


@pytest.mark.parametrize("text", ["", "Saldo", "31.02.2026", "13/13/2026", "2026-1-3", "٠٣.10.2026", "3 Foo 2026"])
def test_what_is_no_date_says_so(text):
    with pytest.raises(Unreadable, match="no date"):
        read_date(text, "dmy")


def test_the_order_of_dates_is_told_by_all_of_them_or_asked_for():
    assert order_of_dates(["03/04/2026", "13/04/2026"]) == "dmy"
    assert order_of_dates(["03/04/2026", "04/13/2026"]) == "mdy"
    assert order_of_dates(["05/05/2026", "03.04.2026", "2026-04-03", ""]) == "dmy"
    for cells in (["03/04/2026"], ["13/04/2026", "04/13/2026", "03/04/2026"]):
        with pytest.raises(Unclear):
            order_of_dates(cells)


@pytest.mark.parametrize(
    ("text", "decimal", "minor"),
    [
        ("1.234,56", ",", 123456),
        ("1,234.56", ".", 123456),
        ("1 234,56", ",", 123456),
        ("1'234.56", ".", 123456),
        ("1234", ".", 123400),
        ("25,5", ",", 2550),
        ("25.5000", ".", 2550),
        ("+25.00", ".", 2500),
        ("-25.00", ".", -2500),
        ("−25,00", ",", -2500),
        ("25,00-", ",", -2500),
        ("(25.00)", ".", -2500),
        ("25,00 €", ",", 2500),
        ("EUR 25,00", ",", 2500),
        ("25,00 S", ",", -2500),
        ("25,00 CR", ",", 2500),
        ("1.234.567,00", ",", 123456700),
        ("0,00", ",", 0),
    ],
)
def test_an_amount_in_many_ways(text, decimal, minor):
    assert read_amount(text, decimal, "EUR") == minor


@pytest.mark.parametrize("text", ["", "viel", "1,23,456.00", "25.001", "2.5.5", "--25", "25.-", "12 Stück", "9" * 31])
def test_what_is_no_amount_says_so(text):
    with pytest.raises(Unreadable, match=r"no amount|too many decimals"):
        read_amount(text, ".", "EUR")


@pytest.mark.parametrize("text", ["$25.00", "25.00 USD", "CHF 25.00", "BHD 25.00"])
def test_another_currency_is_never_taken_for_ours(text):
    with pytest.raises(OtherCurrency, match="is not in EUR"):
        read_amount(text, ".", "EUR")


def test_a_currency_without_decimals():
    assert read_amount("2,500", ".", "JPY") == 2500
    with pytest.raises(Unreadable, match="too many decimals for JPY"):
        read_amount("2500.50", ".", "JPY")


def test_the_mark_before_the_decimals_is_told_by_all_amounts_or_asked_for():
    assert decimal_mark(["1.234", "25,50"]) == ","
    assert decimal_mark(["1,234", "25.50"]) == "."
    assert decimal_mark(["1.234.567", "1.234"]) == ","
    assert decimal_mark(["0,500"]) == ","
    assert decimal_mark(["25", "1 234", ""]) == "."
    for cells in (["1.234"], ["25,50", "25.50"]):
        with pytest.raises(Unclear):
            decimal_mark(cells)


def test_a_line_in_another_currency_or_with_a_wrong_address_says_so():
    text = "Date;Amount;Currency;E-mail\n2026-10-13;25,00;USD;\n2026-10-13;25,00;EUR;edith\n"
    dollars, address = read(text)
    assert dollars.wrong.startswith("This line is in USD, the campaign counts in EUR.")
    assert address.wrong.startswith("“edith” is no e-mail address.")


# --- The key


def test_two_that_say_the_same_are_two_and_told_apart():
    first, second, other = read("Date;Amount;Name\n" + "2026-10-13;25,00;Cash\n" * 2 + "2026-10-13;25,00;Edith\n")
    assert (first.same_as, second.same_as, other.same_as) == (0, 2, 0)
    assert len({first.key, second.key, other.key}) == 3


def test_the_key_is_the_same_in_every_export():
    one = read("Date;Amount;Name;Reference\n2026-10-13;1.025,50;Jürgen  Groß;Spende\n")
    two = read('Name,Reference,Extra,Date,Amount\nJÜRGEN GROSS,spende,x,13/10/2026,"1,025.50"\n')
    assert one[0].key == two[0].key


def test_a_guessed_name_is_confirmed_by_no_key_without_the_newsrooms_secret():
    line = "Date;Amount;Name\n2026-10-13;25,00;Ida Brandt\n"
    kept = read(line)[0].key
    guessed = json.dumps(["2026-10-13", 2500, "EUR", "", "ida brandt", 1], ensure_ascii=False).encode()
    with override_settings(SECRET_KEY="another newsroom's"):
        elsewhere = read(line)[0].key
    assert kept == read(line)[0].key
    assert kept not in {elsewhere, sha256(guessed).hexdigest()}
    assert len(kept) == 64


rows = st.tuples(st.integers(1, 3), st.sampled_from(["25.00", "30.00"]), st.sampled_from(["Edith", "Ann", ""]))


def keys(chosen):
    text = "Date;Amount;Name\n" + "".join(f"2026-10-0{day};{amount};{name}\n" for day, amount, name in chosen)
    return {line.key for line in read(text)}


@settings(max_examples=40, deadline=None)
@given(st.data(), st.lists(rows, min_size=1, max_size=12))
def test_the_order_of_the_lines_changes_no_key(data, chosen):
    assert keys(data.draw(st.permutations(chosen))) == keys(chosen)
    assert len(keys(chosen)) == len(chosen)


@settings(max_examples=40, deadline=None)
@given(st.lists(rows, min_size=1, max_size=12), st.integers(1, 3), st.integers(1, 3))
def test_statements_that_overlap_by_days_add_up_to_the_whole(chosen, until, since):
    """One file up to a day, another from a day on, or the other way round: every line once, none twice."""
    early = [row for row in chosen if row[0] <= until]
    late = [row for row in chosen if row[0] >= since]
    both = [row for row in chosen if row[0] <= until or row[0] >= since]
    entered = (keys(early) if early else set()) | (keys(late) if late else set())
    assert entered == (keys(both) if both else set())


@settings(max_examples=100, deadline=None)
@given(st.integers(-99_999_999, 99_999_999), st.sampled_from([(",", "."), (".", ","), (".", "'"), (",", " ")]))
def test_every_amount_is_read_back_exactly(minor, marks):
    decimal, thousands = marks
    text = f"{minor / abs(minor or 1) * (abs(minor) // 100):,.0f}".replace("-", "")
    text = f"{'-' if minor < 0 else ''}{text.replace(',', thousands)}{decimal}{abs(minor) % 100:02}"
    assert read_amount(text, decimal, "EUR") == minor
