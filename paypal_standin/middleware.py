"""Middleware: debug id, same-site check, faults, error envelope."""

import logging
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseBase

from . import faults, ids
from .api.errors import ApiError
from .api.responses import json_answer

Next = Callable[[HttpRequest], HttpResponseBase]
log = logging.getLogger(__name__)
API = ("/v1/", "/v2/")


class DebugIdMiddleware:
    """Gives every answer a PayPal-Debug-Id, and turns refusals into PayPal's envelope."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        debug_id = request.META["standin.debug_id"] = ids.debug_id()
        response = self.get_response(request)
        response.headers["PayPal-Debug-Id"] = debug_id
        if fault := request.META.get("standin.fault"):
            response.headers["Standin-Fault"] = fault  # tells contract checks that the response is wrong on purpose
        return response

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Answer for a view's exception."""
        return refuse(request, error)


def refuse(request: HttpRequest, error: Exception) -> HttpResponse:
    """The error envelope. For an unexpected error, only the location is logged, never the data."""
    if not isinstance(error, ApiError):
        frame = error.__traceback__
        while frame and frame.tb_next:
            frame = frame.tb_next
        place = f"{frame.tb_frame.f_code.co_name}:{frame.tb_lineno}" if frame else "?"
        log.error("%s %s failed: %s in %s", request.method, request.path, type(error).__name__, place)
        error = ApiError(500, "INTERNAL_SERVER_ERROR")
    return json_answer(error.envelope(request.META["standin.debug_id"]), error.status)


class SameSiteOnlyMiddleware:
    """Rejects form posts from other sites; programs send neither header."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        own = f"{request.scheme}://{request.get_host()}"
        from_elsewhere = request.headers.get("Sec-Fetch-Site", "none") not in ("none", "same-origin")
        foreign = request.headers.get("Origin", own) != own
        if request.method not in ("GET", "HEAD") and (from_elsewhere or foreign):
            return HttpResponse("This form was sent from another site.", status=403, content_type="text/plain")
        return self.get_response(request)


class FaultMiddleware:
    """Applies injected faults to API requests."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not request.path.startswith(API):
            return self.get_response(request)
        try:
            return self._with_faults(request)
        except ApiError as error:
            return refuse(request, error)

    def _with_faults(self, request: HttpRequest) -> HttpResponseBase:
        if fault := faults.take_for(faults.BEFORE, request.path):
            request.META["standin.fault"] = fault.kind
            return faults.before(fault, request)
        answer = self.get_response(request)
        fault = faults.take_for(faults.AFTER, request.path) if answer.status_code < 300 else None
        if fault and isinstance(answer, HttpResponse):
            request.META["standin.fault"] = fault.kind
            return faults.after(fault, request, answer)
        return answer
