"""Admin forms to record a privacy request and to act on it."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.utils import timezone

from privacy.models import PrivacyRequest
from privacy.requests.forms import DETAILS_LIMIT, DeletionForm

Kind, Way, Identity = PrivacyRequest.Kind, PrivacyRequest.Way, PrivacyRequest.Identity


class StaffRequestForm(forms.ModelForm[PrivacyRequest]):
    """A request that arrived by email, phone or letter. Its deadline counts from the day of receipt."""

    class Meta:
        model = PrivacyRequest
        fields = ["kind", "channel", "received_at", "identity", "email", "contact", "details"]
        help_texts = {
            "received_at": "When it reached us, not when it is recorded here: the legal deadline counts from then.",
            "identity": "Nothing is disclosed or deleted until this is set; you can enter it later.",
            "email": "The address the person used with us. Their data is found by it, and our answer goes there.",
            "contact": "Postal address or phone number for our answer. Deleted with the person's data.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "channel" in self.fields:
            channel = cast(forms.ChoiceField, self.fields["channel"])
            channel.choices = [choice for choice in Way.choices if choice[0] != Way.PAGE]
            channel.initial = Way.EMAIL
        if "identity" in self.fields:
            by_page = {Identity.LINK, Identity.SIGNED_IN} - {self.instance.identity}
            by_staff = [choice for choice in Identity.choices if choice[0] not in by_page]
            cast(forms.ChoiceField, self.fields["identity"]).choices = [("", "not verified yet"), *by_staff]
        if "details" in self.fields:
            self.fields["details"].widget.attrs["maxlength"] = DETAILS_LIMIT

    def clean_received_at(self) -> Any:
        received_at = self.cleaned_data["received_at"]
        if received_at > timezone.now():
            raise forms.ValidationError("This is in the future.")
        return received_at

    def clean_email(self) -> str | None:
        return self.cleaned_data["email"] or None

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if self.instance.is_open:  # an existing request: only missing details are added
            return cleaned
        if not cleaned.get("email") and not cleaned.get("contact"):
            raise forms.ValidationError("Enter how to reach the person: an email address or other contact details.")
        return cleaned


class StaffDeletionForm(DeletionForm):
    mail_report = forms.BooleanField(
        label="Email the report to the person first",
        required=False,
        initial=True,
        help_text="It says what is deleted and what is kept. Once it has been sent, usually within a minute, the data"
        " and the address are deleted. Without it, everything is deleted now, and you print the report.",
    )
    field_order = ["license", "mail_report"]


class ExtendForm(forms.Form):
    reason = forms.ChoiceField(
        choices=PrivacyRequest.ExtensionReason.choices, help_text="The person sees this sentence."
    )


class RequestAnswerForm(forms.Form):
    text = forms.CharField(
        label="Your answer", max_length=DETAILS_LIMIT, widget=forms.Textarea(attrs={"rows": 10, "cols": 80})
    )
    ground = forms.ChoiceField(
        label="Did you refuse anything?",
        required=False,
        choices=[("", "No, fulfilled completely"), *PrivacyRequest.Ground.choices],
        help_text="The person sees this sentence.",
    )


class RefuseForm(forms.Form):
    ground = forms.ChoiceField(choices=PrivacyRequest.Ground.choices, help_text="The person sees this sentence.")
    text = forms.CharField(
        label="In your words",
        required=False,
        max_length=DETAILS_LIMIT,
        widget=forms.Textarea(attrs={"rows": 6, "cols": 80}),
    )
