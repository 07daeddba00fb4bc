"""Filters and order of the inbox."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import admin
from django.db.models import Case, F, QuerySet, Value, When
from django.http import HttpRequest
from django.utils import timezone

from contacts.models import Inquiry, InquiryQuerySet

# Waiting messages first, by due date; then the rest, newest first.
INBOX_ORDER: list[Any] = [
    Case(When(state__in=Inquiry.WAITING, then=Value(0)), default=Value(1)).asc(),
    Case(When(state__in=Inquiry.WAITING, then=F("due_at"))).asc(),
    F("received_at").desc(),
]


class QueueFilter(admin.SimpleListFilter):
    title = "queue"
    parameter_name = "queue"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("mine", "mine"), ("unassigned", "unassigned"), ("overdue", "overdue"), ("held", "held for review")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        inquiries = cast(InquiryQuerySet, queryset)
        if self.value() == "overdue":
            return inquiries.overdue(timezone.now())
        if self.value() == "held":
            return inquiries.filter(state=Inquiry.State.HELD)
        if self.value() == "mine":
            return inquiries.waiting().filter(assigned_to=cast(Any, request.user))
        return inquiries.waiting().filter(assigned_to=None) if self.value() == "unassigned" else inquiries
