"""What can go wrong when Stripe is asked: its many exceptions as a few of ours, with words fit for staff."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import stripe


class StripeTrouble(Exception):
    """Stripe did not do what it was asked; the message says what happened, fit for staff.

    `status` is that of Stripe's answer, 0 where there was none; `code` is Stripe's own word for the reason.
    """

    def __init__(self, words: str, status: int = 0, code: str = "") -> None:
        super().__init__(words)
        self.status, self.code = status, code

    @property
    def is_final(self) -> bool:
        """Whether Stripe answers the same again under the same idempotency key."""
        return self.status >= 400 and self.status not in {409, 429}


class StripeUnavailable(StripeTrouble):
    """No answer, an error on Stripe's side, or too many requests: the same may work later."""


class StripeNotAllowed(StripeTrouble):
    """The key is wrong, or may not do this."""


class StripeRefused(StripeTrouble):
    """Stripe understood, and said no."""


class StripeMissing(StripeRefused):
    """There is no such object in this account and mode; without a code, there is no such endpoint."""


REFUSALS: Final = (stripe.InvalidRequestError, stripe.CardError, stripe.IdempotencyError)


@contextmanager
def in_our_words() -> Iterator[None]:
    """Stripe's many exceptions as ours."""
    try:
        yield
    except stripe.StripeError as error:
        status, code = error.http_status or 0, error.code or ""
        words = f"Stripe answered {status or 'nothing'}: {error.user_message or type(error).__name__}"
        raise kind_of(error, status, code)(words, status, code) from error


def kind_of(error: stripe.StripeError, status: int, code: str) -> type[StripeTrouble]:
    if isinstance(error, stripe.AuthenticationError | stripe.PermissionError):
        return StripeNotAllowed
    if status in {409, 429} or not isinstance(error, REFUSALS):
        return StripeUnavailable
    return StripeMissing if status == 404 or code == "resource_missing" else StripeRefused
