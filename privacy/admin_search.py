"""Searching the admin by exact e-mail address, through blind indexes."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest


class BlindSearchMixin(admin.ModelAdmin[Any]):
    """`blind_search_fields` are look-ups of blind indexes that take a whole address, however it is typed."""

    blind_search_fields: tuple[str, ...] = ()
    search_help_text = "A whole e-mail address or number: sealed values are found exactly or not at all."

    def get_search_fields(self, request: HttpRequest) -> Any:
        return super().get_search_fields(request) or ["pk"]  # shows the search box

    def get_search_results(self, request: HttpRequest, queryset: QuerySet[Any], search_term: str) -> Any:
        term = search_term.strip()
        if "@" not in term:
            return super().get_search_results(request, queryset, search_term)
        found = Q(pk__in=[])
        for lookup in self.blind_search_fields:
            found |= Q(**{lookup: term})
        return queryset.filter(found), True
