"""Every staff access to a personal row is in the audit log."""

from __future__ import annotations

from django.apps import apps
from django.contrib import admin

from privacy.admin_base.audited import shows_personal_data
from privacy.audit.models import AuditEntry
from privacy.evidence.rehearsal.probes import Stage, probe
from privacy.evidence.rehearsal.rehearsal import Rehearsal

PAGE = "<path:object_id>/change/"


@probe("correspondence-private", stage=Stage.LOOK)
def each_reading_of_staff_is_recorded(rehearsal: Rehearsal) -> None:
    recorded = set(AuditEntry.objects.filter(action="privacy.staff.read").values_list("object_model", "object_id"))
    personal = {
        f"admin/{model._meta.app_label}/{model._meta.model_name}/{PAGE}": model._meta.label_lower
        for model in filter(admin.site.is_registered, apps.get_models())
        if shows_personal_data(admin.site.get_model_admin(model))
    }
    for seen in rehearsal.seen:
        model = personal.get(seen.route)
        if model and seen.method == "GET" and seen.status == 200:
            rehearsal.tried()
            if (model, seen.path.split("/")[-3]) not in recorded:
                rehearsal.breach("correspondence-private", f"an access to {model} is not in the audit log")
