"""Why a message can't be read: a fixed list, so that nothing of a message ends up in a reason."""

from __future__ import annotations

from enum import StrEnum


class Unreadable(StrEnum):
    EMPTY = "The message is empty."
    TOO_LARGE = "The message is too large."
    TOO_DEEP = "The parts of the message are nested too deeply."
    TOO_COMPLEX = "The message has too many parts, lines or headers."
    BROKEN = "The message could not be read because of a defect in it."


class UnreadableMessage(ValueError):
    """The message stays as it came, for staff to look at. `reason` is one of `Unreadable`."""

    def __init__(self, reason: Unreadable) -> None:
        super().__init__(reason.value)
        self.reason = reason
