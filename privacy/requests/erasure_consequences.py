"""Consequences of an erasure for the data subject's open privacy requests."""

from __future__ import annotations

from collections.abc import Iterator

from privacy.erasure.consequences import Consequence, consequence_source
from privacy.models import PrivacyRequest

Kind = PrivacyRequest.Kind


@consequence_source
def open_requests_end(email: str) -> Iterator[Consequence]:
    """Other open requests end unanswered. Deletion and stop-contact requests are fulfilled by the erasure."""
    waiting = PrivacyRequest.objects.open().of_address(email).exclude(kind__in=[Kind.DELETION, Kind.STOP_CONTACT])
    if number := waiting.count():
        what = "Your open request ends" if number == 1 else f"Your {number} open requests, including complaints, end"
        yield Consequence(text=f"{what} without an answer, because we will no longer have your address.")
