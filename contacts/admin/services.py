"""The admin of the services on the services page."""

from __future__ import annotations

from django import forms
from django.contrib import admin

from contacts.models import Service
from privacy.web.markdown import validate_markdown


class ServiceForm(forms.ModelForm[Service]):
    class Meta:
        model = Service
        fields = ["name", "slug", "icon", "summary", "commitment", "text", "position", "is_offered"]

    def clean_text(self) -> str:
        text: str = self.cleaned_data["text"]
        validate_markdown(text)
        return text


@admin.register(Service)
class ServiceAdmin(admin.ModelAdmin[Service]):
    form = ServiceForm
    list_display = ["name", "summary", "is_offered", "position"]
    list_filter = ["is_offered"]
    prepopulated_fields = {"slug": ["name"]}
