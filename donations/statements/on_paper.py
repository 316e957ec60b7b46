"""A statement as a PDF: the site's serif, hairlines for boxes, and words that staff may change."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final

from django.conf import settings
from fpdf import FPDF
from fpdf.fonts import FontFace

from donations.models import StatementWords
from donations.money import CurrencyRefused, any_money, decimal_text

from .fonts import SERIF, can_name, file_of, fonts_beside, printable
from .of_a_year import Line, Part, Statement

LETTER: Final = {"CAD", "CLP", "COP", "DOP", "MXN", "PHP", "USD"}  # the paper where these are at home; A4 elsewhere
INK: Final = (21, 25, 29)  # the site's light palette, which a paper is
SOFT: Final = (84, 92, 99)
HAIRLINE: Final = (214, 217, 216)
CORRECTION: Final = (156, 47, 22)
MARGIN: Final = 22  # millimetres, as all measures here
HEADS: Final = ("Date", "For", "How", "Amount", "Went back")
WIDTHS: Final = (20, 35, 14, 16, 15)  # in hundredths of the line
GAPS: Final = (2, 4, 2, 0, 0)  # behind what stands on the left


def printed(statement: Statement, words: StatementWords, now: datetime, *, is_copy: bool) -> bytes:
    """The statement as a PDF. Whatever our fonts lack is plainer or left out; no text stops the printing."""
    paper = Paper(statement, is_copy)
    paper.set_creation_date(now.astimezone(UTC))
    paper.nameplate(words)
    paper.marks()
    paper.addressee()
    paper.says(worded(words.before, statement))
    for part in statement.parts:
        paper.payments(part)
    paper.says(worded(words.after, statement), size=10)
    return bytes(paper.output())


def worded(text: str, statement: Statement) -> str:
    """What staff wrote, with the year and the newsroom's name in their places; other braces stay as they are."""
    return text.replace("{year}", str(statement.year)).replace("{newsroom}", settings.NEWSROOM_NAME)


def money(minor: int, currency: str) -> str:
    """As everywhere; by the currency's letters where our fonts lack its sign."""
    told = any_money(minor, currency)
    try:
        return told if printable(told) == told else f"{currency} {decimal_text(minor, currency, grouped=True)}"
    except CurrencyRefused:
        return told


class Paper(FPDF):
    """The pages of one statement."""

    def __init__(self, statement: Statement, is_copy: bool) -> None:
        super().__init__(format="letter" if settings.CURRENCY in LETTER else "a4")
        self.statement, self.is_copy = statement, is_copy
        self.set_margins(MARGIN, MARGIN)
        self.c_margin = 0  # text begins where the rules begin
        self.set_auto_page_break(True, MARGIN + 6)
        self.set_lang("en")
        self.set_title(printable(f"{settings.NEWSROOM_NAME}, {statement.year}"))
        self.set_author(printable(settings.NEWSROOM_NAME))
        for style, font in SERIF.items():
            self.add_font("serif", style, file_of(font))
        self.fonts_kept: list[str] = []
        self.add_page()

    def footer(self) -> None:
        """On every page: whose it is, and which of how many."""
        self.set_y(-MARGIN)
        copy = " · Copy" if self.is_copy else ""
        self.line_of(
            f"{settings.NEWSROOM_NAME} · {self.statement.year}{copy} · Page {self.page_no()} of {{nb}}", 9, SOFT
        )

    def pen(self, size: float, color: tuple[int, int, int] = INK, *, style: str = "", text: str = "") -> None:
        """Ink of a colour and a size, and the fonts that `text` needs besides."""
        for font in fonts_beside(text):
            if font not in self.fonts_kept:
                self.add_font(font, "", file_of(font))
                self.fonts_kept.append(font)
                self.set_fallback_fonts(self.fonts_kept, exact_match=False)
        self.set_font("serif", style, size)
        self.set_text_color(*color)

    def line_of(
        self, text: str, size: float, color: tuple[int, int, int] = INK, *, style: str = "", align: str = "L"
    ) -> None:
        """Text from margin to margin, in as many lines as it takes; lines that were typed stay."""
        told = printable(text)
        self.pen(size, color, style=style, text=told)
        self.multi_cell(0, size * 0.5, told, align=align, new_x="LMARGIN", new_y="NEXT")

    def rule(self, width: float, color: tuple[int, int, int]) -> None:
        self.set_line_width(width)
        self.set_draw_color(*color)
        self.line(self.l_margin, self.y, self.w - self.r_margin, self.y)

    def nameplate(self, words: StatementWords) -> None:
        self.line_of(settings.NEWSROOM_NAME, 18, style="B")
        self.ln(2)
        self.rule(0.9, INK)
        self.ln(3)
        if words.letterhead:
            self.line_of(worded(words.letterhead, self.statement), 10, SOFT)
        self.ln(9)
        self.line_of(worded(words.heading, self.statement), 24, style="B")
        self.ln(1)

    def marks(self) -> None:
        """What must not be overlooked: that it is a copy, a test, or told in the middle of a year."""
        told = self.statement
        if self.is_copy:
            self.line_of("Copy. A statement of this year was issued before.", 11, CORRECTION, style="B")
        if told.is_test:
            self.line_of("This is a test. No real money moved.", 11, CORRECTION, style="B")
        if told.so_far:
            self.line_of(
                f"{told.year} is not over: these are the gifts up to {told.issued}.", 11, CORRECTION, style="B"
            )

    def addressee(self) -> None:
        self.ln(5)
        name = self.statement.name
        if name and can_name(name):
            self.line_of(name, 12, style="B")
        if self.statement.email:
            self.line_of(self.statement.email, 12)
        self.line_of(f"Issued on {self.statement.issued}", 12, SOFT)
        self.ln(5)

    def says(self, text: str, *, size: float = 12) -> None:
        if text.strip():
            self.line_of(text.strip().replace("\r\n", "\n"), size, INK if size > 10 else SOFT)
            self.ln(5)

    def payments(self, part: Part) -> None:
        """The table of one currency, whose head comes again on each page, and what of it stayed."""
        texts = [HEADS, *(cells(line) for line in part.lines)]
        self.pen(10, text="".join(printable(text) for row in texts for text in row))
        self.set_line_width(0.2)
        self.set_draw_color(*HAIRLINE)
        with self.table(
            col_widths=WIDTHS,
            text_align=("LEFT", "LEFT", "LEFT", "RIGHT", "RIGHT"),
            borders_layout="HORIZONTAL_LINES",
            line_height=5.4,
            padding=(1.6, 0),
            v_align="TOP",
            headings_style=FontFace(emphasis="", color=SOFT),
        ) as table:
            for texts_of_row in texts:
                row = table.row()
                for text, gap in zip(texts_of_row, GAPS, strict=True):
                    row.cell(printable(text), padding=(1.6, gap, 1.6, 0))
        self.sums(part)

    def sums(self, part: Part) -> None:
        if self.will_page_break(24):
            self.add_page()
        self.ln(1)
        self.rule(0.4, INK)
        self.ln(2.5)
        if part.stays != part.given:
            self.line_of(f"Given: {money(part.given, part.currency)}", 12, align="R")
            self.line_of(f"Went back: {money(part.given - part.stays, part.currency)}", 12, align="R")
        self.line_of(f"Total of {self.statement.year}: {money(part.stays, part.currency)}", 14, style="B", align="R")
        self.ln(8)


def cells(line: Line) -> Iterable[str]:
    back = money(line.back, line.currency) if line.back else "–"
    return line.day, line.campaign, line.how, money(line.amount, line.currency), back
