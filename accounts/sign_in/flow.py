"""The sign-in flow after a correct password: immediately, after a code, or after setting up a second factor.

The user is signed in only at the last step. In between, the session knows only who entered the password; it gets a new
key, so that a session fixed by an attacker can't try codes.
"""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.contrib.auth import login
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from accounts.models import User
from accounts.models.second_factor import authenticator_of
from accounts.security_log import note
from accounts.security_notices import Notice, notify_owner
from accounts.sessions.store import SECOND_FACTOR

from .known_browser import is_known, remember

PENDING = "password_given"  # session key: user, time, password's auth hash and next URL
PENDING_FOR = timedelta(minutes=10)
BACKEND = "django.contrib.auth.backends.ModelBackend"


def requires_second_factor(user: User) -> bool:
    return user.is_staff and bool(settings.STAFF_SECOND_FACTOR)


def continue_after_password(request: HttpRequest, user: User, *, to: str) -> HttpResponse:
    """Continues after a correct password. `to` is a validated URL of this site."""
    has_factor = authenticator_of(user) is not None
    if not has_factor and not requires_second_factor(user):
        return finish(request, user, to=to, second_factor=False)
    request.session.flush()
    request.session[PENDING] = {
        "user": str(user.pk),
        "password": user.get_session_auth_hash(),
        "at": timezone.now().timestamp(),
        "to": to,
    }
    return redirect("accounts:code" if has_factor else "accounts:authenticator")


def pending_user(request: HttpRequest) -> User | None:
    """The user who recently entered the password in this session and hasn't changed it since."""
    pending = request.session.get(PENDING)
    if pending is None or timezone.now().timestamp() - pending["at"] > PENDING_FOR.total_seconds():
        return None
    user = User.objects.filter(pk=pending["user"], is_active=True).first()
    if user is None or not constant_time_compare(pending["password"], user.get_session_auth_hash()):
        return None
    return user


@transaction.atomic
def finish(request: HttpRequest, user: User, *, to: str, second_factor: bool) -> HttpResponse:
    """Signs in. Staff are notified if the browser is new, except at their very first sign-in."""
    is_first = user.last_login is None
    request.session.pop(PENDING, None)
    login(request, user, backend=BACKEND)
    request.session[SECOND_FACTOR] = second_factor
    note("accounts.session.started", user, actor=user)
    response = redirect(to)
    if user.is_staff and not is_first and not is_known(request, user):
        notify_owner(user, Notice.NEW_BROWSER)
    remember(response, user)
    return response


def where_to(request: HttpRequest) -> str:
    """The URL to go to after sign-in."""
    return str(request.session[PENDING]["to"])
