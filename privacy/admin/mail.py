"""The admin of outgoing mail, undeliverable addresses and mail statistics."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from privacy.admin_base.acting_user import acting_user
from privacy.admin_base.blind_search import BlindSearchMixin
from privacy.admin_base.readonly import ReadOnlyAdmin
from privacy.mail.bounces import lift
from privacy.models import MailTally, OutgoingMail, UndeliverableAddress
from privacy.registry.mail_kinds import all_kinds


class MailKindFilter(admin.SimpleListFilter):
    """The declared kinds: the database would read all mails to list theirs."""

    title = parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(kind.template, kind.template) for kind in all_kinds()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[OutgoingMail]) -> QuerySet[OutgoingMail]:
        return queryset.filter(kind=self.value()) if self.value() else queryset


@admin.register(OutgoingMail)
class OutgoingMailAdmin(BlindSearchMixin, ReadOnlyAdmin):
    """`?state__exact=refused` lists refused mails. Message bodies are not shown."""

    list_display = ["kind", "state", "refusal", "queued_at", "sent_at"]
    list_filter = ["state", MailKindFilter]
    fields = ["kind", "about_model", "about_id", "state", "refusal", "attempts", "queued_at", "sent_at", "subject"]


@admin.register(UndeliverableAddress)
class UndeliverableAddressAdmin(BlindSearchMixin, ReadOnlyAdmin):
    list_display = ["__str__", "code", "noticed_at"]
    fields = ["code", "noticed_at"]
    actions = ["reactivate_selected"]

    @admin.action(description="Reactivate selected addresses", permissions=["reactivate"])
    def reactivate_selected(self, request: HttpRequest, queryset: QuerySet[UndeliverableAddress]) -> None:
        for address in queryset:
            lift(address=address, actor=acting_user(request))
        self.message_user(request, "The addresses can receive mail again.", messages.SUCCESS)

    def has_reactivate_permission(self, request: HttpRequest) -> bool:
        """The delete permission, otherwise unused here, allows reactivating addresses."""
        return admin.ModelAdmin.has_delete_permission(self, request)


@admin.register(MailTally)
class MailTallyAdmin(ReadOnlyAdmin):
    list_display = ["day", "kind", "purpose", "outcome", "because", "count"]
    list_filter = ["outcome", "because", "purpose"]
    date_hierarchy = "day"

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.list_display
