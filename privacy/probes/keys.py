"""Cookies and tokens in emailed links, which are searched for like canaries.

Anyone who finds one in a database, log or file can act as its owner.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from http.cookies import SimpleCookie

from django.conf import settings
from django.urls import reverse

from privacy.evidence.rehearsal.canaries import CanaryKind
from privacy.evidence.rehearsal.rehearsal import Rehearsal

SHORTEST = 20  # characters; shorter values may occur by chance or be public codes
IN_A_LINK = re.compile(r"[\w.:=-]{20,}", re.ASCII)
FOUND = "every key that is looked for"


def watch_keys(rehearsal: Rehearsal) -> None:
    """Adds new cookies and tokens to the canaries."""
    found: set[str] = rehearsal.things.setdefault(FOUND, set())
    for key, owner, what in (*cookies(rehearsal), *tokens(rehearsal)):
        if key not in found:
            found.add(rehearsal.watch(key, owner, what, CanaryKind.KEY, kept=False))


def cookies(rehearsal: Rehearsal) -> Iterator[tuple[str, str, str]]:
    for seen in rehearsal.seen:
        for name, cookie in SimpleCookie(seen.headers.get("Set-Cookie", "")).items():
            if len(cookie.value) >= SHORTEST and name != settings.CSRF_COOKIE_NAME:
                yield cookie.value, seen.who, f"cookie {name}"


def tokens(rehearsal: Rehearsal) -> Iterator[tuple[str, str, str]]:
    for mail in rehearsal.mails():
        body = mail.get_body(("plain",))
        owners = [*rehearsal.owners_of(str(mail["To"]))]
        for word in str(body.get_content()).split() if body else ():
            if (
                word.startswith(f"{settings.SITE_URL}/") and reverse("admin:index") not in word
            ):  # IDs, for signed-in users
                parts = IN_A_LINK.findall(word.removeprefix(settings.SITE_URL))
                yield from ((part, (owners or ["staff"])[0], "token in a link") for part in parts if has_digits(part))


def has_digits(part: str) -> bool:
    """Whether the part has digits, so it isn't a word of a URL path."""
    return any(character.isdigit() for character in part)
