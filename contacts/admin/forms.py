"""Staff forms for a message: the page of the conversation, call or letter, document; and for saved replies."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.contrib.auth import get_user_model
from django.core.files.uploadedfile import UploadedFile
from django.db.models import Q
from django.utils import timezone

from contacts.conversation.answer_text import LONGEST
from contacts.conversation.saved_replies import MEANINGS, explain_unknown, unknown_placeholders
from contacts.documents.attachments import ScansField
from contacts.documents.file_validation import MAX_BYTES, FileRefused, SniffedFile, sniff
from contacts.inquiries.assignment import colleagues
from contacts.inquiries.snoozing import day_refused
from contacts.models import Correspondence, Inquiry, SavedReply


class StaffChoice(forms.ModelChoiceField[Any]):
    def label_from_instance(self, user: Any) -> str:
        return str(user.get_full_name())


class MessageChoice(forms.ModelChoiceField[Inquiry]):
    def label_from_instance(self, inquiry: Any) -> str:
        return f"{inquiry.reference}: {inquiry.first_line[:60]}"


class LongText(forms.CharField):
    """Text of several lines, which counts as many characters as it shows: browsers send each line's end as two."""

    def __init__(self, *, rows: int, **options: Any) -> None:
        widget = forms.Textarea(attrs={"rows": rows})
        super().__init__(required=False, strip=False, max_length=LONGEST, widget=widget, **options)

    def to_python(self, value: Any) -> str:
        return str(super().to_python(value)).replace("\r\n", "\n")


class ConversationForm(forms.ModelForm[Inquiry]):
    """All that staff can enter on a message's page. Whichever button they press, nothing of it is lost."""

    answer = LongText(rows=12, label="Your answer")
    saved_reply = forms.ModelChoiceField(SavedReply.objects.all(), required=False, empty_label="Choose a saved reply")
    note = LongText(
        rows=3,
        label="Internal note",
        help_text="For colleagues; never mailed. The sender gets it when they ask for their data.",
    )
    assigned_to = StaffChoice(
        queryset=colleagues(),
        required=False,
        empty_label="nobody yet",
        error_messages={"invalid_choice": "This colleague can't answer messages (any more). Choose another one."},
    )
    snooze = forms.DateField(
        required=False,
        label="Come back on",
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"invalid": "Enter a day as YYYY-MM-DD."},
    )
    merge_into = MessageChoice(
        Inquiry.objects.none(),
        required=False,
        label="Merge into",
        empty_label="Choose a message",
        error_messages={"invalid_choice": "Choose another open, answered or closed message of the same sender."},
    )

    class Meta:
        model = Inquiry
        fields = ["assigned_to"]

    def offer(self, *, start: str, candidates: list[Inquiry]) -> None:
        """Completes the form: the text that the box starts with, the colleagues, and the messages to merge with."""
        self.start, self.offers_merge = start, bool(candidates)
        _choices(self, "merge_into").queryset = Inquiry.objects.filter(pk__in=[each.pk for each in candidates])
        if "assigned_to" in self.fields:
            able = Q(pk__in=colleagues().values("pk")) | Q(pk=self.instance.assigned_to_id)
            _choices(self, "assigned_to").queryset = get_user_model()._default_manager.filter(able)

    def clean_snooze(self) -> Any:
        day = self.cleaned_data["snooze"]
        if day and "snooze" in self.changed_data and (refusal := day_refused(day, now=timezone.now())):
            raise forms.ValidationError(refusal)
        return day


def _choices(form: forms.BaseForm, name: str) -> forms.ModelChoiceField[Any]:
    return cast("forms.ModelChoiceField[Any]", form.fields[name])


class SavedReplyForm(forms.ModelForm[SavedReply]):
    class Meta:
        model = SavedReply
        fields = ["title", "body", "position"]
        widgets = {"body": forms.Textarea(attrs={"rows": 12, "cols": 80})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = ", ".join(f"{{{name}}} for {meaning}" for name, meaning in MEANINGS.items())
        self.fields["body"].help_text = f"Placeholders: {known}."

    def clean_body(self) -> str:
        body: str = self.cleaned_data["body"]
        if unknown := unknown_placeholders(body):
            raise forms.ValidationError(explain_unknown(unknown))
        return body


class BulkAssignForm(forms.Form):
    colleague = StaffChoice(queryset=colleagues(), empty_label="Choose a colleague")


class CorrespondenceForm(forms.ModelForm[Correspondence]):
    answers = forms.BooleanField(required=False, label="This answers the message")
    scans = ScansField(label="Scans")

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
