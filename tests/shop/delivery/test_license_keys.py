"""The shape of a license key: unguessable, typed in any way, and every likely mistake noticed."""

from __future__ import annotations

import itertools
import re

import pytest

from privacy.encryption.readable_codes import SYMBOLS
from shop.delivery.license_keys import NotALicenseKey, canonical_license_key, new_license_key

KEY = "2345Z-2345Z-2345Z-2345Z-2345"


def keys(number: int) -> list[str]:
    return [new_license_key() for _ in range(number)]


def test_license_key_has_readable_groups() -> None:
    for key in keys(50):
        assert re.fullmatch(r"([2-9A-HJKMNP-Z]{5}-){4}[2-9A-HJKMNP-Z]{5}", key)


def test_no_two_are_alike_and_every_symbol_occurs() -> None:
    made = keys(200)
    assert len(set(made)) == 200
    assert set("".join(made)) == {*SYMBOLS, "-"}


def test_license_key_is_accepted_in_any_notation() -> None:
    key = new_license_key()
    for typed in (key, key.lower(), key.replace("-", ""), f" {key.replace('-', ' ')}\n", key.replace("-", " - ")):
        assert canonical_license_key(typed) == key


def test_one_wrong_symbol_is_always_noticed() -> None:
    symbols = new_license_key().replace("-", "")
    for place, symbol in itertools.product(range(25), SYMBOLS):
        if symbols[place] != symbol:
            with pytest.raises(NotALicenseKey, match="contains a typo"):
                canonical_license_key(symbols[:place] + symbol + symbols[place + 1 :])


def test_two_symbols_that_changed_places_are_always_noticed() -> None:
    symbols = new_license_key().replace("-", "")
    for left, right in itertools.combinations(range(25), 2):
        if symbols[left] != symbols[right]:
            swapped = list(symbols)
            swapped[left], swapped[right] = symbols[right], symbols[left]
            with pytest.raises(NotALicenseKey, match="contains a typo"):
                canonical_license_key("".join(swapped))


@pytest.mark.parametrize(
    "typed", ["", "ABC", "x" * 10_000, "0" * 25, f"{KEY}22", "2345\x00" * 5, "é" * 25, "B123456789"]
)
def test_invalid_license_key_is_explained_without_quoting_it(typed: str) -> None:
    with pytest.raises(NotALicenseKey) as refusal:
        canonical_license_key(typed)
    assert str(refusal.value) == "A license key has 25 letters and digits, never 0, 1, I, L or O."
