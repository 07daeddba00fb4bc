"""The admin of the audit log: each entry as a sentence, the newest first."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse

from privacy.admin_base.acting_user import acting_user
from privacy.admin_base.audit_sentences import with_sentences
from privacy.admin_base.labelled_admin import LabelledChangeList
from privacy.admin_base.readonly import ReadOnlyAdmin
from privacy.audit.models import AuditEntry
from privacy.audit.trail import record

# Beginnings of actions, in words.
SUBJECTS = {
    "privacy.staff.": "staff read, changed or searched something",
    "shop.": "orders, payments and licenses",
    "affiliates.": "affiliates, commissions and payouts",
    "contacts.": "messages, calls, letters and documents",
    "accounts.": "accounts and signing in",
    "privacy.request.": "privacy requests",
    "disclosure.": "disclosures to authorities",
}


class SubjectFilter(admin.SimpleListFilter):
    title = "subject"
    parameter_name = "subject"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return list(SUBJECTS.items())

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(action__startswith=self.value()) if self.value() in SUBJECTS else queryset


class SentenceList(LabelledChangeList):
    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        self.result_list: Any = with_sentences(self.result_list, request.user)


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    """Names whatever its reader may see elsewhere; so the list is audited itself."""

    list_display = ["at", "what_happened", "number"]
    list_display_links = ["number"]
    list_filter = ["at", SubjectFilter]
    ordering = ["-at", "-number"]  # the same order, but with an index for the entries of a period
    search_fields = ["=object_id", "=actor", "=action"]
    search_help_text = "The complete ID of a row or user, or the name of an action."
    fields = ["what_happened", "at", "number", "action", "object_model", "object_id", "actor"]
    fields += ["previous_hash", "hash"]

    @admin.display(description="what happened")
    def what_happened(self, entry: AuditEntry) -> str:
        return str(entry.sentence)  # type: ignore[attr-defined]  # of `with_sentences`

    def get_changelist(self, request: HttpRequest, **options: Any) -> Any:
        return SentenceList

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> AuditEntry | None:
        entry: AuditEntry | None = super().get_object(request, object_id, from_field)
        return with_sentences([entry], request.user)[0] if entry else None

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        response = super().changelist_view(request, extra_context)
        shown = (getattr(response, "context_data", None) or {}).get("cl")
        if shown is not None and shown.result_list:
            record(action="privacy.staff.listed", about=AuditEntry, actor=acting_user(request))
        return response
