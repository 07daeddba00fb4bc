"""What was typed into a form of our own pages, for the page that says that it was not taken: shown, and offered to be
sent again. Whatever another site sent is neither."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse

TOKEN = "csrfmiddlewaretoken"  # noqa: S105  (the name of the field)
NOT_TYPED = {"extra", "next", "seen", "stamp"}  # sent by the page itself
SIGN_IN = "/accounts/"  # its codes are secrets; elsewhere a code is an affiliate's


def kept_input(request: HttpRequest, *, with_token: bool = False) -> dict[str, Any]:
    """For the template `_kept_input.html`. With its own token a form does its work once, however often it is sent."""
    fields = _sent_fields(request) if _came_from_this_site(request) else []
    has_secret = any("password" in name for name, _ in fields) or request.path.startswith(SIGN_IN)
    kept = [(name, value) for name, value in fields if "password" not in name and not (has_secret and name == "code")]
    sent = [] if has_secret or request.FILES else kept
    return {
        "sent": sent,
        "sent_token": request.POST.get(TOKEN) if sent and with_token else None,
        "typed": [(_label(name), value) for name, value in kept if value.strip() and _is_typed(name)],
        "has_secret": has_secret,
        "path": request.path,
    }


def may_be_sent_again(response: HttpResponse) -> HttpResponse:
    """Browsers apply form-action to the redirect after a form, and the checkout's leads to PayPal."""
    response._csp_update = {"form-action": [settings.PAYPAL_APPROVE_ORIGIN]}  # type: ignore[attr-defined]
    return response


def _came_from_this_site(request: HttpRequest) -> bool:
    """Browsers say so themselves, in a header that no page can set."""
    if origin := request.headers.get("Origin"):
        return origin == f"{request.scheme}://{request.get_host()}"
    try:
        return urlsplit(request.headers.get("Referer", "")).netloc == request.get_host()
    except ValueError:
        return False


def _sent_fields(request: HttpRequest) -> list[tuple[str, str]]:
    return [(name, value) for name, values in request.POST.lists() for value in values if name != TOKEN]


def _is_typed(name: str) -> bool:
    return name not in NOT_TYPED and not name.startswith(("_", "initial-")) and not name.endswith(("_seen", "_FORMS"))


def _label(name: str) -> str:
    return name.replace("_", " ").capitalize()
