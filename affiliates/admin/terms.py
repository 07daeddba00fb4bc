"""The admin of the program's terms."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from affiliates.models import Affiliate, TermsVersion
from privacy.admin_base.staff_action import StaffAction
from shop.admin.terms import PublishForm, VersionedTermsAdmin
from shop.terms.publishing import publish_terms

NOTICE = timedelta(days=30)  # suggested; staff may choose another day


class ProgramTermsForm(PublishForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["effective_from"].initial = lambda: timezone.now() + NOTICE
        self.fields[
            "effective_from"
        ].help_text = "Affiliates are notified by email right away, and have to accept from this time on."


@admin.register(TermsVersion)
class TermsVersionAdmin(VersionedTermsAdmin):
    list_display = ["__str__", "effective_from", "published_at", "accepted_by"]
    action_url_name = "affiliates_termsversion_{}"
    change_list_template = "affiliates/admin/terms.html"
    staff_actions = (
        StaffAction(
            name="publish",
            label="Publish…",
            permission="affiliates.publish_termsversion",
            do=publish_terms,
            when=lambda version: version.is_draft,
            form=ProgramTermsForm,
            template="affiliates/admin/publish_terms.html",
            done=lambda version, _: f"{version} is published. Affiliates are notified within minutes.",
        ),
    )

    @admin.display(description="accepted by")
    def accepted_by(self, version: Any) -> int:
        """The count was fetched with the list."""
        return int(version.accepted_by)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        versions: QuerySet[Any] = super().get_queryset(request).annotate(accepted_by=Count("acceptances"))
        return versions

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """A new version starts from the text of the last one."""
        last = TermsVersion.objects.order_by("-number").first()
        return {"text": last.text if last else ""}

    def save_model(self, request: HttpRequest, obj: TermsVersion, form: Any, change: bool) -> None:
        if not change:
            obj.number = TermsVersion.objects.next_number()
        super().save_model(request, obj, form, change)

    def action_context(self, request: HttpRequest, version: TermsVersion, action: StaffAction) -> dict[str, Any]:
        return {"affiliates": Affiliate.objects.active().count()}
