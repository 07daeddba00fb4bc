"""Reauthentication before an action that moves money, discloses data or grants permissions.

Users who have signed in or reauthenticated within `REAUTHENTICATION_MINUTES` aren't asked. The function named by the
setting `REAUTHENTICATION` returns the page that asks, or None to proceed.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any, TypeVar, cast

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.module_loading import import_string

View = TypeVar("View", bound=Callable[..., Any])

CONFIRMED_AT = "confirmed_at"  # session key; Unix time


def mark_confirmed(request: HttpRequest) -> None:
    """Records that the user has just authenticated."""
    request.session[CONFIRMED_AT] = timezone.now().timestamp()


def is_confirmed(request: HttpRequest) -> bool:
    age = timezone.now().timestamp() - request.session.get(CONFIRMED_AT, 0)
    return bool(0 <= age < timedelta(minutes=settings.REAUTHENTICATION_MINUTES).total_seconds())


def ask_again(request: HttpRequest) -> HttpResponse | None:
    """The reauthentication page, which keeps the submitted input; None if the action may proceed."""
    return cast(HttpResponse | None, import_string(settings.REAUTHENTICATION)(request))


def confirmed_recently(view: View) -> View:
    """View or method decorator. Use it outermost, so that nothing of the view runs before."""

    @wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        request = next(argument for argument in args if isinstance(argument, HttpRequest))
        return ask_again(request) or view(*args, **kwargs)

    return cast(View, guarded)
