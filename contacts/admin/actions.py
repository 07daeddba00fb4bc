"""The inbox's actions: assign, release, discard, log a call or letter, add, send and open documents, show the
history."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.utils import timezone

from contacts.documents.sharing import add_document, fetch_document, send_document
from contacts.documents.views import download
from contacts.inquiries.contact_permission import permissions_now
from contacts.inquiries.correspondence import log_correspondence
from contacts.inquiries.timeline import events_of, inquiries_of_the_sender
from contacts.inquiries.workflow import assign_inquiry, discard_inquiry, release_inquiry
from contacts.models import Correspondence, Document, Inquiry
from privacy.admin_base.blind_search import BlindSearchMixin
from privacy.admin_base.refusals import ActionRefused
from privacy.consent.contact_permission import ContactRefused

from .forms import ConfirmForm, CorrespondenceForm, DocumentForm

if TYPE_CHECKING:
    from accounts.models import User

PER_PAGE = 20  # messages on one page of a history


class InquirySteps(BlindSearchMixin):
    """Action views of the inquiry admin. Changing views require the change permission, reading views the view
    permission. Views that show personal data are audited."""

    def get_urls(self) -> list[Any]:
        wrap = self.admin_site.admin_view
        steps = {
            "take": self.take_view,
            "release": self.release_view,
            "discard": self.discard_view,
            "log": self.log_view,
            "document": self.document_view,
            "history": self.sender_view,
        }
        own = [
            path(f"<uuid:inquiry_id>/{step}/", wrap(view), name=f"contacts_inquiry_{step}")
            for step, view in steps.items()
        ]
        own += [
            path("document/<uuid:document_id>/", wrap(self.open_view), name="contacts_document_open"),
            path("document/<uuid:document_id>/send/", wrap(self.send_view), name="contacts_document_send"),
        ]
        return [*own, *super().get_urls()]

    # --- One-click actions --------------------------------------------------------------------------------------------
    def take_view(self, request: HttpRequest, inquiry_id: UUID) -> HttpResponse:
        inquiry = self._to_change(request, inquiry_id)
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        assign_inquiry(inquiry=inquiry, to=_acting(request), actor=_acting(request))
        return self._back(request, inquiry, "The message is assigned to you.")

    def release_view(self, request: HttpRequest, inquiry_id: UUID) -> HttpResponse:
        inquiry = self._to_change(request, inquiry_id)
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        try:
            release_inquiry(inquiry=inquiry, actor=_acting(request))
        except ActionRefused as refusal:
            return self._back(request, inquiry, str(refusal), messages.ERROR)
        return self._back(request, inquiry, "Released. The sender gets the confirmation.")

    def discard_view(self, request: HttpRequest, inquiry_id: UUID) -> HttpResponse:
        inquiry = self._to_change(request, inquiry_id)
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        try:
            discard_inquiry(inquiry=inquiry, actor=_acting(request))
        except ActionRefused as refusal:
            return self._back(request, inquiry, str(refusal), messages.ERROR)
        return self._back(request, inquiry, "Discarded. No mail is sent; the message is kept as closed.")

    # --- Actions with a form ------------------------------------------------------------------------------------------
    def log_view(self, request: HttpRequest, inquiry_id: UUID) -> HttpResponse:
        inquiry = self._to_change(request, inquiry_id)
        entry = Correspondence(inquiry=inquiry, purpose=inquiry.purpose, happened_at=timezone.now())
        form = CorrespondenceForm(request.POST if request.method == "POST" else None, instance=entry)
        if form.is_valid():
            try:
                answers = form.cleaned_data["answers"]
                log_correspondence(entry=form.save(commit=False), actor=_acting(request), answers=answers)
            except ContactRefused as refusal:
                form.add_error(None, str(refusal))
            else:
                return self._back(request, inquiry, "Logged.")
        return self._step(request, inquiry, "Log a call, letter or email", form, permissions=permissions_now([inquiry]))

    def document_view(self, request: HttpRequest, inquiry_id: UUID) -> HttpResponse:
        inquiry = self._to_change(request, inquiry_id)
        form = DocumentForm(request.POST, request.FILES) if request.method == "POST" else DocumentForm()
        if form.is_valid():
            add_document(inquiry=inquiry, file=form.cleaned_data["file"], actor=_acting(request))
            return self._back(request, inquiry, "The document is stored. Nobody has been notified yet: send its link.")
        return self._step(request, inquiry, "Add a document", form)

    def send_view(self, request: HttpRequest, document_id: UUID) -> HttpResponse:
        document = get_object_or_404(Document.objects.defer("content"), pk=document_id)
        inquiry = self._to_change(request, document.inquiry_id)
        form = ConfirmForm(request.POST if request.method == "POST" else None)
        if not form.is_valid():
            asks = "The sender of the message gets an email with a link to this document. The link works for 30 days."
            return self._step(request, inquiry, "Send the link", form, asks=asks)
        try:
            send_document(document=document, now=timezone.now(), actor=_acting(request))
        except ActionRefused as refusal:
            return self._back(request, inquiry, refusal.message, messages.ERROR)
        return self._back(request, inquiry, "The link has been sent.")

    # --- Read-only pages ----------------------------------------------------------------------------------------------
    def open_view(self, request: HttpRequest, document_id: UUID) -> HttpResponse:
        document = get_object_or_404(Document, pk=document_id)
        if not self.has_view_permission(request, document.inquiry):
            raise PermissionDenied
        return download(document, fetch_document(document=document, now=timezone.now(), actor=_acting(request)))

    def sender_view(self, request: HttpRequest, inquiry_id: UUID) -> HttpResponse:
        inquiry = get_object_or_404(Inquiry, pk=inquiry_id)
        if not self.has_view_permission(request, inquiry):
            raise PermissionDenied
        inquiries = inquiries_of_the_sender(inquiry)
        page = Paginator(inquiries, PER_PAGE).get_page(request.GET.get("page"))
        threads = [(each, events_of(each)) for each in page]
        self.audit(request, "read", inquiry)
        return self._page(
            request,
            inquiry,
            "contacts/admin/history.html",
            title="Message history",
            page=page,
            threads=threads,
            permissions=permissions_now(inquiries),
        )

    # --- Helpers ----------------------------------------------------------------------------------------------
    def _to_change(self, request: HttpRequest, inquiry_id: UUID) -> Inquiry:
        inquiry = get_object_or_404(Inquiry, pk=inquiry_id)
        if not self.has_change_permission(request, inquiry):
            raise PermissionDenied
        return inquiry

    def _step(
        self, request: HttpRequest, inquiry: Inquiry, title: str, form: forms.BaseForm, **context: Any
    ) -> HttpResponse:
        self.audit(request, "read", inquiry)
        return self._page(request, inquiry, "contacts/admin/step.html", title=title, form=form, **context)

    def _page(self, request: HttpRequest, inquiry: Inquiry, template: str, **context: Any) -> HttpResponse:
        shared = {**self.admin_site.each_context(request), "original": inquiry, "opts": self.opts}
        return render(request, template, {**shared, **context})

    def _back(
        self, request: HttpRequest, inquiry: Inquiry, message: str, level: int = messages.SUCCESS
    ) -> HttpResponse:
        self.message_user(request, message, level)
        return redirect(reverse("admin:contacts_inquiry_change", args=[inquiry.pk]))


def _acting(request: HttpRequest) -> User:
    """The signed-in staff member."""
    return cast("User", request.user)
