"""The search for canaries finds each spelling within a longer text; otherwise its silence would mean nothing."""

from __future__ import annotations

import base64
from collections.abc import Callable
from urllib.parse import quote

import pytest

from privacy.evidence.rehearsal.canaries import canary, found_in, spellings

WRITTEN: dict[str, Callable[[str], bytes]] = {
    "plain": str.encode,
    "lower-cased": lambda text: text.lower().encode(),
    "hexadecimal": lambda text: text.encode().hex().encode(),
    "in capital hexadecimal": lambda text: text.encode().hex().upper().encode(),
    "URL-encoded": lambda text: quote(text).encode(),
    "escaped": lambda text: text.encode("unicode_escape"),
    "in UTF-16": lambda text: text.encode("utf-16-le"),
}


@pytest.mark.parametrize("spelling", WRITTEN)
def test_a_canary_is_found_however_it_is_written(spelling: str) -> None:
    word = canary()
    assert f"{word} {spelling}" in set(found_in(WRITTEN[spelling](f"before {word} after"), [word]))


@pytest.mark.parametrize("before", ["", "x", "xy", "xyz"])
def test_a_canary_is_found_in_base64_wherever_it_begins(before: str) -> None:
    word = canary()
    written = base64.b64encode(f"{before}{word} and more".encode())
    assert any("base64" in found for found in found_in(written, [word]))


def test_a_short_word_is_not_met_by_chance() -> None:
    """Four given bytes stand by chance in one of 256 write-ahead logs of 16 MiB random bytes: it has happened."""
    assert all(len(form) > 10 for spelling, form in spellings("805555719").items() if "base64" in spelling)


def test_nothing_is_found_where_nothing_is() -> None:
    assert not list(found_in(canary().encode(), [canary()]))
