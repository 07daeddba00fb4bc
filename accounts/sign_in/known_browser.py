"""The cookie that marks a browser in which a user has signed in before, or set a password with an emailed link.

It holds a random number and a keyed hash of that number with the user's ID: only this site can tell whose it is, and
the server stores nothing. A thief of the cookie gets a few more password attempts and triggers no new-browser notice.
"""

from __future__ import annotations

import hmac
import secrets

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from accounts.models import User
from privacy.encryption.keys import RootKey, derive_key, key_ring, length_prefixed

COOKIE = "aitpro_known_browser"
LIFETIME = 180 * 24 * 60 * 60  # seconds
BY_LINK = "link~"  # prefix for browsers that only set a password; no other number contains this character


def is_known(request: HttpRequest, user: User) -> bool:
    """Whether this user has signed in here before."""
    number = browser_number(request, user)
    return bool(number) and not number.startswith(BY_LINK)


def browser_number(request: HttpRequest, user: User | None) -> str:
    """The number that identifies this browser among the user's; empty if it isn't known to be theirs."""
    number, _, seal = request.COOKIES.get(COOKIE, "").partition(".")
    keys = key_ring().keys if user is not None and number else ()
    is_theirs = any(user and hmac.compare_digest(_seal(user, number, root).encode(), seal.encode()) for root in keys)
    return number if is_theirs else ""


def remember(response: HttpResponse, user: User, *, has_signed_in: bool = True) -> None:
    """Sets the cookie. Without `has_signed_in`, the user has only set a password with an emailed link, and the first
    sign-in still counts as one from a new browser."""
    number = ("" if has_signed_in else BY_LINK) + secrets.token_urlsafe(16)
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
