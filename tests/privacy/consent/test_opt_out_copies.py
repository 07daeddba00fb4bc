"""Whoever opted out stays so, also when the main database comes back from a backup."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest
import time_machine
from django.core.management import call_command
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks

from privacy.consent.contact_permission import may_contact
from privacy.consent.opt_out_backup import copy_missing_opt_outs
from privacy.consent.opt_outs import is_opted_out, suppress, unsuppress
from privacy.erasure.readiness import NotReady, require_ready
from privacy.erasure.retention import purge_expired
from privacy.keystore.models import OptOutCopy
from privacy.models import Suppression
from privacy.registry.purposes import Channel, Purpose

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]

DAVE, PHONE = "dave@example.org", "+18055550123"


@pytest.fixture
def opted_out(
    clock: time_machine.Traveller, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        suppress(DAVE, Channel.EMAIL, purpose="quote")
        suppress(None, Channel.PHONE, phone=PHONE, source="call")


def restore_check() -> str:
    out = io.StringIO()
    call_command("restore_check", stdout=out)
    return out.getvalue()


@pytest.mark.usefixtures("opted_out")
def test_a_restored_database_must_not_serve_before_they_are_written_down_again() -> None:
    require_ready()
    before = set(Suppression.objects.values_list("pk", "channel", "purpose", "source", "created_at"))
    Suppression.objects.all().delete()
    with pytest.raises(NotReady, match="lacks 2 opt-outs.*restore_check"):
        require_ready()
    assert "2 opt-outs were missing and have been restored." in restore_check()
    require_ready()
    assert set(Suppression.objects.values_list("pk", "channel", "purpose", "source", "created_at")) == before
    assert is_opted_out(DAVE, "email", purpose="quote")
    assert not may_contact(channel=Channel.PHONE, purpose=Purpose.ORDER, phone="(805) 555-0123")
    assert "opt-outs were missing" not in restore_check()


@pytest.mark.usefixtures("opted_out")
def test_a_copy_holds_no_address() -> None:
    copy = OptOutCopy.objects.get(channel="email")
    assert len(copy.fingerprint) == 64
    assert Suppression.objects.get(pk=copy.pk).fingerprint == copy.fingerprint
    assert copy.fingerprint.encode() not in _bytes(copy)


def _bytes(copy: OptOutCopy) -> bytes:
    from django.db import connections

    with connections["keystore"].cursor() as cursor:
        cursor.execute("SELECT fingerprint FROM keystore_optoutcopy WHERE channel = 'email'")
        return bytes(cursor.fetchone()[0])


@pytest.mark.usefixtures("opted_out")
def test_a_wish_repeated_since_the_backup_is_as_young_again(
    clock: time_machine.Traveller, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    before = timezone.now()
    clock.shift(timedelta(days=1))
    with django_capture_on_commit_callbacks(execute=True):
        suppress(DAVE, Channel.EMAIL, purpose="quote")
    Suppression.objects.update(created_at=before)
    restore_check()
    assert is_opted_out(DAVE, "email", purpose="quote", given_at=timezone.now())


@pytest.mark.usefixtures("opted_out")
def test_opt_out_repeated_after_a_restore_is_stored_once(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    Suppression.objects.all().delete()
    with django_capture_on_commit_callbacks(execute=True):
        suppress(DAVE, Channel.EMAIL, purpose="quote")
    restore_check()
    require_ready()
    assert Suppression.objects.filter(email_index=DAVE).count() == 1


@pytest.mark.usefixtures("opted_out")
def test_withdrawn_opt_out_is_not_restored(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        unsuppress(DAVE, channel="email", purpose="quote", among=["quote", "order"])
    require_ready()
    restore_check()
    assert not is_opted_out(DAVE, "email", purpose="quote")


def test_housekeeping_makes_the_copy_that_a_crash_prevented(clock: time_machine.Traveller) -> None:
    suppress(DAVE)
    assert not OptOutCopy.objects.exists()
    assert copy_missing_opt_outs(now=timezone.now()) == 3
    assert copy_missing_opt_outs(now=timezone.now()) == 0
    require_ready()


@pytest.mark.usefixtures("opted_out")
def test_copies_go_when_no_backup_is_left_that_lacks_them(clock: time_machine.Traveller) -> None:
    clock.shift(timedelta(days=90))
    purge_expired(now=timezone.now())
    assert not OptOutCopy.objects.exists()
    assert Suppression.objects.count() == 2
    assert copy_missing_opt_outs(now=timezone.now()) == 0
