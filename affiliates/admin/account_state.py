"""Suspending, reinstating and closing an affiliate's account: one button each, with a reason."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path

from affiliates.membership.account_state import close_affiliate, reinstate_affiliate, suspend_affiliate
from affiliates.models import Affiliate
from privacy.admin_base.refusals import ActionRefused

if TYPE_CHECKING:
    from accounts.models import User

State = Affiliate.State


class ReasonForm(forms.Form):
    reason = forms.CharField(
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 4, "cols": 80}),
        help_text="The affiliate sees it in an email and in the portal.",
        error_messages={"required": "Please enter a reason. The affiliate will see it."},
    )


class NoReasonForm(forms.Form):
    """Has no fields: the button is the confirmation."""


@dataclass(frozen=True)
class Step:
    label: str
    asks: str
    do: Callable[..., None]
    when: tuple[str, ...]
    form: type[forms.Form] = ReasonForm


STEPS = {
    "suspend": Step(
        "Suspend…",
        "The links still work but earn nothing, and nothing is paid, until you reinstate the affiliate.",
        suspend_affiliate,
        (State.ACTIVE,),
    ),
    "reinstate": Step(
        "Reinstate…",
        "The links earn again, and what is due goes into the next payout. The affiliate is notified by email.",
        reinstate_affiliate,
        (State.SUSPENDED,),
        NoReasonForm,
    ),
    "close": Step(
        "Close the account…",
        "This can't be undone. The balance is paid, and then all personal data is deleted. First reject any commissions"
        " that should not be paid.",
        close_affiliate,
        (State.ACTIVE, State.SUSPENDED),
    ),
}


class StandingSteps(admin.ModelAdmin[Affiliate]):
    """Mixed into the admin of affiliates: staff change the state by an action, not by editing a field."""

    change_form_template = "affiliates/admin/affiliate.html"

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(self.take_step)
        name = "affiliates_affiliate_standing"
        return [path("<uuid:affiliate_id>/standing/<str:slug>/", view, name=name), *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        affiliate = self.get_object(request, object_id)
        steps = [(slug, step.label) for slug, step in STEPS.items() if affiliate and affiliate.state in step.when]
        return super().change_view(request, object_id, form_url, {"standing_steps": steps, **(extra_context or {})})

    def take_step(self, request: HttpRequest, affiliate_id: UUID, slug: str) -> HttpResponse:
        affiliate = get_object_or_404(Affiliate, pk=affiliate_id)
        if not self.has_change_permission(request, affiliate):
            raise PermissionDenied
        if (step := STEPS.get(slug)) is None:
            raise Http404("There is no such action.")
        form = step.form(request.POST if request.method == "POST" else None)
        if form.is_valid() and self._perform(request, affiliate, step, form):
            return redirect("admin:affiliates_affiliate_change", affiliate.pk)
        context = {
            **self.admin_site.each_context(request),
            "title": f"{step.label.rstrip('…')}: {affiliate}",
            "step": step,
            "affiliate": affiliate,
            "form": form,
            "opts": self.opts,
        }
        return render(request, "affiliates/admin/standing.html", context)

    def _perform(self, request: HttpRequest, affiliate: Affiliate, step: Step, form: forms.Form) -> bool:
        try:
            step.do(affiliate=affiliate, actor=cast("User", request.user), **form.cleaned_data)
        except ActionRefused as refusal:
            form.add_error(None, str(refusal))
            return False
        self.message_user(request, "Done. The affiliate is notified by email.")
        return True
