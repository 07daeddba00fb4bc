"""Whoever was erased stays erased, also when the main database comes back from a backup."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connections, transaction
from django.db.models.signals import pre_delete
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from contacts.models import Inquiry
from privacy.consent.opt_outs import is_opted_out
from privacy.encryption.keys import RootKey
from privacy.erasure.erase import erase_person
from privacy.erasure.pruning import prune_old_rows
from privacy.erasure.readiness import NotReady, require_ready
from privacy.erasure.reapply import INTERRUPTED_AFTER, finish_erasures
from privacy.erasure.retention import purge_expired
from privacy.erasure.tombstones import missing_erasures
from privacy.keystore.models import DayKey, Tombstone
from privacy.models import ErasureMark, Suppression
from privacy.registry.purposes import Channel
from tests import factories
from tests.privacy.stored import anew

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]

DAVE = "dave@example.org"


def erase(email: str, capture: DjangoCaptureOnCommitCallbacks) -> None:
    with capture(execute=True):
        erase_person(email=email)


def restore_from_before() -> None:
    """What a backup from before the erasure would bring: the person, and neither mark nor opt-out."""
    ErasureMark.objects.all().delete()
    Suppression.objects.all().delete()
    factories.inquiry("Dave@Example.ORG", reference="Q-DAVE")


def restore_check() -> str:
    out = io.StringIO()
    call_command("restore_check", stdout=out)
    return out.getvalue()


@pytest.fixture
def erased(django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks) -> Tombstone:
    factories.inquiry(DAVE)
    erase(DAVE, django_capture_on_commit_callbacks)
    return Tombstone.objects.get()


def test_an_erasure_leaves_a_confirmed_tombstone_and_its_mark(erased: Tombstone) -> None:
    assert erased.confirmed_at == timezone.now()
    assert ErasureMark.objects.get().pk == erased.pk
    assert Tombstone.objects.get(email_index=" DAVE@example.org") == erased
    require_ready()


def test_a_tombstone_holds_no_address(erased: Tombstone) -> None:
    with connections["keystore"].cursor() as cursor:
        cursor.execute("SELECT * FROM keystore_tombstone")
        content = b"".join(
            bytes(v) if not isinstance(v, str) else v.encode() for v in cursor.fetchone() if v and hasattr(v, "__len__")
        )
    assert b"dave" not in content
    assert erased.fingerprint.encode() not in content
    assert len(erased.fingerprint) == 64


def test_a_restored_database_must_not_serve(erased: Tombstone) -> None:
    restore_from_before()
    with pytest.raises(NotReady, match="lacks 1 erasures.*restore_check"):
        require_ready()
    with pytest.raises(CommandError, match="restored from a backup"):
        call_command("housekeeping")
    with pytest.raises(SystemExit, match="restored from a backup"):
        call_command("db_worker", "--batch")


def test_restore_check_erases_again_whoever_was_restored(
    erased: Tombstone, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    restore_from_before()
    grace = factories.inquiry("grace@example.org", reference="Q-GRACE")
    with django_capture_on_commit_callbacks(execute=True):
        said = restore_check()
    assert "1 erasures are missing in this database.\nErased again: 1." in said
    assert list(Inquiry.objects.all()) == [grace]
    assert is_opted_out(DAVE, Channel.EMAIL)
    require_ready()
    assert "No erasures are missing" in restore_check()


def test_person_who_returned_after_deletion_is_not_erased_again(erased: Tombstone) -> None:
    back = factories.inquiry(DAVE)
    assert "No erasures are missing" in restore_check()
    assert Inquiry.objects.get() == back


def test_somebody_who_is_not_in_the_backup_is_no_error(erased: Tombstone) -> None:
    ErasureMark.objects.all().delete()
    assert "Erased again: 0. Not found: 1." in restore_check()
    require_ready()


def test_tombstone_survives_key_rotation(erased: Tombstone, settings: Settings) -> None:
    new = RootKey(b"next", b"n" * 32)
    settings.ENCRYPTION_KEYS = f"{new.written_out()},{settings.ENCRYPTION_KEYS}"
    call_command("rotate_keys", stdout=io.StringIO())
    settings.ENCRYPTION_KEYS = new.written_out()
    assert Tombstone.objects.get(email_index=DAVE) == erased
    assert Suppression.objects.filter(email_index=DAVE).count() == 3
    restore_from_before()
    assert "Erased again: 1." in restore_check()


@pytest.fixture
def failing() -> Iterator[None]:
    """Something goes wrong while an inquiry is being deleted."""

    def fail(**kwargs: object) -> None:
        raise OSError

    pre_delete.connect(fail, sender=Inquiry)
    yield
    pre_delete.disconnect(fail, sender=Inquiry)


def test_an_erasure_that_fails_leaves_no_tombstone(failing: None) -> None:
    factories.inquiry(DAVE)
    with pytest.raises(OSError), transaction.atomic():
        erase_person(email=DAVE)
    assert not Tombstone.objects.exists()
    assert not ErasureMark.objects.exists()
    assert Inquiry.objects.exists()


def test_an_erasure_cut_short_is_finished(clock: time_machine.Traveller) -> None:
    """Killed between the tombstone and the commit: the person asked for it, so it is done."""
    factories.inquiry(DAVE)
    tombstone = Tombstone.objects.create(fingerprint=DAVE)
    clock.shift(INTERRUPTED_AFTER - timedelta(seconds=1))
    assert finish_erasures(now=timezone.now()) == 0
    require_ready()  # until then it may be under way
    clock.shift(timedelta(seconds=1))
    assert finish_erasures(now=timezone.now()) == 1
    assert not Inquiry.objects.exists()
    assert anew_tombstone(tombstone).confirmed_at is not None
    assert ErasureMark.objects.filter(pk=tombstone.pk).exists()


def anew_tombstone(tombstone: Tombstone) -> Tombstone:
    return Tombstone.objects.get(pk=tombstone.pk)


def test_an_erasure_killed_before_its_confirmation_is_confirmed(clock: time_machine.Traveller) -> None:
    factories.inquiry(DAVE)
    erase_person(email=DAVE)  # no commit in a test, so no confirmation: as if killed there
    back = factories.inquiry(DAVE)
    assert missing_erasures() == []
    clock.shift(INTERRUPTED_AFTER)
    assert finish_erasures(now=timezone.now()) == 1
    assert Tombstone.objects.get().confirmed_at == timezone.now()
    assert anew(back).email == DAVE


def test_tombstones_go_with_the_last_backup_and_marks_a_day_later(
    erased: Tombstone, clock: time_machine.Traveller, settings: Settings
) -> None:
    clock.shift(timedelta(days=settings.BACKUP_DAYS, seconds=-1))
    purge_expired(now=timezone.now())
    finish_erasures(now=timezone.now())
    assert (Tombstone.objects.count(), ErasureMark.objects.count()) == (1, 1)
    clock.shift(timedelta(seconds=1))
    assert purge_expired(now=timezone.now())["Deletion marker"] == 1
    finish_erasures(now=timezone.now())
    assert (Tombstone.objects.count(), ErasureMark.objects.count()) == (0, 1)
    require_ready()
    clock.shift(timedelta(days=1, seconds=1))
    prune_old_rows(now=timezone.now())
    assert ErasureMark.objects.count() == 0


def keystore_sql(statement: str) -> None:
    with transaction.atomic(using="keystore"), connections["keystore"].cursor() as cursor:
        cursor.execute(statement)


@pytest.fixture
def fence() -> DayKey:
    now = timezone.now()
    day = now.date() - timedelta(days=31)
    return DayKey.objects.create(day=day, key_id=b"gone", wrapped=None, minted_at=now, destroyed_at=now)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE keystore_daykey SET destroyed_at = NULL",
        "UPDATE keystore_daykey SET day = '2020-01-01'",
        "DELETE FROM keystore_daykey",
    ],
)
def test_the_fence_of_a_destroyed_key_stays(fence: DayKey, statement: str) -> None:
    with pytest.raises(IntegrityError, match=r"stays|is kept"):
        keystore_sql(statement)
    assert DayKey.objects.get() == fence


def test_a_living_key_can_be_destroyed_but_not_removed() -> None:
    now = timezone.now()
    key = DayKey.objects.create(day=now.date(), key_id=b"live", wrapped=b"w", minted_at=now)
    with pytest.raises(IntegrityError):
        keystore_sql("DELETE FROM keystore_daykey")
    key.wrapped, key.destroyed_at = None, now
    key.save()
    assert DayKey.objects.get().destroyed_at == now
