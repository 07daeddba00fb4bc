"""The page "New inquiry": what reached us by telephone, letter or email, entered by staff."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from contacts.documents.attachments import ScansField
from contacts.inquiries.budgets import budget_choices
from contacts.inquiries.contact_permission import permissions_now
from contacts.inquiries.entering import enter_inquiry
from contacts.inquiries.forms import ONLY_FOR
from contacts.models import Attachment, Inquiry
from contacts.models.inquiry import KEPT
from privacy.admin_base.acting_user import acting_user
from privacy.encryption.email_field import EmailAddressInput
from privacy.web.personal_data_form import PersonalDataForm

Channel = Inquiry.Channel
ENTERED = ("channel", "received_at", "kind", "name", "email", "phone", "address", *ONLY_FOR, "message", "scans")
MANUAL = {"autocomplete": "off"}  # a browser would fill in the colleague's own


class NewInquiryForm(PersonalDataForm, forms.ModelForm[Inquiry]):
    budget = forms.ChoiceField(choices=budget_choices, required=False)
    scans = ScansField(label="Scans")

    stored_elsewhere = {"scans": (Attachment, "content")}

    class Meta:
        model = Inquiry
        fields = [name for name in ENTERED if name != "scans"]
        labels = {"deadline": "Needed by", "order_reference": "Order number", "message": "What it says"}
        help_texts = {
            "received_at": "When it reached us, not when it is entered: the time for our answer counts from then.",
            "project": "For a quote, as are budget and deadline.",
            "order_reference": "For a question about an order.",
            "email": "Enter contact details only if the person gave them for this: they may be used for nothing else.",
            "message": "The text, or a summary of the call. The person gets it when they ask for their data.",
        }
        widgets = {
            "name": forms.TextInput(attrs=MANUAL),
            "email": EmailAddressInput(attrs=MANUAL),
            "phone": forms.TextInput(attrs={**MANUAL, "type": "tel"}),
            "address": forms.Textarea(attrs={"rows": 3, "cols": 60, **MANUAL}),
            "message": forms.Textarea(attrs={"rows": 12, "cols": 80}),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        channel: Any = self.fields["channel"]
        channel.choices = [choice for choice in Channel.choices if choice[0] != Channel.FORM]
        channel.initial = Channel.CALL
        self.fields["email"].required = False

    def clean_received_at(self) -> Any:
        received_at, now = self.cleaned_data["received_at"], timezone.now()
        if received_at > now:
            raise forms.ValidationError("This is in the future.")
        if received_at <= now - KEPT:
            raise forms.ValidationError("This is more than two years ago: messages aren't kept that long.")
        return received_at

    def clean_email(self) -> str | None:
        return self.cleaned_data["email"] or None

    def clean(self) -> dict[str, Any]:
        """Of a project or an order, only what belongs to the kind of message."""
        cleaned = super().clean() or self.cleaned_data
        kind = cleaned.get("kind")
        return {name: value if ONLY_FOR.get(name, kind) == kind else "" for name, value in cleaned.items()}


class EnteringAdmin(admin.ModelAdmin[Inquiry]):
    add_form_template = "contacts/admin/new_inquiry.html"

    def get_form(self, request: HttpRequest, obj: Inquiry | None = None, change: bool = False, **kwargs: Any) -> Any:
        if obj is None:
            kwargs["form"] = NewInquiryForm
        return super().get_form(request, obj, change, **kwargs)

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        return super().add_view(request, form_url, {**(extra_context or {}), "title": "New inquiry"})

    def save_model(self, request: HttpRequest, obj: Inquiry, form: Any, change: bool) -> None:
        """Only of a new one: a message's page changes nothing by itself."""
        enter_inquiry(inquiry=obj, actor=acting_user(request), files=form.cleaned_data["scans"])

    def response_add(self, request: HttpRequest, obj: Inquiry, post_url_continue: str | None = None) -> HttpResponse:
        """Shows what the person permits from now on."""
        ways = [f"{each.channel.label}: {each.refusal or 'yes'}" for each in permissions_now([obj])]
        self.message_user(request, f"{obj.reference} is entered. You may contact this person by {'; '.join(ways)}.")
        if "_addanother" in request.POST:
            return redirect("admin:contacts_inquiry_add")
        return redirect("admin:contacts_inquiry_change", obj.pk)
