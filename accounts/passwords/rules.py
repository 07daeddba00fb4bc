"""A password is nothing that others know about its owner: name, address, or the business it is for."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError

LEFT = 6  # letters and digits that a password has besides the words that are known
SHORTEST = 3  # letters of a word that counts as known

_LOOK_ALIKE = str.maketrans({"0": "o", "1": "i", "l": "i", "!": "i", "3": "e", "4": "a", "@": "a", "5": "s", "$": "s"})
_SPELLED_OUT = {"ae": "a", "oe": "o", "ue": "u"}


def fold(text: str) -> str:
    """Letters and digits alone, without case, accents, umlauts spelled out or not, and what stands for a letter."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(c for c in plain if not unicodedata.combining(c)).translate(_LOOK_ALIKE)
    for long, short in _SPELLED_OUT.items():
        plain = plain.replace(long, short)
    return "".join(c for c in plain if c.isalnum())


def known_words(texts: Iterable[str | None]) -> Iterator[str]:
    """Each text as a whole and in its parts, folded, forwards and backwards."""
    for text in texts:
        for part in (text or "", *re.split(r"[\W_]+", text or "")):
            if len(word := fold(part)) >= SHORTEST:
                yield from (word, word[::-1])


def refuse_known(password: str, texts: Iterable[str | None]) -> None:
    """Raises `ValidationError` where hardly anything is left of the password without these texts."""
    rest = whole = fold(password)
    for word in sorted(known_words(texts), key=len, reverse=True):
        rest = rest.replace(word, "")
    if rest != whole and len(rest) < LEFT:
        raise ValidationError(
            "This is made of your name, your address, or what else others know about you. Please choose another one.",
            code="password_about_owner",
        )


class NotAboutTheOwner:
    def validate(self, password: str, user: Any = None) -> None:
        own = [user.email, user.name] if user is not None else []
        refuse_known(password, [*own, settings.BUSINESS["name"], settings.BUSINESS["email"]])

    def get_help_text(self) -> str:
        return "Your password can't be made of your name, your address, or our name."
