"""Classifies who follows a link: a person who clicks, a bot, or a browser that loads it for another reason."""

from __future__ import annotations

from enum import StrEnum
from functools import lru_cache

from django.http import HttpRequest, HttpResponse

from .bot_detection import is_bot, is_preview_bot

LONGEST = 512  # characters of a User-Agent that are matched, so that a long one is not expensive
PURPOSES = ("HTTP_SEC_PURPOSE", "HTTP_PURPOSE", "HTTP_X_PURPOSE", "HTTP_X_MOZ")  # browsers' names for the same header


# These distinguish a click. A cache has to vary by them.
FETCH_HEADERS = ("Sec-Fetch-Dest", "Sec-Fetch-Mode")


class Visit(StrEnum):
    """What following a link counts as: the name of the statistic."""

    CLICK = "clicks"
    BOT = "bots"
    PREVIEW = "previews"
    REFUSED = "refused"


def is_prefetch(request: HttpRequest) -> bool:
    """Whether a browser fetches the page before a click, and may show what it got when the click comes."""
    purpose = " ".join([request.META.get(name, "") for name in PURPOSES]).lower()
    return "prefetch" in purpose or "preview" in purpose


def refuse_prefetch(request: HttpRequest) -> HttpResponse | None:
    """The response to a prefetch: Chromium discards it, and asks again on the click.

    Otherwise it would show the prefetched page, and no click would ever reach this site. Chromium's documentation names
    503 (https://developer.chrome.com/docs/web-platform/prerender-pages).
    """
    return HttpResponse(status=503, headers={"Cache-Control": "no-store"}) if is_prefetch(request) else None


def is_embedded(request: HttpRequest) -> bool:
    """Whether a page loads it (as an image, a frame, a script, or by `fetch`), so that nobody has clicked.

    Browsers say so in Fetch Metadata (https://www.w3.org/TR/fetch-metadata/); old ones, and links over plain HTTP to
    another machine, send none and count.
    """
    dest, mode = request.headers.get("Sec-Fetch-Dest"), request.headers.get("Sec-Fetch-Mode")
    return dest not in {None, "document"} or mode not in {None, "navigate"}


@lru_cache(maxsize=512)  # most people share a few browsers; nothing says who used which
def program(user_agent: str) -> Visit | None:
    """The kind of bot, by its User-Agent: PREVIEW or BOT. None for a browser."""
    text = user_agent[:LONGEST]
    if not is_bot(text):
        return None
    return Visit.PREVIEW if is_preview_bot(text) else Visit.BOT


def compile_bot_patterns() -> None:
    """Takes a few tenths of a second: at startup, not at the first click."""
    program("Googlebot/2.1")
