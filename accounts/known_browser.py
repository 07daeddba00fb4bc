"""The cookie by which a browser is known in which a member of staff has signed in before.

It holds a random number and a keyed hash of that number with the user's id: only this site can tell whose it is, and
nothing is stored about it here. Whoever steals it gains no more than that no mail about a new browser is sent.
"""

from __future__ import annotations

import hmac
import secrets

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from privacy.encryption.keys import RootKey, derive_key, key_ring, length_prefixed

from .models import User

COOKIE = "aitpro_known_browser"
LIFETIME = 180 * 24 * 60 * 60  # seconds


def is_known(request: HttpRequest, user: User) -> bool:
    number, _, seal = request.COOKIES.get(COOKIE, "").partition(".")
    return any(hmac.compare_digest(_seal(user, number, root).encode(), seal.encode()) for root in key_ring().keys)


def remember(response: HttpResponse, user: User) -> None:
    number = secrets.token_urlsafe(16)
    response.set_cookie(
        COOKIE,
        f"{number}.{_seal(user, number, key_ring().primary)}",
        max_age=LIFETIME,
        path="/accounts/",
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def _seal(user: User, number: str, root: RootKey) -> str:
    key = derive_key(root, "known-browser")
    return hmac.digest(key, length_prefixed(user.pk.bytes, number.encode()), "sha256").hex()
