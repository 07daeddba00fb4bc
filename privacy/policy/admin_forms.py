"""What staff type about a version."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone

from .models import PolicyVersion
from .versions import new_draft


class VersionForm(forms.ModelForm[PolicyVersion]):
    """The next version, prefilled with what is different in the code. It takes the code's policy as it is now."""

    class Meta:
        model = PolicyVersion
        fields = ["summary", "additions", "effective_on", "tells"]
        help_texts = {
            "summary": "People read this in the notice and on the page of changes. The lines were found by comparing"
            " the code with the version in effect: put them into your words.",
            "additions": "Shown on the policy's page under “What else to know”.",
            "effective_on": "Not before this day, and not before everybody was told.",
            "tells": "Always done when data is used in a new way; for other changes you choose.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if kwargs.get("instance") is None:
            kwargs["instance"] = new_draft()
        super().__init__(*args, **kwargs)

    def clean_effective_on(self) -> Any:
        day = self.cleaned_data["effective_on"]
        if day < timezone.localdate():
            raise forms.ValidationError("This day is over.")
        return day

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        current = PolicyVersion.objects.in_effect()
        same_text = current is not None and cleaned.get("additions") == current.additions
        if not self.errors and same_text and not self.instance.changes():
            raise forms.ValidationError("Nothing differs from the version in effect. Change its further words first.")
        return cleaned
