"""The affiliate program for staff: applications and affiliates; the rest stands in `admin_*.py`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from privacy.admin_readonly import ReadOnlyAdmin
from privacy.admin_search import BlindSearchMixin
from privacy.mail import MailRefused

from . import admin_commissions, admin_disputes, admin_ledger, admin_payouts, admin_rates  # noqa: F401  (registers them)
from .models import Affiliate, Application
from .onboarding import approve_application, decline_application


@admin.register(Application)
class ApplicationAdmin(BlindSearchMixin, ReadOnlyAdmin):
    list_display = ["__str__", "state", "applied_at", "decided_at"]
    list_filter = ["state"]
    blind_search_fields = ("email_index",)
    actions = ["approve", "decline"]

    @admin.action(description="Approve: make them affiliates and mail the link to a password", permissions=["decide"])
    def approve(self, request: HttpRequest, queryset: QuerySet[Application]) -> None:
        self._decide(request, queryset, lambda application: approve_application(application=application), "approved")

    @admin.action(description="Decline", permissions=["decide"])
    def decline(self, request: HttpRequest, queryset: QuerySet[Application]) -> None:
        reason = "It does not fit what we are looking for at the moment."
        decline = lambda application: decline_application(application=application, reason=reason)  # noqa: E731
        self._decide(request, queryset, decline, "declined")

    def _decide(
        self, request: HttpRequest, queryset: QuerySet[Application], decide: Callable[[Application], Any], done: str
    ) -> None:
        """Each on its own: somebody who may not be written to can't be told, and stays undecided."""
        count = 0
        for application in queryset:
            try:
                count += bool(decide(application))
            except MailRefused as refusal:
                self.message_user(request, f"{application} stays open: {refusal}.", messages.ERROR)
        self.message_user(request, f"{count} {done}.")

    def has_decide_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("affiliates.change_application")


@admin.register(Affiliate)
class AffiliateAdmin(BlindSearchMixin, admin.ModelAdmin[Affiliate]):
    list_display = ["code", "state", "joined_at"]
    list_filter = ["state"]
    search_fields = ["code"]
    blind_search_fields = ("user__email_index", "payout_email_index")
    autocomplete_fields = ["user"]
    fields = ["user", "code", "state", "payout_email", "website", "terms_version", "joined_at"]
    readonly_fields = ["joined_at"]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
