"""The staff inbox."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join

from contacts.inquiries.contact_permission import permissions_now
from contacts.inquiries.forms import ONLY_FOR
from contacts.inquiries.workflow import answer_inquiry, assign_inquiry, set_state
from contacts.models import Inquiry, Reply
from privacy.admin_base.acting_user import acting_user
from privacy.admin_base.readonly import ReadOnlyInline
from privacy.admin_base.refusals import ActionRefused
from privacy.admin_base.staff_action import StaffAction
from privacy.encryption.normalization import normalize_email
from privacy.registry.deadlines import local_day

from .actions import TAKE, InquiryActions
from .filters import INBOX_ORDER, QueueFilter
from .forms import InquiryForm, ReplyForm

if TYPE_CHECKING:
    from accounts.models import User


class SentReplyInline(ReadOnlyInline):
    model = Reply
    fields = ("sent_at", "written_by", "body")
    readonly_fields = fields
    verbose_name_plural = "sent answers"

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("author")

    @admin.display(description="by")
    def written_by(self, row: Any) -> str:
        return _name(row.author)


class NewReplyInline(admin.StackedInline[Reply, Inquiry]):
    model = Reply
    form = ReplyForm
    extra = max_num = 1
    can_delete = False
    verbose_name = verbose_name_plural = "answer by email"

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).none()


WRITTEN: tuple[str, ...] = ("reference", "received_at", "due", "answered_at", "kind", "name", "address_of_sender")
WRITTEN += ("phone", "address", "project", "budget", "deadline", "order_reference", "message", "reach")


@admin.register(Inquiry)
class InquiryAdmin(InquiryActions):
    list_display = ["reference", "kind", "state", "due", "with_whom", "received_at", "answered_at"]
    list_filter = [QueueFilter, "state", "kind", "received_at"]
    list_select_related = ["assigned_to"]
    ordering = INBOX_ORDER
    search_fields = ["reference"]
    form = InquiryForm
    inlines = [SentReplyInline, NewReplyInline]
    change_form_template = "contacts/admin/inquiry.html"

    # --- Display ------------------------------------------------------------------------------------------------
    @admin.display(description="answer due", ordering="due_at")
    def due(self, inquiry: Inquiry) -> str:
        if inquiry.due_at is None or inquiry.state not in Inquiry.WAITING:
            return "–"
        day = f"{local_day(inquiry.due_at):%b %-d, %Y}"
        late = inquiry.is_overdue(timezone.now())
        return format_html('<strong class="overdue">{}, overdue</strong>', day) if late else day

    @admin.display(description="assigned to")
    def with_whom(self, inquiry: Inquiry) -> str:
        return _name(inquiry.assigned_to)

    @admin.display(description="email address")
    def address_of_sender(self, inquiry: Inquiry) -> str:
        """Shows the ASCII domain too if the address has letters of other scripts, which may look alike."""
        plain = normalize_email(inquiry.email).rpartition("@")[2]
        return inquiry.email if inquiry.email.isascii() else f"{inquiry.email} (domain: {plain})"

    @admin.display(description="contact permissions")
    def reach(self, inquiry: Inquiry) -> str:
        """The current permission for each channel and purpose."""
        lines = ((p.channel.label, p.refusal or f"yes, for {p.purpose.label}") for p in permissions_now([inquiry]))
        return format_html_join("", "<div>{}: {}</div>", lines)

    @admin.display(description="privacy request")
    def privacy_request_link(self, inquiry: Inquiry) -> str:
        if inquiry.privacy_request_id is None:
            return "–"
        address = reverse("admin:privacy_privacyrequest_change", args=[inquiry.privacy_request_id])
        return format_html('<a href="{}">the complaint, with its legal deadlines</a>', address)

    def more_watched(self, inquiry: Inquiry) -> list[tuple[Any, tuple[str, ...]]]:
        documents = inquiry.documents.defer("content")
        return [(inquiry.correspondence.all(), ("way", "happened_at", "notes")), (documents, ("name", "sent_at"))]

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **options: Any) -> Any:
        """Adds the calls, letters and documents. They are not inlines, because this page can't edit them."""
        if (inquiry := context.get("original")) is not None:
            context["correspondence"] = inquiry.correspondence.select_related("author")
            context["attachments"] = inquiry.attachments.defer("content")
            context["documents"] = inquiry.documents.defer("content")
        return super().render_change_form(request, context, *args, **options)

    def actions_shown(self, request: HttpRequest, inquiry: Inquiry) -> list[StaffAction]:
        shown = super().actions_shown(request, inquiry)
        return [action for action in shown if action is not TAKE or inquiry.assigned_to_id != request.user.pk]

    # --- Permissions ------------------------------------------------------------------------------------------
    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: Inquiry | None = None) -> Any:
        """A held message is released by its button, which also notifies the sender."""
        held = ("state",) if obj is not None and obj.state == Inquiry.State.HELD else ()
        return (*WRITTEN, "privacy_request_link", *held)

    def get_inlines(self, request: HttpRequest, obj: Inquiry | None) -> Any:
        held = obj is not None and obj.state == Inquiry.State.HELD
        return [inline for inline in self.inlines if not (held and inline is NewReplyInline)]

    def get_fields(self, request: HttpRequest, obj: Inquiry | None = None) -> Any:
        """Only the fields of this kind of message."""
        kind = obj.kind if obj else None
        shown = [name for name in WRITTEN if ONLY_FOR.get(name, kind) == kind]
        complaint = ["privacy_request_link"] if kind == Inquiry.Kind.COMPLAINT else []
        return [*shown, *complaint, "state", "assigned_to"]

    # --- Saving -------------------------------------------------------------------------------------------------------
    def save_model(self, request: HttpRequest, obj: Inquiry, form: Any, change: bool) -> None:
        if "assigned_to" in form.changed_data:
            assign_inquiry(inquiry=obj, to=obj.assigned_to, actor=acting_user(request))

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Saves the answer first: a closed message can't be answered."""
        super().save_related(request, form, formsets, change)
        if "state" in form.changed_data:
            set_state(inquiry=form.instance, state=form.cleaned_data["state"])

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        """An answer is mailed or refused with a reason, never just stored."""
        formset.save(commit=False)
        # The admin's history should not list refused answers.
        formset.new_objects = [reply for reply in formset.new_objects if self._send(request, reply)]

    def _send(self, request: HttpRequest, reply: Reply) -> bool:
        try:
            inquiry = Inquiry.objects.get(pk=reply.inquiry_id)  # the stored state: the form may close it afterward
            answer_inquiry(inquiry=inquiry, body=reply.body, actor=acting_user(request))
        except ActionRefused as refusal:
            self.message_user(request, f"Not sent: {refusal}", messages.ERROR)
            return False
        self.message_user(request, "Your answer has been sent.")
        return True


def _name(user: User | None) -> str:
    return str(user.name or user.email) if user else "–"
