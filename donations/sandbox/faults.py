"""Faults on demand: errors, slow answers and broken connections, ordered for certain requests."""

import time
from dataclasses import dataclass

from .account import ApiError


@dataclass
class Fault:
    """An error `status`, or a connection that is `cut`, or `seconds` of waiting: before the work, or `after` it."""

    status: int = 0
    cut: bool = False
    seconds: float = 0
    after: bool = False
    path: str = ""
    verb: str = ""
    retry_after: int | None = None

    @property
    def is_of_the_line(self):
        return not self.status

    def concerns(self, verb, path):
        return path.startswith(f"/v1/{self.path}") and self.verb in {"", verb}


def order(account, fault, times):
    account.faults.extend([fault] * times)


def take(account, verb, path, *, of_the_line):
    """The first fault that was ordered for such a request, used up; or None."""
    with account.lock:
        for place, fault in enumerate(account.faults):
            if fault.is_of_the_line == of_the_line and fault.concerns(verb, path):
                return account.faults.pop(place)
    return None


def error(fault):
    """The ordered error, as Stripe words its own."""
    kind = "api_error" if fault.status >= 500 else "invalid_request_error"
    code = {429: "rate_limit", 404: "resource_missing"}.get(fault.status)
    headers = {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
    message = f"The sandbox was told to answer {fault.status} here."
    return ApiError(message, status=fault.status, kind=kind, code=code, headers=headers)


class Cut(Exception):
    """No answer is sent, and the connection ends."""


def on_the_line(account, verb, path, work):
    """The answer of `work`, late or never where that was ordered. Raises Cut."""
    fault = take(account, verb, path, of_the_line=True)
    if fault and not fault.after:
        _befall(fault)
    answer = work()
    if fault and fault.after:
        _befall(fault)
    return answer


def _befall(fault):
    time.sleep(fault.seconds)
    if fault.cut:
        raise Cut
