"""The admin of redirects: old addresses of this site that lead to others of it."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

from django import forms
from django.conf import settings
from django.contrib import admin
from django.contrib.redirects import admin as _redirects  # noqa: F401  (registers Redirect, which is replaced below)
from django.contrib.redirects.models import Redirect
from django.contrib.sites import admin as _sites  # noqa: F401  (registers Site, which nothing here shows)
from django.contrib.sites.models import Site
from django.http import HttpRequest
from django.utils.html import format_html

from aitpro.pages.addresses import is_taken, view_at
from aitpro.pages.models import Page
from aitpro.pages.redirects import (
    LONGEST,
    final_target,
    is_own,
    leave_redirect,
    normalize,
    redirects,
    spellings,
)
from shop.models import Product

OF_ROWS = {"pages:page": Page, "shop:product": Product, "shop:checkout": Product}


class PathField(forms.CharField):
    def to_python(self, value: Any) -> str:
        """The path in what was typed or pasted, decoded: the site's own name is left out."""
        return unquote(str(super().to_python(value) or "").strip().removeprefix(settings.SITE_URL))

    def clean(self, value: Any) -> str:
        path: str = super().clean(value)
        if not is_own(path) or any(character.isspace() for character in path):
            raise forms.ValidationError(
                "Enter an address of this site, which starts with a slash, such as /guide/. Other sites are refused."
            )
        return path


class RedirectForm(forms.ModelForm[Redirect]):
    old_path = PathField(
        label="Old address", max_length=LONGEST, help_text="One that no page has, such as /old-guide.html."
    )
    new_path = PathField(label="New address", max_length=LONGEST, help_text="Of this site, such as /guide/.")

    class Meta:
        model = Redirect
        fields = ["old_path", "new_path"]

    def clean_old_path(self) -> str:
        path: str = self.cleaned_data["old_path"]
        if "?" in path or "#" in path:
            raise forms.ValidationError("Leave out what follows a ? or #. It is added to the new address.")
        if is_taken(path) or _answers(normalize(path)) or _answers(path):
            raise forms.ValidationError(f"{path} has a page of its own, which a redirect can't replace.")
        if other := redirects().filter(old_path__in=spellings(path)).exclude(pk=self.instance.pk).first():
            raise forms.ValidationError(f"{path} already leads to {other.new_path}. Change that redirect instead.")
        return path

    def clean_new_path(self) -> str:
        path: str = self.cleaned_data["new_path"]
        if "?" in path:
            raise forms.ValidationError("Leave out what follows a ?. That of the old address is added.")
        return path

    def clean(self) -> dict[str, Any] | None:
        values = super().clean()
        if self.errors:
            return values
        old, new = self.cleaned_data["old_path"], self.cleaned_data["new_path"]
        if normalize(old) in {normalize(new), normalize(final_target(new))}:
            self.add_error("new_path", "This would lead back to the old address.")
        return values


def _answers(path: str) -> bool:
    """Whether the site has a page there: a fixed one, or that of a row."""
    name = view_at(path)
    model: Any = OF_ROWS.get(name)
    if model is None:
        return bool(name)
    return bool(model.objects.filter(slug=path.strip("/").split("/")[-1]).exists())


admin.site.unregister([Redirect, Site])


@admin.register(Redirect)
class RedirectAdmin(admin.ModelAdmin[Redirect]):
    form = RedirectForm
    list_display = ["old_path", "leads_to"]
    search_fields = ["old_path", "new_path"]

    def save_model(self, request: HttpRequest, obj: Redirect, form: Any, change: bool) -> None:
        """In one step to the final address, like those that led here."""
        obj.site_id = settings.SITE_ID
        obj.new_path = final_target(obj.new_path)
        super().save_model(request, obj, form, change)
        leave_redirect(old=obj.old_path, new=obj.new_path)

    @admin.display(description="new address", ordering="new_path")
    def leads_to(self, redirect: Redirect) -> str:
        return format_html('<a href="{}">{}</a>', redirect.new_path, redirect.new_path)
