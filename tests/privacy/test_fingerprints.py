"""An opt-out, a record and a tombstone are found by an address that they don't hold; old ones are carried over."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from privacy.encryption.blind_index import BlindIndex, BlindIndexField
from privacy.encryption.normalise import email_fingerprint, normalise_email
from privacy.models import PrivacyRequest, Suppression
from privacy.opt_out import is_opted_out, suppress
from privacy.purposes import Channel

from .stored import anew, stored


@given(st.emails())
def test_a_fingerprint_of_a_fingerprint_is_itself(address: str) -> None:
    once = email_fingerprint(address)
    assert email_fingerprint(once) == once == hashlib.sha256(normalise_email(address).encode()).hexdigest()


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


@pytest.fixture
def at_first_migration(transactional_db: None) -> Iterator[Any]:
    """The models as 0001 has them, and the way forward."""
    yield MigrationExecutor(connection).migrate([("privacy", "0001_initial")]).apps
    for model in ("Suppression", "PrivacyRequest"):
        with connection.cursor() as cursor:
            cursor.execute(f'DELETE FROM "privacy_{model.lower()}"')
    forward()


def forward() -> None:
    """To the models of today, also in the apps that went back with this one."""
    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes())


def old_opt_out(models: Any, address: str) -> None:
    """0001 computed the index from the address itself, which was kept nowhere."""
    model = models.get_model("privacy", "Suppression")
    key = model(channel="email")
    index = model._meta.get_field("email_index").compute(address)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO privacy_suppression (id, email_index, channel, created_at) VALUES (%s, %s, %s, %s)",
            [
                key.pk if connection.features.has_native_uuid_field else key.pk.hex,
                bytes(index),
                "email",
                timezone.now(),
            ],
        )


def old_request(models: Any, address: str) -> None:
    models.get_model("privacy", "PrivacyRequest").objects.create(
        email=address, kind="stop_contact", state="answered", answered_at=timezone.now(), keep_until=timezone.now()
    )


def test_the_migration_carries_opt_outs_and_requests_over(at_first_migration: Any) -> None:
    old_request(at_first_migration, "Dave@example.org")
    old_opt_out(at_first_migration, "dave@example.org")
    forward()
    assert is_opted_out("DAVE@example.org", Channel.EMAIL)
    request = PrivacyRequest.objects.get(email_index="dave@example.org")
    assert (request.email, request.outcome) == ("Dave@example.org", "answered")


def test_the_migration_stops_rather_than_forget_an_opt_out(at_first_migration: Any) -> None:
    old_opt_out(at_first_migration, "dave@example.org")
    with pytest.raises(RuntimeError, match="1 opt-outs can't be carried over"):
        forward()
