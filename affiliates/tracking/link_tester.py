"""Testing a link: it takes the whole path of a visitor's click without leaving a trace.

The affiliate's link carries a signed, short-lived `test`. Following it shows what would have been stored; no row is
written, no statistic changes, and no cookie is set, even if the test is expired or forged.
"""

from __future__ import annotations

from datetime import timedelta

from django.core.signing import BadSignature, TimestampSigner
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from affiliates.models import REFERRAL_LIFE, Label

from .code_cache import CachedCode, cached_code
from .links import link_to
from .referral_cookie import referral_of

PARAMETER = "test"
LASTS = timedelta(hours=1)
_SIGNER = TimestampSigner(salt="affiliates.link-test")


def link_test_token(code: str) -> str:
    """A token for this code's links, valid for one hour."""
    return _SIGNER.sign(code)


def link_test_address(code: str, landing: str = "/", sub: str = "") -> str:
    """The affiliate's link, to be followed as a test within one hour."""
    return link_to(code, landing, sub, **{PARAMETER: link_test_token(code)})


def is_link_test(request: HttpRequest) -> bool:
    return PARAMETER in request.GET


def report_link_test(request: HttpRequest, *, code: str, landing: str) -> HttpResponse:
    """Shows what following this link would do in this browser."""
    referral, known = referral_of(request), cached_code(code)
    context = {
        "is_valid": _is_valid(request.GET[PARAMETER], code),
        "is_known": known is not None,
        "code": code,
        "landing": landing,
        "label": _label(known, request.GET.get("sub", "")),
        "visit": referral.visit.value,
        "browser_refuses": referral.browser_refuses,
        "earlier": referral.token,
        "until": timezone.now() + REFERRAL_LIFE,
    }
    response = render(request, "affiliates/link_tester.html", context)
    response.headers["Cache-Control"] = "no-store"
    return response


def _label(known: CachedCode | None, typed: str) -> str:
    """The declared label, or "other": no undeclared word is shown again."""
    label = known.label_id(typed) if known else None
    return Label.objects.get(pk=label).name if label else "other" if typed else ""


def _is_valid(token: str, code: str) -> bool:
    try:
        return _SIGNER.unsign(token, max_age=LASTS).upper() == code.upper()
    except BadSignature:
        return False
