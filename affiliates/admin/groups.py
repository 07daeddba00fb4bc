"""The admin of groups of affiliates. Their rates are set with all others; affiliates are moved on their own pages."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest

from affiliates.models import AffiliateGroup


@admin.register(AffiliateGroup)
class AffiliateGroupAdmin(admin.ModelAdmin[AffiliateGroup]):
    list_display = ["name", "size", "created_at"]
    search_fields = ["name"]
    fields = ["name"]

    @admin.display(description="affiliates")
    def size(self, group: Any) -> int:
        """The count was fetched with the list."""
        return int(group.size)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).annotate(size=Count("affiliates"))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
