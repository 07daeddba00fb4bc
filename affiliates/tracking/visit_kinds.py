"""Who follows a link: somebody who clicks, a program that reads, or a browser that loads it for another reason."""

from __future__ import annotations

from enum import StrEnum
from functools import lru_cache

from django.http import HttpRequest, HttpResponse

from .bot_detection import names_a_preview, names_a_program

LONGEST = 512  # characters of a User-Agent that are looked at, so that nobody makes a long list of patterns dear
PURPOSES = ("HTTP_SEC_PURPOSE", "HTTP_PURPOSE", "HTTP_X_PURPOSE", "HTTP_X_MOZ")  # as browsers have named one thing


# What tells a click from the rest. A cache that kept an answer would have to tell them apart by these too.
FETCH_HEADERS = ("Sec-Fetch-Dest", "Sec-Fetch-Mode")


class Visit(StrEnum):
    """What following a link counts as: the name of the figure."""

    CLICK = "clicks"
    BOT = "bots"
    PREVIEW = "previews"
    REFUSED = "refused"


def is_prefetch(request: HttpRequest) -> bool:
    """A browser that fetches a page before anybody has clicked, and may show what it got when somebody does."""
    purpose = " ".join([request.META.get(name, "") for name in PURPOSES]).lower()
    return "prefetch" in purpose or "preview" in purpose


def refuse_prefetch(request: HttpRequest) -> HttpResponse | None:
    """The answer to a prefetch: Chromium throws it away, and asks again when somebody clicks.

    It would otherwise show what it has got, and no click would ever reach this site. 503 is the answer that Chromium's
    documentation names (https://developer.chrome.com/docs/web-platform/prerender-pages).
    """
    return HttpResponse(status=503, headers={"Cache-Control": "no-store"}) if is_prefetch(request) else None


def is_embedded(request: HttpRequest) -> bool:
    """Loaded by a page (as an image, a frame, a script, by `fetch`), so that nobody has clicked.

    Browsers say so in Fetch Metadata (https://www.w3.org/TR/fetch-metadata/); old ones, and links over plain HTTP to
    another machine, come without it and count.
    """
    dest, mode = request.headers.get("Sec-Fetch-Dest"), request.headers.get("Sec-Fetch-Mode")
    return dest not in {None, "document"} or mode not in {None, "navigate"}


@lru_cache(maxsize=512)  # most people share a few browsers; nothing says who used which
def program(user_agent: str) -> Visit | None:
    """A program, by what its User-Agent says: PREVIEW or BOT. None for a browser."""
    text = user_agent[:LONGEST]
    if not names_a_program(text):
        return None
    return Visit.PREVIEW if names_a_preview(text) else Visit.BOT


def compile_list() -> None:
    """Takes a few tenths of a second: at the start, not at the first click."""
    program("Googlebot/2.1")
