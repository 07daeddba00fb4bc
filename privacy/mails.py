"""Mail kinds of this app."""

from __future__ import annotations

from typing import Any

from .models import PrivacyRequest
from .registry.mail_kinds import MailKind, business_address, mail_kind
from .registry.mail_variables import mail_variables
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

# To the member of staff who edits the text of a mail, and to nobody else.
TEXT_TEST = mail_kind(
    "privacy/text_test",
    purpose=Purpose.STAFF_ACCOUNT,
    about="accounts.User",
    transactional=True,
    because="a member of staff just asked for this test",
    live=lambda user: user.is_active and user.is_staff,
    despite_opt_out=True,
)

mail_variables(
    "privacy",
    {
        'about.at|timezone:business.time_zone|date:"F j, Y, g:i A T"': ("last_run", "November 30, 2026, 8:00 AM PST"),
        'about.due_on|date:"F j, Y"': ("due_day", "December 30, 2026"),
        "about.get_extension_reason_display": ("reason", "your request is complex."),
        "about.get_kind_display": ("request", "a copy of my data"),
        "about.reference": ("reference", "P-7KQ2-MX4T"),
        "block answer": ("answer", "> We found two messages of yours, and sent them to you."),
        "block changes": ("changes", "This promise has been broken since November 30, 2026, 8:00 AM PST."),
        "block complaint": ("complaint", "If you don't agree, you can complain to us"),
        "block ground": (
            "ground",
            "We could only fulfill part of your request. Reason: we must keep it",
        ),
        "block headline": ("headline", "A promise is broken"),
        "block purchases": ("purchases", "What you bought keeps working."),
        "block report": ("report", "Deleted or anonymized:\n\n- Messages"),
        "block requests": ("requests", "- A copy of my data"),
        "block rights": ("rights", "If you don't agree, you can get a copy of your data, or have it deleted"),
        "block steps": ("steps", "- If the clock is wrong, correct it."),
        "body": ("body", "Hello,"),
        "jump": ("jump", "13 hours ahead"),
        'jump.last|timezone:business.time_zone|date:"F j, Y, g:i A T"': ("last_run", "November 30, 2026, 8:00 AM PST"),
        'last|timezone:business.time_zone|date:"F j, Y, g:i A T"': ("last_run", "November 30, 2026, 8:00 AM PST"),
        'link "privacy:archive" token': ("archive", ""),
        'link "privacy:confirm" token': ("confirmation", ""),
        'link "privacy:version" version.number': ("new_policy", ""),
        "link preferences_url": ("preferences", ""),
        'now|timezone:business.time_zone|date:"F j, Y, g:i A T"': ("now", "November 30, 2026, 9:00 PM PST"),
        "subject": ("subject", "Your receipt"),
        'version.effective_on|date:"F j, Y"': ("effective_day", "January 15, 2027"),
        "version.summary|linebreaks": ("changes", "We keep messages for two years instead of three."),
    },
    required="body due_day effective_day reason changes",
)
