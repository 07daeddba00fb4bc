"""The exception of all refused actions. Pages catch it and show its message; nothing has been changed."""

from __future__ import annotations


class ActionRefused(Exception):
    """This action is not possible. The message tells the user why, without naming the data subject."""

    @property
    def message(self) -> str:
        """The message as a complete sentence."""
        return str(self)
