"""The base of every public form that stores personal data.

It does three things for every form: it omits fields whose column the policy in effect does not cover yet, instead of
failing on save; it sets `autocomplete` (WCAG 2.2, 1.3.5); and it validates phone numbers. A system check
(privacy.E061) requires this base for each public form that stores personal columns.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

from django import forms
from django.conf import settings
from django.core import checks
from django.db import models
from django.forms.boundfield import BoundField
from django.urls import URLPattern, URLResolver, get_resolver

from privacy.encryption.normalization import normalize_phone
from privacy.registry.declarations import PersonalData, declaration_for
from privacy.registry.policy_gate import is_open

# Column → value of HTML's `autocomplete`.
AUTOCOMPLETE = {
    "name": "name",
    "email": "email",
    "phone": "tel",
    "address": "street-address",
    "company": "organization",
    "website": "url",
}


def validate_phone(number: str) -> None:
    """Raises `ValidationError` if this is not a phone number."""
    try:
        normalize_phone(number)
    except ValueError:
        raise forms.ValidationError(
            "Enter a valid phone number with its area code; a number outside"
            f" {settings.BUSINESS['country']} also needs a country code, such as +49 30 901820."
        ) from None


class PersonalDataForm(forms.BaseForm):
    """Mixed into a form before Django's class. A form that is not a `ModelForm` names its model in `stores`, and any
    form the model and column of a field that is stored in another table in `stored_elsewhere`."""

    stores: ClassVar[type[models.Model] | None] = None
    stored_elsewhere: ClassVar[Mapping[str, tuple[type[models.Model], str]]] = {}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in AUTOCOMPLETE.keys() & self.fields.keys():
            self.fields[name].widget.attrs.setdefault("autocomplete", AUTOCOMPLETE[name])

    def full_clean(self) -> None:
        for name in self.fields:
            self._close_unless_covered(name)
        super().full_clean()

    def __getitem__(self, name: str) -> BoundField:
        self._close_unless_covered(name)
        return super().__getitem__(name)

    def clean_phone(self) -> str:
        phone = (self.cleaned_data["phone"] or "").strip()
        if phone:
            validate_phone(phone)
        return phone

    def _close_unless_covered(self, name: str) -> None:
        """Shows nothing of the field and disables it: Django ignores submitted values of disabled fields. Called when
        the form is used, not when it is created, so that a subclass can't enable the field again."""
        model, column = self.stored_elsewhere.get(name, (stored_model(type(self)), name))
        if model is not None and name in self.fields and not is_open(model, column):
            field = self.fields[name]
            field.disabled, field.required = True, False
            field.template_name = "privacy/_closed_field.html"  # type: ignore[attr-defined]


def stored_model(form: type[forms.BaseForm]) -> type[models.Model] | None:
    """The model whose columns the form stores."""
    model: type[models.Model] | None = getattr(form, "stores", None) or getattr(
        getattr(form, "_meta", None), "model", None
    )
    return model


@checks.register("privacy")
def check_public_forms(app_configs: Any, **kwargs: Any) -> Sequence[checks.CheckMessage]:
    """E061: a form on a public page that stores personal columns is not a `PersonalDataForm`."""
    return [
        checks.Error(
            f"{form.__module__}.{form.__qualname__} stores personal data, but is not a PersonalDataForm.",
            hint="Put privacy.web.personal_data_form.PersonalDataForm first among its bases.",
            id="privacy.E061",
        )
        for form in sorted(forms_of_pages(get_resolver().url_patterns), key=str)
        if not issubclass(form, PersonalDataForm) and stores_personal_data(form)
    ]


def stores_personal_data(form: type[forms.BaseForm]) -> bool:
    model = stored_model(form)
    declaration = declaration_for(model._meta.db_table) if model is not None else None
    fields: dict[str, forms.Field] = getattr(form, "base_fields", {})  # of every class that Django's metaclass made
    return isinstance(declaration, PersonalData) and bool({*declaration.columns} & {*fields})


def forms_of_pages(patterns: Iterable[URLPattern | URLResolver]) -> set[type[forms.BaseForm]]:
    """The forms of all class-based views except the admin's, where every change is audited."""
    found: set[type[forms.BaseForm]] = set()
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            found |= forms_of_pages(pattern.url_patterns) if pattern.app_name != "admin" else set()
        elif form := getattr(getattr(pattern.callback, "view_class", None), "form_class", None):
            found.add(form)
    return found
