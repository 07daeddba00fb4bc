"""The answer to a form whose CSRF token is missing or old: it keeps what was typed, for a form of our own pages."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import add_never_cache_headers

TOKEN = "csrfmiddlewaretoken"  # noqa: S105  (the name of the field)
NOT_TYPED = {"extra", "next", "seen", "stamp"}  # sent by the page itself


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Whatever another site sent is neither shown nor offered to be sent again."""
    fields = sent_fields(request) if came_from_this_site(request) else []
    has_secret = any("password" in name for name, _ in fields)
    kept = [(name, value) for name, value in fields if "password" not in name]
    context = {
        "sent": [] if has_secret or request.FILES else kept,
        "typed": [(label(name), value) for name, value in kept if value.strip() and is_typed(name)],
        "has_secret": has_secret,
    }
    response = render(request, "403_csrf.html", context, status=403)
    add_never_cache_headers(response)
    return response


def came_from_this_site(request: HttpRequest) -> bool:
    """Browsers say so themselves, in a header that no page can set."""
    if origin := request.headers.get("Origin"):
        return origin == f"{request.scheme}://{request.get_host()}"
    try:
        return urlsplit(request.headers.get("Referer", "")).netloc == request.get_host()
    except ValueError:
        return False


def sent_fields(request: HttpRequest) -> list[tuple[str, str]]:
    return [(name, value) for name, values in request.POST.lists() for value in values if name != TOKEN]


def is_typed(name: str) -> bool:
    return name not in NOT_TYPED and not name.endswith("_seen")


def label(name: str) -> str:
    return name.replace("_", " ").capitalize()
