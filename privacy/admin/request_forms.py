"""What staff type about a request: as it came in, and at each step."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.utils import timezone

from privacy.models import PrivacyRequest
from privacy.requests.forms import DETAILS_LIMIT

Kind, Way, Identity = PrivacyRequest.Kind, PrivacyRequest.Way, PrivacyRequest.Identity


class StaffRequestForm(forms.ModelForm[PrivacyRequest]):
    """A request that came by e-mail, call or letter. Its clock counts from the day it came."""

    class Meta:
        model = PrivacyRequest
        fields = ["kind", "channel", "received_at", "identity", "email", "contact", "details"]
        help_texts = {
            "received_at": "When it reached us, not when it is written down here: the law counts from then.",
            "identity": "Nothing is handed out or deleted before this is known; it can be entered later.",
            "email": "The address the person used with us. Everything is found by it, and mails go there.",
            "contact": "Where a letter or a call reaches the person. Deleted with the person.",
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
            cast(forms.ChoiceField, self.fields["identity"]).choices = [("", "not known yet"), *by_staff]
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
        if self.instance.is_open:  # entered before; only what was missing is added
            return cleaned
        if not cleaned.get("email") and not cleaned.get("contact"):
            raise forms.ValidationError(
                "Write down how the answer reaches the person: an e-mail address, or where else."
            )
        return cleaned


class ExtendForm(forms.Form):
    reason = forms.ChoiceField(
        choices=PrivacyRequest.ExtensionReason.choices, help_text="The person reads this sentence."
    )


class RequestAnswerForm(forms.Form):
    text = forms.CharField(
        label="Your answer", max_length=DETAILS_LIMIT, widget=forms.Textarea(attrs={"rows": 10, "cols": 80})
    )
    ground = forms.ChoiceField(
        label="Something refused?",
        required=False,
        choices=[("", "No, all was done"), *PrivacyRequest.Ground.choices],
        help_text="The person reads this sentence.",
    )


class RefuseForm(forms.Form):
    ground = forms.ChoiceField(choices=PrivacyRequest.Ground.choices, help_text="The person reads this sentence.")
    text = forms.CharField(
        label="In your words",
        required=False,
        max_length=DETAILS_LIMIT,
        widget=forms.Textarea(attrs={"rows": 6, "cols": 80}),
    )
