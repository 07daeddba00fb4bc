"""The policy's versions for staff: what waits, the next version from draft to effect, and who is still to be told."""

from __future__ import annotations

from typing import Any, cast
from uuid import UUID

from django.contrib import admin, messages
from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import NoReverseMatch, path, reverse
from django.utils import timezone
from django.utils.html import format_html

from privacy.admin_base.audited import AuditedAdmin
from privacy.admin_base.readonly import ReadOnlyAdmin
from privacy.admin_base.refusals import ActionRefused
from privacy.registry.policy_gate import waiting
from privacy.registry.policy_snapshot import running

from .admin_actions import STEPS_OF_NOTICES, STEPS_OF_VERSIONS, Step
from .admin_forms import VersionForm
from .models import PolicyNotice, PolicyVersion
from .notice_progress import progress_of
from .notices import follow_mails


class SteppedAdmin(AuditedAdmin):
    """Buttons on a row's page, each of which asks before it acts."""

    steps: dict[str, Step] = {}
    change_form_template = "privacy/admin/policy_row.html"

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(self.step_view)
        name = f"{self.opts.app_label}_{self.opts.model_name}_step"
        return [path("<uuid:row_id>/step/<slug:step>/", view, name=name), *super().get_urls()]

    def may_act(self, request: HttpRequest) -> bool:
        return request.user.has_perm(f"{self.opts.app_label}.change_{self.opts.model_name}")

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None) -> Any:
        row = self.get_object(request, object_id)
        steps = [s for s in self.steps.values() if row and s.when(row)] if self.may_act(request) else []
        context = {"steps": steps, "step_url": f"admin:{self.opts.app_label}_{self.opts.model_name}_step"}
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), **context})

    def step_view(self, request: HttpRequest, row_id: UUID, step: str) -> HttpResponse:
        """Asks, then acts, and says plainly what happened."""
        if not self.may_act(request):
            raise PermissionDenied
        row, chosen = get_object_or_404(self.model, pk=row_id), self.steps.get(step)
        if chosen is None:
            raise Http404
        if not chosen.when(row):
            return self._back(request, row, "This can't be done any more.", messages.ERROR)
        if request.method == "POST":
            return self._do(request, row, chosen)
        self.audit(request, "read", row)
        context = {**self.admin_site.each_context(request), "title": str(row), "original": row, "opts": self.opts}
        return render(request, "privacy/admin/policy_step.html", {**context, "step": chosen})

    def _do(self, request: HttpRequest, row: Any, step: Step) -> HttpResponse:
        try:
            step.do(row, now=timezone.now(), actor=cast(AbstractBaseUser, request.user))
        except ActionRefused as refusal:
            return self._back(request, row, str(refusal), messages.ERROR)
        return self._back(request, row, step.done)

    def _back(self, request: HttpRequest, row: Any, message: str, level: int = messages.SUCCESS) -> HttpResponse:
        self.message_user(request, message, level)
        return redirect(reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_change", args=[row.pk]))


@admin.register(PolicyVersion)
class PolicyVersionAdmin(SteppedAdmin):
    actions = None
    list_display = ["__str__", "state", "effective_on", "notices_began_at", "in_effect_at"]
    form = VersionForm
    steps = STEPS_OF_VERSIONS
    change_list_template = "privacy/admin/policy_versions.html"

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and (obj is None or obj.is_draft)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_delete_permission(request, obj) and (obj is None or obj.is_draft)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """One draft at a time."""
        return super().has_add_permission(request) and not PolicyVersion.objects.filter(state="draft").exists()

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        typed = ["summary", "additions", "effective_on", "tells"]
        if obj is None or obj.is_draft:
            return typed
        return [*typed, "state", "notices_began_at", "in_effect_at", "ended_at", "registry_hash"]

    def save_model(self, request: HttpRequest, obj: PolicyVersion, form: Any, change: bool) -> None:
        """A draft follows the code until it is announced."""
        obj.take(running())
        super().save_model(request, obj, form, change)

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        return super().changelist_view(request, {**(extra_context or {}), "waiting": waiting()})

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None) -> Any:
        row = self.get_object(request, object_id)
        if row and row.is_announced:
            follow_mails(version=row, now=timezone.now())  # what is shown is what is known now
        progress = progress_of(row) if row and row.notices_began_at and row.tells else None
        context = {**(extra_context or {}), "progress": progress, "changes": row.changes() if row else []}
        return super().change_view(request, object_id, form_url, context)


@admin.register(PolicyNotice)
class PolicyNoticeAdmin(SteppedAdmin, ReadOnlyAdmin):
    list_display = ["__str__", "version", "state", "reason", "settled_at"]
    list_filter = ["state", "version"]
    list_select_related = ["version"]
    fields = ["version", "state", "reason", "contact_row", "settled_at", "handled_by"]
    steps = STEPS_OF_NOTICES

    @admin.display(description="where the person is found")
    def contact_row(self, notice: PolicyNotice) -> str:
        row = notice.contact()
        if row is None:
            return "no longer kept"
        try:
            url = reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])
        except NoReverseMatch:
            return str(row)
        return format_html('<a href="{}">{}</a>', url, row)
