"""Middleware: each request acts for the purposes declared for its page, until the last byte of the response."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from django.http import FileResponse, HttpRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase

from privacy.registry.purpose_binding import Acting, acting_as, acting_now, at, set_acting

NOTHING = Acting()


class PurposeMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        with acting_as(NOTHING):
            response: HttpResponseBase = self.get_response(request)
            if isinstance(response, StreamingHttpResponse) and not isinstance(response, FileResponse):
                parts: Any = response.streaming_content
                response.streaming_content = _within(acting_now(), parts)
            return response

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> None:
        match = request.resolver_match
        set_acting(at(getattr(view, "acts_for", NOTHING), match.view_name if match else ""))


def _within(acting: Acting | None, parts: Iterable[bytes]) -> Iterator[bytes]:
    """Streamed responses read rows while they are sent."""
    following = iter(parts)
    while True:
        with acting_as(acting):
            part = next(following, None)
        if part is None:
            return
        yield part
