"""The staff's admin: one sign-in for the whole site."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.conf import settings
from django.contrib.admin import AdminSite
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse

from privacy.policy.gate import waiting


class SiteAdmin(AdminSite):
    site_header = site_title = f"{settings.BUSINESS['short_name']} staff"
    index_title = "Today"

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        """The first page says when the books and PayPal's differ, to those who may see payments."""
        payments = apps.get_model("shop.Payment")._default_manager  # this module is loaded before the models are
        may_look = request.user.has_perm("shop.view_payment")
        differing = payments.exclude(problem="").count() if may_look else 0
        return super().index(request, {"differing_payments": differing, **(extra_context or {})})

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        """With what the policy in effect does not cover yet, for the banner on every page."""
        return {**super().each_context(request), "policy_waiting": waiting()}

    def login(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Sends people to the site's own sign-in; someone signed in without access is told so."""
        if self.has_permission(request):
            return redirect("admin:index")
        if request.user.is_authenticated:
            raise PermissionDenied
        return redirect_to_login(request.GET.get(REDIRECT_FIELD_NAME) or reverse("admin:index"))
