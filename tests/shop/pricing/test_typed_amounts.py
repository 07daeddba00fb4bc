"""Amounts as people type them are understood exactly or refused with a reason; never rounded, never read as cents."""

from __future__ import annotations

import re

import pytest

from shop.money import Money
from shop.pricing.amount_parser import NotAnAmount, parse_money


@pytest.mark.parametrize(
    ("typed", "currency", "minor"),
    [
        ("69.95", "USD", 6995),
        ("70", "USD", 7000),
        ("70.5", "USD", 7050),
        (".5", "USD", 50),
        ("$69.95", "USD", 6995),
        ("US$ 69.95", "USD", 6995),
        ("69.95 USD", "USD", 6995),
        ("usd 69.95", "USD", 6995),
        ("1,234.50", "USD", 123450),
        ("1,234", "USD", 123400),
        ("1,234,567", "USD", 123456700),
        ("1 234.50 €", "EUR", 123450),
        ("1\N{NARROW NO-BREAK SPACE}234.50\N{NO-BREAK SPACE}€", "EUR", 123450),
        ("CHF 1\N{RIGHT SINGLE QUOTATION MARK}234.50", "CHF", 123450),
        ("¥3,000", "JPY", 3000),
        ("\N{FULLWIDTH YEN SIGN}\N{FULLWIDTH DIGIT THREE}\N{FULLWIDTH DIGIT ZERO}", "JPY", 30),
        ("-5.00", "USD", -500),
        ("-$5.00", "USD", -500),
        ("$\N{MINUS SIGN}5.00", "USD", -500),
        ("+5", "USD", 500),
        ("21,474,836.47", "USD", 2_147_483_647),
    ],
)
def test_an_amount_is_read_exactly(typed: str, currency: str, minor: int) -> None:
    assert parse_money(typed, currency) == Money(minor, currency)


@pytest.mark.parametrize(
    ("typed", "currency", "reason"),
    [
        ("10.005", "USD", "at most 2 digits after the decimal point"),
        ("10.000", "USD", "at most 2 digits after the decimal point"),
        ("0.001", "USD", "at most 2 digits after the decimal point"),
        ("1,234.505", "USD", "at most 2 digits after the decimal point"),
        ("100.5", "JPY", "JPY has no decimals"),
        ("1.000", "JPY", "JPY has no decimals"),
        ("€69.95", "USD", "in USD, not in €"),
        ("69.95 EUR", "USD", "in USD, not in EUR"),
        ("69,95", "USD", "a comma only before three digits"),
        ("69,9", "EUR", "a comma only before three digits"),
        ("1.234,50", "EUR", "a comma only before three digits"),
        ("1.234.567", "EUR", "Enter an amount in EUR"),
        ("100,5", "JPY", "a comma only before three digits"),
        ("1,234 567", "USD", "Enter an amount in USD"),
        ("0,123", "USD", "Enter an amount in USD, such as 1,234.95"),
        ("1,23,456", "USD", "Enter an amount in USD"),
        ("12,34.50", "USD", "Enter an amount in USD"),
        ("1.2.3", "USD", "Enter an amount in USD"),
        ("70.", "USD", "Enter an amount in USD"),
        ("1e9", "USD", "Enter an amount in USD"),
        ("NaN", "USD", "Enter an amount in USD"),
        ("Infinity", "USD", "Enter an amount in USD"),
        ("--5", "USD", "Enter an amount in USD"),
        ("-$-5", "USD", "Enter an amount in USD"),
        ("½", "USD", "Enter an amount in USD"),
        ("٧٠", "USD", "Enter an amount in USD"),
        ("ten", "JPY", "Enter an amount in JPY, such as 123,495"),
        ("", "USD", "Enter an amount in USD"),
        (".", "USD", "Enter an amount in USD"),
        ("21,474,836.48", "USD", "The highest possible amount is $21,474,836.47"),
        ("9" * 5000, "USD", "Enter an amount in USD"),
    ],
)
def test_invalid_amount_is_refused_with_a_reason(typed: str, currency: str, reason: str) -> None:
    with pytest.raises(NotAnAmount, match=re.escape(reason)):
        parse_money(typed, currency)
