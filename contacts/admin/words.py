"""A message's state and due date in words."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString

from contacts.models import Inquiry
from privacy.models import PrivacyRequest
from privacy.registry.deadlines import local_day

State = Inquiry.State


def state_in_words(inquiry: Inquiry, now: datetime) -> str | SafeString:
    if inquiry.merged_into is not None:
        return f"merged into {inquiry.merged_into.reference}"
    if inquiry.is_snoozed(now) and inquiry.snoozed_until:
        return f"snoozed until {day_in_words(inquiry.snoozed_until)}"
    if inquiry.state == State.OPEN:
        return "open" if inquiry.opened_at else format_html('<strong class="new">{}</strong>', "new")
    if inquiry.state == State.ANSWERED and inquiry.answered_at:
        return f"answered {day_in_words(inquiry.answered_at)}"
    return inquiry.get_state_display()


def due_in_words(inquiry: Inquiry, now: datetime) -> str | SafeString:
    """Empty if it needs no answer (any more)."""
    if inquiry.due_at is None or inquiry.state not in Inquiry.WAITING:
        return ""
    if inquiry.is_overdue(now):
        return format_html('<strong class="overdue">overdue since {}</strong>', day_in_words(inquiry.due_at))
    days = (local_day(inquiry.due_at) - local_day(now)).days
    return {0: "due today", 1: "due tomorrow"}.get(days, f"due {day_in_words(inquiry.due_at)}")


def request_link(request: PrivacyRequest, viewer: Any) -> str:
    """Kind and number, as a link for those who may open it."""
    words = f"{request.get_kind_display()}, {request.reference}"
    if not viewer.has_perm("privacy.view_privacyrequest"):
        return words
    address = reverse("admin:privacy_privacyrequest_change", args=[request.pk])
    return format_html('<a href="{}">{}</a>', address, words)


def day_in_words(moment: datetime) -> str:
    return date_format(local_day(moment), "M j, Y")
