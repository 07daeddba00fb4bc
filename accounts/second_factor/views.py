"""Views to enter a code at sign-in, set up an authenticator app, and show recovery codes."""

from __future__ import annotations

from typing import Any

import segno
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST
from django.views.generic import View

from accounts.models.second_factor import (
    Authenticator,
    RecoveryCode,
    authenticator_of,
    is_valid_code,
    make_recovery_codes,
    use_recovery_code,
)
from accounts.models.session import end_sessions
from accounts.security_log import log_failed_sign_in, note
from accounts.security_notices import Notice, notify_owner
from accounts.sign_in.flow import finish, pending_user, requires_second_factor, where_to
from privacy.admin_base.reauthentication import ask_again, confirmed_recently

from ..models import User
from ..sessions.store import SECOND_FACTOR
from .forms import CodeForm
from .reset import remove_second_factor

SHOWN = "recovery_codes"  # session key; in the sealed session until the owner confirms having saved them


@method_decorator(never_cache, name="dispatch")
class CodeView(View):
    """Asks for a code after the password was correct."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        user = pending_user(request)
        if user is None or authenticator_of(user) is None:
            return redirect("accounts:home" if request.user.is_authenticated else "accounts:login")
        form = CodeForm(request.POST if request.method == "POST" else None)
        if form.is_valid():
            if response := self._sign_in(request, user, form.cleaned_data["code"]):
                return response
            log_failed_sign_in(user.pk)
            form.refuse()
        return render(request, "accounts/code.html", {"form": form})

    def _sign_in(self, request: HttpRequest, user: User, code: str) -> HttpResponse | None:
        """Up to six characters are a code from the app; recovery codes are longer."""
        if len("".join(code.split())) <= 6:
            return (
                finish(request, user, to=where_to(request), second_factor=True) if is_valid_code(user, code) else None
            )
        if not use_recovery_code(user, code):
            return None
        note("accounts.recovery_code.used", user, actor=user)
        notify_owner(user, Notice.RECOVERY_CODE_USED)
        left = RecoveryCode.objects.filter(user=user).count()
        response = finish(request, user, to=where_to(request), second_factor=True)
        messages.warning(request, f"You signed in with a recovery code. {left} are left; you can make new ones.")
        return response


@method_decorator(never_cache, name="dispatch")
class AuthenticatorView(View):
    """Sets up an authenticator app: shows the secret, and asks for a code to prove that the app has it.

    For signed-in users, and for staff who are required to have one and have just entered the password.
    """

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        pending = None if request.user.is_authenticated else pending_user(request)
        user = pending or request.user
        if not isinstance(user, User) or (pending and authenticator_of(pending)):
            return redirect("accounts:login")
        if SHOWN in request.session:  # submitted twice
            return redirect("accounts:recovery_codes")
        if pending is None and (page := ask_again(request)):
            return page
        device, _ = Authenticator.objects.get_or_create(user=user, confirmed=False)
        form = CodeForm(request.POST if request.method == "POST" else None)
        if form.is_valid():
            if (response := self._add(request, user, form.cleaned_data["code"])) is not None:
                return response
            form.refuse()
        context = {"form": form, "device": device, "qr": _qr_code(device), "required": pending is not None}
        return render(request, "accounts/authenticator.html", context)

    @transaction.atomic
    def _add(self, request: HttpRequest, user: User, code: str) -> HttpResponse | None:
        devices = Authenticator.objects.select_for_update().filter(user=user, confirmed=False)
        device = devices.first()
        if device is None or not device.verify_token("".join(code.split())):
            return None
        Authenticator.objects.filter(user=user, confirmed=True).delete()
        devices.update(confirmed=True)
        codes = make_recovery_codes(user)
        note("accounts.second_factor.added", user, actor=user)
        notify_owner(user, Notice.FACTOR_ADDED)
        response: HttpResponse = redirect("accounts:recovery_codes")
        if not request.user.is_authenticated:
            response = finish(request, user, to=response["Location"], second_factor=True)
        request.session[SECOND_FACTOR], request.session[SHOWN] = True, codes
        end_sessions(user, but=request.session.row.pk)  # type: ignore[attr-defined]  # of our own engine
        return response


def _qr_code(device: Authenticator) -> dict[str, Any]:
    """For the template: the modules as one SVG path, and the width including the quiet zone, in modules."""
    border, code = 4, segno.make(device.provisioning_uri, error="m")
    rows = enumerate(code.matrix, start=border)
    dark = [(x, y) for y, row in rows for x, square in enumerate(row, start=border) if square]
    return {"path": "".join(f"M{x} {y}h1v1h-1z" for x, y in dark), "size": len(code.matrix) + 2 * border}


@never_cache
def recovery_codes(request: HttpRequest) -> HttpResponse:
    """Shows new codes until the owner confirms having saved them; after that they can't be shown again."""
    if not request.user.is_authenticated:
        return redirect("accounts:login")
    if request.method == "POST":
        request.session.pop(SHOWN, None)
    codes = request.session.get(SHOWN)
    if codes is None:
        if request.method != "POST" and isinstance(request.user, User) and authenticator_of(request.user):
            messages.info(request, "Your recovery codes can't be shown again. If you didn't save them, make new ones.")
        return redirect("accounts:account")
    return render(request, "accounts/recovery_codes.html", {"codes": codes})


@never_cache
def recovery_codes_file(request: HttpRequest) -> HttpResponse:
    if not request.user.is_authenticated or SHOWN not in request.session:
        return redirect("accounts:account")
    text = "".join(f"{code}\n" for code in request.session[SHOWN])
    disposition = {"Content-Disposition": 'attachment; filename="recovery-codes.txt"'}
    return HttpResponse(text, content_type="text/plain; charset=utf-8", headers=disposition)


@require_POST
@confirmed_recently
@transaction.atomic
def renew_recovery_codes(request: HttpRequest) -> HttpResponse:
    user = _with_authenticator(request)
    request.session[SHOWN] = make_recovery_codes(user)
    note("accounts.recovery_codes.renewed", user, actor=user)
    notify_owner(user, Notice.CODES_RENEWED)
    return redirect("accounts:recovery_codes")


@require_POST
@confirmed_recently
@transaction.atomic
def remove_authenticator(request: HttpRequest) -> HttpResponse:
    user = _with_authenticator(request)
    if requires_second_factor(user):
        messages.error(request, "Staff members need a second factor. You can set up another app to replace this one.")
        return redirect("accounts:account")
    remove_second_factor(user)
    note("accounts.second_factor.removed", user, actor=user)
    notify_owner(user, Notice.FACTOR_REMOVED)
    messages.success(request, "Your authenticator app was removed.")
    return redirect("accounts:account")


def _with_authenticator(request: HttpRequest) -> User:
    user = request.user
    if not isinstance(user, User) or authenticator_of(user) is None:
        raise PermissionDenied
    return user
