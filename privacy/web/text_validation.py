"""Cleaning and validating text input in every form of the site, including the admin (ADR 29).

Text pasted from a PDF or spreadsheet contains various line breaks and invisible characters. Harmless ones are
cleaned before validation; characters that could mislead people or programs are rejected with their name and
position. `PrivacyConfig.ready` installs the rules in `forms.CharField`, so that no form can forget them.
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

_OVERRIDES = {"LRO", "RLO"}  # bidirectional overrides: text is displayed in another order
_TURNS = _OVERRIDES | {"LRE", "RLE", "PDF", "LRI", "RLI", "FSI", "PDI"}  # also embeddings and isolates
_BREAKS = {"Cc", "Cs", "Zl", "Zp"}  # categories: control characters, surrogates, line separators

# Invisible characters, with which a name can look empty or like another. Joiners (U+200C, U+200D) and direction marks
# are allowed, because Persian, Indic scripts, Arabic and Hebrew need them.
_UNSEEN = {*"\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180e\u200b\u2060\u2061\u2062\u2063\u2064\u3164\ufeff\uffa0"}
_UNSEEN |= {*map(chr, range(0xE0000, 0xE0080))}  # tag characters

_LINE_BREAK = re.compile(r"\r\n|[\r\v\f\x85\u2028\u2029]")
_SPACE_IN_A_LINE = re.compile(r"[\t\v\f\x85\u2028\u2029]")
_MARK_OF_A_FILE = re.compile("\ufeff")
_PASTED_UNSEEN = re.compile("[\u00ad\u200b\u2060\ufeff]")  # soft hyphens, word joiners, byte order marks

CONTROL = "This text contains a control character, which can't be displayed. Please remove it"
INVISIBLE = "This text contains an invisible character. Please delete it, or retype the text"
ONE_LINE = "Please write this on one line, without control characters"
TURNED = "Please remove characters that reverse the text direction"


def clean_lines(text: str) -> str:
    """Normalizes line breaks to LF, so that the length is the same as in the browser."""
    return _MARK_OF_A_FILE.sub("", _LINE_BREAK.sub("\n", text))


def clean_line(text: str) -> str:
    """Cleans a single line. CR and LF stay and are rejected later, because browsers don't send them."""
    return _PASTED_UNSEEN.sub("", _SPACE_IN_A_LINE.sub(" ", text))


def validate_one_line(text: str) -> None:
    """For single-line text, which may end up in a mail header. Raises `ValidationError`."""
    _refuse_null(text)
    _refuse(text, lambda c: unicodedata.category(c) in _BREAKS, ONE_LINE)
    _refuse(text, lambda c: unicodedata.bidirectional(c) in _TURNS, TURNED)
    _refuse(text, _UNSEEN.__contains__, INVISIBLE)


def validate_lines(text: str) -> None:
    """For multi-line text, in which bidirectional isolates are allowed, but not overrides. Raises `ValidationError`."""
    _refuse_null(text)
    _refuse(text, lambda c: unicodedata.category(c) in _BREAKS and c not in "\t\r\n", CONTROL)
    _refuse(text, lambda c: unicodedata.bidirectional(c) in _OVERRIDES, TURNED)


def without_forbidden(text: str) -> str:
    """Multi-line text that can't be refused, such as mail: as `clean_lines`, without what `validate_lines` rejects."""
    kept = (c for c in clean_lines(text) if c in "\t\n" or not _is_forbidden_in_lines(c))
    return "".join(kept)


def one_line_without_forbidden(text: str) -> str:
    """The same on one line, for what `validate_one_line` rejects. White space becomes single spaces."""
    kept = (" " if unicodedata.category(c) in _BREAKS else c for c in clean_line(text) if not _misleads_in_a_line(c))
    return " ".join("".join(kept).split())


def _is_forbidden_in_lines(character: str) -> bool:
    return unicodedata.category(character) in _BREAKS or unicodedata.bidirectional(character) in _OVERRIDES


def _misleads_in_a_line(character: str) -> bool:
    return unicodedata.bidirectional(character) in _TURNS or character in _UNSEEN


def _refuse_null(text: str) -> None:
    _refuse(text, "\0".__eq__, "Null characters are not allowed")


def _refuse(text: str, is_forbidden: Callable[[str], bool], why: str) -> None:
    """Rejects a character, giving its name and position because it is invisible."""
    at = next((at for at, character in enumerate(text) if is_forbidden(character)), None)
    if at is None:
        return
    character, before = text[at], text[:at].split("\n")
    name = unicodedata.name(character, "").lower()
    what = f"{name} (U+{ord(character):04X})" if name else f"U+{ord(character):04X}"
    where = f"line {len(before)}, character {len(before[-1]) + 1}" if "\n" in text else f"character {at + 1}"
    raise ValidationError(f"{why}: {what} at {where}.", code="forbidden_character")


def install_text_rules() -> None:
    """Makes every `forms.CharField` clean and validate its input according to its widget, and reject card numbers.
    Passwords may contain anything; email addresses are kept as typed."""
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
