"""The base of staff pages outside the admin's lists: permission and layout."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, cast

from django.contrib.admin import site
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render

from privacy.databases.replica import current_source

View = Callable[..., HttpResponseBase]


def staff_page(permission: str) -> Callable[[View], View]:
    """Requires a signed-in member of staff with this permission; others are sent to the sign-in page, or get a 403."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not request.user.has_perm(permission):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        return cast(View, site.admin_view(guarded))

    return decorate


def show(request: HttpRequest, template: str, *, title: str, **context: Any) -> HttpResponse:
    """Renders the page within the admin's layout."""
    context = {**site.each_context(request), "title": title, "figures_from": current_source(), **context}
    return render(request, template, context)
