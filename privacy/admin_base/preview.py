"""A button that shows the public page with the form's content, which is not saved."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db import transaction
from django.http import HttpRequest, HttpResponse


def is_preview(request: HttpRequest) -> bool:
    return "_preview" in request.POST  # the button's name


class PreviewedAdmin(admin.ModelAdmin[Any]):
    """`preview` renders the page from inside the transaction of the change, which is then rolled back: what is written
    by the way, such as history and redirects, is undone with it. Files are not, so a preview must not store any."""

    change_form_template = "privacy/admin/previewed.html"

    def preview(self, request: HttpRequest, row: Any) -> HttpResponse:
        """The page of the row, whose template shows `is_preview`."""
        raise NotImplementedError

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: str | None = None) -> HttpResponse:
        if is_preview(request):
            return self._rolled_back(request, obj)
        return super().response_add(request, obj, post_url_continue)

    def response_change(self, request: HttpRequest, obj: Any) -> HttpResponse:
        if is_preview(request):
            return self._rolled_back(request, obj)
        return super().response_change(request, obj)

    def _rolled_back(self, request: HttpRequest, row: Any) -> HttpResponse:
        response = self.preview(request, row)
        transaction.set_rollback(True)
        return response
