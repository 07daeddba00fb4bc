"""An opt-out, a record and a tombstone are found by an address that they don't hold; old ones are carried over."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from privacy.consent.opt_outs import is_opted_out, suppress
from privacy.encryption.blind_index import BlindIndex, BlindIndexField
from privacy.encryption.normalization import email_fingerprint, normalize_email
from privacy.models import Suppression
from privacy.registry.purposes import Channel
from tests.privacy.stored import anew, stored


@given(st.emails())
def test_a_fingerprint_of_a_fingerprint_is_itself(address: str) -> None:
    once = email_fingerprint(address)
    assert email_fingerprint(once) == once == hashlib.sha256(normalize_email(address).encode()).hexdigest()


@pytest.mark.django_db
def test_an_opt_out_stores_no_address_and_is_found_by_it() -> None:
    row = Suppression.objects.create(fingerprint=" Dave@EXAMPLE.org", channel="email")
    assert anew(row).fingerprint == email_fingerprint("dave@example.org")
    assert email_fingerprint("dave@example.org").encode() not in stored(row, "fingerprint")
    assert Suppression.objects.get(email_index="DAVE@example.org") == row
    assert is_opted_out("dave@example.org", Channel.EMAIL)
    assert not is_opted_out("grace@example.org", Channel.EMAIL)


@pytest.mark.django_db
def test_the_same_wish_twice_is_one_row() -> None:
    suppress("dave@example.org", Channel.EMAIL)
    suppress("DAVE@example.org")
    assert Suppression.objects.count() == len(Channel)


@pytest.mark.django_db
def test_an_index_is_found_again_after_a_save_of_the_read_row() -> None:
    row = anew(Suppression.objects.create(fingerprint="dave@example.org", channel="email"))
    before = stored(row, "email_index")
    row.save()
    assert stored(row, "email_index") == before


def test_a_blind_index_needs_a_source() -> None:
    with pytest.raises(TypeError):
        BlindIndexField()  # type: ignore[call-arg]


@pytest.mark.django_db
def test_a_blind_index_value_is_never_taken_for_an_address() -> None:
    row = Suppression.objects.create(fingerprint="dave@example.org", channel="email")
    assert isinstance(anew(row).email_index, BlindIndex)
    assert Suppression.objects.filter(email_index=anew(row).email_index).get() == row
