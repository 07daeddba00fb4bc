"""Rows for staff to review, because new normalization rules assigned them to another person."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html

from privacy.admin_base.readonly import ReadOnlyAdmin
from privacy.models.address_index import AddressChange


@admin.register(AddressChange)
class AddressChangeAdmin(ReadOnlyAdmin):
    """Shows IDs only. Staff delete an entry once they have reviewed it."""

    list_display = ["__str__", "change", "noticed_at", "row"]
    list_filter = ["change", "model"]
    fields = ["change", "model", "row", "noticed_at"]

    @admin.display(description="affected row")
    def row(self, entry: AddressChange) -> str:
        """A link if the admin has a page for this model."""
        app, _, name = entry.model.lower().partition(".")
        try:
            page = reverse(f"admin:{app}_{name}_change", args=[entry.row_id])
        except NoReverseMatch:
            return str(entry.row_id)
        return format_html('<a href="{}">{}</a>', page, entry.row_id)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return admin.ModelAdmin.has_delete_permission(self, request, obj)
