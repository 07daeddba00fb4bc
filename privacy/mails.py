"""The messages of this floor."""

from __future__ import annotations

from typing import Any

from .models import PrivacyRequest
from .registry.mail_kinds import MailKind, business_address, mail_kind
from .registry.purposes import Purpose


def _about_a_request(name: str, **further: Any) -> MailKind:
    """Its person asked for this message, so a wish not to be contacted does not stop it."""
    return mail_kind(
        f"privacy/{name}",
        purpose=Purpose.PRIVACY_REQUEST,
        about="privacy.PrivacyRequest",
        transactional=True,
        because="it serves a request that its person made",
        despite_opt_out=True,
        **further,
    )


def _is_answerable(request: PrivacyRequest) -> bool:
    """Confirmed or answered, and not erased since."""
    return request.state != PrivacyRequest.State.UNCONFIRMED and request.email is not None


# The person typed the address a moment ago and asked for exactly this message.
REQUEST_CONFIRMATION = _about_a_request(
    "request_confirmation", live=lambda request: request.awaits_confirmation, holds_link=True
)
REQUEST_ACKNOWLEDGED = _about_a_request("request_acknowledged", live=_is_answerable)
REQUEST_EXTENDED = _about_a_request("request_extended", live=_is_answerable)
REQUEST_ANSWERED = _about_a_request("request_answered", live=_is_answerable)
REQUEST_ARCHIVE = _about_a_request("request_archive", live=_is_answerable, holds_link=True)

# Goes to the business's own address and holds nothing personal.
PURGE_STOPPED = mail_kind(
    "privacy/purge_stopped",
    purpose=Purpose.LEGAL_OBLIGATION,
    about="privacy.Heartbeat",
    recipients=business_address,
    transactional=True,
    because="staff must mend what stopped",
    despite_opt_out=True,
)

CLOCK_JUMPED = mail_kind(
    "privacy/clock_jumped",
    purpose=Purpose.LEGAL_OBLIGATION,
    about="privacy.Heartbeat",
    recipients=business_address,
    transactional=True,
    because="staff must set the clock right, or say that it is",
    despite_opt_out=True,
)

PROMISE_CHANGED = mail_kind(
    "privacy/promise_changed",
    purpose=Purpose.LEGAL_OBLIGATION,
    about="privacy.PromiseState",
    recipients=business_address,
    transactional=True,
    because="staff must mend what broke, and hear when it is mended",
    despite_opt_out=True,
)

# Asked for a moment ago, by whoever typed the address.
CHOICES_LINK = mail_kind(
    "privacy/choices_link",
    purpose=Purpose.PRIVACY_REQUEST,
    about="privacy.ChoicesRequest",
    transactional=True,
    because="somebody asked for this link a moment ago",
    despite_opt_out=True,
    holds_link=True,
)
