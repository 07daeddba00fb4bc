"""The admin of the services on the services page."""

from __future__ import annotations

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from aitpro.pages.models import FrontPage
from aitpro.pages.views import context_of
from contacts.models import Service
from privacy.admin_base.preview import PreviewedAdmin


class ServiceForm(forms.ModelForm[Service]):
    class Meta:
        model = Service
        fields = ["name", "slug", "icon", "summary", "commitment", "text", "position", "is_offered"]


@admin.register(Service)
class ServiceAdmin(PreviewedAdmin):
    form = ServiceForm
    list_display = ["name", "summary", "is_offered", "position"]
    list_filter = ["is_offered"]
    prepopulated_fields = {"slug": ["name"]}

    def view_on_site(self, obj: Service) -> str | None:
        return f"{FrontPage(name=FrontPage.Name.SERVICES).get_absolute_url()}#{obj.slug}" if obj.is_offered else None

    def preview(self, request: HttpRequest, row: Service) -> HttpResponse:
        return render(request, "aitpro/services.html", {**context_of(FrontPage.Name.SERVICES), "is_preview": True})
