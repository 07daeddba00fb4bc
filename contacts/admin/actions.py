"""What staff do with a message by button, and the pages that belong to one."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.utils import timezone

from contacts.conversation.queue import next_to_do
from contacts.conversation.timeline import events_of, inquiries_of_the_sender
from contacts.documents.sharing import add_document, fetch_document, send_document
from contacts.documents.views import download
from contacts.inquiries.assignment import assign_inquiry
from contacts.inquiries.contact_permission import permissions_now
from contacts.inquiries.correspondence import log_correspondence
from contacts.inquiries.workflow import close_inquiry, mark_as_spam, release_inquiry, reopen_inquiry
from contacts.models import Attachment, Correspondence, Document, Inquiry
from privacy.admin_base.acting_user import acting_user
from privacy.admin_base.blind_search import BlindSearchMixin
from privacy.admin_base.staff_action import StaffAction, StaffActionsAdmin
from privacy.audit.trail import record

from .forms import CorrespondenceForm, DocumentForm

PER_PAGE = 20  # messages on one page of a history
State = Inquiry.State

TAKE = StaffAction(
    name="take",
    label="Assign to me",
    do=lambda *, inquiry, actor: assign_inquiry(inquiry=inquiry, to=actor, actor=actor),
    one_press=True,
    done="The message is assigned to you.",
)
SPAM = StaffAction(
    name="discard",
    label="Spam",
    do=mark_as_spam,
    when=lambda inquiry: inquiry.state != State.SPAM,
    one_press=True,
    done="Marked as spam. Nobody is mailed, and the message is kept under “spam”.",
)
CLOSE = StaffAction(
    name="close",
    label="Close",
    do=close_inquiry,
    when=lambda inquiry: inquiry.may_be_answered,
    one_press=True,
    done="Closed without a mail.",
)
INQUIRY_ACTIONS = (
    StaffAction(
        name="release",
        label="Not spam: release it",
        do=release_inquiry,
        when=lambda inquiry: inquiry.state == State.HELD,
        one_press=True,
        done="Released. The sender gets the confirmation.",
    ),
    TAKE,
    CLOSE,
    StaffAction(
        name="reopen",
        label="Reopen",
        do=reopen_inquiry,
        when=lambda inquiry: inquiry.state in (State.ANSWERED, State.CLOSED, State.SPAM),
        one_press=True,
        done="Open again, with a new due date.",
    ),
    SPAM,
    StaffAction(
        name="log",
        label="Log a call, letter or email",
        do=lambda *, inquiry, **entry: log_correspondence(**entry),
        form=CorrespondenceForm,
        template="contacts/admin/log.html",
        done="Logged.",
    ),
    StaffAction(
        name="document",
        label="Add a document",
        do=add_document,
        form=DocumentForm,
        done="The document is stored. Nobody has been notified yet: send its link.",
    ),
)


class InquiryActions(StaffActionsAdmin, BlindSearchMixin):
    """The actions of the inquiry admin, and its pages for reading, which require the permission to view."""

    staff_actions: tuple[StaffAction, ...] = INQUIRY_ACTIONS
    row_argument = "inquiry"
    action_route = "<uuid:row_id>/{}/"
    action_url_name = "contacts_inquiry_{}"

    def get_urls(self) -> list[Any]:
        wrap = self.admin_site.admin_view
        return [
            path("<uuid:inquiry_id>/history/", wrap(self.sender_view), name="contacts_inquiry_history"),
            path("attachment/<uuid:attachment_id>/", wrap(self.attachment_view), name="contacts_attachment_open"),
            path("document/<uuid:document_id>/", wrap(self.open_view), name="contacts_document_open"),
            path("document/<uuid:document_id>/send/", wrap(self.send_view), name="contacts_document_send"),
            *super().get_urls(),
        ]

    def actions_shown(self, request: HttpRequest, inquiry: Inquiry) -> list[StaffAction]:
        shown = super().actions_shown(request, inquiry)
        return [action for action in shown if action is not TAKE or inquiry.assigned_to_id != request.user.pk]

    def form_for_action(self, request: HttpRequest, inquiry: Inquiry, action: StaffAction) -> forms.BaseForm:
        if action.form is not CorrespondenceForm:
            return super().form_for_action(request, inquiry, action)
        entry = Correspondence(inquiry=inquiry, purpose=inquiry.purpose, happened_at=timezone.now())
        typed, files = (request.POST, request.FILES) if request.method == "POST" else (None, None)
        return CorrespondenceForm(typed, files, instance=entry)

    def action_arguments(self, action: StaffAction, form: Any) -> dict[str, Any]:
        if action.form is not CorrespondenceForm:
            return super().action_arguments(action, form)
        typed = form.cleaned_data
        return {"entry": form.save(commit=False), "answers": typed["answers"], "files": typed["scans"]}

    def action_context(self, request: HttpRequest, inquiry: Inquiry, action: StaffAction) -> dict[str, Any]:
        return {"permissions": permissions_now([inquiry])} if action.form is CorrespondenceForm else {}

    def may_act(self, request: HttpRequest, action: StaffAction) -> bool:
        """Another app's button needs that app's permission, which isn't one to read messages."""
        return self.has_view_permission(request) and super().may_act(request, action)

    def too_late(self, inquiry: Inquiry) -> str:
        return f"Not possible (any more): this message is {inquiry.get_state_display()}."

    def after_action(
        self, request: HttpRequest, inquiry: Inquiry, action: StaffAction, result: Any
    ) -> HttpResponseBase:
        """What is done makes room for the next message."""
        if action not in (SPAM, CLOSE):
            return super().after_action(request, inquiry, action, result)
        self.message_user(request, f"{inquiry.reference}: {action.done}")
        return self.go_to_next(request, inquiry)

    def go_to_next(self, request: HttpRequest, inquiry: Inquiry) -> HttpResponse:
        """The next waiting message, or the list."""
        following = next_to_do(after=inquiry, user=acting_user(request), now=timezone.now())
        if following is not None:
            return redirect("admin:contacts_inquiry_change", following.pk)
        self.message_user(request, "No other message waits for you.")
        return redirect("admin:contacts_inquiry_changelist")

    def send_view(self, request: HttpRequest, document_id: UUID) -> HttpResponseBase:
        document = get_object_or_404(Document.objects.defer("content"), pk=document_id)
        send = StaffAction(
            name="send",
            label="Send the link",
            asks="The sender of the message gets an email with a link to this document. The link works for 30 days.",
            do=lambda *, inquiry, actor: send_document(document=document, now=timezone.now(), actor=actor),
            done="The link has been sent.",
        )
        return self.run_action(request, send, lambda: document.inquiry)

    # --- Read-only pages ----------------------------------------------------------------------------------------------
    def open_view(self, request: HttpRequest, document_id: UUID) -> HttpResponse:
        document = get_object_or_404(Document, pk=document_id)
        if not self.has_view_permission(request, document.inquiry):
            raise PermissionDenied
        return download(document, fetch_document(document=document, now=timezone.now(), actor=acting_user(request)))

    def attachment_view(self, request: HttpRequest, attachment_id: UUID) -> HttpResponse:
        attachment = get_object_or_404(Attachment, pk=attachment_id)
        if not self.has_view_permission(request, attachment.inquiry):
            raise PermissionDenied
        record(action="contacts.attachment.fetched", about=attachment, actor=acting_user(request))
        return download(attachment, attachment.content)

    def sender_view(self, request: HttpRequest, inquiry_id: UUID) -> HttpResponse:
        inquiry = get_object_or_404(Inquiry, pk=inquiry_id)
        if not self.has_view_permission(request, inquiry):
            raise PermissionDenied
        inquiries = inquiries_of_the_sender(inquiry)
        page = Paginator(inquiries, PER_PAGE).get_page(request.GET.get("page"))
        threads = [(each, events_of(each)) for each in page]
        self.audit(request, "read", inquiry)
        context = {
            **self.admin_site.each_context(request),
            "original": inquiry,
            "opts": self.opts,
            "title": "Message history",
            "page": page,
            "threads": threads,
            "permissions": permissions_now(inquiries),
        }
        return render(request, "contacts/admin/history.html", context)
