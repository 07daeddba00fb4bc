"""The staff inbox."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django.contrib import admin, messages
from django.http import HttpRequest

from privacy.admin_readonly import ReadOnlyInline
from privacy.admin_search import BlindSearchMixin
from privacy.mail import MailRefused

from .forms import ReplyForm
from .inquiries import answer_inquiry
from .models import Inquiry, Reply

if TYPE_CHECKING:
    from accounts.models import User


class SentReplyInline(ReadOnlyInline):
    model = Reply
    fields = ("sent_at", "author", "body")
    readonly_fields = fields
    verbose_name_plural = "answers sent"

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("author")


class NewReplyInline(admin.StackedInline[Reply, Inquiry]):
    model = Reply
    form = ReplyForm
    extra = max_num = 1
    can_delete = False
    verbose_name_plural = "answer by mail"

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).none()


@admin.register(Inquiry)
class InquiryAdmin(BlindSearchMixin, admin.ModelAdmin[Inquiry]):
    list_display = ["reference", "kind", "state", "received_at", "answered_at"]
    list_filter = ["state", "kind", "received_at"]
    search_fields = ["reference"]
    blind_search_fields = ("email_index",)
    blind_phone_fields = ("phone_index",)
    readonly_fields = ("reference", "received_at", "kind", "name", "email", "phone", "address", "message")
    fields = (*readonly_fields, "state")
    inlines = [SentReplyInline, NewReplyInline]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        """An answer is never only stored: it is mailed, or refused with the reason."""
        formset.save(commit=False)
        # What was refused is no new object: the admin's history tells of what is stored.
        formset.new_objects = [reply for reply in formset.new_objects if self._send(request, reply)]

    def _send(self, request: HttpRequest, reply: Reply) -> bool:
        try:
            answer_inquiry(inquiry=reply.inquiry, body=reply.body, author=cast("User", request.user))
        except MailRefused as refusal:
            self.message_user(request, f"Not sent: {refusal}.", messages.ERROR)
            return False
        self.message_user(request, "Your answer is on its way.")
        return True
