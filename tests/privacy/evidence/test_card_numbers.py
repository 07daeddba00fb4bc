"""What looks like a card's number is found, and other long numbers are not taken for one."""

from __future__ import annotations

import pytest

from privacy.encryption.validators import has_card_number, mask_card_numbers


@pytest.mark.parametrize(
    "text",
    [
        "4111111111111111",
        "My card is 5555 5555 5555 4444.",
        "3782-822463-10005",
        "(6011 1111 1111 1117)",
        "a line\n4012 8888 8888 1881\nanother",
    ],
)
def test_a_card_number_is_found(text: str) -> None:
    assert has_card_number(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "4111111111111112",  # its check digit does not fit
        "+4111111111111111",
        "1111111111111117",
        "41111111111111110000000000",
        "+1 805 555 0100, 2026-03-02 12:00",
        "018f3c1e-4111-7111-8111-411111111111",
        "TX4111111111111111",
    ],
)
def test_another_number_is_not(text: str) -> None:
    assert not has_card_number(text)


def test_text_that_is_not_refused_is_stored_without_the_digits() -> None:
    text = "Card 5555 5555 5555 4444, order 4111111111111112, call +1 805 555 0100."
    assert mask_card_numbers(text) == "Card **** **** **** ****, order 4111111111111112, call +1 805 555 0100."
