"""Exercising a right, and correcting what is kept."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, cast

from django import forms
from django.core.validators import MaxLengthValidator, ProhibitNullCharactersValidator, URLValidator

from privacy.erasure.consequences import Usable
from privacy.models import PrivacyRequest
from privacy.web.personal_data_form import PersonalDataForm, validate_phone

from .correction import CorrectableValue

DETAILS_LIMIT = 20_000  # characters, as many as a message on the contact page


class PrivacyRequestForm(PersonalDataForm, forms.ModelForm[PrivacyRequest]):
    class Meta:
        model = PrivacyRequest
        fields = ["kind", "email", "phone", "details"]
        labels = {
            "kind": "What would you like?",
            "email": "Your e-mail address",
            "phone": "Your telephone number",
            "details": "Anything we should know",
        }
        help_texts = {
            "email": "The address you used with us. A link is mailed there, to be sure that it is you.",
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
        # No empty choice among the radio buttons: one of them is ticked from the start.
        cast(forms.ChoiceField, self.fields["kind"]).choices = PrivacyRequest.Kind.choices


class DeletionForm(forms.Form):
    """The one choice that a deletion leaves, for somebody who bought something that works on."""

    KEEP, END = "keep", "end"

    license = forms.ChoiceField(
        label="What happens to what you bought?",
        choices=[
            (KEEP, "It keeps working: the license key and the order's page stay valid, without my name and address"),
            (END, "It ends too: the license key is deleted, and the downloads are closed"),
        ],
        error_messages={"required": "Choose one of the two: what was ended can't be brought back."},
        widget=forms.RadioSelect,
    )

    def __init__(self, *args: Any, usable: Sequence[Usable], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["license"].required = bool(usable)


class CorrectionForm(forms.Form):
    """One field for each value that the person may change, and a text for what they can't change themselves."""

    message = forms.CharField(
        label="Something else is wrong",
        help_text="What you can't change here: an e-mail address, an amount, a date. A person looks into it.",
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
        """The fields under the name of the rows they belong to."""
        titles = dict.fromkeys(value.declaration.label for value in self.values)
        return [(t, [self[v.key] for v in self.values if v.declaration.label == t]) for t in titles]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        same = all(cleaned.get(value.key, "") == value.value for value in self.values)
        if not self.errors and same and not cleaned.get("message"):
            raise forms.ValidationError("Nothing is different yet. Change what is wrong, or write what else it is.")
        return cleaned

    def corrections(self) -> dict[str, str]:
        return {value.key: self.cleaned_data[value.key] for value in self.values}


def correction_field(value: CorrectableValue) -> forms.Field:
    """The model's own form field, with the checks that such a value gets where it is first typed in."""
    field = value.field.formfield(label=value.declaration.columns[value.name].capitalize(), initial=value.value)
    assert field is not None  # noqa: S101 (correctable columns are texts)
    field.widget.attrs["autocomplete"] = value.autocomplete
    if isinstance(field.widget, forms.Textarea):
        field.widget.attrs["rows"] = 3
    field.validators += [ProhibitNullCharactersValidator(), *_CHECKS.get(value.autocomplete, [])]
    return UnlessUnchanged(field, value.value)


class UnlessUnchanged(forms.Field):
    """Checks what `field` checks, but for the stored value: what was stored long ago must not keep the person from
    correcting something else."""

    def __init__(self, field: forms.Field, stored: str) -> None:
        super().__init__(required=field.required, widget=field.widget, label=field.label, initial=stored)
        self.field, self.stored = field, stored

    def clean(self, value: Any) -> Any:
        return self.stored if (value or "") == self.stored else self.field.clean(value)


_CHECKS: dict[str, list[Any]] = {
    "tel": [validate_phone],
    "url": [URLValidator(schemes=["http", "https"], message="An address of a website starts with https://.")],
}
