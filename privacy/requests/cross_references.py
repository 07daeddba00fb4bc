"""Removes duplicate texts from access archives: a complaint is stored as a message and as a privacy request; a mail
contains an answer that is stored with the message. The second occurrence refers to the first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from privacy.encryption.fields import SealedTextField
from privacy.encryption.fingerprints import FingerprintField
from privacy.models import OutgoingMail
from privacy.registry.declarations import PersonalData

LONG = 1000  # characters; columns with this maximum length contain free text, not names or numbers
CHANCE = 40  # characters; shorter texts may be equal by chance


@dataclass
class Section:
    """The archive section of one kind of row, and its declaration."""

    declaration: PersonalData
    listed: dict[str, Any]


def reference_duplicates(sections: Iterable[Section]) -> None:
    """Replaces repeated texts with references. Mails come last, because they quote other texts."""
    said: dict[str, str] = {}
    for section in sorted(sections, key=lambda section: section.declaration.model is OutgoingMail):
        where, quotes = str(section.listed["what"]), section.declaration.model is OutgoingMail
        new = {}
        for row in section.listed["rows"]:
            for label in _long_texts(section.declaration):
                if len(text := row.get(label, "")) >= CHANCE:
                    row[label] = _without(text, said) if quotes else said.get(text, text)
                    new[text] = f"[same text as in “{where}”]"
        said = {**new, **said}


def _long_texts(declaration: PersonalData) -> Iterator[str]:
    for f in declaration.model._meta.concrete_fields:
        is_text = isinstance(f, SealedTextField) and not isinstance(f, FingerprintField)
        if is_text and (f.max_length or LONG) >= LONG and f.name in declaration.columns:
            yield declaration.columns[f.name]


def _without(text: str, said: dict[str, str]) -> str:
    """The text of a mail with quotes replaced by references."""
    for quoted, instead in said.items():
        text = text.replace(quoted, instead)
    return text
