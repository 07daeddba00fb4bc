from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from privacy.admin_base.form_fields import accept_any_input
from privacy.registry.deadlines import local_day
from privacy.registry.declarations import personal_models

from .models import Disclosure

LARGEST = 20 * 1024 * 1024  # bytes of an order's document


class DisclosureOrderForm(forms.ModelForm[Disclosure]):
    """An order as received. The document is only hashed, not stored."""

    scope = forms.MultipleChoiceField(label="What the order names", widget=forms.CheckboxSelectMultiple)
    document = forms.FileField(
        label="The order's document", help_text="Only its hash is stored, to prove later which document it was."
    )

    class Meta:
        model = Disclosure
        fields = ["kind", "authority", "order_reference", "received_on", "email", "scope", "document"]
        widgets = {"received_on": forms.DateInput(attrs={"type": "date"})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        accept_any_input(self)
        for name in ("authority", "order_reference", "email"):
            self.fields[name].required = True
        scope = self.fields["scope"]
        assert isinstance(scope, forms.MultipleChoiceField)  # noqa: S101 (for the type checker)
        scope.choices = [(one.model._meta.db_table, one.label) for one in personal_models()]

    def clean_received_on(self) -> Any:
        received = self.cleaned_data["received_on"]
        if received > local_day(timezone.now()):
            raise ValidationError("This date is in the future.")
        return received

    def clean_document(self) -> Any:
        document = self.cleaned_data["document"]
        if document.size > LARGEST:
            raise ValidationError("The file must be at most 20 MB.")
        return document


class RefusalForm(forms.Form):
    reason = forms.CharField(label="Reason for refusal", max_length=300, widget=forms.Textarea(attrs={"rows": 3}))
