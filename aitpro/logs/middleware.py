"""Gives each request its id, and logs those that take long."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from privacy.web.client_address import is_trusted_proxy

from .activity import PROPOSED, Activity, current, during, new_id

logger = logging.getLogger(__name__)

HEADER = "X-Request-ID"


class RequestIdMiddleware:
    """Must be first in MIDDLEWARE. The response names the id, so that a visitor can quote it.

    A trusted proxy may propose the id in the same header; what others send there is ignored.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        started = current()
        if started is not None and started.kind == "request" and started.request is None:
            return self._answer(request, started)  # begun by the web worker, whose own lines carry the same id
        with during(Activity("request")) as activity:
            return self._answer(request, activity)

    def _answer(self, request: HttpRequest, activity: Activity) -> HttpResponse:
        begun = time.perf_counter()
        activity.id = _proposed_id(request.META) or activity.id
        activity.request = request
        request.META["REQUEST_ID"] = activity.id  # Django logs a refusal after this middleware has ended
        response = self.get_response(request)
        response.headers[HEADER] = activity.id
        milliseconds = (time.perf_counter() - begun) * 1000
        if 0 < settings.LOG_SLOW_REQUESTS_MS <= milliseconds:
            logger.warning("slow request: %d ms in %s", milliseconds, activity.described())
        return response


def request_id(environ: dict[str, Any]) -> str:
    """The id of a request that is answered without a middleware."""
    activity = current()
    return _proposed_id(environ) or (activity.id if activity is not None else new_id())


def _proposed_id(environ: dict[str, Any]) -> str:
    proposed, peer = environ.get("HTTP_X_REQUEST_ID", ""), environ.get("REMOTE_ADDR", "")
    return proposed if PROPOSED.fullmatch(proposed) and (not peer or is_trusted_proxy(peer)) else ""
