"""Answers that are shown again, and views that need none of this."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any, TypeVar

from django.http import HttpResponse, HttpResponseRedirect

View = TypeVar("View", bound=Callable[..., Any])


def repeatable(view: View) -> View:
    """For a view that may do its work again, because it makes something fresh each time (a link for some minutes), or
    keeps itself from doing it twice."""
    view.is_repeatable = True  # type: ignore[attr-defined]
    return view


def is_repeatable(view: Callable[..., Any]) -> bool:
    return getattr(view, "is_repeatable", False) or getattr(view, "csrf_exempt", False)


def result_page(response: HttpResponse) -> HttpResponse:
    """Marks a page as the result of work that is done. Most work ends with a redirect, which needs no mark; any other
    page (a mistake to correct, a question) is not kept."""
    response.is_result = True  # type: ignore[attr-defined]
    return response


def is_result(response: HttpResponse) -> bool:
    added_in_a_window = "admin/popup_response.html" in (getattr(response, "template_name", None) or ())
    return isinstance(response, HttpResponseRedirect) or added_in_a_window or getattr(response, "is_result", False)


def to_bytes(response: HttpResponse) -> bytes:
    """With its cookies: the browser drops the first answer of a double click, and a sign-in with it."""
    cookies = [(name, morsel.value, {**morsel}) for name, morsel in response.cookies.items()]
    content = base64.b64encode(response.content).decode()
    return json.dumps([response.status_code, [*response.items()], cookies, content]).encode()


def from_bytes(stored: bytes) -> HttpResponse:
    status, headers, cookies, content = json.loads(stored)
    location = dict(headers).get("Location")
    response = HttpResponseRedirect(location) if location else HttpResponse(base64.b64decode(content))
    response.status_code = status
    for name, value in headers:
        response[name] = value
    for name, value, attributes in cookies:
        response.cookies[name] = value
        response.cookies[name].update(attributes)
    return response
