"""Searching the admin by exact e-mail address or telephone number, through blind indexes."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpRequest

from privacy.encryption.normalization import normalize_phone

from .audited import AuditedAdmin


class BlindSearchMixin(AuditedAdmin):
    """`blind_search_fields` are look-ups of blind indexes that take a whole address, `blind_phone_fields` ones that
    take a whole number, however typed.

    That somebody searched is recorded, also from another page's pick list; for whom is not.
    """

    blind_search_fields: tuple[str, ...] = ()
    blind_phone_fields: tuple[str, ...] = ()
    search_help_text = "A whole e-mail address or number: sealed values are found exactly or not at all."

    def get_search_fields(self, request: HttpRequest) -> Any:
        return super().get_search_fields(request) or ["pk"]  # shows the search box

    def get_ordering(self, request: HttpRequest) -> Any:
        """Pick lists go through the found rows page by page, so they need an order."""
        return super().get_ordering(request) or self.model._meta.ordering or ["pk"]

    def get_search_results(self, request: HttpRequest, queryset: QuerySet[Any], search_term: str) -> Any:
        term = search_term.strip()
        lookups = self.blind_search_fields if "@" in term else self._phone_fields(term)
        if "@" not in term and not lookups:
            return super().get_search_results(request, queryset, search_term)
        self.audit(request, "search", self.model)
        found = Q(pk__in=[])
        for lookup in lookups:
            found |= Q(**{lookup: term})
        return queryset.filter(found), True

    def _phone_fields(self, term: str) -> tuple[str, ...]:
        """None for what can't be a telephone number, such as the number of an order. Letters are taken for digits by
        `phonenumbers`, as in 1-800-FLOWERS, so a reference like B23456789F could be searched as a number."""
        if any(character.isalpha() for character in term):
            return ()
        try:
            normalize_phone(term)
        except ValueError:
            return ()
        return self.blind_phone_fields
