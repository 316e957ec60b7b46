"""Amounts of money: whole minor units beside a currency, read from what people type and put into words.

No database, no float. A minor unit is what Stripe counts in: cents for USD, whole yen for JPY.
"""

import re
from copy import copy
from decimal import Decimal
from typing import Final

from babel import Locale
from babel.numbers import format_currency, get_currency_symbol

MAX_AMOUNT: Final = 99_999_999
"""The largest amount of one payment, in minor units of any currency: Stripe's own limit of eight digits."""

# Stripe's exponents (docs.stripe.com/currencies). ISO's and Babel's differ for some, so they are not asked.
ZERO_DECIMAL: Final = frozenset("BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF VND VUV XAF XOF XPF".split())
TWO_DECIMAL: Final = frozenset(
    """
    AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BRL BSD BWP BYN BZD CAD CDF CHF CNY COP CRC CVE
    CZK DKK DOP DZD EGP ETB EUR FJD FKP GBP GEL GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR JMD KES KGS KHR KYD KZT
    LAK LBP LKR LRD LSL MAD MDL MKD MMK MNT MOP MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR
    PLN QAR RON RSD RUB SAR SBD SCR SEK SGD SHP SLE SOS SRD STD SZL THB TJS TOP TRY TTD TWD TZS UAH USD UYU UZS WST
    XCD XCG YER ZAR ZMW
    """.split()
)
COUNTED: Final = ZERO_DECIMAL | TWO_DECIMAL
REFUSED: Final = {
    "ISK": "Stripe counts it in hundredths that do not exist, so an amount could be read a hundred times too high",
    "UGX": "Stripe counts it in hundredths that do not exist, so an amount could be read a hundred times too high",
} | dict.fromkeys(
    ("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"),
    "it has three decimals, of which Stripe takes only two",
)


class CurrencyRefused(ValueError):
    """A currency in which no campaign can collect; says why."""


class AmountRefused(ValueError):
    """What was typed is not an amount of money; says what is wrong and what to type instead."""


def exponent(currency: str) -> int:
    """How many decimals Stripe counts in: 2 for "USD", 0 for "JPY". Raises CurrencyRefused, in words."""
    if currency in ZERO_DECIMAL:
        return 0
    if currency in TWO_DECIMAL:
        return 2
    if currency in REFUSED:
        raise CurrencyRefused(f"{currency} cannot be used: {REFUSED[currency]}. Choose another currency.")
    raise CurrencyRefused(f"{currency!r} is not a currency that Stripe takes. Use three capitals, such as USD or EUR.")


# One amount: digits, or groups of three between commas, then perhaps decimals after one point. ASCII digits only.
AMOUNT: Final = re.compile(r"(?P<whole>[0-9]+|[0-9]{1,3}(?:,[0-9]{3})+)(?:\.(?P<part>[0-9]+))?")


def parse_amount(text: str, currency: str, *, most: int = MAX_AMOUNT) -> int:
    """What a person typed, as whole minor units: "19.99" and "$19.99" are 1999 in USD, "1,000" is 1000 in JPY.

    Raises AmountRefused with a sentence for the form: nothing typed, not an amount, too many decimals, zero, too much.
    A goal may be larger than one payment: `most` says how large.
    """
    decimals = exponent(currency)
    example = "25 or 19.99" if decimals else "2500"
    typed = text.strip().removeprefix(get_currency_symbol(currency, locale="en_US")).lstrip()
    if not typed:
        raise AmountRefused(f"Type an amount, such as {example}.")
    found = AMOUNT.fullmatch(typed)
    if not found:
        raise AmountRefused(f"“{shorten(typed)}” is not an amount. Use digits only, such as {example}.")
    part = (found["part"] or "").ljust(decimals, "0")
    if len(part) > decimals:
        raise AmountRefused(f"“{shorten(typed)}” has too many decimals for {currency}. Type it like {example}.")
    return within_limits(found["whole"].replace(",", "").lstrip("0") + part, currency, most)


def within_limits(digits: str, currency: str, most: int) -> int:
    """The minor units in a string of digits, of any length; raises AmountRefused below 1 and above `most`."""
    digits = digits.lstrip("0")
    if not digits:
        raise AmountRefused("The amount is zero. Type an amount above zero.")
    if len(digits) > len(str(most)) or int(digits) > most:
        why = "more than one payment can carry" if most == MAX_AMOUNT else "too much"
        raise AmountRefused(f"That is {why}. The most is {format_money(most, currency)}.")
    return int(digits)


def shorten(text: str) -> str:
    """Typed text, fit to be quoted in a message."""
    return text if len(text) <= 30 else text[:29] + "…"


def format_money(minor: int, currency: str, locale: str = "en_US", *, trim: bool = False) -> str:
    """Minor units in words: "$19.99", "¥2,500". With `trim`, whole amounts lose their decimals: "$10,000"."""
    decimals = exponent(currency)
    amount = Decimal(minor).scaleb(-decimals)
    if trim and amount == amount.to_integral_value():
        decimals = 0
    pattern = copy(Locale.parse(locale).currency_formats["standard"])
    pattern.frac_prec = (decimals, decimals)  # Stripe's exponent, not the one of Babel's tables
    return format_currency(amount, currency, locale=locale, currency_digits=False, format=pattern)


def any_money(minor: int, currency: str) -> str:
    """Minor units in words even where no campaign can collect in the currency: Stripe may still move money in it."""
    try:
        return format_money(minor, currency)
    except CurrencyRefused:
        return f"{minor} minor units of {currency}"


def decimal_text(minor: int, currency: str, *, grouped: bool = False) -> str:
    """Minor units as plain digits for a field or a sheet: "1999.50"; `grouped` as people write them: "1,999.50"."""
    return f"{Decimal(minor).scaleb(-exponent(currency)):{',f' if grouped else 'f'}}"


def percent(part: int, whole: int | None) -> int | None:
    """floor(100·part/whole), uncapped; null without a whole. Both in the same minor units."""
    return 100 * part // whole if whole else None
