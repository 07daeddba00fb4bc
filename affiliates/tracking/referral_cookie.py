"""The referral cookie and what it says. `affiliates.tracking.clicks` creates it.

The cookie is encrypted, so it is both authenticated and opaque. It contains the click, the affiliate and the time of
the click, and still attributes a sale after the click's row is gone. It expires together with the right to a
commission. It also contains the minutes of earlier clicks, so that reloading a tab that one of them opened is not a
click (ADR 34).
"""

from __future__ import annotations

import base64
import binascii
import struct
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from affiliates.models import REFERRAL_LIFE, Affiliate, Click, ConsentMode, Label, consent_mode, require_consent
from privacy.encryption.keys import UnknownKey
from privacy.encryption.sealing import Place, SealBroken, seal, unseal
from privacy.encryption.tokens import hash_token
from privacy.registry.purpose_binding import reads
from privacy.registry.purposes import Audience, Purpose

from .link_token import PARAMETER, LinkToken
from .question import ConsentQuestion
from .visit_kinds import Visit, is_embedded, is_prefetch, program

COOKIE = "aitpro_referral"
REFUSAL = "aitpro_no_referral"  # the visitor's permanent choice, made on /privacy/referral/
REFUSAL_LIFE = timedelta(days=400)  # browsers' maximum
LONGEST = 200  # characters; ours has 98, or 183 with all earlier clicks
EARLIER = 16  # earlier clicks that a cookie remembers
_PLACE = Place("cookie", COOKIE, use="cookie")
_CONTENT = struct.Struct(">16s16sQ")  # click, affiliate, moment in microseconds; then the earlier clicks
_MINUTE = struct.Struct(">I")  # minutes since 1970
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Token:
    """The content of a valid cookie."""

    click_id: UUID
    affiliate_id: UUID
    clicked_at: datetime
    earlier: tuple[datetime, ...] = ()  # minutes of clicks before this one, at most 30 days older

    @property
    def minutes(self) -> tuple[datetime, ...]:
        """The minutes of all clicks in the cookie, latest first."""
        return (self.clicked_at.replace(second=0, microsecond=0), *self.earlier)

    @property
    def expires_at(self) -> datetime:
        return self.clicked_at + REFERRAL_LIFE

    def is_live(self, now: datetime) -> bool:
        return self.clicked_at <= now < self.expires_at

    @cached_property
    def sealed(self) -> str:
        """The cookie's value. Sealing twice gives two different values, so it is done once."""
        moment = (self.clicked_at - _EPOCH) // timedelta(microseconds=1)
        content = _CONTENT.pack(self.click_id.bytes, self.affiliate_id.bytes, moment)
        content += b"".join(_MINUTE.pack(int(minute.timestamp()) // 60) for minute in self.earlier)
        return base64.urlsafe_b64encode(seal(content, place=_PLACE, row=b"")).decode().rstrip("=")

    @classmethod
    def parse(cls, cookie: str) -> Token | None:
        """None for anything that this site did not seal itself."""
        if len(cookie) > LONGEST:
            return None
        try:
            sealed = base64.urlsafe_b64decode(cookie + "=" * (-len(cookie) % 4))
            content = unseal(sealed, place=_PLACE, row=b"")
            click, affiliate, moment = _CONTENT.unpack_from(content)
            minutes = [minute for (minute,) in _MINUTE.iter_unpack(content[_CONTENT.size :])]
        except (ValueError, binascii.Error, SealBroken, UnknownKey, struct.error):
            return None
        earlier = tuple(_EPOCH + timedelta(minutes=minute) for minute in minutes)
        return cls(UUID(bytes=click), UUID(bytes=affiliate), _EPOCH + timedelta(microseconds=moment), earlier)


class Referral:
    """`request.referral`: how this visitor came here. Nothing is looked up until it is used."""

    def __init__(self, request: HttpRequest) -> None:
        self._request = request
        self.question: ConsentQuestion | None = None  # that the page asks

    @cached_property
    def token(self) -> Token | None:
        """The visitor's valid cookie; None if there is none, or if it is forged or expired."""
        cookie = self._request.COOKIES.get(COOKIE)
        token = Token.parse(cookie) if cookie else None
        return token if token and token.is_live(timezone.now()) else None

    @cached_property
    def link(self) -> LinkToken | None:
        """The valid token in the page's address, with `AFFILIATE_CONSENT=link` only. None if there is none, if it is
        forged or expired, or if the visitor refuses tracking."""
        text = self._request.GET.get(PARAMETER)
        if not text or consent_mode() is not ConsentMode.LINK or self.refuses_tracking:
            return None
        token = LinkToken.parse(text)
        return token if token and token.is_live(timezone.now()) else None

    @property
    def credited_cookie(self) -> Token | None:
        """The cookie that attributes an order. With `AFFILIATE_CONSENT=link`, a cookie from before is not used."""
        return None if consent_mode() is ConsentMode.LINK else self.token

    @cached_property
    @reads("affiliates_click", purpose=Purpose.REFERRAL_TRACKING, audience=Audience.PERSON)
    def click(self) -> Click | None:
        """The stored row behind the cookie, if it still exists."""
        return self._stored_clicks().first()

    @reads("affiliates_click", purpose=Purpose.REFERRAL_TRACKING)
    def click_with_affiliate(self) -> Click | None:
        """The same, with its affiliate and their user, in one query; for attribution."""
        return self._stored_clicks().select_related("affiliate__user").first()

    def _stored_clicks(self) -> QuerySet[Click]:
        clicks: QuerySet[Click] = Click.objects.all()
        if self.token is None:
            return clicks.none()
        return clicks.filter(pk=self.token.click_id, cookie_digest=hash_token(self._request.COOKIES[COOKIE]))

    @property
    @reads("affiliates_click", purpose=Purpose.PRIVACY_REQUEST, audience=Audience.PERSON)
    def own_address(self) -> str | None:
        """The network address stored with the visit, only for the visitor."""
        return self.click.readable_address() if self.click else None

    @property
    def label(self) -> str:
        """The campaign label of the link; empty without one, or if its affiliate left."""
        found = Label.objects.filter(pk=self.click.label_id).first() if self.click and self.click.label_id else None
        return found.name if found else ""

    @cached_property
    def affiliate(self) -> Affiliate | None:
        """The affiliate that the cookie names, if active."""
        if self.token is None:
            return None
        return Affiliate.objects.active().filter(pk=self.token.affiliate_id).first()

    @cached_property
    def has_refused(self) -> bool:
        """The visitor's own permanent choice."""
        return self._request.COOKIES.get(REFUSAL) == "1"

    @cached_property
    def browser_refuses(self) -> bool:
        """Global Privacy Control or Do Not Track."""
        sent = self._request.META
        return sent.get("HTTP_SEC_GPC") == "1" or sent.get("HTTP_DNT") == "1"

    @property
    def refuses_tracking(self) -> bool:
        return self.has_refused or self.browser_refuses

    @cached_property
    def visit(self) -> Visit:
        """What following a link counts as. Only a click stores more than a count."""
        if self._request.method != "GET" or is_prefetch(self._request) or is_embedded(self._request):
            return Visit.PREVIEW
        found = program(self._request.META.get("HTTP_USER_AGENT", ""))
        return found or (Visit.REFUSED if self.refuses_tracking else Visit.CLICK)


def attach_referral(request: HttpRequest) -> None:
    request.referral = Referral(request)  # type: ignore[attr-defined]


def referral_of(request: HttpRequest) -> Referral:
    """The request's referral, typed."""
    found: Referral = request.referral  # type: ignore[attr-defined]
    return found


def set_cookie(response: HttpResponse, token: Token, *, agreed: bool = False) -> None:
    """`agreed`: the visitor has said yes to it. Raises `StorageNotAllowed`."""
    require_consent(agreed=agreed)
    _set(response, COOKIE, token.sealed, REFERRAL_LIFE)


def delete_referral_cookie(response: HttpResponse) -> None:
    response.delete_cookie(COOKIE, samesite="Lax")


def refuse(response: HttpResponse) -> None:
    """The visitor's permanent choice: no link stores anything for this browser."""
    _set(response, REFUSAL, "1", REFUSAL_LIFE)


def allow(response: HttpResponse) -> None:
    response.delete_cookie(REFUSAL, samesite="Lax")


def _set(response: HttpResponse, name: str, value: str, life: timedelta) -> None:
    secure = settings.REFERRAL_COOKIE_SECURE
    response.set_cookie(name, value, max_age=life, httponly=True, samesite="Lax", secure=secure)
