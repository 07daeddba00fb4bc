"""Recording a click on an affiliate's link.

`/go/CODE/page/` counts the click and redirects to `/page/?ref=CODE&go=…`, so that the page attributes in another
browser too; `go` is the minute of the click, which keeps the page from being counted again
(ADR 34).

A click is one row and one cookie. A visit that is not a click (a bot, a prefetch, an image, a visitor who refuses
tracking) only increases a count in the affiliate's statistics.

`AFFILIATE_CONSENT` decides when the row and the cookie are stored: at once (signal); after the visitor has said yes to
the question on the landing page, and nothing before, not even a count (ask); or never, when the click only increases a
count, and the page's address gets a signed token (link).
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

from affiliates.models import REFERRAL_LIFE, Click, ConsentMode, consent_mode
from privacy.databases.outages import is_outage, reason_of
from privacy.encryption.models import uuid7
from privacy.encryption.normalization import normalize_code
from privacy.encryption.tokens import hash_token
from privacy.keystore.day_keys import DayKeyExpired
from privacy.registry.purpose_binding import reads
from privacy.registry.purposes import Purpose
from privacy.web.client_address import client_address
from shop.discounts.codes import code_query

from .code_cache import CachedCode, cached_code, is_purge_stalled
from .landing_pages import query_after_click
from .link_token import PARAMETER, LinkToken
from .question import ConsentQuestion
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
) -> dict[str, str]:
    """Records the click in the way of `AFFILIATE_CONSENT`, if the code is known and the visit counts as a click.

    `landing` is the path of the page that the visitor sees. `counted_at` is the minute of the click that led to this
    address: the same visit in another browser gets the cookie without being counted again. Returns the query of the
    landing page's address; empty if this is not a click.
    """
    response.headers["Cache-Control"] = "no-store"  # no cache may give one visitor's cookie to another
    patch_vary_headers(response, FETCH_HEADERS)
    known = cached_code(code)
    if known is None:
        return {}
    affiliate, referral, mode = known.affiliate_id, referral_of(request), consent_mode()
    same_visit = _same_visit(counted_at)
    if referral.visit is not Visit.CLICK:
        if same_visit is None:
            with _despite_full_disk():
                tally(affiliate, referral.visit)
        return {}
    if mode is ConsentMode.LINK:
        return _query_with_token(request, known, code, landing, same_visit)
    if referral.token is not None and _is_repeated_click(referral.token, affiliate, counted_at):
        return query_after_click(code, referral.token.clicked_at)
    if mode is ConsentMode.ASK:
        label = request.GET.get("sub", "")
        return {"ref": normalize_code(code), **({"sub": label} if known.label_id(label) else {})}
    if same_visit is not None:
        token = Token(uuid7(), affiliate, same_visit, _earlier_clicks(referral))
    else:
        token = Token(uuid7(), affiliate, timezone.now(), _earlier_clicks(referral))
        _store(_click_of(request, token, landing, known.label_id(request.GET.get("sub", ""))))
    if not _belongs_to_another(referral, affiliate):
        set_cookie(response, token)
    return query_after_click(code, token.clicked_at)


def question_for(request: HttpRequest, *, code: str, counted_at: datetime | None) -> ConsentQuestion | None:
    """The question that this page has to ask with `AFFILIATE_CONSENT=ask`. None if nothing would be stored anyway, or
    if the same visit has been answered."""
    known, referral = cached_code(code), referral_of(request)
    if known is None or referral.visit is not Visit.CLICK or _same_visit(counted_at) is not None:
        return None
    is_answered = referral.token is not None and _is_repeated_click(referral.token, known.affiliate_id, counted_at)
    if is_answered or _belongs_to_another(referral, known.affiliate_id):
        return None
    label = known.label_id(request.GET.get("sub", ""))
    return ConsentQuestion(
        click_id=uuid7(),
        code=normalize_code(code),
        landing=request.path,
        label_id=label,
        discount=code_query(request.GET.get("code", "")),
    )


@reads("affiliates_click", purpose=Purpose.REFERRAL_TRACKING)
def record_agreed_click(request: HttpRequest, response: HttpResponse, question: ConsentQuestion) -> datetime | None:
    """Stores the click of a visitor who said yes, as of now, and sets the cookie. A yes that is sent twice is one
    click. None if the affiliate is gone or the browser objects to tracking: then nothing is stored."""
    known, referral = cached_code(question.code), referral_of(request)
    if known is None or referral.browser_refuses:
        return None
    earlier = Click.objects.filter(pk=question.click_id).first()
    clicked_at = earlier.clicked_at if earlier else timezone.now()
    token = Token(question.click_id, known.affiliate_id, clicked_at, _earlier_clicks(referral))
    click = _click_of(request, token, question.landing, question.label_id)
    if earlier is None:
        _store(click, agreed=True)
    else:  # the browser may not have got the first cookie
        Click.objects.filter(pk=earlier.pk).update(cookie_digest=click.cookie_digest)
    set_cookie(response, token, agreed=True)
    return clicked_at


def count_refusal(question: ConsentQuestion) -> None:
    """Counts a visitor who said no: a number per day, and nothing else."""
    if (known := cached_code(question.code)) is not None:
        with _despite_full_disk():
            tally(known.affiliate_id, Visit.REFUSED)


def _same_visit(counted_at: datetime | None) -> datetime | None:
    """The minute of the click that led to this address, if it is the same visit."""
    return counted_at if counted_at is not None and timezone.now() - counted_at < SAME_CLICK else None


def _query_with_token(
    request: HttpRequest, known: CachedCode, code: str, landing: str, same_visit: datetime | None
) -> dict[str, str]:
    """Only a count by page and label is kept: the click that it is taken from is never stored, and has no address."""
    now = timezone.now()
    if same_visit is None:
        label = known.label_id(request.GET.get("sub", ""))
        uncounted = Click(
            affiliate_id=known.affiliate_id,
            landing_path=landing[:300],
            label_id=label,
            clicked_at=now,
            expires_at=now,
        )
        with _despite_full_disk():
            tally(known.affiliate_id, Visit.CLICK, uncounted)
    minute = (same_visit or now).replace(second=0, microsecond=0)
    return {PARAMETER: LinkToken(normalize_code(code), minute).signed}


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


def _click_of(request: HttpRequest, token: Token, landing: str, label_id: UUID | None) -> Click:
    return Click(
        pk=token.click_id,
        affiliate_id=token.affiliate_id,
        cookie_digest=hash_token(token.sealed),
        address=client_address(request),
        landing_path=landing[:300],
        label_id=label_id,
        clicked_at=token.clicked_at,
        expires_at=token.expires_at,
    )


def _store(click: Click, *, agreed: bool = False) -> None:
    """Without a running purge, or without a key for the day (the clock was set back), no row is stored: the cookie
    alone attributes a sale, and the click is only counted. Nor is it counted if the database can be read and not
    written."""
    with _despite_full_disk():
        if is_purge_stalled() or not _is_stored(click, agreed=agreed):
            tally(click.affiliate_id, Visit.CLICK, click)


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


def _is_stored(click: Click, *, agreed: bool) -> bool:
    with suppress(DayKeyExpired):
        click.insert(agreed=agreed)
        return True
    return False


def forget(request: HttpRequest, response: HttpResponse) -> None:
    """Deletes this visitor's row and cookie."""
    click = referral_of(request).click
    if click is not None:
        click.delete()
    delete_referral_cookie(response)
