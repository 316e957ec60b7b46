"""What can go wrong when Stripe is asked: its many exceptions as a few of ours, with words fit for staff."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

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
NOT_ALLOWED: Final = frozenset({401, 403})
NOT_THERE: Final = frozenset({404, 405, 501})
TRY_LATER: Final = frozenset({409, 429})


class PlainAnswers(stripe.RequestsClient):
    """The library breaks where an error is no object, as in {"error": "Not found"}: then it gets the status alone."""

    def request(  # type: ignore[override]  # the library's own has other types than what it stands for, too
        self, method: str, url: str, headers: Mapping[str, str] | None, post_data: Any = None
    ) -> tuple[bytes, int, Mapping[str, str]]:
        body, status, answered = super().request(method, url, headers, post_data)
        return body if status < 400 or is_stripes_error(body) else b"", status, answered


def is_stripes_error(body: bytes) -> bool:
    try:
        return isinstance(json.loads(body)["error"], dict)
    except (ValueError, TypeError, KeyError, RecursionError):
        return False


@contextmanager
def in_our_words() -> Iterator[None]:
    """Stripe's many exceptions as ours."""
    try:
        yield
    except stripe.StripeError as error:
        status, code = error.http_status or 0, error.code or ""
        raise kind_of(error, status, code)(words_of(error, status), status, code) from error


def words_of(error: stripe.StripeError, status: int) -> str:
    """Stripe's own words. What something else answers in its place may be a whole page, and is left out."""
    if status and error.error is None:
        return f"Stripe answered {status}, not in its own words. Look at STRIPE_API_BASE and at proxies on the way."
    return f"Stripe answered {status or 'nothing'}: {error.user_message or type(error).__name__}"


def kind_of(error: stripe.StripeError, status: int, code: str) -> type[StripeTrouble]:
    """By the status first: a proxy or a stand-in says that something is not there in other words than Stripe's."""
    if status in NOT_ALLOWED or isinstance(error, stripe.AuthenticationError | stripe.PermissionError):
        return StripeNotAllowed
    if status in NOT_THERE or code == "resource_missing":
        return StripeMissing
    return StripeRefused if isinstance(error, REFUSALS) and status not in TRY_LATER else StripeUnavailable
