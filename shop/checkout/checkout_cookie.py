"""Recognizes the browser that placed an order. Only that browser is led to the order page on its return from PayPal,
and gives up the place that the order holds of a discount code.

PayPal's order id is in the database, in PayPal's mails and in the return URL, so it must not open the order page. A
sealed cookie does: it is set on the way to PayPal and sent only to the checkout and the two return pages.
"""

from __future__ import annotations

import base64
import binascii
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from privacy.encryption.keys import UnknownKey
from privacy.encryption.sealing import Place, SealBroken, seal, unseal
from shop.models import Order

COOKIE = "aitpro_checkout"
PATH = "/checkout/"
LIFE = timedelta(days=1)  # longer than a PayPal order lives
MAX_ORDERS = 5  # orders one browser can pay at a time
_PLACE = Place("shop.checkout", "cookie", use="cookie")
_ID_BYTES = 16


def set_checkout_cookie(request: HttpRequest, response: HttpResponse, order: Order) -> None:
    """Sets the cookie for this order."""
    orders = [order.pk, *(other for other in orders_of_browser(request) if other != order.pk)][:MAX_ORDERS]
    sealed = seal(b"".join(other.bytes for other in orders), place=_PLACE, row=b"")
    response.set_cookie(
        COOKIE,
        base64.urlsafe_b64encode(sealed).decode().rstrip("="),
        max_age=LIFE,
        path=PATH,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def is_buyers_browser(request: HttpRequest, order: Order) -> bool:
    """Whether this browser went to PayPal with this order."""
    return order.pk in orders_of_browser(request)


def orders_of_browser(request: HttpRequest) -> list[UUID]:
    """The orders that this browser placed, newest first; empty for a cookie that this site didn't seal."""
    cookie = request.COOKIES.get(COOKIE, "")
    try:
        sealed = base64.b64decode(cookie.encode("ascii") + b"=" * (-len(cookie) % 4), altchars=b"-_", validate=True)
        content = unseal(sealed, place=_PLACE, row=b"")
    except (UnicodeEncodeError, binascii.Error, SealBroken, UnknownKey):
        return []
    return [UUID(bytes=content[start : start + _ID_BYTES]) for start in range(0, len(content), _ID_BYTES)]
