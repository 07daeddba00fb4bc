"""The staff inbox: its list."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import label_for_field
from django.db.models import OuterRef, Q, Subquery
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from django.utils.timesince import timesince

from contacts.conversation.timeline import answered_row
from contacts.incoming_mail.wish_requests import waiting_wishes
from contacts.inquiries.forms import ONLY_FOR
from contacts.models import Inquiry
from privacy.admin_base.staff_labels import link_for
from privacy.encryption.normalization import normalize_email
from privacy.models import PrivacyRequest
from privacy.registry.declarations import is_about

from .bulk import BulkActions
from .contributions import contributed_facts
from .conversation import ConversationPage
from .entering import ENTERED, EnteringAdmin
from .filters import QueueFilter, inbox_order
from .forms import ConversationForm
from .words import due_in_words, request_link, state_in_words

WRITTEN: tuple[str, ...] = ("name", "email", "phone", "address", "project", "budget", "deadline", "order_reference")
Kind = PrivacyRequest.Kind
LISTED = 80  # characters of a first line


@admin.register(Inquiry)
class InquiryAdmin(EnteringAdmin, BulkActions, ConversationPage):
    change_list_template = "contacts/admin/inbox.html"
    list_title = "Inbox"
    list_display = ["name", "about", "age", "with_whom", "status"]
    list_display_links = ["name", "about"]
    list_filter = [QueueFilter, "kind", "received_at"]
    list_select_related = ["assigned_to", "merged_into"]
    list_per_page = 50
    search_fields = ["reference"]
    form = ConversationForm
    also_watched = ("state", "assigned_to", "snoozed_until", "merged_into")

    def get_queryset(self, request: HttpRequest) -> Any:
        """With what an email in the conversation asks for, while it waits for staff."""
        asked = waiting_wishes(timezone.now()).filter(inquiry=OuterRef("pk")).values("wish")[:1]
        return super().get_queryset(request).annotate(wish=Subquery(asked))

    # --- The list -----------------------------------------------------------------------------------------------------
    def get_ordering(self, request: HttpRequest) -> Any:
        return inbox_order(request)

    @admin.display(description="message")
    def about(self, inquiry: Inquiry) -> str:
        line = inquiry.first_line
        short = line if len(line) <= LISTED else f"{line[:LISTED].rstrip()}…"
        wish = getattr(inquiry, "wish", None)
        asks = format_html('<strong class="new">{}</strong> ', Kind(wish).label) if wish else ""
        return format_html('{}{} <span class="quiet inbox-reference">{}</span>', asks, short, inquiry.reference)

    @admin.display(description="age", ordering="received_at")
    def age(self, inquiry: Inquiry) -> str:
        now = timezone.now()
        ago = timesince(inquiry.received_at, now, depth=1)
        due = due_in_words(inquiry, now)
        return format_html("{}, {}", ago, due) if due else ago

    @admin.display(description="assigned to")
    def with_whom(self, inquiry: Inquiry) -> str:
        return str(inquiry.assigned_to.get_full_name()) if inquiry.assigned_to else "–"

    @admin.display(description="state", ordering="state")
    def status(self, inquiry: Inquiry) -> str:
        return state_in_words(inquiry, timezone.now())

    # --- The page -----------------------------------------------------------------------------------------------------
    def facts(self, request: HttpRequest, inquiry: Inquiry) -> list[tuple[str, Any]]:
        shown = (name for name in WRITTEN if ONLY_FOR.get(name, inquiry.kind) == inquiry.kind)
        labels = ((str(label_for_field(name, Inquiry)), getattr(inquiry, name)) for name in shown)
        facts: list[tuple[str, Any]] = [(label, value) for label, value in labels if value]
        if inquiry.email and not inquiry.email.isascii():  # letters of other scripts, which may look alike
            facts.append(("domain", normalize_email(inquiry.email).rpartition("@")[2]))
        facts += (("privacy request", shown) for shown in self._requests(inquiry, request.user))
        if row := answered_row(inquiry):
            somebody_elses = "" if is_about(row, inquiry.email) else " (someone else's)"
            facts.append(("answers our email about", format_html("{}{}", link_for(request.user, row), somebody_elses)))
        return [*facts, *contributed_facts(inquiry, request.user)]

    def _requests(self, inquiry: Inquiry, viewer: Any) -> Iterator[str]:
        """The complaint that it is, and what its emails asked for, to which merged messages belong."""
        complaint, asked = Q(pk=inquiry.privacy_request_id), Q(incoming_mails__inquiry=inquiry)
        merged = Q(incoming_mails__inquiry__merged_into=inquiry)
        for each in PrivacyRequest.objects.filter(complaint | asked | merged).distinct():
            yield request_link(each, viewer)

    def more_watched(self, inquiry: Inquiry) -> list[tuple[Any, tuple[str, ...]]]:
        return [
            (inquiry.replies.all(), ("sent_at", "body")),
            (inquiry.incoming_mails.all(), ("received_at", "wish_settled_at")),
            (inquiry.correspondence.all(), ("way", "happened_at", "notes")),
            (inquiry.notes.all(), ("body",)),
            (inquiry.documents.defer("content"), ("name", "sent_at")),
        ]

    def get_fields(self, request: HttpRequest, obj: Inquiry | None = None) -> Any:
        """The sender's columns are compared with what the page showed; the rest is the form."""
        return [*WRITTEN, "message", *ConversationForm.base_fields] if obj else ENTERED

    def get_readonly_fields(self, request: HttpRequest, obj: Inquiry | None = None) -> Any:
        return (*WRITTEN, "message") if obj else ()
