"""The search box of a list of rows with sealed columns: finds what the one search finds, in this list."""

from __future__ import annotations

from functools import reduce
from operator import or_
from typing import Any

from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from .audited import AuditedAdmin
from .search import limits
from .search.finding import conditions_of, open_rows, rows_at_once
from .search.pasted_text import LONGEST, PastedText
from .search.row_kinds import kind_of

FOUND = 200  # rows of a list that are found by words


class BlindSearchMixin(AuditedAdmin):
    """Finds rows by email address, phone number or code in any form, and by words of the newest rows, as the model's
    `RowKind` declares; and by `search_fields`.

    Searches that open rows or use an address are audited, including those from autocomplete fields of other pages, but
    not the search term.
    """

    search_help_text = "An address, number or name, as you copied it. Older rows are found by the search at the top."

    def get_search_fields(self, request: HttpRequest) -> Any:
        return super().get_search_fields(request) or ["pk"]  # shows the search box

    def get_ordering(self, request: HttpRequest) -> Any:
        """Autocomplete lists paginate results, so they need an order."""
        return super().get_ordering(request) or self.model._meta.ordering or ["pk"]

    def get_search_results(self, request: HttpRequest, queryset: QuerySet[Any], search_term: str) -> Any:
        pasted, kind = PastedText(search_term[:LONGEST]), kind_of(self.model)
        if kind is None or not pasted.plain:
            return super().get_search_results(request, queryset, search_term)
        found = reduce(or_, conditions_of(kind, pasted), Q(pk__in=[]))
        by_words = kind.words and not (pasted.is_one_number and queryset.filter(found).exists())
        if by_words and not pasted.emails and not pasted.phones and not limits.may_search_lists(request):
            self.message_user(request, limits.refusal(limits.LISTS_PER_HOUR), messages.WARNING)
            return queryset.none(), False
        if pasted.emails or pasted.phones or by_words or kind.find(pasted) is not None:
            self.audit(request, "search", self.model)
        if pasted.emails or pasted.phones:
            return queryset.filter(found), True
        others, _ = super().get_search_results(request, queryset, search_term)
        found |= Q(pk__in=others.order_by().values("pk"))
        if by_words:
            found |= Q(pk__in=open_rows(kind, pasted, number=rows_at_once(kind), at_most=FOUND)[0])
        return queryset.filter(found), True
