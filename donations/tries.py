"""How often somebody may try: the gift form, and the link to a giver's own page.

Tries are counted for some minutes, links by e-mail for a day, and nowhere else. What they are counted by (an address,
a network, an e-mail) is hashed with the newsroom's secret, so that neither a counter nor whoever reads the counters'
store knows it.
"""

import logging
import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import salted_hmac
from limits import RateLimitItem, parse
from limits.errors import StorageError
from limits.storage import storage_from_string
from limits.strategies import FixedWindowRateLimiter

from outbox.discreet import in_brief

log = logging.getLogger(__name__)
Address = IPv4Address | IPv6Address
ONE_VISITOR: Final = {4: 32, 6: 64}  # bits of an address that are one house's; IPv6 gives each its own /64
ONE_NETWORK: Final = {4: 24, 6: 48}

# A limit stands before those that are wider, so that what one address is refused does not use up the others' share.
# docs/decisions.md says why the numbers are what they are.
GIFT: Final = {
    "form": parse("10/10 minutes"),
    "address": parse("30/10 minutes"),
    "network": parse("100/10 minutes"),
    "email": parse("6/10 minutes"),
    "campaign": parse("200/10 minutes"),
}
LINK: Final = {
    "address": parse("10/10 minutes"),
    "network": parse("60/10 minutes"),
    "email": parse("3/15 minutes"),
    "email by day": parse("10/day"),
    "everybody": parse("300/10 minutes"),
}


WHY: Final = {
    "form": "This form was sent many times in a few minutes.",
    "address": "Many gifts were tried from your network in a few minutes, by you or by others who share it.",
    "network": "Many gifts were tried from your network in a few minutes, by you or by others who share it.",
    "email": "Many gifts were tried with this e-mail address in a few minutes.",
    "campaign": "Very many gifts are being tried at the moment.",
}


@dataclass(frozen=True)
class TooMany:
    """A try that is one too many: by which limit, and in how many seconds the next one is taken."""

    of: str
    seconds: int

    @property
    def wait(self) -> str:
        """How long, in words."""
        minutes = math.ceil(self.seconds / 60)
        if minutes > 120:
            return f"{math.ceil(minutes / 60)} hours"
        return "a minute" if minutes == 1 else f"{minutes} minutes"

    @property
    def of_gift(self) -> str:
        return (
            f"{WHY[self.of]} So that nobody tries stolen cards here, we pause. Nothing was charged, and what you "
            f"typed is kept: press the button again in {self.wait}."
        )

    @property
    def of_link(self) -> str:
        within = "within a day" if self.of == "email by day" else "in a few minutes"
        return (
            f"A link was asked for many times {within}, so none is mailed for now. Look for the last one, also "
            f"among what your mail program takes for advertising, or try again in {self.wait}."
        )


def of_gift(request: HttpRequest, *, form: str, campaign: str, said: dict[str, Any]) -> TooMany | None:
    """Counts a gift form that is about to lead to Stripe; says so where it is one too many. `said` is what it says.

    Gifts once and monthly are counted apart, so that a run of one leaves room for the other.
    """
    told = {"form": form, "email": said["email"].lower(), "campaign": f"{campaign} {said['frequency']}"}
    return counted("gift", GIFT, by_address(request) | told)


def of_link(request: HttpRequest, email: str) -> TooMany | None:
    """Counts a wish for the link to a giver's own page, whether or not there is such a giver."""
    told = {"email": email.lower(), "email by day": email.lower(), "everybody": "all"}
    return counted("link", LINK, by_address(request) | told)


# --- Who is it -----------------------------------------------------------------------------------------------------


def by_address(request: HttpRequest) -> dict[str, str]:
    """A visitor's address and network; nothing where only the proxy's own address is known."""
    address = address_of(request)
    if address is None or not address.is_global:
        return {}
    return {"address": part_of(address, ONE_VISITOR), "network": part_of(address, ONE_NETWORK)}


def address_of(request: HttpRequest) -> Address | None:
    """What the connection says, or as many steps up X-Forwarded-For as there are proxies of our own.

    What stands further left was written by the visitor and is believed by nobody.
    """
    steps = [step.strip() for step in request.headers.get("X-Forwarded-For", "").split(",") if step.strip()]
    trusted = settings.TRUSTED_PROXIES
    told = steps[-trusted] if 0 < trusted <= len(steps) else request.META.get("REMOTE_ADDR", "")
    try:
        address = ip_address(without_port(told))
    except ValueError:
        if told:
            say_once_that_limits_are_off()
        return None
    return getattr(address, "ipv4_mapped", None) or address


def without_port(told: str) -> str:
    """Some proxies write "1.2.3.4:5678" or "[2001:db8::1]:443"."""
    if told.startswith("["):
        return told[1:].partition("]")[0]
    return told.partition(":")[0] if told.count(":") == 1 else told


@cache
def say_once_that_limits_are_off() -> None:
    """Once in a process: whatever stood there was typed by a stranger, or is somebody's, so it is not told."""
    log.error(
        "What stands for a visitor's address is none, so tries are not limited by address. Let the proxy write "
        "addresses into X-Forwarded-For, and set TRUSTED_PROXIES to how many of ours do."
    )


def part_of(address: Address, bits: dict[int, int]) -> str:
    return str(ip_network((address, bits[address.version]), strict=False))


# --- Counting ------------------------------------------------------------------------------------------------------


def counted(what: str, limits: dict[str, RateLimitItem], told: dict[str, str]) -> TooMany | None:
    """Counts a try by each of what is told, the narrowest first, up to the first limit that is over."""
    try:
        return first_over(what, ((of, limit, told[of]) for of, limit in limits.items() if told.get(of)))
    except StorageError as trouble:  # a gift is worth more than a limit
        log.error("Tries are not counted, for their store does not answer: %s", in_brief(trouble))
        return None


def first_over(what: str, tries: Iterable[tuple[str, RateLimitItem, str]]) -> TooMany | None:
    limiter = counters(*where_kept())
    for of, limit, value in tries:
        key = salted_hmac("donations.tries", value, algorithm="sha256").hexdigest()
        if not limiter.hit(limit, what, of, key):
            left = limiter.get_window_stats(limit, what, of, key).reset_time - timezone.now().timestamp()
            log.info("A %s was one too many of its %s.", what, of)
            return TooMany(of, max(1, math.ceil(left)))
    return None


def where_kept() -> tuple[str, str]:
    """The store of the counters, and the name before theirs: the cache's Redis, or else this process's memory."""
    store = settings.CACHES["default"]
    places = store.get("LOCATION") or ""
    place = places if isinstance(places, str) else places[0]  # of several, the first is written to
    uri = place if place.startswith(("redis://", "rediss://", "unix://")) else "memory://"
    return uri, f"{store.get('KEY_PREFIX', '')}:tries"


@lru_cache(maxsize=1)
def counters(uri: str, prefix: str) -> FixedWindowRateLimiter:
    options: dict[str, float | str | bool] = {"wrap_exceptions": True}
    if uri != "memory://":
        options |= {"key_prefix": prefix, "socket_timeout": 1, "socket_connect_timeout": 1}
    return FixedWindowRateLimiter(storage_from_string(uri, **options))
