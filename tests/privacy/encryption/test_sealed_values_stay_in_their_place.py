"""A sealed value opens in its own row and column, unchanged, and nowhere else."""

from __future__ import annotations

import pytest
from django.db import connection
from pytest_django import Settings

from accounts.models import User
from privacy.encryption.keys import RootKey, UnknownKey
from privacy.encryption.sealing import OVERHEAD, SealBroken
from shop.models import Product
from tests import factories
from tests.privacy.stored import anew, overwrite, stored

pytestmark = pytest.mark.django_db

# One position in each part of `version | key id | nonce | ciphertext | tag`.
POSITIONS = {"version": 0, "nonce": 5, "nonce's end": 16, "ciphertext": 17, "tag": -16, "tag's end": -1}


@pytest.fixture
def erin() -> User:
    return factories.user("erin@example.org", name="Erin Ellis")


def test_a_value_is_not_stored_in_clear(erin: User) -> None:
    assert b"erin" not in stored(erin, "email")
    assert len(stored(erin, "email")) == OVERHEAD + len("erin@example.org")
    assert anew(erin).email == "erin@example.org"


def test_the_same_value_is_sealed_differently_each_time(erin: User) -> None:
    frank = factories.user("frank@example.org", name="Erin Ellis")
    assert stored(erin, "name")[17:] != stored(frank, "name")[17:]


def test_a_value_moved_to_another_row_does_not_open(erin: User) -> None:
    frank = factories.user("frank@example.org", name="Frank")
    overwrite(frank, "name", stored(erin, "name"))
    with pytest.raises(SealBroken, match=f"accounts_user.name of row {frank.pk.hex}"):
        _ = anew(frank).name


def test_two_values_swapped_between_rows_both_fail(erin: User) -> None:
    frank = factories.user("frank@example.org", name="Frank")
    of_erin, of_frank = stored(erin, "email"), stored(frank, "email")
    overwrite(erin, "email", of_frank)
    overwrite(frank, "email", of_erin)
    for row in (erin, frank):
        with pytest.raises(SealBroken):
            _ = anew(row).email


def test_a_value_moved_to_another_column_does_not_open(erin: User) -> None:
    overwrite(erin, "name", stored(erin, "email"))
    with pytest.raises(SealBroken, match="accounts_user.name"):
        _ = anew(erin).name


def test_a_value_moved_to_another_table_does_not_open(erin: User, product: Product) -> None:
    order = factories.order(product, id=erin.pk)  # the same key, the same name of the column
    overwrite(order, "email", stored(erin, "email"))
    with pytest.raises(SealBroken, match="shop_order.email"):
        _ = anew(order).email


@pytest.mark.parametrize("position", POSITIONS.values(), ids=POSITIONS)
def test_a_flipped_bit_does_not_open(erin: User, position: int) -> None:
    changed = bytearray(stored(erin, "email"))
    changed[position] ^= 1
    overwrite(erin, "email", bytes(changed))
    with pytest.raises(SealBroken):
        _ = anew(erin).email


def test_every_single_changed_byte_is_noticed(erin: User) -> None:
    row, sealed = anew(erin), stored(erin, "email")
    for position in range(len(sealed)):
        changed = bytearray(sealed)
        changed[position] ^= 0x80
        overwrite(erin, "email", bytes(changed))
        with pytest.raises((SealBroken, UnknownKey)):
            row.refresh_from_db()


def test_a_changed_key_id_is_named(erin: User) -> None:
    changed = bytearray(stored(erin, "email"))
    changed[1:5] = b"\xde\xad\xbe\xef"
    overwrite(erin, "email", bytes(changed))
    with pytest.raises(UnknownKey, match="deadbeef") as caught:
        _ = anew(erin).email
    assert caught.value.__notes__ == [f"needed for accounts_user.email of row {erin.pk.hex}"]


def test_a_key_id_of_another_key_in_the_ring_does_not_open(erin: User, settings: Settings) -> None:
    settings.ENCRYPTION_KEYS += f",{RootKey(b'next', b'n' * 32).written_out()}"
    changed = bytearray(stored(erin, "email"))
    changed[1:5] = b"next"
    overwrite(erin, "email", bytes(changed))
    with pytest.raises(SealBroken):
        _ = anew(erin).email


def test_another_key_under_the_same_id_does_not_open(erin: User, settings: Settings) -> None:
    settings.ENCRYPTION_KEYS = RootKey(b"test", b"n" * 32).written_out()
    with pytest.raises(SealBroken):
        _ = anew(erin).email


@pytest.mark.parametrize("length", [0, 1, 5, 17, OVERHEAD - 1, OVERHEAD, -1])
def test_a_value_cut_short_does_not_open(erin: User, length: int) -> None:
    overwrite(erin, "email", stored(erin, "email")[:length])
    with pytest.raises(SealBroken):
        _ = anew(erin).email


def test_a_value_made_longer_does_not_open(erin: User) -> None:
    overwrite(erin, "email", stored(erin, "email") + b"\0")
    with pytest.raises(SealBroken):
        _ = anew(erin).email


@pytest.mark.parametrize("injected", [b"mallory@example.org", b"\x01test" + b"mallory@example.org" * 3])
def test_injected_plaintext_is_never_handed_back(erin: User, injected: bytes) -> None:
    overwrite(erin, "email", injected)
    with pytest.raises(SealBroken):
        _ = anew(erin).email


@pytest.mark.parametrize("injected", ["mallory@example.org", 10**12, 3.5])
def test_injected_values_of_other_types_are_never_handed_back(erin: User, injected: object) -> None:
    """SQLite keeps any type in any column; PostgreSQL takes none of these for bytes."""
    if connection.vendor != "sqlite":
        injected = str(injected).encode()
    overwrite(erin, "email", injected)
    with pytest.raises(SealBroken):
        _ = anew(erin).email


def test_a_broken_value_stops_no_list_that_does_not_show_it(erin: User) -> None:
    overwrite(erin, "email", b"mallory@example.org")
    assert [row.name for row in User.objects.all()] == ["Erin Ellis"]


def test_a_broken_value_is_not_written_again(erin: User) -> None:
    overwrite(erin, "name", b"Mallory")
    row = anew(erin)
    row.is_staff = True
    with pytest.raises(SealBroken):
        row.save()


def test_a_message_about_a_broken_value_does_not_show_it(erin: User) -> None:
    overwrite(erin, "email", b"mallory@example.org" * 5)
    with pytest.raises(SealBroken) as caught:
        _ = anew(erin).email
    assert "mallory" not in str(caught.value)
