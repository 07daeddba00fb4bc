"""The referral middleware: attaches `request.referral`, and turns `?ref=CODE` on a page into a click."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from .referral import Referral, record_click


class ReferralMiddleware:
    """Asks the database nothing unless a page was reached with a code, or somebody asks `request.referral`."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.referral = Referral(request)
        response = self.get_response(request)
        code = request.GET.get("ref")
        if code and _is_a_page(response):
            record_click(request, response, code=code, landing=request.path)
        return response


def _is_a_page(response: HttpResponse) -> bool:
    return response.status_code == 200 and response.headers.get("Content-Type", "").startswith("text/html")
