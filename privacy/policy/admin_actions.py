"""What staff do with a version, and with a person whom no mail reaches."""

from __future__ import annotations

from functools import partial

from privacy.admin_base.staff_action import StaffAction
from privacy.registry.purposes import Channel

from .models import PolicyNotice, PolicyVersion
from .notices import leave_out, log_contact
from .versions import begin_notices, put_in_effect, withdraw

State = PolicyNotice.State

OF_VERSIONS = (
    StaffAction(
        name="announce",
        label="Tell people…",
        asks="From now on the words of this version stand. Everybody whose address is kept gets one mail; those whom no"
        " mail reaches wait for a call or a letter.",
        do=begin_notices,
        when=lambda row: row.is_draft,
        done="People are being told.",
    ),
    StaffAction(
        name="put-in-effect",
        label="Put in effect…",
        asks="The version before ends, and what waited for this one opens. That works when everybody was told.",
        do=put_in_effect,
        when=lambda row: row.is_announced,
        done="In effect. What waited for it is open.",
    ),
    StaffAction(
        name="withdraw",
        label="Withdraw…",
        asks="The version does not take effect, and mails that still wait are not sent. Those who were told already"
        " are not told that it was withdrawn.",
        do=withdraw,
        when=lambda row: row.is_announced,
        done="Withdrawn.",
    ),
)


def _waits_for_staff(notice: PolicyNotice) -> bool:
    return notice.state not in PolicyNotice.SETTLED and notice.version.state == PolicyVersion.State.NOTICES


OF_NOTICES = (
    StaffAction(
        name="called",
        label="Told by telephone…",
        asks="You called, and the person now knows what changes and when.",
        do=partial(log_contact, state=State.CALLED),
        when=_waits_for_staff,
        done="The call is recorded.",
    ),
    StaffAction(
        name="written",
        label="Told by letter…",
        asks="A letter with the changes went out to the person.",
        do=partial(log_contact, state=State.WRITTEN),
        when=_waits_for_staff,
        done="The letter is recorded.",
    ),
    StaffAction(
        name="leave-out",
        label="Leave out…",
        asks=f"The person asked for no contact at all: not by {', '.join(channel.label for channel in Channel)}. Nobody"
        " can be told against such a wish; so nothing that is stored about the person may be used in a new way.",
        do=leave_out,
        when=_waits_for_staff,
        done="Left out.",
    ),
)
