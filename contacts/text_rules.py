"""What a typed text may not hold: characters that nobody sees and that change what is read or sent."""

from __future__ import annotations

import unicodedata

from django.core.exceptions import ValidationError

_TURNS = {"LRE", "RLE", "LRO", "RLO", "LRI", "RLI", "FSI"}  # what turns the direction of all that follows


def _has_control_character(text: str, allowed: str) -> bool:
    """A null character is left to Django, which has a message for it."""
    return any(unicodedata.category(c) in {"Cc", "Zl", "Zp"} and c not in allowed for c in text)


def validate_one_line(text: str) -> None:
    """For names and subjects, which end up in the headers of mails. Raises `ValidationError`."""
    if _has_control_character(text, allowed="\0"):
        raise ValidationError("Please write this on one line, without control characters.")
    if any(unicodedata.bidirectional(c) in _TURNS for c in text):
        raise ValidationError("Please leave out characters that turn the direction of writing around.")


def validate_lines(text: str) -> None:
    """For longer texts. Raises `ValidationError`."""
    if _has_control_character(text, allowed="\0\t\r\n"):
        raise ValidationError("There is a control character in this, which can't be shown. Please take it out.")
