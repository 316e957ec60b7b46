"""What may be logged of an error. Its words may hold a person's name or address; its type, code and place do not."""

import re
import smtplib
from traceback import format_tb
from typing import Final

from django.db import DatabaseError

SQLITES: Final = re.compile(r"constraint failed: (?:index ')?([\w., ]+)")


def in_brief(error: BaseException) -> str:
    """An error without its words: "StripeRefused 400 email_invalid", "IntegrityError payment_amount_in_range"."""
    return " ".join([type(error).__name__, *(str(mark) for mark in marks(error) if mark)])


def and_where(error: BaseException) -> str:
    """The same, and the lines of our code that led to it."""
    return f"{in_brief(error)}\n{''.join(format_tb(error.__traceback__))}"


def marks(error: BaseException) -> list[object]:
    """Whatever else tells one error from another of its type: the status and code of an answer, a constraint."""
    if isinstance(error, DatabaseError):
        return [constraint(error)]
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return [code for code, _ in error.recipients.values()]
    return [getattr(error, name, "") for name in ("status", "code", "smtp_code", "errno")]


def constraint(error: DatabaseError) -> str:
    """The name of the constraint that refused a row; PostgreSQL and SQLite tell it in different ways."""
    told = getattr(getattr(error.__cause__, "diag", None), "constraint_name", None)
    found = SQLITES.search(str(error))
    return told or (found[1] if found else "")
