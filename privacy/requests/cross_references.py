"""What an answer to a person says once, although it is stored twice: a complaint by the contact form is a message and a
privacy request; a mail holds the answer that is kept with the message. The second place names the first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from privacy.encryption.fields import SealedTextField
from privacy.encryption.fingerprints import FingerprintField
from privacy.models import OutgoingMail
from privacy.registry.declarations import PersonalData

LONG = 1000  # characters: a column that takes as many holds something that somebody wrote, not a name or a number
CHANCE = 40  # characters: two shorter texts may be the same by chance


@dataclass
class Section:
    """What is listed of one kind of row, and its declaration."""

    declaration: PersonalData
    listed: dict[str, Any]


def say_once(sections: Iterable[Section]) -> None:
    """Replaces what was listed before. Mails come last: they quote, and nothing quotes them."""
    said: dict[str, str] = {}
    for section in sorted(sections, key=lambda section: section.declaration.model is OutgoingMail):
        where, quotes = str(section.listed["what"]), section.declaration.model is OutgoingMail
        new = {}
        for row in section.listed["rows"]:
            for label in _long_texts(section.declaration):
                if len(text := row.get(label, "")) >= CHANCE:
                    row[label] = _without(text, said) if quotes else said.get(text, text)
                    new[text] = f"[the same text as under “{where}”]"
        said = {**new, **said}


def _long_texts(declaration: PersonalData) -> Iterator[str]:
    for f in declaration.model._meta.concrete_fields:
        is_text = isinstance(f, SealedTextField) and not isinstance(f, FingerprintField)
        if is_text and (f.max_length or LONG) >= LONG and f.name in declaration.columns:
            yield declaration.columns[f.name]


def _without(text: str, said: dict[str, str]) -> str:
    """A mail without what it quotes."""
    for quoted, instead in said.items():
        text = text.replace(quoted, instead)
    return text
