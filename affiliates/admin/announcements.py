"""The admin of announcements to affiliates."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin

from affiliates.models import Announcement
from privacy.web.markdown import validate_markdown


class AnnouncementForm(forms.ModelForm[Announcement]):
    class Meta:
        model = Announcement
        fields = ["title", "text", "shown_from", "shown_until", "is_mailed"]

    def clean_text(self) -> str:
        text: str = self.cleaned_data["text"]
        validate_markdown(text)
        return text

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        since, until = found.get("shown_from"), found.get("shown_until")
        if since and until and until <= since:
            self.add_error("shown_until", "It must end after it starts.")
        return found


@admin.register(Announcement)
class AnnouncementAdmin(admin.ModelAdmin[Announcement]):
    """An announcement is ended, never deleted, so that it isn't mailed again under another id."""

    form = AnnouncementForm
    list_display = ["title", "shown_from", "shown_until", "is_mailed"]
    list_filter = ["is_mailed"]

    def has_delete_permission(self, request: object, obj: object = None) -> bool:
        return False
