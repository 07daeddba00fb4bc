"""The admin of applications: the queue, other applications from the same address, and the decision with its reason."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied
from django.db.models import Case, IntegerField, QuerySet, Value, When
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.utils.html import format_html
from django.views.decorators.http import require_POST

from affiliates.membership.applications import (
    affiliate_of,
    approval_obstacle,
    approve_application,
    decline_application,
    discard_application,
    release_application,
)
from affiliates.models import Affiliate, Application
from affiliates.tracking.links import link_to
from privacy.admin_base.acting_user import acting_user
from privacy.admin_base.blind_search import BlindSearchMixin
from privacy.admin_base.readonly import ReadOnlyAdmin
from privacy.admin_base.refusals import ActionRefused

State = Application.State
Decide = Callable[[Application], object]


_TURN = Case(
    When(state__in=[State.OPEN, State.HELD], then=Value(0)),
    When(state=State.UNCONFIRMED, then=Value(1)),
    default=Value(2),
    output_field=IntegerField(),
)


class DeclineForm(forms.Form):
    reason = forms.CharField(
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 4, "cols": 80}),
        help_text="The applicant sees this in our email, between our thanks and an invitation to apply again.",
        error_messages={"required": "Please enter a reason. The applicant will see it."},
    )


@admin.register(Application)
class ApplicationAdmin(BlindSearchMixin, ReadOnlyAdmin):
    """Lists what staff have to decide first (open or held), then unconfirmed applications, then decided ones."""

    list_display = ["name", "site", "state", "applied_at", "confirmed_at", "decided_at"]
    list_filter = ["state", "applied_at"]
    ordering = [_TURN.asc(), "-applied_at"]
    actions = ["approve", "decline", "release", "discard"]
    fields = ["name", "email", "site", "message", "state", "terms_version", "applied_at", "confirmed_at"]
    fields += ["decided_at", "decision", "keep_until"]
    change_form_template = "affiliates/admin/application.html"

    @admin.display(description="website")
    def site(self, application: Application) -> str:
        """A link that tells the website nothing about where it was followed."""
        website = str(application.website)
        if not website.lower().startswith(("http://", "https://")):
            return website
        return format_html('<a href="{}" rel="noopener noreferrer nofollow">{}</a>', website, website)

    @admin.action(
        description="Approve: create the affiliate and email a link to set a password", permissions=["decide"]
    )
    def approve(self, request: HttpRequest, queryset: QuerySet[Application]) -> None:
        self._decide_each(
            request,
            queryset,
            lambda application: approve_application(application=application, actor=acting_user(request)),
        )

    @admin.action(description="Decline with a reason…", permissions=["decide"])
    def decline(self, request: HttpRequest, queryset: QuerySet[Application]) -> HttpResponse | None:
        form = DeclineForm(request.POST if "reason" in request.POST else None)
        if not form.is_valid():
            return self._ask_for_reason(request, queryset, form)
        reason = form.cleaned_data["reason"]
        decline: Decide = lambda application: decline_application(  # noqa: E731
            application=application, reason=reason, actor=acting_user(request)
        )
        self._decide_each(request, queryset, decline, done="declined")
        return None

    @admin.action(
        description="Release held applications: email the link that confirms the address", permissions=["decide"]
    )
    def release(self, request: HttpRequest, queryset: QuerySet[Application]) -> None:
        count = sum(release_application(application=each, actor=acting_user(request)) for each in queryset)
        self.message_user(request, f"{count} released.", messages.SUCCESS)

    @admin.action(description="Discard held applications: decline without an email", permissions=["decide"])
    def discard(self, request: HttpRequest, queryset: QuerySet[Application]) -> None:
        count = sum(discard_application(application=each, actor=acting_user(request)) for each in queryset)
        self.message_user(request, f"{count} discarded.")

    def _ask_for_reason(self, request: HttpRequest, queryset: QuerySet[Application], form: DeclineForm) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": "Decline",
            "applications": queryset,
            "form": form,
            "opts": self.opts,
        }
        return render(request, "affiliates/admin/decline.html", context)

    def _decide_each(
        self, request: HttpRequest, queryset: QuerySet[Application], decide: Decide, done: str = "approved"
    ) -> None:
        """Decides each application separately: one whose applicant can't be emailed stays undecided."""
        count = 0
        for application in queryset:
            was_confirmed = application.state == State.OPEN
            try:
                decided = decide(application)
            except ActionRefused as refusal:
                self.message_user(request, f"{application.staff_label} was not changed: {refusal}", messages.ERROR)
            else:
                count += bool(decided)
                self._warn_if_unconfirmed(
                    request, application, unless=was_confirmed or not decided or done != "approved"
                )
        self.message_user(request, f"{count} {done}.", messages.SUCCESS if count else messages.INFO)

    def _warn_if_unconfirmed(self, request: HttpRequest, application: Application, *, unless: bool) -> None:
        if not unless:
            self.message_user(
                request,
                f"{application.staff_label}: the address is not confirmed yet. Our email says that setting the password"
                " confirms it; until then nobody can sign in.",
                messages.WARNING,
            )

    def has_decide_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("affiliates.decide_application")

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(require_POST(self.decide_one))
        name = "affiliates_application_decide"
        return [path("<uuid:application_id>/decide/<str:decision>/", view, name=name), *super().get_urls()]

    def decide_one(self, request: HttpRequest, application_id: UUID, decision: str) -> HttpResponse:
        """Handles the buttons on an application's own page."""
        if not self.has_decide_permission(request):
            raise PermissionDenied
        application = get_object_or_404(Application, pk=application_id)
        chosen = Application.objects.filter(pk=application.pk)
        if decision == "approve":
            return self._approve_one(request, application)
        elif decision == "release":
            self.release(request, chosen)
        elif decision == "discard":
            self.discard(request, chosen)
        elif decision == "decline" and (question := self.decline(request, chosen)):
            return question
        return redirect("admin:affiliates_application_change", application.pk)

    def _approve_one(self, request: HttpRequest, application: Application) -> HttpResponse:
        """After the approval: the affiliate's page, with the link and the code."""
        was_confirmed = application.state == State.OPEN
        try:
            affiliate = approve_application(application=application, actor=acting_user(request))
        except ActionRefused as refusal:
            self.message_user(request, refusal.message, messages.ERROR)
        else:
            if affiliate is not None:
                return self._approved(request, application, affiliate, was_confirmed=was_confirmed)
            self.message_user(request, "This application was already decided.", messages.INFO)
        return redirect("admin:affiliates_application_change", application.pk)

    def _approved(
        self, request: HttpRequest, application: Application, affiliate: Affiliate, *, was_confirmed: bool
    ) -> HttpResponse:
        self.message_user(
            request,
            f"{application.name} is an affiliate now, with the code {affiliate.code}. Our email has the link"
            " to share and says how to sign in. Nothing else to do here: the affiliate enters the PayPal address.",
            messages.SUCCESS,
        )
        self._warn_if_unconfirmed(request, application, unless=was_confirmed)
        if request.user.has_perm("affiliates.view_affiliate"):
            return redirect("admin:affiliates_affiliate_change", affiliate.pk)
        return redirect("admin:affiliates_application_change", application.pk)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        application = self.get_object(request, object_id)
        extra = {} if application is None else self._related_applications(application)
        return super().change_view(request, object_id, form_url, {**extra, **(extra_context or {})})

    def _related_applications(self, application: Application) -> dict[str, Any]:
        """Other applications from this address, the affiliate who has it, and why it can't be approved."""
        others = Application.objects.filter(email_index=application.email).exclude(pk=application.pk)
        known = affiliate_of(application)
        account = get_user_model().objects.with_email(application.email)
        obstacle = approval_obstacle(application, account) if application.is_undecided and known is None else ""
        return {
            "others": others.order_by("-applied_at")[:20],
            "known_affiliate": known,
            "obstacle": obstacle,
            "link": link_to(known.code) if known else "",
        }
