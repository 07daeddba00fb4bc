"""Checks that a file's content matches its name, with puremagic. Unknown and disallowed types are refused."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from pathlib import PurePath

import puremagic

MAX_BYTES = 5_000_000
NAME_LIMIT = 120  # characters

# No office files: they are ZIP archives, which can contain anything.
TYPES = {
    ".pdf": "application/pdf",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
}
_SAME = {".jpeg": ".jpg", ".jfif": ".jpg", ".jpe": ".jpg"}


class FileRefused(ValueError):
    """The file is not accepted; the text says why."""


@dataclass(frozen=True)
class SniffedFile:
    """A file whose content matches its name."""

    name: str
    content_type: str
    content: bytes


def sniff(*, name: str, content: bytes) -> SniffedFile:
    """Raises `FileRefused`."""
    name = clean_name(name)
    ending = PurePath(name).suffix.lower()
    if ending not in TYPES:
        raise FileRefused("Only PDF, PNG and JPEG files can be added.")
    if not content:
        raise FileRefused("This file is empty.")
    if len(content) > MAX_BYTES:
        raise FileRefused(f"This file is too large: at most {MAX_BYTES // 1_000_000} MB.")
    if _SAME.get(ending, ending) not in endings_of(content):
        raise FileRefused(f"This file's content doesn't match its name: it is not a {ending} file.")
    return SniffedFile(name, TYPES[ending], content)


def endings_of(content: bytes) -> set[str]:
    """Possible extensions for the content; empty if unknown."""
    try:
        found = puremagic.magic_string(content)
    except (puremagic.PureError, ValueError):
        return set()
    best = max((match.confidence for match in found), default=0)
    return {_SAME.get(match.extension, match.extension) for match in found if match.confidence == best}


def clean_name(name: str) -> str:
    """The last part of a path, without control and bidirectional characters, short enough for every file system."""
    last = name.replace("\\", "/").rpartition("/")[2]
    shown = "".join(c for c in last if unicodedata.category(c) not in {"Cc", "Cf", "Cs", "Co"}).strip(" .")
    path = PurePath(shown or "file")
    return path.stem[:NAME_LIMIT] + path.suffix[:10]
