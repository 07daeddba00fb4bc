"""Compresses public pages. A compressed page with a secret could tell it by its length (BREACH)."""

from __future__ import annotations

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware

from .middleware import has_token


class PublicPagesMiddleware(GZipMiddleware):
    """Compresses what everybody gets alike: an HTML page for a browser without a cookie that sets none either, at a URL
    without a token. Such a page has no session, and no form's token, which always comes with its cookie.
    """

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        is_page = request.method == "GET" and response.headers.get("Content-Type", "").startswith("text/html")
        if not is_page or request.COOKIES or response.cookies or has_token(request):
            return response
        return super().process_response(request, response)
