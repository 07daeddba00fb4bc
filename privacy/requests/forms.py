"""Forms to make a privacy request, delete data and correct it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, cast

from django import forms
from django.core.validators import MaxLengthValidator, ProhibitNullCharactersValidator, URLValidator

from privacy.erasure.consequences import UsablePurchase
from privacy.models import PrivacyRequest
from privacy.web.personal_data_form import PersonalDataForm, validate_phone

from .correction import CorrectableValue

DETAILS_LIMIT = 20_000  # characters, as on the contact page


class PrivacyRequestForm(PersonalDataForm, forms.ModelForm[PrivacyRequest]):
    class Meta:
        model = PrivacyRequest
        fields = ["kind", "email", "phone", "details"]
        labels = {
            "kind": "What would you like?",
            "email": "Your email address",
            "phone": "Your phone number",
            "details": "Anything we should know",
        }
        help_texts = {
            "email": "The address you used with us. We will email you a link there to verify that it's you.",
            "phone": "Only if we may call you about this request.",
            "details": "For a correction: what is wrong. For a complaint: what happened.",
        }
        widgets = {"kind": forms.RadioSelect, "details": forms.Textarea(attrs={"rows": 4})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].required = True
        self.fields["details"].required = False
        self.fields["details"].validators.append(MaxLengthValidator(DETAILS_LIMIT))
        self.fields["kind"].initial = PrivacyRequest.Kind.ACCESS
        if self.initial.get("kind") not in PrivacyRequest.Kind.values:
            self.initial.pop("kind", None)
        # No empty radio button: one is selected initially.
        cast(forms.ChoiceField, self.fields["kind"]).choices = PrivacyRequest.Kind.choices


class DeletionForm(forms.Form):
    """Asks whether purchases should keep working after the deletion."""

    KEEP, END = "keep", "end"

    license = forms.ChoiceField(
        label="What should happen to your purchases?",
        choices=[
            (KEEP, "Keep them: the license key and order page keep working, without my name and address"),
            (END, "End them: the license key is deleted, and the downloads are closed"),
        ],
        error_messages={"required": "Please choose one. Ending your purchases can't be undone."},
        widget=forms.RadioSelect,
    )

    def __init__(self, *args: Any, usable: Sequence[UsablePurchase], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["license"].required = bool(usable)


class CorrectionForm(forms.Form):
    """One field per correctable value, and a message for everything else."""

    message = forms.CharField(
        label="Something else is wrong",
        help_text="For anything you can't change here, such as an email address, an amount or a date. We'll review it.",
        required=False,
        max_length=DETAILS_LIMIT,
        widget=forms.Textarea(attrs={"rows": 4}),
    )

    def __init__(self, *args: Any, values: Iterable[CorrectableValue], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.values = list(values)
        for value in self.values:
            self.fields[value.key] = correction_field(value)
        self.order_fields([*(value.key for value in self.values), "message"])

    def sections(self) -> list[tuple[str, list[forms.BoundField]]]:
        """The fields, grouped by kind of row."""
        titles = dict.fromkeys(value.declaration.label for value in self.values)
        return [(t, [self[v.key] for v in self.values if v.declaration.label == t]) for t in titles]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        same = all(cleaned.get(value.key, "") == value.value for value in self.values)
        if not self.errors and same and not cleaned.get("message"):
            raise forms.ValidationError(
                "You haven't changed anything. Change what is wrong, or describe it in the message."
            )
        return cleaned

    def corrections(self) -> dict[str, str]:
        return {value.key: self.cleaned_data[value.key] for value in self.values}


def correction_field(value: CorrectableValue) -> forms.Field:
    """The model's form field, with the validators that the original form uses."""
    field = value.field.formfield(label=value.declaration.columns[value.name].capitalize(), initial=value.value)
    assert field is not None  # noqa: S101 (correctable columns are texts)
    field.widget.attrs["autocomplete"] = value.autocomplete
    if isinstance(field.widget, forms.Textarea):
        field.widget.attrs["rows"] = 3
    field.validators += [ProhibitNullCharactersValidator(), *_CHECKS.get(value.autocomplete, [])]
    return UnlessUnchanged(field, value.value)


class UnlessUnchanged(forms.Field):
    """Validates like `field`, except for the stored value, so that old invalid data doesn't block other corrections."""

    def __init__(self, field: forms.Field, stored: str) -> None:
        super().__init__(required=field.required, widget=field.widget, label=field.label, initial=stored)
        self.field, self.stored = field, stored

    def clean(self, value: Any) -> Any:
        return self.stored if (value or "") == self.stored else self.field.clean(value)


_CHECKS: dict[str, list[Any]] = {
    "tel": [validate_phone],
    "url": [URLValidator(schemes=["http", "https"], message="Enter a web address that starts with https://.")],
}
