"""The admin of policy versions, from draft to effect, and of notices to affected people."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.html import format_html

from privacy.admin_base.readonly import ReadOnlyAdmin
from privacy.admin_base.staff_action import StaffAction, StaffActionsAdmin
from privacy.registry.policy_gate import waiting
from privacy.registry.policy_snapshot import running

from .admin_actions import OF_NOTICES, OF_VERSIONS
from .admin_forms import VersionForm
from .models import PolicyNotice, PolicyVersion
from .notice_progress import progress_of
from .notices import update_from_mails


class PolicyActionsAdmin(StaffActionsAdmin):
    change_form_template = "privacy/admin/policy_row.html"

    def action_arguments(self, action: StaffAction, form: Any) -> dict[str, Any]:
        return {"now": timezone.now()}


@admin.register(PolicyVersion)
class PolicyVersionAdmin(PolicyActionsAdmin):
    actions = None
    list_display = ["__str__", "state", "effective_on", "notices_began_at", "in_effect_at"]
    form = VersionForm
    staff_actions = OF_VERSIONS
    row_argument = "version"
    action_url_name = "policy_policyversion_step"
    change_list_template = "privacy/admin/policy_versions.html"

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and (obj is None or obj.is_draft)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_delete_permission(request, obj) and (obj is None or obj.is_draft)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Allows one draft at a time."""
        return super().has_add_permission(request) and not PolicyVersion.objects.filter(state="draft").exists()

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        typed = ["summary", "additions", "effective_on", "tells"]
        if obj is None or obj.is_draft:
            return typed
        return [*typed, "state", "notices_began_at", "in_effect_at", "ended_at", "registry_hash"]

    def save_model(self, request: HttpRequest, obj: PolicyVersion, form: Any, change: bool) -> None:
        """Updates a draft to the current code."""
        obj.take(running())
        super().save_model(request, obj, form, change)

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        return super().changelist_view(request, {**(extra_context or {}), "waiting": waiting()})

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None) -> Any:
        row = self.get_object(request, object_id)
        if row and row.is_announced:
            update_from_mails(version=row, now=timezone.now())  # show the current state
        progress = progress_of(row) if row and row.notices_began_at and row.tells else None
        context = {**(extra_context or {}), "progress": progress, "changes": row.changes() if row else []}
        return super().change_view(request, object_id, form_url, context)


@admin.register(PolicyNotice)
class PolicyNoticeAdmin(PolicyActionsAdmin, ReadOnlyAdmin):
    list_display = ["__str__", "version", "state", "reason", "settled_at"]
    list_filter = ["state", "version"]
    list_select_related = ["version"]
    fields = ["version", "state", "reason", "contact_row", "settled_at", "handled_by"]
    staff_actions = OF_NOTICES
    row_argument = "notice"
    action_url_name = "policy_policynotice_step"

    @admin.display(description="row with the person's contact details")
    def contact_row(self, notice: PolicyNotice) -> str:
        row = notice.contact()
        if row is None:
            return "deleted"
        try:
            url = reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])
        except NoReverseMatch:
            return str(row)
        return format_html('<a href="{}">{}</a>', url, row)
