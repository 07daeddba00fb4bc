"""What the user changed last, by name: the names are opened here, because Django's log stores none."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from django.contrib.admin import AdminSite
from django.contrib.admin.exceptions import NotRegistered
from django.contrib.admin.models import LogEntry
from django.http import HttpRequest

from privacy.admin_base.staff_labels import staff_label
from privacy.admin_base.staff_purposes import acts_for_staff
from privacy.registry.purpose_binding import acting_as

SHOWN = 6
DONE = {1: "Added", 2: "Changed", 3: "Deleted"}


@dataclass(frozen=True)
class RecentChange:
    done: str
    kind: str
    label: str
    url: str
    at: Any


def recent_changes(site: AdminSite, request: HttpRequest) -> list[RecentChange]:
    """The last entries of this user about rows that still exist and that they may still see. One query for the
    entries, and one for each kind of row in them."""
    entries = list(LogEntry.objects.filter(user=request.user.pk).select_related("content_type")[:SHOWN])
    keys: dict[Any, set[str]] = defaultdict(set)
    for entry in entries:
        keys[_model(entry)].add(str(entry.object_id))
    labels = {model: _labels(site, request, model, ids) for model, ids in keys.items() if model is not None}
    found = ((entry, labels.get(_model(entry), {}).get(str(entry.object_id))) for entry in entries)
    return [_change(entry, label) for entry, label in found if label]


def _change(entry: LogEntry, label: str) -> RecentChange:
    kind = str(_model(entry)._meta.verbose_name)
    return RecentChange(DONE[entry.action_flag], kind, label, entry.get_admin_url() or "", entry.action_time)


def _model(entry: LogEntry) -> Any:
    return entry.content_type.model_class() if entry.content_type else None


def _labels(site: AdminSite, request: HttpRequest, model: Any, ids: set[str]) -> dict[str, str]:
    try:
        model_admin = site.get_model_admin(model)
    except NotRegistered:
        return {}
    if not model_admin.has_view_permission(request):
        return {}
    with acting_as(acts_for_staff(model_admin.change_view)):
        return {str(row.pk): staff_label(row) for row in model_admin.get_queryset(request).filter(pk__in=ids)}
