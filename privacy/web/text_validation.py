"""What a typed text may hold, in every form of the site, the admin's included (ADR 29).

A paste from a PDF or a spreadsheet brings line breaks of many kinds, and characters that nobody sees. What is harmless
is cleaned before anything is counted or checked; what can mislead a reader or a program is refused, by name and place.
`PrivacyConfig.ready` puts the rule into the two methods through which each text field of a form passes, so that no
form can forget it.
"""

from __future__ import annotations

import logging
import re
import unicodedata
from collections.abc import Callable
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from privacy.encryption.email_field import EmailAddressField
from privacy.encryption.validators import validate_no_card_number

logger = logging.getLogger(__name__)

_OVERRIDES = {"LRO", "RLO"}  # bidirectional classes: what shows a text in another order than it has
_TURNS = _OVERRIDES | {"LRE", "RLE", "PDF", "LRI", "RLI", "FSI", "PDI"}  # the same, and what embeds or isolates
_BREAKS = {"Cc", "Cs", "Zl", "Zp"}  # categories: control characters, halves of characters, separators of lines

# What takes no room: a name of these alone looks empty, and two texts look the same. Joiners (U+200C, U+200D) and marks
# of direction are left out: Persian, Indic scripts, Arabic and Hebrew are written with them.
_UNSEEN = {*"\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180e\u200b\u2060\u2061\u2062\u2063\u2064\u3164\ufeff\uffa0"}
_UNSEEN |= {*map(chr, range(0xE0000, 0xE0080))}  # tags: a second alphabet, invisible

_LINE_BREAK = re.compile(r"\r\n|[\r\v\f\x85\u2028\u2029]")
_SPACE_IN_A_LINE = re.compile(r"[\t\v\f\x85\u2028\u2029]")
_MARK_OF_A_FILE = re.compile("\ufeff")
_PASTED_UNSEEN = re.compile("[\u00ad\u200b\u2060\ufeff]")  # where words may break or not, and marks of files

CONTROL = "There is a control character in this, which can't be shown. Please take it out"
INVISIBLE = "There is an invisible character in this. Please delete it, or type the text anew"
ONE_LINE = "Please write this on one line, without control characters"
TURNED = "Please leave out characters that turn the direction of writing around"


def clean_lines(text: str) -> str:
    """Each line break as one LF, which counts 1 here as it does in the browser."""
    return _MARK_OF_A_FILE.sub("", _LINE_BREAK.sub("\n", text))


def clean_line(text: str) -> str:
    """CR and LF stay, to be refused: no browser sends them from a field of one line."""
    return _PASTED_UNSEEN.sub("", _SPACE_IN_A_LINE.sub(" ", text))


def validate_one_line(text: str) -> None:
    """For names, subjects and whatever else has one line, which may end up in a header. Raises `ValidationError`."""
    _refuse_null(text)
    _refuse(text, lambda c: unicodedata.category(c) in _BREAKS, ONE_LINE)
    _refuse(text, lambda c: unicodedata.bidirectional(c) in _TURNS, TURNED)
    _refuse(text, _UNSEEN.__contains__, INVISIBLE)


def validate_lines(text: str) -> None:
    """For longer texts. Quotations may isolate what runs the other way, so only overrides are refused. Raises
    `ValidationError`."""
    _refuse_null(text)
    _refuse(text, lambda c: unicodedata.category(c) in _BREAKS and c not in "\t\r\n", CONTROL)
    _refuse(text, lambda c: unicodedata.bidirectional(c) in _OVERRIDES, TURNED)


def _refuse_null(text: str) -> None:
    _refuse(text, "\0".__eq__, "Null characters are not allowed")


def _refuse(text: str, is_forbidden: Callable[[str], bool], why: str) -> None:
    """Says which character it is, and where: a person can't see it."""
    at = next((at for at, character in enumerate(text) if is_forbidden(character)), None)
    if at is None:
        return
    character, before = text[at], text[:at].split("\n")
    name = unicodedata.name(character, "").lower()
    what = f"{name} (U+{ord(character):04X})" if name else f"U+{ord(character):04X}"
    where = f"line {len(before)}, character {len(before[-1]) + 1}" if "\n" in text else f"character {at + 1}"
    raise ValidationError(f"{why}: {what} at {where}.", code="forbidden_character")


def check_all_forms() -> None:
    """Makes every `forms.CharField`, of whatever form, clean and check what is typed, by the rule that goes with its
    widget, and refuse the number of a card: not every form asks the model's own validators. A password is nobody's to
    read and may hold anything; an e-mail address is kept as typed."""
    to_python, run_validators = forms.CharField.to_python, forms.CharField.run_validators

    def cleaned_to_python(field: forms.CharField, value: Any) -> Any:
        if isinstance(value, str) and not isinstance(field, EmailAddressField) and not _is_password(field):
            value = (clean_lines if isinstance(field.widget, forms.Textarea) else clean_line)(value)
        return to_python(field, value)

    def run_rule_and_validators(field: forms.CharField, value: Any) -> None:
        if value and not _is_password(field):
            try:
                (validate_lines if isinstance(field.widget, forms.Textarea) else validate_one_line)(str(value))
            except ValidationError:
                logger.warning("forbidden characters in a field: %s", type(field).__name__)  # browsers don't send any
                raise
            validate_no_card_number(str(value))
        run_validators(field, value)

    setattr(forms.CharField, "to_python", cleaned_to_python)  # noqa: B010 (mypy: no assigning to methods)
    setattr(forms.CharField, "run_validators", run_rule_and_validators)  # noqa: B010


def _is_password(field: forms.CharField) -> bool:
    return isinstance(field.widget, forms.PasswordInput)
