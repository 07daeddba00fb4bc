"""Which responses are stored and replayed, and which views are exempt."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any, TypeVar

from django.http import HttpResponse, HttpResponseRedirect
from django.template.response import SimpleTemplateResponse

View = TypeVar("View", bound=Callable[..., Any])


def repeatable(view: View) -> View:
    """Exempts a view that may run again, because its result is meant to be new each time or it is idempotent itself."""
    view.is_repeatable = True  # type: ignore[attr-defined]
    return view


def is_repeatable(view: Callable[..., Any]) -> bool:
    return getattr(view, "is_repeatable", False) or getattr(view, "csrf_exempt", False)


def result_page(response: HttpResponse) -> HttpResponse:
    """Marks a response as the result of completed work, so that it is stored. Redirects need no mark; other pages (form
    errors, confirmations) are not stored."""
    response.is_result = True  # type: ignore[attr-defined]
    return response


def secret_page(response: HttpResponse, *, again: HttpResponse) -> HttpResponse:
    """Marks a result that shows a secret once. Stored in its place is `again`, the page without the secret, which says
    that it can't be shown again: so the secret is in no database, and in no second response."""
    for page in (response, again):
        if isinstance(page, SimpleTemplateResponse):
            page.render()
    response.shown_again = again.content  # type: ignore[attr-defined]
    return result_page(response)


def is_result(response: HttpResponse) -> bool:
    added_in_a_window = "admin/popup_response.html" in (getattr(response, "template_name", None) or ())
    return isinstance(response, HttpResponseRedirect) or added_in_a_window or getattr(response, "is_result", False)


def to_bytes(response: HttpResponse) -> bytes:
    """Serializes the response with its cookies, because after a double click the browser drops the first response."""
    cookies = [(name, morsel.value, {**morsel}) for name, morsel in response.cookies.items()]
    content: bytes = getattr(response, "shown_again", response.content)
    headers = [(name, value) for name, value in response.items() if name != "Content-Length"]
    text = base64.b64encode(content).decode()
    return json.dumps([response.status_code, [*headers, ("Content-Length", str(len(content)))], cookies, text]).encode()


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
