"""The admin of terms: write a draft, review it, publish it. Published versions are read-only."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import AdminSplitDateTime
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from privacy.admin_base.staff_action import StaffAction, StaffActionsAdmin
from shop.models import ShopTerms
from shop.models.terms import VersionedTerms
from shop.terms.publishing import publish_terms, start_next_version


class PublishForm(forms.Form):
    effective_from = forms.SplitDateTimeField(
        label="Effective from (UTC)",
        initial=lambda: timezone.now() + timedelta(minutes=5),
        widget=AdminSplitDateTime,
        help_text="From this time on, orders are placed under this version.",
    )


class VersionedTermsAdmin(StaffActionsAdmin):
    """For a subclass of `VersionedTerms`, with an action that publishes."""

    fields: ClassVar[Any] = ["changes", "text", "effective_from", "published_at"]
    readonly_fields: ClassVar[Any] = ["effective_from", "published_at"]
    row_argument = "version"
    action_route = "<uuid:row_id>/{}/"
    returns_to = "changelist"

    def has_change_permission(self, request: HttpRequest, obj: VersionedTerms | None = None) -> bool:
        return super().has_change_permission(request, obj) and (obj is None or obj.is_draft)

    def has_delete_permission(self, request: HttpRequest, obj: VersionedTerms | None = None) -> bool:
        return obj is not None and obj.is_draft and super().has_delete_permission(request, obj)


def _start_next_version(**of_the_version: Any) -> HttpResponse:
    return redirect("admin:shop_shopterms_change", start_next_version(**of_the_version).pk)


@admin.register(ShopTerms)
class ShopTermsAdmin(VersionedTermsAdmin):
    list_display = ["__str__", "effective_from", "published_at"]
    list_filter = ["document"]
    action_url_name = "shop_shopterms_{}"
    change_list_template = "shop/admin/terms.html"
    staff_actions = (
        StaffAction(
            name="publish",
            label="Publish…",
            permission="shop.publish_shopterms",
            do=publish_terms,
            when=lambda version: version.is_draft,
            form=PublishForm,
            template="shop/admin/publish_terms.html",
            done=lambda version, _: f"{version} is published.",
        ),
        StaffAction(
            name="revise",
            label="Start the next version",
            do=_start_next_version,
            when=lambda version: not version.is_draft,
            one_press=True,
        ),
    )

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Above the list: a button for the next version of each document that has no draft yet."""
        latest = {version.document: version for version in ShopTerms.objects.order_by("number")}
        revisable = [latest[document] for document in sorted(latest) if not latest[document].is_draft]
        may_revise = request.user.has_perm("shop.change_shopterms")
        more = {"revisable": revisable if may_revise else [], **(extra_context or {})}
        response: HttpResponse = super().changelist_view(request, more)
        return response

    def has_add_permission(self, request: HttpRequest) -> bool:
        """A new version starts from a published one."""
        return False
