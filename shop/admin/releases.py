"""The releases on a product's page in the admin, with the choice whether buyers who asked are told."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.defaultfilters import filesizeformat
from django.utils import timezone
from django.utils.formats import date_format

from shop.delivery.release_notices import people_who_asked
from shop.models import Product
from shop.models.delivery import ProductFile


def told(people: int) -> str:
    return "1 buyer who asked" if people == 1 else f"{people} buyers who asked"


class ReleaseForm(forms.ModelForm[ProductFile]):
    """Buyers are told once: afterwards the choice only says when."""

    class Meta:
        model = ProductFile
        fields = ["notes", "released_at", "is_announced"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if at := self.instance.announced_at:
            field = self.fields["is_announced"]
            field.disabled = True
            field.help_text = f"Told on {date_format(timezone.localtime(at), 'DATETIME_FORMAT')}. Nobody is told twice."


class ReleaseInline(admin.StackedInline[ProductFile, Product]):
    """Existing releases: notes, release date and the choice can be changed, the file can't."""

    model = ProductFile
    form = ReleaseForm
    fields = ("version", "size", "sha256", "notes", "released_at", "is_announced")
    readonly_fields = ("version", "size", "sha256")
    extra = 0
    can_delete = False
    verbose_name_plural = "releases"

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        """The choice names how many people would be told."""
        formset = super().get_formset(request, obj, **kwargs)
        if field := formset.form.base_fields.get("is_announced"):
            field.label = f"Tell {told(people_who_asked(obj) if obj else 0)}, by email"
        return formset

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description="size")
    def size(self, release: ProductFile) -> str:
        return filesizeformat(release.size_bytes)


class NewReleaseInline(ReleaseInline):
    form = forms.ModelForm
    fields = ("version", "content", "notes", "released_at", "is_announced")
    readonly_fields = ()
    extra = max_num = 1
    verbose_name_plural = "new release"

    def get_queryset(self, request: HttpRequest) -> QuerySet[ProductFile]:
        return super().get_queryset(request).none()

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return admin.StackedInline.has_add_permission(self, request, obj)
