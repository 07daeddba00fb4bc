"""The contact form."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone

from contacts.documents.attachments import AttachmentsField
from contacts.models import Attachment, Inquiry
from privacy.web.honeypot import HoneypotField
from privacy.web.personal_data_form import PersonalDataForm

from .budgets import budget_choices
from .spam_check import looks_like_spam, new_stamp

# Fields of one kind of message; other kinds don't store them.
ONLY_FOR = {"project": "quote", "budget": "quote", "deadline": "quote", "order_reference": "order"}


class ContactForm(PersonalDataForm, forms.ModelForm[Inquiry]):
    budget = forms.ChoiceField(choices=budget_choices, required=False)
    # Shorter than what the column takes: an email may be longer.
    message = forms.CharField(
        max_length=20_000, widget=forms.Textarea(attrs={"rows": 8}), help_text="Up to 20,000 characters."
    )
    attachments = AttachmentsField(label="Files")
    extra = HoneypotField()
    stamp = forms.CharField(required=False, widget=forms.HiddenInput)

    stored_elsewhere = {"attachments": (Attachment, "content")}

    class Meta:
        model = Inquiry
        fields = ["kind", "name", "email", "project", "budget", "deadline", "order_reference", "message"]
        fields += ["phone", "address"]
        labels = {"deadline": "Needed by", "order_reference": "Order number"}
        help_texts = {
            "email": "We reply to this address. Besides that, we only send notices of changes to our privacy policy.",
            "phone": "We only use it to call you about this message.",
            "address": "We only use it to send you letters about this message, such as a quote.",
            "project": "In a few words: what you would like us to build or secure.",
            "order_reference": "You will find it on your receipt.",
        }
        widgets = {"address": forms.Textarea(attrs={"rows": 3})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["stamp"].initial = new_stamp(timezone.now())

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        return {name: value if self._is_asked(name, cleaned) else "" for name, value in cleaned.items()}

    @staticmethod
    def _is_asked(name: str, cleaned: dict[str, Any]) -> bool:
        return ONLY_FOR.get(name, cleaned.get("kind")) == cleaned.get("kind")

    def is_suspicious(self) -> bool:
        """Whether to hold the message for review. Call it only on a valid form."""
        typed = self.cleaned_data
        texts = [typed[name] or "" for name in ("name", "project", "deadline", "order_reference", "message", "address")]
        return looks_like_spam(
            texts=texts, email=typed["email"], trap=typed["extra"], stamp=typed["stamp"], now=timezone.now()
        )
