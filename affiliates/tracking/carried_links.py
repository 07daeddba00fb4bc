"""Carries the token of `AFFILIATE_CONSENT=link` from page to page, in one place: in the page that is sent.

Links and forms that lead to other public pages of this site get it, whichever template or text of the staff they come
from. Pages behind a secret address, the portal, files, other sites and mails never do.
"""

from __future__ import annotations

import re
from functools import lru_cache

from django.http import HttpRequest, HttpResponse
from django.urls import Resolver404, ResolverMatch, resolve

from .link_token import PARAMETER
from .referral_cookie import referral_of

NAMESPACES = {"site", "shop", "affiliates", "contacts", "privacy", "pages"}

NOT_CARRIED = ("admin/", "affiliates/portal/", "go/")

# `<a href="/products/">`, `<form action="/contact/">`, `<a href="?page=2">`; as Django's templates write them.
_ADDRESS = re.compile(r'(<(?:a|form)\s(?:[^>]*?\s)?(?:href|action)=")((?:/(?![/\\])|\?)[^"]*)(?=")')
_GET_FORM = re.compile(r'<form\s[^>]*?\bmethod="get"[^>]*>')
_HAS_TOKEN = re.compile(rf"[?;&]{PARAMETER}=")


def carry_on(request: HttpRequest, response: HttpResponse) -> None:
    """Adds the token of this page's address to what the response leads to."""
    token, match = referral_of(request).link, request.resolver_match
    if token is None or match is None or response.streaming or not _is_carried_by(match):
        return
    if location := response.headers.get("Location"):
        response.headers["Location"] = _with_token(location, request.path, f"{PARAMETER}={token.signed}", "&")
    elif response.headers.get("Content-Type", "").startswith("text/html"):
        response.content = carried(response.content.decode(response.charset), request.path, token.signed)
        if "Content-Length" in response.headers:
            response.headers["Content-Length"] = str(len(response.content))


def carried(html: str, page: str, token: str) -> str:
    """The page with the token in its links and forms. A link that has one of its own, even an empty one, keeps it."""
    given = f"{PARAMETER}={token}"
    html = _ADDRESS.sub(lambda found: found[1] + _with_token(found[2], page, given, "&amp;"), html)
    return _GET_FORM.sub(lambda found: f'{found[0]}<input type="hidden" name="{PARAMETER}" value="{token}">', html)


def _with_token(address: str, page: str, given: str, separator: str) -> str:
    whole, mark, fragment = address.partition("#")
    path, _, query = whole.partition("?")
    if _HAS_TOKEN.search(whole) or not _is_public(path or page):
        return address
    return f"{path}?{query}{separator if query else ''}{given}{mark}{fragment}"


@lru_cache(maxsize=512)  # most pages link to the same few
def _is_public(path: str) -> bool:
    """Whether it is a page that anybody can open; a file is none."""
    if not path.startswith("/") or path.startswith("//") or not path.endswith("/"):
        return False
    try:
        return _is_carried_by(resolve(path))
    except Resolver404:
        return False


def _is_carried_by(match: ResolverMatch) -> bool:
    is_secret = any(name.endswith("token") for name in match.kwargs)
    return match.namespace in NAMESPACES and not is_secret and not match.route.startswith(NOT_CARRIED)
