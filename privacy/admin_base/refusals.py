"""The one exception for what the rules refuse. Pages catch it and show its text; nothing has been changed then."""

from __future__ import annotations


class ActionRefused(Exception):
    """This action is not possible; the text says why, to whoever asked for it, without naming the data subject."""

    @property
    def message(self) -> str:
        """The text as a sentence of its own."""
        return str(self)
