"""Who has changed a row: from the audit log, and from the admin's history for rows that aren't personal."""

from __future__ import annotations

from datetime import datetime

from django.contrib.admin.models import LogEntry
from django.contrib.auth import get_user_model
from django.contrib.contenttypes.models import ContentType
from django.db.models import Model

from privacy.audit.models import AuditEntry

LOOKED = ("read", "listed", "search", "exported", "person")  # verbs of `privacy.staff.…` that change nothing


def changed_by(row: Model, since: datetime) -> list[Model]:
    """Users who have changed the row since then."""
    entries = AuditEntry.objects.filter(object_model=row._meta.label_lower, object_id=str(row.pk), at__gte=since)
    done = entries.exclude(action__in=[f"privacy.staff.{verb}" for verb in LOOKED]).exclude(actor=None)
    told = LogEntry.objects.filter(
        content_type=ContentType.objects.get_for_model(row), object_id=str(row.pk), action_time__gte=since
    )
    ids = {str(pk) for pk in (*done.values_list("actor", flat=True), *told.values_list("user_id", flat=True))}
    return list(get_user_model()._default_manager.filter(pk__in=ids))
