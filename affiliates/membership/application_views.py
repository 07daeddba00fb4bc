"""Applying, confirming the address, and requesting the link again. No answer reveals whether an address is known."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse_lazy
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.generic import FormView, View

from privacy.mail.rate_limits import may_hold_message, may_mail_address, may_send_mail, seconds_to_wait
from privacy.web.idempotency import kept_in_history
from privacy.web.rate_limits import seconds_left

from .application_forms import ApplicationForm, AskForLinkForm
from .applications import (
    LINK_LIFE,
    ask_for_link_again,
    confirm_application,
    confirmable_application,
    receive_application,
)


@kept_in_history
class ApplyView(FormView[ApplicationForm]):
    template_name = "affiliates/apply.html"
    form_class = ApplicationForm
    success_url = reverse_lazy("affiliates:applied")

    def form_valid(self, form: ApplicationForm) -> HttpResponse:
        """An application that looks automated, or exceeds the mail limit of its network or address, is held for staff
        instead of refused. The page that follows is the same."""
        now, email = timezone.now(), form.cleaned_data["email"]
        is_mailed = not form.cleaned_data["extra"] and may_send_mail(self.request, form="apply", email=email, now=now)
        if not is_mailed and not may_hold_message(self.request, form="apply", now=now):
            return self._rate_limited(form, seconds_left(now))
        receive_application(application=form.save(commit=False), held=not is_mailed)
        return super().form_valid(form)

    def _rate_limited(self, form: ApplicationForm, seconds: int) -> HttpResponse:
        """Stores nothing, and keeps what was typed in the form."""
        context = self.get_context_data(form=form, wait_minutes=seconds // 60 + 1)
        return self.render_to_response(context, status=429, headers={"Retry-After": str(seconds)})


@kept_in_history
class AskForLinkView(FormView[AskForLinkForm]):
    template_name = "affiliates/ask_for_link.html"
    form_class = AskForLinkForm
    success_url = reverse_lazy("affiliates:applied")

    def form_valid(self, form: AskForLinkForm) -> HttpResponse:
        now, email = timezone.now(), form.cleaned_data["email"]
        if wait := seconds_to_wait(self.request, form="application link", email=email, now=now):
            context = self.get_context_data(form=form, nothing_sent=True)
            return self.render_to_response(context, status=429, headers={"Retry-After": str(wait)})
        if may_mail_address(email, form="application link", now=now):
            ask_for_link_again(email=email)
        return super().form_valid(form)


@method_decorator(never_cache, name="dispatch")
class ConfirmApplicationView(View):
    """Opening the link changes nothing, because mail scanners open links. The button confirms."""

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        application = confirmable_application(token=token, now=timezone.now())
        if application is None:
            return self._link_expired(request)
        return render(request, "affiliates/confirm_application.html", {"application": application})

    def post(self, request: HttpRequest, token: str) -> HttpResponse:
        now = timezone.now()
        application = confirmable_application(token=token, now=now)
        if application is None or not confirm_application(application=application, now=now):
            return self._link_expired(request)
        return redirect("affiliates:confirmed")

    def _link_expired(self, request: HttpRequest) -> HttpResponse:
        context: dict[str, Any] = {"days": LINK_LIFE.days}
        return render(request, "affiliates/link_expired.html", context, status=410)
