"""Signing in, and where a signed-in person goes first."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import LoginView, PasswordResetConfirmView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse_lazy
from django.utils import timezone
from django.views.generic import FormView

from privacy.limits import seconds_left
from privacy.mail_budget import may_cause_mail

from .forms import AskForPasswordForm, SignInForm
from .password_link import ask_for_password_link


class SignInView(LoginView):
    template_name = "accounts/login.html"
    authentication_form = SignInForm  # type: ignore[assignment]  # asks for no username
    redirect_authenticated_user = False


class AskForPasswordResetView(FormView[AskForPasswordForm]):
    """Django's own would send its mail past the gate."""

    template_name = "accounts/password_reset.html"
    form_class = AskForPasswordForm
    success_url = reverse_lazy("accounts:password_reset_sent")

    def form_valid(self, form: AskForPasswordForm) -> HttpResponse:
        now, email = timezone.now(), form.cleaned_data["email"]
        if not may_cause_mail(self.request, form="password", email=email, now=now):
            return self._nothing_sent(form, seconds_left(now))
        ask_for_password_link(email)
        return super().form_valid(form)

    def _nothing_sent(self, form: AskForPasswordForm, seconds: int) -> HttpResponse:
        context = self.get_context_data(form=form, nothing_sent=True)
        return self.render_to_response(context, status=429, headers={"Retry-After": str(seconds)})


class SetPasswordView(PasswordResetConfirmView):
    template_name = "accounts/password_set.html"
    success_url = reverse_lazy("accounts:login")


@login_required
def home(request: HttpRequest) -> HttpResponse:
    """Staff work in the admin, everybody else has the affiliates' portal."""
    return redirect("admin:index" if request.user.is_staff else "affiliates:portal")
