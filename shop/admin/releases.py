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
    """The choice names how many people would be told. They are told once: afterwards it only says when."""

    people = 0  # who asked for notices about the product

    class Meta:
        model = ProductFile
        fields = ["notes", "released_at", "is_announced"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["is_announced"].label = f"Tell {told(self.people)}, by email"
        if at := self.instance.announced_at:
            field = self.fields["is_announced"]
            field.disabled = True
            field.help_text = f"Told on {date_format(timezone.localtime(at), 'DATETIME_FORMAT')}. Nobody is told twice."


class AnnouncedInline(admin.StackedInline[ProductFile, Product]):
    form = ReleaseForm
    model = ProductFile
    can_delete = False

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        formset: Any = super().get_formset(request, obj, **kwargs)
        formset.form.people = people_who_asked(obj) if obj else 0
        return formset


class ReleaseInline(AnnouncedInline):
    """Existing releases: notes, release date and the choice can be changed, the file can't."""

    fields = ("version", "size", "sha256", "notes", "released_at", "is_announced")
    readonly_fields = ("version", "size", "sha256")
    extra = 0
    verbose_name_plural = "releases"

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description="size")
    def size(self, release: ProductFile) -> str:
        return filesizeformat(release.size_bytes)


class NewReleaseInline(AnnouncedInline):
    fields = ("version", "content", "notes", "released_at", "is_announced")
    extra = max_num = 1
    verbose_name_plural = "new release"

    def get_queryset(self, request: HttpRequest) -> QuerySet[ProductFile]:
        return super().get_queryset(request).none()
