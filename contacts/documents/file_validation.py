"""Checks that a file's content matches its name, with puremagic. Unknown and disallowed types are refused, and so are
payment card numbers in text files and in names."""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePath

import puremagic
from django.core.exceptions import ValidationError

from privacy.encryption.validators import has_card_number, validate_no_card_number

MAX_BYTES = 5_000_000
NAME_LIMIT = 120  # characters

# No office files: they are ZIP archives, which can contain anything.
TYPES = {
    ".pdf": "application/pdf",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
}
TEXT = "text/plain; charset=utf-8"
ATTACHMENT_TYPES = {**TYPES, ".gif": "image/gif", ".webp": "image/webp", ".txt": TEXT, ".log": TEXT}
_NAMES = {".jpg": "JPEG", ".webp": "WebP"}
_SAME = {".jpeg": ".jpg", ".jfif": ".jpg", ".jpe": ".jpg"}


class FileRefused(ValueError):
    """The file is not accepted; the text says why."""


@dataclass(frozen=True)
class SniffedFile:
    """A file whose content matches its name."""

    name: str
    content_type: str
    content: bytes


def sniff(*, name: str, content: bytes, types: Mapping[str, str] = TYPES) -> SniffedFile:
    """`types` are the accepted extensions with their content types. Raises `FileRefused`."""
    name = clean_name(name)
    if has_card_number(name) or has_card_number(PurePath(name).stem.replace("_", " ")):
        raise FileRefused("Its name looks like a payment card number, which we never want to see. Please rename it.")
    ending = PurePath(name).suffix.lower()
    if ending not in types:
        *others, last = dict.fromkeys(_NAMES.get(each, each[1:].upper()) for each in types)
        raise FileRefused(f"Only {', '.join(others)} and {last} files can be added.")
    if not content:
        raise FileRefused("This file is empty.")
    if len(content) > MAX_BYTES:
        raise FileRefused(f"This file is too large: at most {MAX_BYTES // 1_000_000} MB.")
    if types[ending] == TEXT:
        content = _checked_text(content)
    elif _SAME.get(ending, ending) not in endings_of(content):
        raise FileRefused(f"This file's content doesn't match its name: it is not a {ending} file.")
    return SniffedFile(name, types[ending], content)


def _checked_text(content: bytes) -> bytes:
    """The text in UTF-8. Windows saves some text files in UTF-16, with a mark at the beginning."""
    encoding = "utf-16" if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8"
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError:
        raise FileRefused("This file's content doesn't match its name: it is not text in UTF-8.") from None
    if any(unicodedata.category(character) == "Cc" and character not in "\t\r\n\f" for character in text):
        raise FileRefused("This file's content doesn't match its name: it contains control characters.")
    try:
        validate_no_card_number(text)
    except ValidationError as refusal:
        raise FileRefused(refusal.message) from None
    return text.encode()


def endings_of(content: bytes) -> set[str]:
    """Possible extensions for the content; empty if unknown."""
    try:
        found = puremagic.magic_string(content)
    except (puremagic.PureError, ValueError):
        return set()
    best = max((match.confidence for match in found), default=0)
    return {_SAME.get(match.extension, match.extension) for match in found if match.confidence == best}


def clean_name(name: str) -> str:
    """The last part of a path, without control and bidirectional characters and what Windows refuses, short enough
    for every file system."""
    last = name.replace("\\", "/").rpartition("/")[2]
    shown = "".join(c for c in last if unicodedata.category(c) not in {"Cc", "Cf", "Cs", "Co"})
    shown = re.sub(r'[<>:"|?*]', "_", shown).strip(" .")
    path = PurePath(shown or "file")
    return path.stem[:NAME_LIMIT] + path.suffix[:10]
