"""Mail, requests and opt-outs, for staff."""

from __future__ import annotations

from django.contrib import admin

from .admin_readonly import ReadOnlyAdmin
from .admin_requests import PrivacyRequestAdmin
from .admin_search import BlindSearchMixin
from .models import OutgoingMail, Suppression

__all__ = ["OutgoingMailAdmin", "PrivacyRequestAdmin", "SuppressionAdmin"]


@admin.register(OutgoingMail)
class OutgoingMailAdmin(BlindSearchMixin, ReadOnlyAdmin):
    list_display = ["kind", "state", "refusal", "queued_at", "sent_at"]
    list_filter = ["state", "kind"]
    blind_search_fields = ("recipient_index",)
    fields = ["kind", "about_model", "about_id", "state", "refusal", "attempts", "queued_at", "sent_at", "subject"]


@admin.register(Suppression)
class SuppressionAdmin(BlindSearchMixin, ReadOnlyAdmin):
    list_display = ["__str__", "channel", "created_at"]
    list_filter = ["channel"]
    blind_search_fields = ("email_index",)
    fields = ["channel", "created_at"]
