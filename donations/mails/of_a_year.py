"""The mail that a statement of a year comes with."""

from datetime import datetime

from django.conf import settings
from django.core.mail import EmailMultiAlternatives

from donations.models import SentMail, StatementWords
from donations.money import any_money
from donations.statements import Statement, file_name, issues, printed, statement_of
from outbox.sending import NotOwed

from .letters import Letter, giving_url, posted


def compose_statement(mail: SentMail, now: datetime) -> EmailMultiAlternatives:
    """The figures are those of the moment at which the mail is written. The first of a year is the original."""
    if mail.donor is None:
        raise NotOwed("it is about no giver")
    year = mail.about["year"]
    statement = statement_of(mail.donor, year, now)
    if not statement.has_something:
        raise NotOwed(f"nothing of what they gave in {year} stayed")
    is_copy = issues(mail.donor, year).filter(pk__lt=mail.pk).exists()
    message = posted(mail, letter(statement, is_copy=is_copy))
    pdf = printed(statement, StatementWords.now(), now, is_copy=is_copy)
    message.attach(file_name(year), pdf, "application/pdf")
    return message


def letter(statement: Statement, *, is_copy: bool) -> Letter:
    what = "A copy of your statement" if is_copy else "Your statement"
    year = statement.year
    return Letter(
        subject=f"{what} for {year}",
        heading=f"{what} for {year}",
        paragraphs=[
            f"Thank you for what you gave to {settings.NEWSROOM_NAME} in {year}. The PDF with this mail, "
            f"{file_name(year)}, lists every payment and what went back to you.",
        ],
        facts=[(f"In {year}", any_money(part.stays, part.currency)) for part in statement.parts],
        button=("My gifts", giving_url()),
        after=["Your page has your receipts and the statements of other years. We mail you a link to open it."],
        foot=["If something in it is wrong, answer this mail."],
        is_test=statement.is_test,
    )
