"""The admin of pages."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html

from aitpro.pages.addresses import clean_address, validate_page_address
from aitpro.pages.models import Page
from aitpro.pages.redirects import target_of
from privacy.admin_base.preview import PreviewedAdmin, is_preview


class AddressField(forms.CharField):
    def to_python(self, value: Any) -> str:
        return clean_address(super().to_python(value) or "")


class PageForm(forms.ModelForm[Page]):
    slug = AddressField(
        label="Address",
        max_length=80,
        required=False,
        help_text=f"The part after {settings.SITE_URL}/. Left empty, it is made from the title. When you change it,"
        " the old address leads to the new one.",
    )

    class Meta:
        model = Page
        fields = ["title", "slug", "summary", "text", "place", "position", "is_published", "published_from"]
        widgets = {"summary": forms.Textarea({"rows": 2}), "place": forms.RadioSelect}

    def clean(self) -> dict[str, Any] | None:
        values = super().clean()
        if "slug" not in self.errors and "title" not in self.errors:
            self._clean_address()
        return values

    def _clean_address(self) -> None:
        slug = self.cleaned_data["slug"] or clean_address(self.cleaned_data["title"])[:80].strip("-")
        if not slug:
            self.add_error("slug", "Enter an address in the letters a to z, digits and hyphens.")
            return
        self.cleaned_data["slug"] = slug
        try:
            validate_page_address(slug, page=self.instance)
        except forms.ValidationError as problem:
            self.add_error("slug", problem)


@admin.register(Page)
class PageAdmin(PreviewedAdmin):
    form = PageForm
    list_display = ["title", "address", "published", "place", "position"]
    list_filter = ["is_published", "place"]
    search_fields = ["title", "slug", "summary", "text"]
    prepopulated_fields = {"slug": ["title"]}

    def view_on_site(self, obj: Page) -> str | None:
        return obj.get_absolute_url() if obj.is_public else None

    def preview(self, request: HttpRequest, row: Page) -> HttpResponse:
        return render(request, "pages/page.html", {"page": row, "is_preview": True})

    def save_model(self, request: HttpRequest, obj: Page, form: Any, change: bool) -> None:
        """Says what happened beyond saving: from when the page is public, and which redirect it replaces."""
        super().save_model(request, obj, form, change)
        if is_preview(request):
            return
        path = obj.get_absolute_url()
        if obj.is_public:
            self.message_user(request, format_html('The page is public at <a href="{}">{}</a>.', path, path))
        elif obj.is_published:
            since = date_format(timezone.localtime(obj.published_from), "DATETIME_FORMAT")
            self.message_user(request, f"The page will be public at {path} from {since}.")
        else:
            self.message_user(request, f"The page is a draft: nobody can open {path} yet.")
        if target := target_of(path):
            text = f"A redirect led from {path} to {target}. It is not used while the page is public."
            self.message_user(request, text, messages.WARNING)

    @admin.display(description="address", ordering="slug")
    def address(self, page: Page) -> str:
        path = page.get_absolute_url()
        return format_html('<a href="{}">{}</a>', path, path) if page.is_public else path

    @admin.display(description="state")
    def published(self, page: Page) -> str:
        if not page.is_published:
            return "draft"
        if page.is_public:
            return "public"
        return f"from {date_format(timezone.localtime(page.published_from), 'DATETIME_FORMAT')}"
