"""The staff actions on policy versions, and on notices to people without an email address."""

from __future__ import annotations

from functools import partial

from privacy.admin_base.staff_action import StaffAction
from privacy.registry.purposes import Channel

from .models import PolicyNotice, PolicyVersion
from .notices import leave_out, record_contact
from .versions import announce_version, put_in_effect, withdraw

State = PolicyNotice.State

OF_VERSIONS = (
    StaffAction(
        name="announce",
        label="Send notices…",
        asks="The text of this version can't be changed afterward. Everyone whose address is stored gets one email;"
        " people who can't be reached by email are listed for a call or letter.",
        do=announce_version,
        when=lambda row: row.is_draft,
        done="Notices are being sent.",
    ),
    StaffAction(
        name="put-in-effect",
        label="Put in effect…",
        asks="This version replaces the one in effect, and features that wait for it are turned on. Everyone must"
        " be notified first.",
        do=put_in_effect,
        when=lambda row: row.is_announced,
        done="The version is in effect. Features that depend on it are turned on.",
    ),
    StaffAction(
        name="withdraw",
        label="Withdraw…",
        asks="The version will not take effect, and pending notices are not sent. People who were already notified get"
        " no further message.",
        do=withdraw,
        when=lambda row: row.is_announced,
        done="The version was withdrawn.",
    ),
)


def _waits_for_staff(notice: PolicyNotice) -> bool:
    return notice.state not in PolicyNotice.SETTLED and notice.version.state == PolicyVersion.State.NOTICES


OF_NOTICES = (
    StaffAction(
        name="called",
        label="Notified by phone…",
        asks="You called, and the person knows what changes and when.",
        do=partial(record_contact, state=State.CALLED),
        when=_waits_for_staff,
        done="The call is recorded.",
    ),
    StaffAction(
        name="written",
        label="Notified by letter…",
        asks="A letter with the changes was sent to the person.",
        do=partial(record_contact, state=State.WRITTEN),
        when=_waits_for_staff,
        done="The letter is recorded.",
    ),
    StaffAction(
        name="leave-out",
        label="Leave out…",
        asks=f"The person opted out of all contact: {', '.join(channel.label for channel in Channel)}. They can't be"
        " notified, so nothing stored about them may be used in a new way.",
        do=leave_out,
        when=_waits_for_staff,
        done="The person was left out.",
    ),
)
