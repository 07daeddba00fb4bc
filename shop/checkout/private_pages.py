"""Pages behind an address that is their only key: nothing keeps a copy of them, and the address is told to nobody."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from django.http import HttpRequest, HttpResponseBase
from django.views.decorators.cache import never_cache

View = Callable[..., HttpResponseBase]


def private_page(view: View) -> View:
    """Not stored (`no-store`), not indexed, and its address given to this site alone.

    `same-origin`, because `no-referrer` would make browsers send `Origin: null` with the page's own forms, which
    Django refuses as forged.
    """

    @wraps(view)
    def private(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        response = view(request, *args, **kwargs)
        response.headers["Referrer-Policy"] = "same-origin"
        response.headers["X-Robots-Tag"] = "noindex, nofollow, noarchive"
        return response

    return never_cache(private)
