"""How much one user may search: a stolen session reads no more. What opens rows counts, on whichever page."""

from __future__ import annotations

from django.http import HttpRequest
from django.utils import timezone

from privacy.web.rate_limits import has_room

PER_HOUR = 200  # searches of all kinds, their older parts, and repetitions
LISTS_PER_HOUR = 400  # in the boxes of lists, of which some search with each key that is pressed


def may_search(request: HttpRequest) -> bool:
    return has_room("staff search", str(request.user.pk), slots=PER_HOUR, now=timezone.now())


def may_search_lists(request: HttpRequest) -> bool:
    return has_room("staff list search", str(request.user.pk), slots=LISTS_PER_HOUR, now=timezone.now())


def refusal(times: int) -> str:
    return f"You have searched {times} times within this hour. Please try again in the next one."
