"""Recording a click on an affiliate's link.

`/go/CODE/page/` counts the click and redirects to `/page/?ref=CODE&go=…`, so that the page attributes in another
browser too; `go` is the minute of the click, which keeps the page from being counted again
(ADR 34).

A click is one row and one cookie. A visit that is not a click (a bot, a prefetch, an image, a visitor who refuses
tracking) only increases a count in the affiliate's statistics.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import DatabaseError, models
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.cache import patch_vary_headers

from affiliates.models import REFERRAL_LIFE, Click
from privacy.databases.outages import is_outage, reason_of
from privacy.encryption.models import uuid7
from privacy.encryption.tokens import hash_token
from privacy.keystore.day_keys import DayKeyExpired
from privacy.web.client_address import client_address

from .code_cache import CachedCode, cached_code, is_purge_stalled
from .referral_cookie import EARLIER, Referral, Token, delete_referral_cookie, referral_of, set_cookie
from .unstored_visits import tally
from .visit_kinds import FETCH_HEADERS, Visit

logger = logging.getLogger(__name__)

SAME_CLICK = timedelta(minutes=30)  # a refresh within this time is the same click


class Credit(models.TextChoices):
    """Which affiliate gets a visitor who followed several links (`AFFILIATE_CREDIT`)."""

    LAST = "last", "the affiliate of the last click"
    FIRST = "first", "the affiliate of the first click within 30 days"


def record_click(
    request: HttpRequest, response: HttpResponse, *, code: str, landing: str, counted_at: datetime | None = None
) -> datetime | None:
    """Stores the click and sets the visitor's cookie, if the code is known and the visit counts as a click.

    `landing` is the path of the page that the visitor sees. `counted_at` is the minute of the click that led to this
    address: the same visit in another browser gets the cookie without being counted again. Returns the time of the
    visitor's click, or None if this is not a click.
    """
    response.headers["Cache-Control"] = "no-store"  # no cache may give one visitor's cookie to another
    patch_vary_headers(response, FETCH_HEADERS)
    known = cached_code(code)
    if known is None:
        return None
    affiliate, referral = known.affiliate_id, referral_of(request)
    same_visit = counted_at if counted_at is not None and timezone.now() - counted_at < SAME_CLICK else None
    if referral.visit is not Visit.CLICK:
        if same_visit is None:
            with _despite_full_disk():
                tally(affiliate, referral.visit)
        return None
    if referral.token is not None and _is_repeated_click(referral.token, affiliate, counted_at):
        return referral.token.clicked_at
    earlier = _earlier_clicks(referral)
    if same_visit is not None:
        token = Token(uuid7(), affiliate, same_visit, earlier)
    else:
        token = _create_click(request, known, landing, earlier)
    if not _belongs_to_another(referral, affiliate):
        set_cookie(response, token)
    return token.clicked_at


def _is_repeated_click(token: Token, affiliate: UUID, counted_at: datetime | None) -> bool:
    """Whether the cookie shows the same visitor again. Only the cookie counts: two people behind one address are two
    clicks.

    A page that this browser's click led to, and that is reloaded later (even days later), is not a click: the cookie
    knows the minute in its address.
    """
    if counted_at in token.minutes:
        return True
    return token.affiliate_id == affiliate and timezone.now() - token.clicked_at < SAME_CLICK


def _belongs_to_another(referral: Referral, affiliate: UUID) -> bool:
    if settings.AFFILIATE_CREDIT == Credit.LAST or referral.token is None:
        return False
    return referral.token.affiliate_id != affiliate and referral.affiliate is not None


def _create_click(request: HttpRequest, known: CachedCode, landing: str, earlier: tuple[datetime, ...]) -> Token:
    """Stores the row and returns the cookie's content.

    Without a running purge, or without a key for the day (the clock was set back), no row is stored: the cookie alone
    attributes a sale, and the click is only counted. Nor is it counted if the database can be read and not written.
    """
    now, affiliate = timezone.now(), known.affiliate_id
    click = Click(
        affiliate_id=affiliate,
        address=client_address(request),
        landing_path=landing[:300],
        label_id=known.label_id(request.GET.get("sub", "")),
        clicked_at=now,
        expires_at=now + REFERRAL_LIFE,
    )
    token = Token(click.pk, affiliate, now, earlier)
    click.cookie_digest = hash_token(token.sealed)
    with _despite_full_disk():
        if is_purge_stalled() or not _is_stored(click):
            tally(affiliate, Visit.CLICK, click)
    return token


@contextmanager
def _despite_full_disk() -> Iterator[None]:
    """Whoever follows a link gets to the page, whatever becomes of the count."""
    try:
        yield
    except DatabaseError as error:
        if not is_outage(error):
            raise
        logger.error("a visit of an affiliate's link was not stored: the database can't be used (%s)", reason_of(error))


def _earlier_clicks(referral: Referral) -> tuple[datetime, ...]:
    """The minutes of earlier clicks, to be kept in the new cookie."""
    if referral.token is None:
        return ()
    oldest = timezone.now() - REFERRAL_LIFE
    return tuple(minute for minute in referral.token.minutes if minute > oldest)[:EARLIER]


def _is_stored(click: Click) -> bool:
    with suppress(DayKeyExpired):
        click.insert()
        return True
    return False


def forget(request: HttpRequest, response: HttpResponse) -> None:
    """Deletes this visitor's row and cookie."""
    click = referral_of(request).click
    if click is not None:
        click.delete()
    delete_referral_cookie(response)
