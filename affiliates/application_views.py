"""Applying, confirming the address, and asking for the link again. Nobody learns here whether an address is known."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse_lazy
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.generic import FormView, View

from .forms import ApplicationForm, AskForLinkForm
from .onboarding import LINK_LIFE, confirm_application, confirmable_application, receive_application, send_link_again


@method_decorator(never_cache, name="dispatch")
class ApplyView(FormView[ApplicationForm]):
    template_name = "affiliates/apply.html"
    form_class = ApplicationForm
    success_url = reverse_lazy("affiliates:applied")

    def form_valid(self, form: ApplicationForm) -> HttpResponse:
        if not form.is_filled_in_by_a_program():
            receive_application(application=form.save(commit=False))
        return super().form_valid(form)


@method_decorator(never_cache, name="dispatch")
class AskForLinkView(FormView[AskForLinkForm]):
    template_name = "affiliates/ask_for_link.html"
    form_class = AskForLinkForm
    success_url = reverse_lazy("affiliates:applied")

    def form_valid(self, form: AskForLinkForm) -> HttpResponse:
        send_link_again(email=form.cleaned_data["email"])
        return super().form_valid(form)


@method_decorator(never_cache, name="dispatch")
class ConfirmView(View):
    """Opening the link changes nothing: mail scanners open links. The button confirms."""

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        application = confirmable_application(token=token, now=timezone.now())
        if application is None:
            return self._is_over(request)
        return render(request, "affiliates/confirm_application.html", {"application": application})

    def post(self, request: HttpRequest, token: str) -> HttpResponse:
        now = timezone.now()
        application = confirmable_application(token=token, now=now)
        if application is None or not confirm_application(application=application, now=now):
            return self._is_over(request)
        return redirect("affiliates:confirmed")

    def _is_over(self, request: HttpRequest) -> HttpResponse:
        context: dict[str, Any] = {"days": LINK_LIFE.days}
        return render(request, "affiliates/link_is_over.html", context, status=410)
