from __future__ import annotations

from typing import Any

from django import forms


class CodeForm(forms.Form):
    """Six digits from the app, or a recovery code."""

    code = forms.CharField(
        label="Code",
        max_length=40,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "autofocus": True, "autocapitalize": "none"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].error_messages["required"] = "Please enter the code."

    def refuse(self) -> None:
        self.add_error("code", "This code is wrong or has been used. Please wait for the next one and enter that.")
