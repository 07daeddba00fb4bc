"""Which browser went to PayPal with which order: it alone is led to the order's page when PayPal sends it back.

PayPal's number of the order stands in the database, in PayPal's mails and in the address that the browser comes back
with. Whoever has that number can press "cancel" at PayPal as well, so neither it nor the way back may be a key to the
page. A sealed cookie is: it comes with the form that leads to PayPal, and goes to the two pages of the way back alone.
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
LIFE = timedelta(days=1)  # longer than PayPal waits for the buyer
AT_ONCE = 5  # orders that one browser may be paying for
_PLACE = Place("shop.checkout", "cookie", use="cookie")
_ID_BYTES = 16


def remember_buyer(request: HttpRequest, response: HttpResponse, order: Order) -> None:
    """This browser is on its way to PayPal with this order."""
    orders = [order.pk, *(other for other in _orders_of(request) if other != order.pk)][:AT_ONCE]
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


def is_buyer(request: HttpRequest, order: Order) -> bool:
    """This browser went to PayPal with this order."""
    return order.pk in _orders_of(request)


def _orders_of(request: HttpRequest) -> list[UUID]:
    """None for whatever this site has not sealed."""
    cookie = request.COOKIES.get(COOKIE, "")
    try:
        sealed = base64.b64decode(cookie.encode("ascii") + b"=" * (-len(cookie) % 4), altchars=b"-_", validate=True)
        content = unseal(sealed, place=_PLACE, row=b"")
    except (UnicodeEncodeError, binascii.Error, SealBroken, UnknownKey):
        return []
    return [UUID(bytes=content[start : start + _ID_BYTES]) for start in range(0, len(content), _ID_BYTES)]
