"""The admin of the services on the services page."""

from __future__ import annotations

from django import forms
from django.contrib import admin

from contacts.models import Service


class ServiceForm(forms.ModelForm[Service]):
    class Meta:
        model = Service
        fields = ["name", "slug", "icon", "summary", "commitment", "text", "position", "is_offered"]


@admin.register(Service)
class ServiceAdmin(admin.ModelAdmin[Service]):
    form = ServiceForm
    list_display = ["name", "summary", "is_offered", "position"]
    list_filter = ["is_offered"]
    prepopulated_fields = {"slug": ["name"]}
