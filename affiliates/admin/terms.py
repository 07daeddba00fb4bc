"""The admin of the terms: write a draft, review it, publish it. Published versions are read-only."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.widgets import AdminSplitDateTime
from django.core.exceptions import PermissionDenied
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.utils import timezone

from affiliates.membership.terms import next_number, publish_terms
from affiliates.models import Affiliate, TermsVersion
from privacy.admin_base.refusals import ActionRefused

if TYPE_CHECKING:
    from accounts.models import User


NOTICE = timedelta(days=30)  # suggested; staff may choose another day


class PublishForm(forms.Form):
    effective_from = forms.SplitDateTimeField(
        label="Effective from (UTC)",
        widget=AdminSplitDateTime,
        help_text="Affiliates are notified by email right away, and have to accept from this time on.",
    )


@admin.register(TermsVersion)
class TermsVersionAdmin(admin.ModelAdmin[TermsVersion]):
    list_display = ["__str__", "effective_from", "published_at", "accepted_by"]
    fields = ["changes", "text", "effective_from", "published_at"]
    readonly_fields = ["effective_from", "published_at"]
    change_form_template = "affiliates/admin/terms.html"

    @admin.display(description="accepted by")
    def accepted_by(self, version: Any) -> int:
        """The count was fetched with the list."""
        return int(version.accepted_by)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).annotate(accepted_by=Count("acceptances"))

    def has_change_permission(self, request: HttpRequest, obj: TermsVersion | None = None) -> bool:
        return super().has_change_permission(request, obj) and (obj is None or obj.is_draft)

    def has_delete_permission(self, request: HttpRequest, obj: TermsVersion | None = None) -> bool:
        return obj is not None and obj.is_draft and super().has_delete_permission(request, obj)

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """A new version starts from the text of the last one."""
        last = TermsVersion.objects.order_by("-number").first()
        return {"text": last.text if last else ""}

    def save_model(self, request: HttpRequest, obj: TermsVersion, form: Any, change: bool) -> None:
        if not change:
            obj.number = next_number()
        super().save_model(request, obj, form, change)

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(self.publish)
        return [path("<uuid:version_id>/publish/", view, name="affiliates_termsversion_publish"), *super().get_urls()]

    def publish(self, request: HttpRequest, version_id: UUID) -> HttpResponse:
        version = get_object_or_404(TermsVersion, pk=version_id)
        if not request.user.has_perm("affiliates.publish_termsversion"):
            raise PermissionDenied
        form = PublishForm(request.POST or None, initial={"effective_from": timezone.now() + NOTICE})
        if form.is_valid() and self._save_publication(request, version, form):
            return redirect("admin:affiliates_termsversion_changelist")
        context = {
            **self.admin_site.each_context(request),
            "title": f"Publish {version}",
            "version": version,
            "affiliates": Affiliate.objects.active().count(),
            "form": form,
            "opts": self.opts,
        }
        return render(request, "affiliates/admin/publish_terms.html", context)

    def _save_publication(self, request: HttpRequest, version: TermsVersion, form: PublishForm) -> bool:
        moment = form.cleaned_data["effective_from"]
        try:
            publish_terms(version=version, effective_from=moment, actor=cast("User", request.user))
        except ActionRefused as refusal:
            form.add_error("effective_from", str(refusal))
            return False
        self.message_user(request, f"{version} is published. Affiliates are notified within minutes.", messages.SUCCESS)
        return True
