"""Headers and limits for pages whose URL is their only credential."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import wraps

from django.http import HttpRequest, HttpResponseBase
from django.views.decorators.cache import never_cache

from privacy.web.rate_limits import has_room
from shop.models import Order

CHANGES_PER_HOUR = 30
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


def may_change(order: Order, *, now: datetime) -> bool:
    """Whether the order's forms may record another change: whoever has the link could make the audit log grow."""
    return has_room("order page", str(order.pk), slots=CHANGES_PER_HOUR, now=now)
