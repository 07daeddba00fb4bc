"""Mail kinds of this app."""

from __future__ import annotations

from typing import Any

from .models import PrivacyRequest
from .registry.mail_kinds import MailKind, business_address, mail_kind
from .registry.purposes import Purpose


def _about_a_request(name: str, **further: Any) -> MailKind:
    """A mail kind about a privacy request. The person requested it, so opt-outs don't stop it."""
    return mail_kind(
        f"privacy/{name}",
        purpose=Purpose.PRIVACY_REQUEST,
        about="privacy.PrivacyRequest",
        transactional=True,
        because="it is about a privacy request that the person made",
        despite_opt_out=True,
        **further,
    )


def _is_answerable(request: PrivacyRequest) -> bool:
    """Whether the request is confirmed or answered and its person hasn't been erased."""
    return request.state != PrivacyRequest.State.UNCONFIRMED and request.email is not None


# The person just entered the address and requested this mail.
REQUEST_CONFIRMATION = _about_a_request(
    "request_confirmation", live=lambda request: request.awaits_confirmation, holds_link=True
)
REQUEST_ACKNOWLEDGED = _about_a_request("request_acknowledged", live=_is_answerable)
REQUEST_EXTENDED = _about_a_request("request_extended", live=_is_answerable)
REQUEST_ANSWERED = _about_a_request("request_answered", live=_is_answerable, written_by_staff=True)
REQUEST_DELETED = _about_a_request("request_deleted", live=_is_answerable, holds_link=True)
REQUEST_ARCHIVE = _about_a_request("request_archive", live=_is_answerable, holds_link=True)

# Sent to the business's own address, without personal data.
PURGE_STOPPED = mail_kind(
    "privacy/purge_stopped",
    purpose=Purpose.LEGAL_OBLIGATION,
    about="privacy.Heartbeat",
    recipients=business_address,
    transactional=True,
    because="staff must fix the purge",
    despite_opt_out=True,
)

HOUSEKEEPING_STOPPED = mail_kind(
    "privacy/housekeeping_stopped",
    purpose=Purpose.LEGAL_OBLIGATION,
    about="privacy.Heartbeat",
    recipients=business_address,
    transactional=True,
    because="staff must start housekeeping again",
    despite_opt_out=True,
)

WORKER_STOPPED = mail_kind(
    "privacy/worker_stopped",
    purpose=Purpose.LEGAL_OBLIGATION,
    about="privacy.Heartbeat",
    recipients=business_address,
    transactional=True,
    because="staff must start the worker again",
    despite_opt_out=True,
)

CLOCK_JUMPED = mail_kind(
    "privacy/clock_jumped",
    purpose=Purpose.LEGAL_OBLIGATION,
    about="privacy.Heartbeat",
    recipients=business_address,
    transactional=True,
    because="staff must correct or confirm the clock",
    despite_opt_out=True,
)

PROMISE_CHANGED = mail_kind(
    "privacy/promise_changed",
    purpose=Purpose.LEGAL_OBLIGATION,
    about="privacy.PromiseState",
    recipients=business_address,
    transactional=True,
    because="staff must fix broken promises and know when they are kept again",
    despite_opt_out=True,
)

# Just requested by whoever entered the address.
PREFERENCES_LINK = mail_kind(
    "privacy/choices_link",
    purpose=Purpose.PRIVACY_REQUEST,
    about="privacy.ChoicesRequest",
    transactional=True,
    because="someone just requested this link",
    despite_opt_out=True,
    holds_link=True,
)
