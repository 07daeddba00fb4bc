"""Headers for pages whose URL is their only credential."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from django.http import HttpRequest, HttpResponseBase
from django.views.decorators.cache import never_cache

View = Callable[..., HttpResponseBase]


def private_page(view: View) -> View:
    """Not stored (`no-store`), not indexed, and its URL is sent as a referrer to this site only.

    `same-origin`, because with `no-referrer` browsers send `Origin: null` with the page's own forms, and Django rejects
    them.
    """

    @wraps(view)
    def private(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        response = view(request, *args, **kwargs)
        response.headers["Referrer-Policy"] = "same-origin"
        response.headers["X-Robots-Tag"] = "noindex, nofollow, noarchive"
        return response

    return never_cache(private)
