"""The audit, for staff to read."""

from __future__ import annotations

from django.contrib import admin

from privacy.admin_base.readonly import ReadOnlyAdmin
from privacy.audit.models import AuditEntry


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    list_display = ["number", "at", "action", "object_model", "object_id", "actor"]
    list_filter = ["at", "action"]
    search_fields = ["=object_id", "=actor"]
    search_help_text = "A row's id or a user's id, as a whole."
    show_full_result_count = False
