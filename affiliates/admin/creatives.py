"""The admin of banners, logos and texts for affiliates."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.core.files.images import get_image_dimensions
from django.urls import reverse

from affiliates.models import Creative
from affiliates.tracking.creatives import validate_landing


class CreativeForm(forms.ModelForm[Creative]):
    class Meta:
        model = Creative
        fields = ["name", "image", "words", "body", "landing", "is_offered", "position"]

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        if found.get("body") and found.get("image"):
            self.add_error("body", "A creative has an image or a text to paste, not both.")
        return found

    def clean_image(self) -> Any:
        """Refuses a file that Pillow opens and can't measure, which the model does where there is no way to say so."""
        image = self.cleaned_data["image"]
        if "image" in self.changed_data and image:
            try:
                known = all(get_image_dimensions(image))
            except Exception:  # whatever Pillow stumbles over in a broken file
                known = False
            if not known:
                raise forms.ValidationError("This image is broken. Export it again, as PNG, JPEG, GIF or WebP.")
        return image

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

    def view_on_site(self, obj: Creative) -> str | None:
        """The image as other sites show it; a text has no page of its own."""
        return reverse("affiliates:creative_image", args=[obj.pk]) if obj.image else None

    @admin.display(description="kind")
    def kind(self, creative: Creative) -> str:
        if creative.image:
            return f"image, {creative.width} × {creative.height}"
        return "text to paste" if creative.body else "text link"

    def has_delete_permission(self, request: object, obj: object = None) -> bool:
        return False
