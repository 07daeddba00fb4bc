"""The admin of incoming mail: what could not be filed by itself, why, and what to do with it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast
from uuid import UUID

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.template.defaultfilters import filesizeformat
from django.urls import path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.text import capfirst

from contacts.documents.views import download_as
from contacts.incoming_mail.review import (
    EML,
    ORIGINAL,
    begin_inquiry,
    file_into,
    has_original,
    mark_mail_as_spam,
    may_be_filed,
    may_be_read_again,
    read_again,
)
from contacts.incoming_mail.wish_requests import asks_and_waits, dismiss_wish, open_wished_request
from contacts.models import IncomingMail, Inquiry
from privacy.admin_base.acting_user import acting_user
from privacy.admin_base.blind_search import BlindSearchMixin
from privacy.admin_base.readonly import ReadOnlyAdmin
from privacy.admin_base.staff_action import StaffAction, StaffActionsAdmin
from privacy.audit.trail import record
from privacy.registry.deadlines import deadlines_of, local_day

State = IncomingMail.State


class ThreadForm(forms.Form):
    """The thread that a mail is filed into, by its number."""

    reference = forms.CharField(
        max_length=20,
        label="Number of the message",
        help_text="As in the inbox: Q-ABC234. Whoever wrote that message gets a copy of this email when they ask for"
        " their data.",
    )

    def clean_reference(self) -> Inquiry:
        found = Inquiry.objects.filter(reference=self.cleaned_data["reference"].strip().upper()).first()
        if found is None:
            raise forms.ValidationError("No message has this number.")
        return cast(Inquiry, found)


FILE = StaffAction(
    name="file",
    label="File under a message…",
    do=file_into,
    when=may_be_filed,
    form=ThreadForm,
    done="Filed. The message waits for an answer.",
)
BEGIN = StaffAction(
    name="begin",
    label="Make it a new message…",
    asks="It comes into the inbox. Its sender gets the usual confirmation, unless they opted out or had several today.",
    do=begin_inquiry,
    when=lambda mail: may_be_filed(mail) and bool(mail.sender),
    done=lambda mail, inquiry: f"Now it is {inquiry.reference}.",
)
MAIL_ACTIONS = (
    StaffAction(
        name="again",
        label="Try again",
        do=read_again,
        when=may_be_read_again,
        one_press=True,
        done="Read again. See its state.",
    ),
    FILE,
    BEGIN,
    StaffAction(
        name="spam",
        label="Spam",
        do=mark_mail_as_spam,
        when=lambda mail: mail.state in IncomingMail.TO_REVIEW,
        one_press=True,
        done="Marked as spam. Nobody is mailed.",
    ),
)


# Before the mail is in a conversation, whose page has the same two buttons.
SETTLE_WISH = (
    StaffAction(
        name="open-request",
        label="Open the request",
        do=open_wished_request,
        when=asks_and_waits,
        one_press=True,
        done=lambda mail, opened: f"Request {opened.reference} is open. Its sender gets a link by which to confirm it.",
    ),
    StaffAction(
        name="no-request",
        label="It asks for no such thing",
        do=dismiss_wish,
        when=asks_and_waits,
        one_press=True,
        done="Noted: this email asks for no privacy right.",
    ),
)


class ReviewFilter(admin.SimpleListFilter):
    """Without a choice: what waits for staff, or everything that a search finds."""

    title = "state"
    parameter_name = "state"
    as_tabs = True

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [*State.choices, ("all", "all")]

    def choices(self, changelist: Any) -> Iterator[Any]:
        first, *others = super().choices(changelist)
        yield {**first, "display": "everything found" if changelist.query else "to review"}
        yield from others

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if (state := self.value()) in State.values:
            return queryset.filter(state=state)
        return queryset if state == "all" or request.GET.get("q") else queryset.filter(state__in=IncomingMail.TO_REVIEW)


@admin.register(IncomingMail)
class IncomingMailAdmin(StaffActionsAdmin, BlindSearchMixin, ReadOnlyAdmin):
    list_title = "Incoming mail"
    list_display = ["sender_label", "subject", "received_at", "state", "why", "asks_for"]
    list_filter = [ReviewFilter, "received_at"]
    list_per_page = 50
    names_people = ("sender_label",)
    fields = (
        *(
            "state",
            "why",
            "asks_for",
            "received_at",
            "sent_at",
            "sender_name",
            "sender",
            "subject",
            "text",
            "quoted",
        ),
        *("files", "original", "length", "thread", "privacy_request"),
    )
    readonly_fields = fields
    staff_actions = (*SETTLE_WISH, *MAIL_ACTIONS)
    row_argument = "mail"
    action_route = "<uuid:row_id>/{}/"
    action_url_name = "contacts_incomingmail_{}"

    def get_queryset(self, request: HttpRequest) -> QuerySet[IncomingMail]:
        return super().get_queryset(request).defer("raw", "quoted").select_related("inquiry")

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(self.original_view)
        return [path("<uuid:mail_id>/original/", view, name="contacts_incomingmail_original"), *super().get_urls()]

    def may_act(self, request: HttpRequest, action: StaffAction) -> bool:
        may_open = action not in SETTLE_WISH or request.user.has_perm("privacy.add_privacyrequest")
        return may_open and super().may_act(request, action)

    def action_arguments(self, action: StaffAction, form: Any) -> dict[str, Any]:
        return {"inquiry": form.cleaned_data["reference"]} if action is FILE else {}

    def too_late(self, mail: IncomingMail) -> str:
        return f"Not possible (any more): this email is {mail.get_state_display()}."

    def after_action(
        self, request: HttpRequest, mail: IncomingMail, action: StaffAction, result: Any
    ) -> HttpResponseBase:
        """A new message is answered next."""
        answer = super().after_action(request, mail, action, result)
        return redirect("admin:contacts_inquiry_change", result.pk) if action is BEGIN else answer

    @admin.display(description="asks for", ordering="wish")
    def asks_for(self, mail: IncomingMail) -> str:
        """What the law's time runs for."""
        if not asks_and_waits(mail):
            return "–"
        day = local_day(deadlines_of(mail.received_at).acknowledge_by)
        return f"{mail.get_wish_display()}; acknowledge by {day:%b %-d, %Y}"

    # --- Columns ------------------------------------------------------------------------------------------------------
    @admin.display(description="from")
    def sender_label(self, mail: IncomingMail) -> str:
        return mail.shown_sender

    @admin.display(description="reason", ordering="reason")
    def why(self, mail: IncomingMail) -> str:
        return capfirst(mail.reason).removesuffix(".") or "–"

    @admin.display(description="size")
    def length(self, mail: IncomingMail) -> str:
        return filesizeformat(mail.size)

    @admin.display(description="files")
    def files(self, mail: IncomingMail) -> str | SafeString:
        found = mail.attachments.defer("content")
        links = ((reverse("admin:contacts_attachment_open", args=[each.pk]), each.name) for each in found)
        return format_html_join("", '<a href="{}">{}</a><br>', links) or "–"

    @admin.display(description="as it arrived")
    def original(self, mail: IncomingMail) -> str | SafeString:
        if not has_original(mail):
            return "not kept"
        address = reverse("admin:contacts_incomingmail_original", args=[mail.pk])
        return format_html(
            '<a href="{}">Download</a> <span class="help">Open it with care: its parts were not checked.</span>',
            address,
        )

    @admin.display(description="message")
    def thread(self, mail: IncomingMail) -> str | SafeString:
        if mail.inquiry is None:
            return "–"
        address = reverse("admin:contacts_inquiry_change", args=[mail.inquiry.pk])
        return format_html('<a href="{}">{}</a>', address, mail.inquiry.reference)

    # --- The original -------------------------------------------------------------------------------------------------
    def original_view(self, request: HttpRequest, mail_id: UUID) -> HttpResponse:
        """A download that no browser opens."""
        mail = get_object_or_404(IncomingMail.objects.filter(raw__isnull=False), pk=mail_id)
        if not self.has_view_permission(request, mail):
            raise PermissionDenied
        record(action="contacts.incoming_mail.fetched", about=mail, actor=acting_user(request))
        return download_as(ORIGINAL, bytes(mail.raw), content_type=EML)
