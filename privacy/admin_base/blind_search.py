"""Admin search by exact email address or phone number, using blind indexes."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpRequest

from privacy.encryption.normalization import normalize_phone

from .audited import AuditedAdmin


class BlindSearchMixin(AuditedAdmin):
    """`blind_search_fields` are blind-index lookups by email address, `blind_phone_fields` by phone number, regardless
    of spelling.

    Searches are audited, including those from autocomplete fields of other pages, but not the search term.
    """

    blind_search_fields: tuple[str, ...] = ()
    blind_phone_fields: tuple[str, ...] = ()
    search_help_text = "Search by complete email address or number. Encrypted values can't be searched in part."

    def get_search_fields(self, request: HttpRequest) -> Any:
        return super().get_search_fields(request) or ["pk"]  # shows the search box

    def get_ordering(self, request: HttpRequest) -> Any:
        """Autocomplete lists paginate results, so they need an order."""
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
        """Empty if the term can't be a phone number, such as an order number. `phonenumbers` reads letters as digits
        (1-800-FLOWERS), so a reference like B23456789F would count as one."""
        if any(character.isalpha() for character in term):
            return ()
        try:
            normalize_phone(term)
        except ValueError:
            return ()
        return self.blind_phone_fields
