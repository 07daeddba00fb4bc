"""The admin of the front pages' texts, and of the questions on the support page."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from aitpro.pages.front_texts import shipped_texts
from aitpro.pages.models import FrontPage, FrontPageSection, SiteQuestion
from aitpro.pages.views import context_of
from privacy.admin_base.preview import PreviewedAdmin

PARTS = [
    ("", ("headline", "introduction")),
    ("Section", ("section_heading", "section_text")),
    ("Contact", ("contact_heading", "contact_text")),
]


class FrontPageForm(forms.ModelForm[FrontPage]):
    """Shows the texts that ship where staff wrote none. What is still the same is not stored, so that a later change of
    the settings is on the page."""

    class Meta:
        model = FrontPage
        fields: list[str] = []  # the admin's fieldsets name them
        widgets = {"introduction": forms.Textarea({"rows": 3}), "contact_text": forms.Textarea({"rows": 2})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._shipped = shipped_texts(self.instance.name) if self.instance.name else {}
        for name, shipped in self._shipped.items():
            self.initial[name] = getattr(self.instance, name) or shipped

    def clean(self) -> dict[str, Any] | None:
        values = super().clean()
        for name, shipped in self._shipped.items():
            if _plain(self.cleaned_data.get(name, "")) == _plain(shipped):
                self.cleaned_data[name] = ""
        return values


def _plain(text: str) -> str:
    return text.strip().replace("\r\n", "\n")


class SectionInline(admin.StackedInline[FrontPageSection, FrontPage]):
    model = FrontPageSection
    fields = ("heading", "text", "position")
    extra = 1


@admin.register(FrontPage)
class FrontPageAdmin(PreviewedAdmin):
    form = FrontPageForm
    list_display = ["__str__", "headline_shown"]
    inlines = [SectionInline]

    def get_fieldsets(self, request: HttpRequest, obj: FrontPage | None = None) -> Any:
        """The parts that this page has. A text that is emptied becomes the one that ships."""
        shown = shipped_texts(obj.name) if obj else {}
        parts = [(title, [name for name in names if name in shown]) for title, names in PARTS]
        note = "Empty a text to get back the one that came with the site."
        return [
            (title or None, {"fields": names, **({} if title else {"description": note})})
            for title, names in parts
            if names
        ]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # there is a row for each

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def view_on_site(self, obj: FrontPage) -> str:
        return obj.get_absolute_url()

    def preview(self, request: HttpRequest, row: FrontPage) -> HttpResponse:
        return render(request, f"aitpro/{row.name}.html", {**context_of(row.name), "is_preview": True})

    @admin.display(description="headline")
    def headline_shown(self, page: FrontPage) -> str:
        return page.headline or shipped_texts(page.name)["headline"]


@admin.register(SiteQuestion)
class SiteQuestionAdmin(PreviewedAdmin):
    """Shown on the support page. Questions about one product belong to its own page."""

    list_display = ["question", "position"]
    fields = ["question", "answer", "position"]
    search_fields = ["question", "answer"]

    def view_on_site(self, obj: SiteQuestion) -> str:
        return FrontPage(name=FrontPage.Name.SUPPORT).get_absolute_url()

    def preview(self, request: HttpRequest, row: SiteQuestion) -> HttpResponse:
        return render(request, "aitpro/support.html", {**context_of(FrontPage.Name.SUPPORT), "is_preview": True})
