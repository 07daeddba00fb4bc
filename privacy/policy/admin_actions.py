"""The steps that staff take with a version, and with a person whom no mail reaches."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from privacy.registry.purposes import Channel

from .models import PolicyNotice, PolicyVersion
from .notices import leave_out, log_contact
from .versions import begin_notices, put_in_effect, withdraw

State = PolicyNotice.State


@dataclass(frozen=True)
class Step:
    """`asks` is read before the button is pressed; `do` acts; `done` is said afterwards."""

    slug: str
    label: str
    asks: str
    do: Callable[..., None]
    when: Callable[[Any], bool]
    done: str


_OF_VERSIONS = (
    Step(
        "announce",
        "Tell people…",
        "From now on the words of this version stand. Everybody whose address is kept gets one mail; those whom no"
        " mail reaches wait for a call or a letter.",
        lambda row, **by: begin_notices(version=row, **by),
        lambda row: row.is_draft,
        "People are being told.",
    ),
    Step(
        "put-in-effect",
        "Put in effect…",
        "The version before ends, and what waited for this one opens. That works when everybody was told.",
        lambda row, **by: put_in_effect(version=row, **by),
        lambda row: row.is_announced,
        "In effect. What waited for it is open.",
    ),
    Step(
        "withdraw",
        "Withdraw…",
        "The version does not take effect, and mails that still wait are not sent. Those who were told already"
        " are not told that it was withdrawn.",
        lambda row, **by: withdraw(version=row, **by),
        lambda row: row.is_announced,
        "Withdrawn.",
    ),
)


def _waits_for_staff(notice: PolicyNotice) -> bool:
    return notice.state not in PolicyNotice.SETTLED and notice.version.state == PolicyVersion.State.NOTICES


_OF_NOTICES = (
    Step(
        "called",
        "Told by telephone…",
        "You called, and the person now knows what changes and when.",
        lambda row, **by: log_contact(notice=row, state=State.CALLED, **by),
        _waits_for_staff,
        "The call is recorded.",
    ),
    Step(
        "written",
        "Told by letter…",
        "A letter with the changes went out to the person.",
        lambda row, **by: log_contact(notice=row, state=State.WRITTEN, **by),
        _waits_for_staff,
        "The letter is recorded.",
    ),
    Step(
        "leave-out",
        "Leave out…",
        f"The person asked for no contact at all: not by {', '.join(channel.label for channel in Channel)}. Nobody can"
        " be told against such a wish; so nothing that is stored about the person may be used in a new way.",
        lambda row, **by: leave_out(notice=row, **by),
        _waits_for_staff,
        "Left out.",
    ),
)
STEPS_OF_VERSIONS = {step.slug: step for step in _OF_VERSIONS}
STEPS_OF_NOTICES = {step.slug: step for step in _OF_NOTICES}
