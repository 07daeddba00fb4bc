"""Asking again who it is, before a step that moves money, hands out data or gives rights.

Whoever signed in, or confirmed it, within `REAUTHENTICATION_MINUTES` is not asked. This floor knows only when that was;
what is asked is up to the function that `REAUTHENTICATION` names, which answers with a page, or None to go on.
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

CONFIRMED_AT = "confirmed_at"  # in the session, in seconds since 1970


def mark_confirmed(request: HttpRequest) -> None:
    """The person at this browser has just shown who they are."""
    request.session[CONFIRMED_AT] = timezone.now().timestamp()


def is_confirmed(request: HttpRequest) -> bool:
    age = timezone.now().timestamp() - request.session.get(CONFIRMED_AT, 0)
    return bool(0 <= age < timedelta(minutes=settings.REAUTHENTICATION_MINUTES).total_seconds())


def ask_again(request: HttpRequest) -> HttpResponse | None:
    """The page that asks, with what was typed kept on it; None when the step may go on."""
    return cast(HttpResponse | None, import_string(settings.REAUTHENTICATION)(request))


def confirmed_recently(view: View) -> View:
    """For a view, or a method that is one. Goes outermost: nothing of the view runs before."""

    @wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        request = next(argument for argument in args if isinstance(argument, HttpRequest))
        return ask_again(request) or view(*args, **kwargs)

    return cast(View, guarded)
