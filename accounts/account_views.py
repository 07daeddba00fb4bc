"""The account page: password, second factor and signed-in browsers."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.forms import PasswordChangeForm
from django.contrib.auth.views import PasswordChangeView
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse_lazy
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from privacy.admin_base.acting_user import acting_user

from .models.second_factor import RecoveryCode, authenticator_of
from .models.session import Session, end_sessions
from .reauthentication import SessionEnded, is_own_password
from .security_log import note
from .security_notices import Notice, notify_owner
from .sign_in.flow import requires_second_factor

SHOWN = 50  # most recently used sessions on the page


@never_cache
@require_safe
@login_required
def account(request: HttpRequest) -> HttpResponse:
    user = acting_user(request)
    context = {
        "sessions": Session.objects.of(user).live(timezone.now()).order_by("-last_seen_at")[:SHOWN],
        "this": _this(request),
        "authenticator": authenticator_of(user),
        "codes_left": RecoveryCode.objects.filter(user=user).count(),
        "required": requires_second_factor(user),
    }
    return render(request, "accounts/account.html", context)


@require_POST
@login_required
def end_session(request: HttpRequest, session_id: UUID) -> HttpResponse:
    """Signs out one of the user's other browsers. Repeating the request has no effect."""
    user = acting_user(request)
    if session_id == _this(request):
        messages.error(request, "This is the browser you are using. Sign out instead.")
        return redirect("accounts:account")
    with transaction.atomic():
        if Session.objects.of(user).filter(pk=session_id).delete()[0]:
            note("accounts.session.ended", user, actor=user)
    messages.success(request, "That browser is signed out.")
    return redirect("accounts:account")


@require_POST
@login_required
@transaction.atomic
def end_other_sessions(request: HttpRequest) -> HttpResponse:
    user = acting_user(request)
    end_sessions(user, but=_this(request))
    note("accounts.sessions.ended", user, actor=user)
    messages.success(request, "You are signed out everywhere else.")
    return redirect("accounts:account")


class ChangePasswordForm(PasswordChangeForm):
    """Entering the current password counts as reauthentication; too many wrong guesses end the session."""

    request: HttpRequest

    def clean_old_password(self) -> str:
        given: str = self.cleaned_data["old_password"]
        if not is_own_password(self.request, given):
            raise forms.ValidationError("Wrong password. Please try again.")
        return given


@method_decorator(never_cache, name="dispatch")
class ChangePasswordView(PasswordChangeView):
    template_name = "accounts/password_change.html"
    form_class = ChangePasswordForm
    success_url = reverse_lazy("accounts:account")

    def get_form(self, form_class: Any = None) -> Any:
        form: Any = super().get_form(form_class)
        form.request = self.request
        return form

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return super().post(request, *args, **kwargs)
        except SessionEnded:
            return redirect("accounts:login")

    @transaction.atomic
    def form_valid(self, form: Any) -> HttpResponse:
        user = acting_user(self.request)
        response = super().form_valid(form)
        end_sessions(user, but=_this(self.request))
        note("accounts.password.changed", user, actor=user)
        notify_owner(user, Notice.PASSWORD_CHANGED)
        messages.success(self.request, "Your password was changed, and you are signed out everywhere else.")
        return response


def _this(request: HttpRequest) -> UUID:
    key: UUID = request.session.row.pk  # type: ignore[attr-defined]  # of our own engine
    return key
