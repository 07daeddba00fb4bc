"""Whatever a page asks of other servers ends in time for the page itself: PayPal, several calls together."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase

from privacy.web.bounded_sockets import deadline

WITHIN = 40  # seconds; gunicorn and nginx give a page up after 60


class PageDeadlineMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        with deadline(WITHIN):
            return self.get_response(request)
