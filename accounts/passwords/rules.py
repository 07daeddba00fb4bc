"""Password validator: rejects passwords made of the owner's name, address, or the business's name."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError

LEFT = 6  # letters and digits that a password must have besides known words
SHORTEST = 3  # letters; shorter words don't count as known

_LOOK_ALIKE = str.maketrans({"0": "o", "1": "i", "l": "i", "!": "i", "3": "e", "4": "a", "@": "a", "5": "s", "$": "s"})
_SPELLED_OUT = {"ae": "a", "oe": "o", "ue": "u"}


def fold(text: str) -> str:
    """Keeps letters and digits only; removes case, accents and umlaut spellings, and undoes look-alikes such as 0 for
    o."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(c for c in plain if not unicodedata.combining(c)).translate(_LOOK_ALIKE)
    for long, short in _SPELLED_OUT.items():
        plain = plain.replace(long, short)
    return "".join(c for c in plain if c.isalnum())


def known_words(texts: Iterable[str | None]) -> Iterator[str]:
    """Each text and its words, folded, forward and backward."""
    for text in texts:
        for part in (text or "", *re.split(r"[\W_]+", text or "")):
            if len(word := fold(part)) >= SHORTEST:
                yield from (word, word[::-1])


def reject_known_words(password: str, texts: Iterable[str | None]) -> None:
    """Raises `ValidationError` if the password consists mostly of these texts."""
    rest = whole = fold(password)
    for word in sorted(known_words(texts), key=len, reverse=True):
        rest = rest.replace(word, "")
    if rest != whole and len(rest) < LEFT:
        raise ValidationError(
            "This password contains your name, your address or other known words. Please choose another one.",
            code="password_about_owner",
        )


class NotAboutOwnerValidator:
    def validate(self, password: str, user: Any = None) -> None:
        own = [user.email, user.name] if user is not None else []
        reject_known_words(password, [*own, settings.BUSINESS["name"], settings.BUSINESS["email"]])

    def get_help_text(self) -> str:
        return "Your password can't be made of your name, your address, or our name."
