"""Counts public page views and the network domains of direct visitors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.exceptions import MiddlewareNotUsed
from django.http import HttpRequest, HttpResponse
from django.urls import ResolverMatch
from django.utils import timezone

from privacy.web.client_address import client_address

from .counter import traffic_counter

PUBLIC = {"site", "shop", "affiliates", "contacts", "privacy", "pages"}


class TrafficMiddleware:
    """Never queries the database and never blocks."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        if not settings.TRAFFIC_COUNTED:
            raise MiddlewareNotUsed
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.status_code == 200 and response.headers.get("Content-Type", "").startswith("text/html"):
            count_view(request)
        return response


def count_view(request: HttpRequest) -> None:
    """Counts a page that was answered, if it is public and was opened by a reader. Needs `request.referral`."""
    match = request.resolver_match
    if not settings.TRAFFIC_COUNTED or match is None or match.namespace not in PUBLIC or not _is_by_a_reader(request):
        return
    counter, today = traffic_counter(), timezone.now().date()
    counter.see_page(day=today, page=_page(request, match))
    if _may_be_looked_up(request):
        counter.see_visitor(day=today, address=client_address(request))
    counter.run_in_background()


def _is_by_a_reader(request: HttpRequest) -> bool:
    return (
        request.method == "GET"
        and "prefetch" not in request.META.get("HTTP_SEC_PURPOSE", "")
        and settings.SESSION_COOKIE_NAME not in request.COOKIES  # staff are not counted
    )


def _page(request: HttpRequest, match: ResolverMatch) -> str:
    """The path of a page that is the same for everybody; else the URL pattern, because an order's path is a secret."""
    return request.path if match.kwargs.keys() <= {"slug"} else f"/{match.route}"


def _may_be_looked_up(request: HttpRequest) -> bool:
    """Whether this is a direct visitor who doesn't object to tracking."""
    silent = request.META.get("HTTP_SEC_GPC") == "1" or request.META.get("HTTP_DNT") == "1"
    referral: Any = request.referral  # type: ignore[attr-defined]
    return not silent and referral.token is None and referral.link is None and not request.GET.get("ref")
