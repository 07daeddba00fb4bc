"""What a typed text may not hold: characters that nobody sees and that change what is read or sent.

One rule for every form of the site, the admin's included: `PrivacyConfig.ready` puts it into the one method through
which each text field of a form passes, so that no form can forget it (docs/adr/0029-doors.md).
"""

from __future__ import annotations

import logging
import unicodedata
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

logger = logging.getLogger(__name__)

_OVERRIDES = {"LRO", "RLO"}  # bidirectional classes: what shows a text in another order than it has
_TURNS = _OVERRIDES | {"LRE", "RLE", "PDF", "LRI", "RLI", "FSI", "PDI"}  # the same, and what embeds or isolates
_BREAKS = {"Cc", "Cs", "Zl", "Zp"}  # categories: control characters, halves of characters, separators of lines

# What takes no room: a name of these alone looks empty, and two texts look the same. Joiners (U+200C, U+200D) and marks
# of direction are left out: Persian, Indic scripts, Arabic and Hebrew are written with them.
_UNSEEN = {*"\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180e\u200b\u2060\u2061\u2062\u2063\u2064\u3164\ufeff\uffa0"}
_UNSEEN |= {*map(chr, range(0xE0000, 0xE0080))}  # tags: a second alphabet, invisible


def _breaks(text: str, allowed: str) -> bool:
    """A null character is left to Django, which has a message for it."""
    return any(unicodedata.category(c) in _BREAKS and c not in allowed for c in text)


def validate_one_line(text: str) -> None:
    """For names, subjects and whatever else has one line, which may end up in a header. Raises `ValidationError`."""
    if _breaks(text, allowed="\0"):
        raise ValidationError("Please write this on one line, without control characters.")
    if any(unicodedata.bidirectional(c) in _TURNS for c in text):
        raise ValidationError("Please leave out characters that turn the direction of writing around.")
    if not _UNSEEN.isdisjoint(text):
        raise ValidationError("There is an invisible character in this. Please delete it, or type the text anew.")


def validate_lines(text: str) -> None:
    """For longer texts. Quotations may isolate what runs the other way, so only overrides are refused. Raises
    `ValidationError`."""
    if _breaks(text, allowed="\0\t\r\n"):
        raise ValidationError("There is a control character in this, which can't be shown. Please take it out.")
    if any(unicodedata.bidirectional(c) in _OVERRIDES for c in text):
        raise ValidationError("Please leave out characters that turn the direction of writing around.")


def check_all_forms() -> None:
    """Makes every `forms.CharField`, of whatever form, ask the rule that goes with its widget. A password is nobody's
    to read, and may hold anything."""
    run_validators = forms.CharField.run_validators

    def run_validators_and_rule(field: forms.CharField, value: Any) -> None:
        run_validators(field, value)
        if value and not isinstance(field.widget, forms.PasswordInput):
            try:
                (validate_lines if isinstance(field.widget, forms.Textarea) else validate_one_line)(str(value))
            except ValidationError:
                logger.warning("forbidden characters in a field: %s", type(field).__name__)  # browsers don't send any
                raise

    setattr(forms.CharField, "run_validators", run_validators_and_rule)  # noqa: B010 (mypy: no assigning to methods)
