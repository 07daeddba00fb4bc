"""What a deletion ends of a person's own requests."""

from __future__ import annotations

from collections.abc import Iterator

from privacy.erasure.consequences import Consequence, consequence_source
from privacy.models import PrivacyRequest

Kind = PrivacyRequest.Kind


@consequence_source
def open_requests_end(email: str) -> Iterator[Consequence]:
    """A deletion itself, and a wish to be left alone, are served by it."""
    waiting = PrivacyRequest.objects.open().of_address(email).exclude(kind__in=[Kind.DELETION, Kind.STOP_CONTACT])
    if number := waiting.count():
        what = "Your open request ends" if number == 1 else f"Your {number} open requests, complaints among them, end"
        yield Consequence(text=f"{what} without an answer: with your address gone, we can't send one.")
