"""The key ring: how it is written, what is refused, and that each use has a key of its own."""

from __future__ import annotations

import pytest

from privacy.encryption.keys import KeyRing, RootKey, UnknownKey, derive_key, length_prefixed

KEY = RootKey(b"test", b"k" * 32)
WRITTEN = "74657374:a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s"

MALFORMED = {
    "": "at least one key",
    " , ": "at least one key",
    "74657374": "ID:SECRET",
    "7465:a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s": "8 hexadecimal digits",
    "keys:a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s": "hexadecimal",
    "74657374:a2tra2": "32 bytes",
    "74657374:a": "base64",
    f"{WRITTEN},{WRITTEN}": "share",
    f"{WRITTEN},74657375:a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s": "share",
}


def test_a_key_is_read_as_it_was_written() -> None:
    assert KEY.written_out() == WRITTEN
    assert RootKey.parse(WRITTEN) == KEY
    fresh = RootKey.generate()
    assert RootKey.parse(fresh.written_out()) == fresh


def test_key_shows_its_id_and_nothing_else() -> None:
    shown = [str(KEY), repr(KEY), f"{KEY}", f"{KEY!r:>90}", str(KeyRing((KEY,))), repr([KEY]), f"{KEY}".encode().hex()]
    assert "root key 74657374" in shown
    for text in shown:
        assert "a2tra2" not in text
        assert "kkkk" not in text


def test_the_first_key_of_a_ring_seals() -> None:
    other = RootKey.generate()
    ring = KeyRing.parse(f" {KEY.written_out()} , {other.written_out()},")
    assert ring.primary == KEY
    assert ring.get(other.id) == other


@pytest.mark.parametrize(("text", "told"), MALFORMED.items())
def test_a_malformed_ring_is_refused_without_showing_it(text: str, told: str) -> None:
    with pytest.raises(ValueError, match=told) as caught:
        KeyRing.parse(text)
    assert "a2tra2" not in str(caught.value)


def test_an_unknown_key_is_named_by_its_id() -> None:
    with pytest.raises(UnknownKey, match="no key with the id deadbeef"):
        KeyRing((KEY,)).get(b"\xde\xad\xbe\xef")


def test_every_use_table_and_column_has_a_key_of_its_own() -> None:
    scopes = [("seal", "a", "b"), ("seal", "ab", ""), ("seal", "b", "a"), ("blind-index", "a", "b"), ("seal", "a")]
    keys = {derive_key(KEY, *scope) for scope in scopes}
    assert len(keys) == len(scopes)
    assert KEY.secret not in keys


def test_parts_can_not_be_shifted_into_one_another() -> None:
    assert length_prefixed(b"ab", b"c") != length_prefixed(b"a", b"bc")
    assert length_prefixed(b"", b"a") != length_prefixed(b"a", b"")


def test_a_derived_key_stays_the_same_for_ever() -> None:
    """RFC 5869 over `length-prefixed(use, table, column)`: another result would make all stored data unreadable."""
    key = derive_key(KEY, "seal", "accounts_user", "email")
    assert key.hex() == "2ef34e1c9c4d1ed29824f02316a321f865a972c7339be19584743f46027e229d"
