"""The admin of the audit log."""

from __future__ import annotations

from django.contrib import admin

from privacy.admin_base.readonly import ReadOnlyAdmin
from privacy.audit.models import AuditEntry


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    list_display = ["number", "at", "action", "object_model", "object_id", "actor"]
    list_filter = ["at", "action"]
    search_fields = ["=object_id", "=actor"]
    search_help_text = "The complete ID of a row or user."
    show_full_result_count = False
