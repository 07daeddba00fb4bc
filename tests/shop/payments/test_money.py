from decimal import Decimal

import pytest

from shop.money import MixedCurrencies, Money

PRICE = Money.of("59.95", "USD")


def test_money_counts_minor_units() -> None:
    assert Money(5995, "USD") == PRICE
    assert PRICE.amount == Decimal("59.95")
    assert str(PRICE) == "$59.95"
    assert str(Money.of("5", "USD")) == "$5.00"
    assert str(Money(-599, "USD")) == "-$5.99"
    assert str(Money(599, "EUR")) == "5.99 EUR"


@pytest.mark.parametrize("currency", ["HUF", "JPY", "TWD", "CLP", "MYR"])
def test_some_currencies_have_no_decimals(currency: str) -> None:
    assert Money.of("1200", currency).minor == 1200
    assert str(Money.of("1200", currency)) == f"1,200 {currency}"


@pytest.mark.parametrize(
    ("amount", "minor"), [("0.005", 1), ("0.004", 0), ("-0.005", -1), ("2.675", 268), ("1e2", 10000)]
)
def test_money_rounds_half_up_away_from_zero(amount: str, minor: int) -> None:
    assert Money.of(amount, "USD").minor == minor


def test_money_accepts_a_decimal() -> None:
    assert Money.of(Decimal("59.95"), "USD") == PRICE


@pytest.mark.parametrize("amount", [59.95, 59, True, None])
def test_money_refuses_floats(amount: object) -> None:
    with pytest.raises(TypeError):
        Money.of(amount, "USD")  # type: ignore[arg-type]


@pytest.mark.parametrize("minor", [59.95, True, "5995"])
def test_minor_units_are_whole(minor: object) -> None:
    with pytest.raises(TypeError):
        Money(minor, "USD")  # type: ignore[arg-type]


@pytest.mark.parametrize("amount", ["", "abc", "NaN", "Infinity", "1,5", "1e999"])
def test_money_refuses_non_numbers(amount: str) -> None:
    with pytest.raises(ValueError, match="Not an amount"):
        Money.of(amount, "USD")


@pytest.mark.parametrize("currency", ["", "usd", "US", "USDT", "ÜSD"])
def test_money_refuses_invalid_currencies(currency: str) -> None:
    with pytest.raises(ValueError, match="three capital letters"):
        Money(1, currency)


def test_money_adds_subtracts_and_negates() -> None:
    assert PRICE + Money(5, "USD") == Money(6000, "USD")
    assert PRICE - Money(95, "USD") == Money(5900, "USD")
    assert Money(-5995, "USD") == -PRICE
    assert PRICE.times(3) == Money(17985, "USD")
    assert sum([PRICE, PRICE], Money(0, "USD")) == Money(11990, "USD")


def test_money_orders_amounts_of_one_currency() -> None:
    assert Money(1, "USD") < Money(2, "USD") <= Money(2, "USD")
    assert Money(2, "USD") > Money(1, "USD") >= Money(1, "USD")


def test_currencies_do_not_mix() -> None:
    euros = Money(5995, "EUR")
    assert euros != PRICE
    for operation in ("__add__", "__sub__", "__lt__", "__le__", "__gt__", "__ge__"):
        with pytest.raises(MixedCurrencies):
            getattr(PRICE, operation)(euros)


@pytest.mark.parametrize(
    ("amount", "rate", "result"),
    [("59.95", "30", "17.99"), ("0.05", "10", "0.01"), ("0.04", "10", "0.00"), ("-59.95", "30", "-17.99")],
)
def test_a_percentage_is_rounded_half_up(amount: str, rate: str, result: str) -> None:
    assert Money.of(amount, "USD").percent(Decimal(rate)) == Money.of(result, "USD")


def test_a_percentage_of_yen_is_whole_yen() -> None:
    assert Money(125, "JPY").percent(Decimal("10")) == Money(13, "JPY")


def test_a_rate_is_never_a_float() -> None:
    with pytest.raises(TypeError):
        PRICE.percent(12.5)  # type: ignore[arg-type]
