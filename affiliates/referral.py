"""The referral: what a visitor's cookie says, and how a click makes one.

The cookie is sealed, so that it is both signed and opaque: it holds the click, the affiliate and the moment of the
click, and still attributes a sale when the row of the click is gone. It lives exactly as long as the right to a
commission.
"""

from __future__ import annotations

import base64
import binascii
import re
import struct
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from privacy.client_address import client_address
from privacy.encryption.keys import UnknownKey
from privacy.encryption.sealing import Place, SealBroken, seal, unseal
from privacy.heartbeat import purge_has_stopped
from privacy.keystore.day_keys import DayFenced
from privacy.links import digest_of

from .models import REFERRAL_LIFE, Affiliate, Click

COOKIE = "aitpro_referral"
SAME_CLICK = timedelta(minutes=30)  # a refresh within this time is no second click
# Search engines, and the previews that chats and social networks make of a link before anybody follows it.
PROGRAM = re.compile(r"(?<!cu)bot\b|crawler|spider|slurp|preview|facebookexternalhit|whatsapp/", re.IGNORECASE)
_PLACE = Place("cookie", COOKIE, use="cookie")
_CONTENT = struct.Struct(">16s16sQ")  # click, affiliate, moment in microseconds
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Token:
    """What a valid cookie says."""

    click_id: UUID
    affiliate_id: UUID
    clicked_at: datetime

    @property
    def expires_at(self) -> datetime:
        return self.clicked_at + REFERRAL_LIFE

    def is_live(self, now: datetime) -> bool:
        return self.clicked_at <= now < self.expires_at

    def sealed(self) -> str:
        moment = (self.clicked_at - _EPOCH) // timedelta(microseconds=1)
        content = _CONTENT.pack(self.click_id.bytes, self.affiliate_id.bytes, moment)
        return base64.urlsafe_b64encode(seal(content, place=_PLACE, row=b"")).decode().rstrip("=")

    @classmethod
    def parse(cls, cookie: str) -> Token | None:
        """None for anything that this site did not seal itself."""
        try:
            sealed = base64.urlsafe_b64decode(cookie + "=" * (-len(cookie) % 4))
            click, affiliate, moment = _CONTENT.unpack(unseal(sealed, place=_PLACE, row=b""))
        except (ValueError, binascii.Error, SealBroken, UnknownKey, struct.error):
            return None
        return cls(UUID(bytes=click), UUID(bytes=affiliate), _EPOCH + timedelta(microseconds=moment))


class Referral:
    """`request.referral`: facts about how this visitor came here. Nothing is looked up until it is asked for."""

    def __init__(self, request: HttpRequest) -> None:
        self._request = request

    @cached_property
    def token(self) -> Token | None:
        """The visitor's valid cookie; None when there is none, or it is forged or expired."""
        cookie = self._request.COOKIES.get(COOKIE)
        token = Token.parse(cookie) if cookie else None
        return token if token and token.is_live(timezone.now()) else None

    @cached_property
    def click(self) -> Click | None:
        """The stored row behind the cookie, if it is still there."""
        if self.token is None:
            return None
        digest = digest_of(self._request.COOKIES[COOKIE])
        found: Click | None = Click.objects.select_related("affiliate").filter(cookie_digest=digest).first()
        return found

    @cached_property
    def affiliate(self) -> Affiliate | None:
        """The affiliate that the cookie names, while active."""
        if self.token is None:
            return None
        return Affiliate.objects.active().filter(pk=self.token.affiliate_id).first()

    @property
    def refuses_tracking(self) -> bool:
        """Global Privacy Control or Do Not Track."""
        headers = self._request.headers
        return headers.get("Sec-GPC") == "1" or headers.get("DNT") == "1"

    @property
    def is_a_look_ahead(self) -> bool:
        """A browser or a program that fetches before anybody has clicked."""
        headers = self._request.headers
        purpose = headers.get("Sec-Purpose", "") + headers.get("Purpose", "")
        program = PROGRAM.search(headers.get("User-Agent", ""))
        return self._request.method != "GET" or bool(program) or "prefetch" in purpose or "preview" in purpose


def attach_referral(request: HttpRequest) -> None:
    request.referral = Referral(request)  # type: ignore[attr-defined]


def referral_of(request: HttpRequest) -> Referral:
    """What `attach_referral` put there, with its type."""
    found: Referral = request.referral  # type: ignore[attr-defined]
    return found


def record_click(request: HttpRequest, response: HttpResponse, *, code: str, landing: str) -> None:
    """Stores the click and gives the visitor its cookie, when the code is known and nothing speaks against it.

    `landing` is the path of the page that the visitor gets to see.
    """
    referral = referral_of(request)
    response.headers["Cache-Control"] = "no-store"
    if referral.is_a_look_ahead or referral.refuses_tracking:
        return
    affiliate = Affiliate.objects.with_code(code)
    if affiliate is None or _is_same_click(referral, affiliate):
        return
    _set_cookie(response, _store_click(request, affiliate, landing))


def _is_same_click(referral: Referral, affiliate: Affiliate) -> bool:
    token = referral.token
    return token is not None and token.affiliate_id == affiliate.pk and timezone.now() - token.clicked_at < SAME_CLICK


def _store_click(request: HttpRequest, affiliate: Affiliate, landing: str) -> str:
    """Stores the row and returns the cookie that belongs to it.

    While nobody deletes (the purge has stopped), or no key may be made for the day (the clock was set back), no row is
    stored: the cookie alone attributes a sale.
    """
    now = timezone.now()
    click = Click(
        affiliate=affiliate,
        address=client_address(request),
        landing_path=landing[:300],
        referring_domain=_referring_domain(request),
        sub=_sub_label(request),
        clicked_at=now,
        expires_at=now + REFERRAL_LIFE,
    )
    cookie = Token(click.pk, affiliate.pk, now).sealed()
    click.cookie_digest = digest_of(cookie)
    if not purge_has_stopped(now=now):
        with suppress(DayFenced):
            click.save(force_insert=True)
    return cookie


def _referring_domain(request: HttpRequest) -> str:
    try:
        host = urlsplit(request.headers.get("Referer", "")).hostname or ""
    except ValueError:
        return ""
    return host[:253] if host.isprintable() else ""


def _sub_label(request: HttpRequest) -> str:
    label = request.GET.get("sub", "")[:64]
    return label if label.isprintable() else ""


def _set_cookie(response: HttpResponse, cookie: str) -> None:
    response.set_cookie(
        COOKIE,
        cookie,
        max_age=REFERRAL_LIFE,
        httponly=True,
        samesite="Lax",
        secure=settings.REFERRAL_COOKIE_SECURE,
    )


def forget(request: HttpRequest, response: HttpResponse) -> None:
    """Deletes the row and the cookie of this visitor."""
    click = referral_of(request).click
    if click is not None:
        click.delete()
    response.delete_cookie(COOKIE, samesite="Lax")
