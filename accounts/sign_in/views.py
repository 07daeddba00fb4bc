"""Views to sign in and to reset a password."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import LoginView, PasswordResetConfirmView
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse, reverse_lazy
from django.utils import timezone
from django.views.generic import FormView

from accounts.models import User
from accounts.models.session import end_sessions
from accounts.passwords.hashers import BUSY_SECONDS
from accounts.passwords.link import request_password_link
from accounts.security_log import note
from accounts.security_notices import Notice, notify_owner
from privacy.mail.rate_limits import may_mail_address, seconds_to_wait

from .flow import continue_after_password
from .forms import PasswordLinkForm, SignInForm
from .known_browser import remember

WAIT = {"limited": 429, "busy": 503}  # form error code: HTTP status


class SignInView(LoginView):
    template_name = "accounts/login.html"
    authentication_form = SignInForm  # type: ignore[assignment]  # asks for no username
    redirect_authenticated_user = False

    def form_valid(self, form: Any) -> HttpResponse:
        """Continues after a correct password; a second factor may be required."""
        return continue_after_password(self.request, form.get_user(), to=self.get_success_url())

    def form_invalid(self, form: Any) -> HttpResponse:
        """Sets status and Retry-After if the attempt was rate-limited."""
        response = super().form_invalid(form)
        for error in form.non_field_errors().as_data():
            if error.code in WAIT:
                response.status_code = WAIT[error.code]
                response.headers["Retry-After"] = str(getattr(error, "seconds", BUSY_SECONDS))
        return response


class PasswordResetRequestView(FormView[PasswordLinkForm]):
    """Replaces Django's view, which would bypass the mail gate."""

    template_name = "accounts/password_reset.html"
    form_class = PasswordLinkForm
    success_url = reverse_lazy("accounts:password_reset_sent")

    def form_valid(self, form: PasswordLinkForm) -> HttpResponse:
        now, email = timezone.now(), form.cleaned_data["email"]
        if wait := seconds_to_wait(self.request, form="password", email=email, now=now):
            return self._nothing_sent(form, wait)
        if may_mail_address(email, form="password", now=now):
            request_password_link(email)
        return super().form_valid(form)

    def _nothing_sent(self, form: PasswordLinkForm, seconds: int) -> HttpResponse:
        context = self.get_context_data(form=form, nothing_sent=True)
        return self.render_to_response(context, status=429, headers={"Retry-After": str(seconds)})


class SetPasswordView(PasswordResetConfirmView):
    template_name = "accounts/password_set.html"
    success_url = reverse_lazy("accounts:home")

    @transaction.atomic
    def form_valid(self, form: Any) -> HttpResponse:
        """Continues like a sign-in: whoever reads the account's mail is its owner, but still needs the second factor.
        The browser becomes exempt from other people's failed attempts."""
        user = cast(User, self.user)
        if not user.is_active:  # a link that was mailed before must not prepare for the day of the next activation
            return redirect("accounts:login")
        is_new = not user.has_usable_password()
        super().form_valid(form)
        end_sessions(user)
        note("accounts.password.set" if is_new else "accounts.password.reset", user, actor=user)
        if not is_new:
            notify_owner(user, Notice.PASSWORD_CHANGED)
        response = continue_after_password(self.request, user, to=reverse("accounts:home"))
        if self.request.user.is_authenticated:
            messages.success(self.request, "Your password is set, and you are signed in.")
        else:
            messages.success(self.request, "Your password is set. One more step, and you are signed in.")
            remember(response, user, has_signed_in=False)
        return response


@login_required
def home(request: HttpRequest) -> HttpResponse:
    """Redirects staff to the admin and affiliates to the portal."""
    return redirect("admin:index" if request.user.is_staff else "affiliates:portal")
