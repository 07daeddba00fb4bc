"""Errors in the design of the site, with what to do next. None of them needs the database, a session or a view."""

from __future__ import annotations

import logging
import sys
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.template import TemplateDoesNotExist
from django.template.loader import render_to_string
from django.utils.cache import add_never_cache_headers

from aitpro.logs.activity import current
from api.errors import FAILED, UNAVAILABLE, ApiError, is_for_programs
from privacy.databases.outages import is_outage

from .kept_input import kept_input, may_be_sent_again

logger = logging.getLogger(__name__)

RETRY_AFTER = 30  # seconds; a database that restarts takes less
PAGE_POLICY = "; ".join(
    f"{name} {' '.join(sources)}" for name, sources in settings.CONTENT_SECURITY_POLICY["DIRECTIVES"].items()
)


def error_page(status: int) -> str:
    """The page for the status; that of 400 or 500 if it has none of its own."""
    activity = current()
    context = {"request_id": activity.id if activity is not None and activity.kind == "request" else ""}
    try:
        return render_to_string(f"{status}.html", context)
    except TemplateDoesNotExist:
        return render_to_string("400.html" if status < 500 else "500.html", context)


def server_error(request: HttpRequest) -> HttpResponse:
    """Called while the exception is being handled."""
    has_outage = is_outage(sys.exc_info()[1])
    if is_for_programs(request):
        error = ApiError(503, *UNAVAILABLE, headers={"Retry-After": str(RETRY_AFTER)})
        return (error if has_outage else ApiError(500, *FAILED)).response()
    if not has_outage:
        return HttpResponse(error_page(500), status=500)
    page = render_to_string("503.html", kept_input(request, with_token=True))
    response = HttpResponse(page, status=503, headers={"Retry-After": str(RETRY_AFTER)})
    add_never_cache_headers(response)
    return may_be_sent_again(response)


class DesignedErrors:
    """A connection on which gunicorn writes its own error page: it sends ours for the same status."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    def sendall(self, answer: bytes) -> Any:
        status_line = answer.partition(b"\r\n")[0]
        try:
            page = error_page(int(status_line.split()[1])).encode()
        except Exception:
            logger.exception("an error page was not rendered")  # whoever waits still gets gunicorn's
            return self._connection.sendall(answer)
        headers = {
            "Connection": "close",
            "Content-Type": "text/html; charset=utf-8",
            "Content-Length": str(len(page)),
            "Content-Security-Policy": PAGE_POLICY,
            "X-Content-Type-Options": "nosniff",
        }
        lines = b"".join(f"{name}: {value}\r\n".encode() for name, value in headers.items())
        return self._connection.sendall(status_line + b"\r\n" + lines + b"\r\n" + page)
