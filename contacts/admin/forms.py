"""Staff forms for a message: assignment, answer, call or letter, document."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.contrib.auth import get_user_model
from django.core.files.uploadedfile import UploadedFile
from django.utils import timezone

from contacts.documents.file_validation import MAX_BYTES, FileRefused, SniffedFile, sniff
from contacts.mails import INQUIRY_ANSWERED
from contacts.models import Correspondence, Inquiry, Reply
from privacy.mail.gate import require_mail_allowed
from privacy.mail.sending import MailRefused


class StaffChoice(forms.ModelChoiceField[Any]):
    def label_from_instance(self, user: Any) -> str:
        return str(user.name or user.email)


class InquiryForm(forms.ModelForm[Inquiry]):
    assigned_to = StaffChoice(
        queryset=get_user_model()._default_manager.filter(is_staff=True, is_active=True),
        required=False,
        empty_label="unassigned",
    )

    class Meta:
        model = Inquiry
        fields = ["state", "assigned_to"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "state" in self.fields:  # missing while a message is held
            choices = [choice for choice in Inquiry.State.choices if choice[0] != Inquiry.State.HELD]
            cast(forms.ChoiceField, self.fields["state"]).choices = choices


class ReplyForm(forms.ModelForm[Reply]):
    class Meta:
        model = Reply
        fields = ["body"]
        labels = {"body": "Your answer"}
        help_texts = {"body": "Sent to the sender by email when you save."}
        widgets = {"body": forms.Textarea(attrs={"rows": 10, "cols": 80})}

    def clean_body(self) -> str:
        """Keeps an answer in the form, with the reason, if the mail gate would refuse it."""
        inquiry: Inquiry = self.instance.inquiry
        if Inquiry.objects.filter(pk=inquiry.pk, state=Inquiry.State.CLOSED).exists():
            raise forms.ValidationError("This message is closed. Reopen it first, then answer it.")
        if inquiry.privacy_request is None or not inquiry.privacy_request.is_open:
            try:
                require_mail_allowed(INQUIRY_ANSWERED, about=inquiry, to=inquiry.email)
            except MailRefused as refusal:
                raise forms.ValidationError(refusal.message) from None
        return str(self.cleaned_data["body"])


class CorrespondenceForm(forms.ModelForm[Correspondence]):
    answers = forms.BooleanField(required=False, label="This answers the message")

    class Meta:
        model = Correspondence
        fields = ["way", "purpose", "happened_at", "notes"]
        help_texts = {
            "purpose": "The subject. A number or address may be used only for the purpose it was given for.",
            "happened_at": "YYYY-MM-DD HH:MM.",
        }
        widgets = {
            "happened_at": forms.DateTimeInput(format="%Y-%m-%d %H:%M"),
            "notes": forms.Textarea(attrs={"rows": 8, "cols": 80}),
        }

    def clean_happened_at(self) -> Any:
        happened_at = self.cleaned_data["happened_at"]
        if happened_at > timezone.now():
            raise forms.ValidationError("Enter a time in the past.")
        return happened_at


class DocumentForm(forms.Form):
    file = forms.FileField(
        help_text=f"PDF, PNG or JPEG, at most {MAX_BYTES // 1_000_000} MB. It is encrypted before it is stored.",
        error_messages={"required": f"Choose a file of at most {MAX_BYTES // 1_000_000} MB."},
        widget=forms.ClearableFileInput(attrs={"accept": ".pdf,.png,.jpg,.jpeg"}),
    )

    def clean_file(self) -> SniffedFile:
        """Accepts the file only if its content matches its name."""
        upload: UploadedFile[bytes] = self.cleaned_data["file"]
        if upload.size and upload.size > MAX_BYTES:  # checked before reading it into memory
            raise forms.ValidationError(f"This file is too large: at most {MAX_BYTES // 1_000_000} MB.")
        try:
            return sniff(name=upload.name or "", content=upload.read())
        except FileRefused as refusal:
            raise forms.ValidationError(str(refusal)) from None


class ConfirmForm(forms.Form):
    """A form without fields: submitting it confirms."""
