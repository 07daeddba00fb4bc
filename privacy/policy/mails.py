"""The notice that people get before a change of the policy takes effect."""

from __future__ import annotations

from ..mail import mail_kind
from ..purposes import Purpose
from .models import PolicyNotice, PolicyVersion


def _is_announced(notice: PolicyNotice) -> bool:
    return notice.state == PolicyNotice.State.MAILED and notice.version.state == PolicyVersion.State.NOTICES


# Not sent to those who opted out of mail: staff call them or send a letter.
POLICY_CHANGED = mail_kind(
    "privacy/policy_changed",
    purpose=Purpose.POLICY_NOTICE,
    about="policy.PolicyNotice",
    transactional=False,
    because="nobody asked for it; it tells people before their data is used in a new way",
    live=_is_announced,
)
