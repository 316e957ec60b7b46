from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from donations.money import MAX_AMOUNT, AmountRefused, CurrencyRefused, exponent, format_money, parse_amount, percent


@pytest.mark.parametrize(
    ("typed", "minor"),
    [
        ("19.99", 1999),
        ("25", 2500),
        ("25.5", 2550),
        (" 25.00 ", 2500),
        ("$25", 2500),
        ("$ 19.99", 1999),
        ("1,000.00", 100000),
        ("1,000", 100000),
        ("0.01", 1),
        ("007", 700),
        ("999,999.99", MAX_AMOUNT),
    ],
)
def test_a_typed_amount_is_read_exactly(typed, minor):
    assert parse_amount(typed, "USD") == minor


def test_a_currency_without_decimals_is_read_in_whole_units():
    assert parse_amount("2,500", "JPY") == 2500


@pytest.mark.parametrize(
    ("typed", "currency", "words"),
    [
        ("", "USD", "Type an amount, such as 25 or 19.99."),
        ("   ", "USD", "Type an amount, such as 25 or 19.99."),
        ("$", "USD", "Type an amount, such as 25 or 19.99."),
        ("1e3", "USD", "“1e3” is not an amount. Use digits only, such as 25 or 19.99."),
        ("-5", "USD", "“-5” is not an amount. Use digits only, such as 25 or 19.99."),
        ("+5", "USD", "“+5” is not an amount. Use digits only, such as 25 or 19.99."),
        ("NaN", "USD", "“NaN” is not an amount. Use digits only, such as 25 or 19.99."),
        ("Infinity", "USD", "“Infinity” is not an amount. Use digits only, such as 25 or 19.99."),
        ("0x10", "USD", "“0x10” is not an amount. Use digits only, such as 25 or 19.99."),
        ("1_000", "USD", "“1_000” is not an amount. Use digits only, such as 25 or 19.99."),
        ("19,99", "USD", "“19,99” is not an amount. Use digits only, such as 25 or 19.99."),
        ("1,00,000", "USD", "“1,00,000” is not an amount. Use digits only, such as 25 or 19.99."),
        ("25.", "USD", "“25.” is not an amount. Use digits only, such as 25 or 19.99."),
        (".50", "USD", "“.50” is not an amount. Use digits only, such as 25 or 19.99."),
        ("٢٥", "USD", "“٢٥” is not an amount. Use digits only, such as 25 or 19.99."),
        ("２５", "USD", "“２５” is not an amount. Use digits only, such as 25 or 19.99."),
        ("25\n26", "USD", "“25\n26” is not an amount. Use digits only, such as 25 or 19.99."),
        ("€25", "USD", "“€25” is not an amount. Use digits only, such as 25 or 19.99."),
        ("10.001", "USD", "“10.001” has too many decimals for USD. Type it like 25 or 19.99."),
        ("10.5", "JPY", "“10.5” has too many decimals for JPY. Type it like 2500."),
        ("0", "USD", "The amount is zero. Type an amount above zero."),
        ("0.00", "USD", "The amount is zero. Type an amount above zero."),
        ("1,000,000", "USD", "That is more than one payment can carry. The most is $999,999.99."),
        ("9" * 5000, "USD", "That is more than one payment can carry. The most is $999,999.99."),
        (
            "x" * 5000,
            "USD",
            "“xxxxxxxxxxxxxxxxxxxxxxxxxxxxx…” is not an amount. Use digits only, such as 25 or 19.99.",
        ),
    ],
)
def test_what_is_not_an_amount_is_refused_in_words(typed, currency, words):
    with pytest.raises(AmountRefused) as refused:
        parse_amount(typed, currency)
    assert str(refused.value) == words


@given(st.integers(1, MAX_AMOUNT), st.sampled_from(["USD", "EUR", "HUF", "JPY", "KRW"]))
def test_an_amount_in_words_reads_back_as_itself(minor, currency):
    words = format_money(minor, currency).lstrip("$€¥₩").removeprefix("HUF")
    assert parse_amount(words, currency) == minor


@given(st.text())
def test_any_text_is_an_amount_or_is_refused(text):
    with suppress(AmountRefused):
        assert 1 <= parse_amount(text, "USD") <= MAX_AMOUNT


def test_amounts_are_told_exactly_and_whole_ones_short_where_asked():
    assert format_money(1999, "USD") == "$19.99"
    assert format_money(1_000_000, "USD") == "$10,000.00"
    assert format_money(1_000_000, "USD", trim=True) == "$10,000"
    assert format_money(1999, "USD", trim=True) == "$19.99"
    assert format_money(-750, "USD") == "-$7.50"
    assert format_money(0, "USD") == "$0.00"
    assert format_money(2500, "JPY") == "¥2,500"
    assert format_money(1999, "HUF") == "HUF19.99"  # two decimals to Stripe, whatever other tables say
    assert format_money(123456, "EUR", "de_DE") == "1.234,56\xa0€"


@pytest.mark.parametrize(
    ("currency", "words"),
    [
        ("ISK", "ISK cannot be used: Stripe counts it in hundredths that do not exist"),
        ("UGX", "UGX cannot be used: Stripe counts it in hundredths that do not exist"),
        ("KWD", "KWD cannot be used: it has three decimals, of which Stripe takes only two"),
        ("usd", "'usd' is not a currency that Stripe takes. Use three capitals"),
        ("XXX", "'XXX' is not a currency that Stripe takes."),
        ("", "'' is not a currency that Stripe takes."),
    ],
)
def test_a_currency_that_cannot_be_collected_in_says_why(currency, words):
    with pytest.raises(CurrencyRefused) as refused:
        exponent(currency)
    assert str(refused.value).startswith(words)


def test_a_percentage_is_rounded_down_and_has_no_ceiling():
    assert percent(152_500, 1_000_000) == 15
    assert percent(999_999, 1_000_000) == 99
    assert percent(2_500_000, 1_000_000) == 250
    assert percent(0, 1_000_000) == 0
    assert percent(100, None) is None
