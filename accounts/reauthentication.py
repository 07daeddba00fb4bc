"""Reauthentication: asks for the password or a code again (`privacy.admin_base.reauthentication`).

The form is shown at the URL of the sensitive action itself; the original input travels along as hidden fields and is
stored nowhere.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth import logout
from django.db.models import F
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.cache import add_never_cache_headers

from privacy.admin_base.acting_user import acting_user
from privacy.admin_base.reauthentication import is_confirmed, mark_confirmed

from .models.second_factor import authenticator_of, is_valid_code
from .models.session import MAX_WRONG_PASSWORDS, Session
from .passwords.hashers import TooBusy
from .security_log import log_failed_sign_in

PASSWORD, CODE, METHOD = "again-password", "again-code", "again-method"
OWN = {PASSWORD, CODE, METHOD, "csrfmiddlewaretoken"}


class SessionEnded(Exception):
    """Too many wrong passwords in one session. It may be stolen, so it was ended."""


def is_own_password(request: HttpRequest, password: str) -> bool:
    """Whether this is the signed-in user's password. Raises `SessionEnded` at the fifth wrong one in a row.

    Each attempt is counted before it is compared, in one statement, so that concurrent attempts can't exceed the limit.
    """
    return _counted(request, lambda user: user.check_password(password))


def _counted(request: HttpRequest, is_right: Any) -> bool:
    user = acting_user(request)
    row = Session.objects.filter(pk=request.session.row.pk)  # type: ignore[attr-defined]  # of our own engine
    if not row.filter(wrong_passwords__lt=MAX_WRONG_PASSWORDS).update(wrong_passwords=F("wrong_passwords") + 1):
        _end(request)
    try:
        fits = is_right(user)
    except TooBusy:
        row.update(wrong_passwords=F("wrong_passwords") - 1)  # nothing was compared
        raise
    if fits:
        row.update(wrong_passwords=0)
        mark_confirmed(request)
        return True
    log_failed_sign_in(user.pk)
    if not row.filter(wrong_passwords__lt=MAX_WRONG_PASSWORDS).exists():
        _end(request)
    return False


def _end(request: HttpRequest) -> None:
    logout(request)
    raise SessionEnded


class ReauthenticationForm(forms.Form):
    password = forms.CharField(
        required=False,
        strip=False,
        label="Your password",
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password", "autofocus": True}),
    )
    code = forms.CharField(
        required=False,
        max_length=20,
        label="Or a code from your app",
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric"}),
    )

    def __init__(self, data: Any, *, request: HttpRequest) -> None:
        super().__init__(data, prefix="again")
        self.request, self.user = request, acting_user(request)
        if authenticator_of(self.user) is None:
            del self.fields["code"]
            self.fields["password"].required = True
            self.fields["password"].error_messages["required"] = "Please enter your password."

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        if given.get("password"):
            if not is_own_password(self.request, given["password"]):
                self.add_error("password", "Wrong password. Please try again.")
        elif given.get("code"):
            if not _counted(self.request, lambda user: is_valid_code(user, given["code"])):
                self.add_error("code", "This code is wrong or has been used. Wait for the next one.")
        elif not self.errors:
            self.add_error("password", "Please enter your password.")
        return given


def ask_again(request: HttpRequest) -> HttpResponse | None:
    """Implements the setting `REAUTHENTICATION`. Visitors pass: the action's own check redirects them to sign-in."""
    is_answer = request.method == "POST" and METHOD in request.POST
    if not request.user.is_authenticated or (is_confirmed(request) and not is_answer):
        return None
    form = ReauthenticationForm(request.POST if is_answer else None, request=request)
    try:
        if is_confirmed(request) or form.is_valid():
            return _go_on(request)
    except SessionEnded:
        return redirect("accounts:login")
    method = request.POST.get(METHOD) or request.method
    typed = [(name, value) for name, values in request.POST.lists() if name not in OWN for value in values]
    response = render(request, "accounts/again.html", {"form": form, "typed": typed, "method": method})
    add_never_cache_headers(response)
    return response


def _go_on(request: HttpRequest) -> HttpResponse | None:
    if request.POST[METHOD] != "POST":
        return redirect(request.get_full_path())
    rest = request.POST.copy()
    for name in OWN - {"csrfmiddlewaretoken"}:
        rest.pop(name, None)
    request.POST = rest  # type: ignore[assignment]  # immutable only by default
    return None
