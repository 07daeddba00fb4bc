"""The site's public keys: each is recorded once and signed with the one before: an old one leads to the new."""

from __future__ import annotations

import base64
from collections.abc import Callable

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from django.db import IntegrityError, transaction
from django.utils import timezone
from pytest_django import Settings

from privacy.audit.models import SigningKey
from privacy.audit.signing import public_pem, published_keys
from privacy.encryption.keys import RootKey

pytestmark = pytest.mark.django_db
SECOND, THIRD = RootKey(b"2222", b"2" * 32), RootKey(b"3333", b"3" * 32)


@pytest.fixture
def rotate(settings: Settings) -> Callable[[RootKey], None]:
    def to(key: RootKey) -> None:
        settings.ENCRYPTION_KEYS = f"{key.written_out()},{settings.ENCRYPTION_KEYS}"

    return to


def keys() -> list[SigningKey]:
    return published_keys(now=timezone.now())


def require_signed(new: SigningKey, old: SigningKey) -> None:
    """As an outsider does it, with the old public key alone. Raises."""
    key = load_pem_public_key(old.public_key.encode())
    assert isinstance(key, Ed25519PublicKey)
    key.verify(base64.b64decode(new.signature), b"audit key 1\n" + new.public_key.encode())


def test_the_first_key_is_recorded_once_and_nobody_signs_it() -> None:
    assert [(key.public_key, key.signed_by) for key in keys()] == [(public_pem(), "")]
    assert len(keys()) == SigningKey.objects.count() == 1


def test_an_old_key_leads_to_the_new_one(rotate: Callable[[RootKey], None]) -> None:
    first = keys()[0]
    rotate(SECOND)
    keys()
    rotate(THIRD)
    assert [key.key_id for key in keys()] == [first.key_id, SECOND.id.hex(), THIRD.id.hex()]
    _, second, third = SigningKey.objects.order_by("number")
    require_signed(second, first)
    require_signed(third, second)
    assert third.public_key == public_pem()
    with pytest.raises(InvalidSignature):
        require_signed(third, first)


def test_old_signing_key_vouches_for_the_new_one_after_the_root_key_was_removed(
    rotate: Callable[[RootKey], None], settings: Settings
) -> None:
    keys()
    rotate(SECOND)
    keys()
    settings.ENCRYPTION_KEYS = SECOND.written_out()
    first, second = keys()
    require_signed(second, first)


def test_a_ring_of_two_keys_is_recorded_in_its_order(rotate: Callable[[RootKey], None]) -> None:
    rotate(SECOND)
    first, second = keys()
    require_signed(second, first)
    assert second.public_key == public_pem()


def test_a_key_without_a_bond_to_the_others_shows(settings: Settings) -> None:
    keys()
    settings.ENCRYPTION_KEYS = THIRD.written_out()
    assert [(key.key_id, key.signed_by) for key in keys()[1:]] == [(THIRD.id.hex(), "")]


@pytest.mark.parametrize(
    "change",
    [
        lambda: SigningKey.objects.update(public_key="another"),
        lambda: SigningKey.objects.all().delete(),
        lambda: SigningKey.objects.bulk_create(
            [SigningKey(number=1, key_id="other", public_key="another", first_used_at=timezone.now())]
        ),
    ],
)
def test_the_database_keeps_them_as_they_are(change: Callable[[], object]) -> None:
    keys()
    with pytest.raises(IntegrityError), transaction.atomic():
        change()
