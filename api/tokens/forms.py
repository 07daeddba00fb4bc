"""The form with which somebody makes a token."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms

from api.models import ApiToken
from api.scopes import Scope, missing_scope
from privacy.web.personal_data_form import PersonalDataForm

from .making import LIFETIMES

USUAL = 90  # days


class TokenForm(PersonalDataForm, forms.Form):
    """Offers the scopes that its owner may have. The least is chosen already."""

    stores = ApiToken

    name = forms.CharField(
        label="Name",
        max_length=60,
        help_text="Which program will use it, such as: spreadsheet.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": "Enter a name by which you recognize it."},
    )
    scopes = forms.MultipleChoiceField(
        label="May read",
        widget=forms.CheckboxSelectMultiple,
        help_text="Choose as little as the program needs.",
        error_messages={"required": "Choose at least one."},
    )
    days = forms.TypedChoiceField(
        label="Expires after",
        choices=[(days, f"{days} days") for days in LIFETIMES],
        coerce=int,
        initial=USUAL,
        help_text="A program that stores it forever is a risk. You can make a new one at any time.",
    )

    def __init__(self, data: Any = None, *, offered: Sequence[Scope]) -> None:
        super().__init__(data, initial={"scopes": [*offered[:1]]})
        self.fields["scopes"].choices = [(scope.value, scope.label) for scope in offered]  # type: ignore[attr-defined]
        self.fields["name"].widget.attrs["autocomplete"] = "off"  # not the owner's name

    def clean_scopes(self) -> list[str]:
        scopes: list[str] = self.cleaned_data["scopes"]
        if (base := missing_scope(scopes)) is not None:
            raise forms.ValidationError(f"Choose “{base.label}” as well: the other one only adds to it.")
        return scopes
