"""The admin of banners and text links for affiliates."""

from __future__ import annotations

from django import forms
from django.contrib import admin

from affiliates.models import Creative
from affiliates.tracking.creatives import validate_landing


class CreativeForm(forms.ModelForm[Creative]):
    class Meta:
        model = Creative
        fields = ["name", "image", "words", "landing", "is_offered", "position"]

    def clean_landing(self) -> str:
        landing: str = self.cleaned_data["landing"]
        validate_landing(landing)
        return landing


@admin.register(Creative)
class CreativeAdmin(admin.ModelAdmin[Creative]):
    """A banner is never deleted, because other sites may show it. Staff stop offering it instead."""

    form = CreativeForm
    list_display = ["name", "kind", "landing", "is_offered", "position"]
    list_filter = ["is_offered"]

    @admin.display(description="kind")
    def kind(self, creative: Creative) -> str:
        return f"banner, {creative.width} × {creative.height}" if creative.image else "text"

    def has_delete_permission(self, request: object, obj: object = None) -> bool:
        return False
