"""The answer to a form whose CSRF token is missing or old: it keeps what was typed, for a form of our own pages."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import add_never_cache_headers

from .kept_input import kept_input


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    response = render(request, "403_csrf.html", kept_input(request), status=403)
    add_never_cache_headers(response)
    return response
