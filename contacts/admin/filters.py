"""The queues of the inbox, and their order."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any, cast

from django.contrib import admin
from django.db.models import F, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from contacts.incoming_mail.wish_requests import waiting_wishes
from contacts.models import Inquiry, InquiryQuerySet

State = Inquiry.State
Queue = Callable[[InquiryQuerySet, datetime, Any], InquiryQuerySet]

QUEUES: dict[str, tuple[str, Queue]] = {
    "mine": ("mine", lambda rows, now, user: rows.to_do(now).filter(assigned_to=user)),
    "unassigned": ("unassigned", lambda rows, now, user: rows.to_do(now).filter(assigned_to=None)),
    "overdue": ("overdue", lambda rows, now, user: rows.overdue(now)),
    "wishes": ("asking for a privacy right", lambda rows, now, user: rows.filter(pk__in=_with_wishes(now))),
    "snoozed": ("snoozed", lambda rows, now, user: rows.snoozed(now)),
    "held": ("held for review", lambda rows, now, user: rows.filter(state=State.HELD)),
    "answered": ("answered", lambda rows, now, user: rows.filter(state=State.ANSWERED)),
    "closed": ("closed", lambda rows, now, user: rows.filter(state=State.CLOSED)),
    "spam": ("spam", lambda rows, now, user: rows.filter(state=State.SPAM)),
    "all": ("all", lambda rows, now, user: rows),
}
DONE = ("answered", "closed", "spam", "all")


def _with_wishes(now: datetime) -> QuerySet[Any, Any]:
    return waiting_wishes(now).order_by().values("inquiry")


class QueueFilter(admin.SimpleListFilter):
    """Without a choice: what waits, or everything that a search finds."""

    title = "queue"
    parameter_name = "queue"
    as_tabs = True

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(name, label) for name, (label, _) in QUEUES.items()]

    def choices(self, changelist: Any) -> Iterator[Any]:
        first, *others = super().choices(changelist)
        yield {**first, "display": "everything found" if changelist.query else "to do"}
        yield from others

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        inquiries, now = cast(InquiryQuerySet, queryset), timezone.now()
        if (name := self.value()) in QUEUES:
            return QUEUES[name][1](inquiries, now, request.user)
        return inquiries if request.GET.get("q") else inquiries.to_do(now)


def inbox_order(request: HttpRequest) -> list[Any]:
    """What waits by due date; what is done, or found, newest first."""
    is_done = request.GET.get("queue", "") in DONE or request.GET.get("q")
    return ["-received_at", "-pk"] if is_done else [F("due_at").asc(nulls_last=True), "pk"]
