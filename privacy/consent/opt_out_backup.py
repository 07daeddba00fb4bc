"""Copies of opt-outs in the key store, so that opt-outs survive restoring the main database from a backup.

A copy is created after the opt-out is committed and deleted before the opt-out is, so that a crash never leaves a copy
of a withdrawn opt-out. Housekeeping creates missing copies.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from privacy.encryption.fingerprints import FINGERPRINTS
from privacy.keystore.models import OptOutCopy
from privacy.models.consent import Suppression

POINTS = {"fingerprint": "email_index", "phone_fingerprint": "phone_index", "address_fingerprint": "address_index"}


def copy_after_commit(rows: Collection[Suppression]) -> None:
    transaction.on_commit(lambda: _copy(rows))


def forget_copy(row: Suppression) -> None:
    """Deletes the copy. Call it before deleting the opt-out."""
    OptOutCopy.objects.filter(pk=row.pk).delete()


def lost_opt_outs() -> list[OptOutCopy]:
    """Copies of opt-outs that this restored database lacks or has with an older date."""
    known = dict(Suppression.objects.values_list("pk", "created_at"))
    return [copy for copy in OptOutCopy.objects.all() if copy.pk not in known or known[copy.pk] < copy.created_at]


def restore_opt_outs(copies: Collection[OptOutCopy]) -> int:
    """Restores opt-outs in the main database. Returns how many. Safe to repeat."""
    for copy in copies:
        with transaction.atomic():
            _restore(copy)
    return len(copies)


def _restore(copy: OptOutCopy) -> None:
    same = {POINTS[copy.point]: copy.fingerprint, "channel": copy.channel, "purpose": copy.purpose}
    row = Suppression.objects.filter(**same).first()
    if row is None:
        values = {copy.point: copy.fingerprint, "source": copy.source, "created_at": copy.created_at}
        values["normal_form"] = copy.normal_form
        Suppression(id=copy.pk, channel=copy.channel, purpose=copy.purpose, **values).save(force_insert=True)
        return
    Suppression.objects.filter(pk=row.pk, created_at__lt=copy.created_at).update(created_at=copy.created_at)
    Suppression.objects.filter(pk=row.pk, normal_form__gt=copy.normal_form).update(normal_form=copy.normal_form)
    if row.pk != copy.pk:  # opted out again since the restore: that row gets its own copy
        row.refresh_from_db()
        _copy([row])
        copy.delete()


def copy_missing_opt_outs(*, now: datetime) -> int:
    """Creates missing copies of opt-outs that are newer than the oldest backup. Returns how many."""
    recent = Suppression.objects.filter(created_at__gt=now - timedelta(days=settings.BACKUP_DAYS))
    copied = set(OptOutCopy.objects.values_list("pk", flat=True))
    missing = [row for row in recent if row.pk not in copied]
    _copy(missing)
    return len(missing)


def _copy(rows: Collection[Suppression]) -> None:
    for row in rows:
        point = next(name for name in POINTS if getattr(row, name))
        values: dict[str, Any] = {"point": point, "channel": row.channel, "purpose": row.purpose, "source": row.source}
        values |= {"fingerprint": _fingerprint(row, point), "normal_form": row.normal_form}
        times = {"created_at": row.created_at, "copied_at": timezone.now()}
        OptOutCopy.objects.update_or_create(pk=row.pk, defaults={**values, **times})


def _fingerprint(row: Suppression, point: str) -> str:
    """Fingerprints the value, because a row that was just saved still has the clear text in memory."""
    field: Any = row._meta.get_field(point)
    return FINGERPRINTS[field.of](getattr(row, point))
