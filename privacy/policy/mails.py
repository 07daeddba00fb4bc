"""Mail kinds of this app: the notice before a policy change takes effect."""

from __future__ import annotations

from privacy.mail.sending import mail_kind
from privacy.registry.purposes import Purpose

from .affected_people import address_in
from .models import PolicyNotice, PolicyVersion


def _is_announced(notice: PolicyNotice) -> bool:
    return notice.state == PolicyNotice.State.MAILED and notice.version.state == PolicyVersion.State.NOTICES


def _address_of(notice: PolicyNotice) -> list[str | None]:
    row = notice.contact()
    return [address_in(row, notice.fingerprint) if row else None]


# Not sent to people who opted out of email; staff call them or send a letter.
POLICY_CHANGED = mail_kind(
    "privacy/policy_changed",
    purpose=Purpose.POLICY_NOTICE,
    about="policy.PolicyNotice",
    recipients=_address_of,
    transactional=False,
    because="nobody requested it; it notifies people before their data is used in a new way",
    live=_is_announced,
)
