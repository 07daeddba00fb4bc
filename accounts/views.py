"""Signing in, and where a signed-in person goes first."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import LoginView, PasswordResetConfirmView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse_lazy
from django.views.generic import FormView

from .forms import AskForPasswordForm, SignInForm
from .password_link import send_password_link_to


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
        send_password_link_to(form.cleaned_data["email"])
        return super().form_valid(form)


class SetPasswordView(PasswordResetConfirmView):
    template_name = "accounts/password_set.html"
    success_url = reverse_lazy("accounts:login")


@login_required
def home(request: HttpRequest) -> HttpResponse:
    """Staff work in the admin, everybody else has the affiliates' portal."""
    return redirect("admin:index" if request.user.is_staff else "affiliates:portal")
