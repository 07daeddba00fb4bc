"""`rotate_keys`: everything under the new key, while people write, after a kill, and with no address twice."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connections, transaction
from pytest_django import Settings

from accounts.models import User
from contacts.models import Inquiry
from privacy.encryption import rotation
from privacy.encryption.keys import RootKey, UnknownKey
from privacy.encryption.rotation import Column, columns, left_under_older_keys
from privacy.models import KeyCheck
from tests import factories

OLD, NEW = RootKey(b"old.", b"o" * 32), RootKey(b"new.", b"n" * 32)


@pytest.fixture(autouse=True)
def _only_the_old_key(settings: Settings, db: None) -> None:
    settings.ENCRYPTION_KEYS = OLD.written_out()
    KeyCheck.objects.all().delete()  # that of the key which the test database was made with


def new_key_is_primary(settings: Settings) -> None:
    settings.ENCRYPTION_KEYS = f"{NEW.written_out()},{OLD.written_out()}"


def old_key_is_gone(settings: Settings) -> None:
    settings.ENCRYPTION_KEYS = NEW.written_out()


def rotate() -> str:
    out = StringIO()
    call_command("rotate_keys", stdout=out)
    return out.getvalue()


def left() -> int:
    return sum(left_under_older_keys(column) for column in columns())


@pytest.mark.django_db
def test_everything_opens_with_the_new_key_alone(settings: Settings) -> None:
    factories.user(email="erin@example.org", name="Erin")
    inquiry = factories.inquiry(email="erin@example.org", phone="805 651 8516")
    new_key_is_primary(settings)
    assert left() > 0
    assert "0 values are left under older keys" in rotate()
    old_key_is_gone(settings)
    assert User.objects.get(email_index="ERIN@example.org").name == "Erin"
    assert Inquiry.objects.get(phone_index="+1 805-651-8516").pk == inquiry.pk
    assert left() == 0


@pytest.mark.django_db
def test_without_a_rotation_the_missing_key_is_named(settings: Settings) -> None:
    user = factories.user(email="erin@example.org")
    old_key_is_gone(settings)
    with pytest.raises(UnknownKey, match=OLD.id.hex()):
        _ = User.objects.get(pk=user.pk).email


@pytest.mark.django_db
def test_a_rotation_tells_how_far_it_is(settings: Settings) -> None:
    factories.inquiry()
    new_key_is_primary(settings)
    assert "contacts_inquiry.message: 1 of 1" in rotate()


@pytest.mark.django_db
def test_rotating_twice_changes_nothing_more(settings: Settings) -> None:
    inquiry = factories.inquiry()
    new_key_is_primary(settings)
    rotate()
    before = Inquiry.objects.filter(pk=inquiry.pk).values().get()
    rotate()
    assert Inquiry.objects.filter(pk=inquiry.pk).values().get() == before


@pytest.mark.django_db
def test_a_writer_in_between_wins(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rotation has read a row; before it writes, somebody else does. What they wrote stays."""
    inquiry = factories.inquiry(message="before")
    new_key_is_primary(settings)
    rotate_row = rotation._rotate_row

    def write_first(column: Column, row: Any) -> bool:
        if column.field.name == "message":
            changed = Inquiry.objects.get(pk=row.pk)
            changed.message = "meanwhile"
            changed.save()
        return rotate_row(column, row)

    monkeypatch.setattr(rotation, "_rotate_row", write_first)
    rotate()
    assert Inquiry.objects.get(pk=inquiry.pk).message == "meanwhile"


@pytest.mark.django_db
def test_a_value_left_behind_is_counted_and_the_command_fails(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    factories.inquiry()
    new_key_is_primary(settings)
    monkeypatch.setattr(rotation, "_rotate_row", lambda column, row: False)
    with pytest.raises(CommandError, match="Not finished"):
        rotate()


@pytest.mark.django_db
def test_a_rotation_that_stopped_half_way_goes_on(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(5):
        factories.inquiry(email=f"dave{number}@example.org")
    new_key_is_primary(settings)
    rotate_row, done = rotation._rotate_row, iter(range(7))

    def stop_soon(column: Column, row: Any) -> bool:
        next(done)  # ends with StopIteration in the middle of the second column
        return rotate_row(column, row)

    monkeypatch.setattr(rotation, "_rotate_row", stop_soon)
    with pytest.raises((StopIteration, RuntimeError)):
        rotate()
    before = left()
    monkeypatch.setattr(rotation, "_rotate_row", rotate_row)
    assert before > 0
    rotate()
    assert left() == 0


@pytest.mark.django_db
def test_an_address_stays_unique_while_two_keys_are_in_the_ring(settings: Settings) -> None:
    factories.user(email="erin@example.org")
    new_key_is_primary(settings)
    with pytest.raises(IntegrityError), transaction.atomic():
        factories.user(email="Erin@Example.ORG")
    rotate()
    with pytest.raises(IntegrityError), transaction.atomic():
        factories.user(email="Erin@Example.ORG")


@pytest.mark.django_db
def test_a_person_can_be_saved_again_while_two_keys_are_in_the_ring(settings: Settings) -> None:
    user = factories.user(email="erin@example.org")
    new_key_is_primary(settings)
    user.name = "Erin Ellis"
    user.save()
    assert User.objects.get(email_index="erin@example.org").name == "Erin Ellis"


@pytest.fixture
def _people_under_the_old_key(settings: Settings, transactional_db: None) -> Iterator[None]:
    for number in range(20):
        factories.user(email=f"person{number}@example.org")
    new_key_is_primary(settings)
    yield


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("_people_under_the_old_key")
def test_racing_sign_ups_and_a_rotation_leave_each_address_once() -> None:
    """Four people at once try to take each address that is being rotated: nobody gets one."""
    taken: list[str] = []

    def take() -> None:
        for number in range(20):
            try:
                factories.user(email=f"PERSON{number}@example.org")
                taken.append(f"person{number}")
            except IntegrityError:
                pass
        connections.close_all()

    def rotate_beside() -> None:
        rotate()
        connections.close_all()

    threads = [threading.Thread(target=take) for _ in range(3)] + [threading.Thread(target=rotate_beside)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert taken == []
    assert User.objects.count() == 20
    rotate()
    assert left() == 0
