"""Files of a message. What a file is, its content decides; a sender's label is never believed."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass, replace
from pathlib import PurePath

from contacts.documents.file_validation import TEXT, TYPES, clean_name, endings_of
from privacy.encryption.validators import has_card_number, mask_card_numbers

BYTES = "application/octet-stream"
OTHER_TEXT = "text/plain"  # in another character set than UTF-8
_PICTURES_AND_PDF = {**TYPES, ".gif": "image/gif", ".webp": "image/webp"}
_BEGINNING = 100_000  # bytes from which a type is found
_CONTROLS = re.compile(rb"[\0-\x08\x0b\x0e-\x1f\x7f]")


@dataclass(frozen=True)
class ReadFile:
    """`content_type` is that of a picture or PDF, plain text, or bytes: HTML counts as text, so that a browser that is
    given the file never renders it."""

    name: str
    content: bytes
    content_type: str


def file_of(name: str, content: bytes) -> ReadFile:
    return ReadFile(clean_name(name), content, _type_of(content))


def text_file(name: str, text: str) -> ReadFile:
    return ReadFile(clean_name(name), text.encode("utf-8", "replace"), TEXT)


def masked_file(file: ReadFile) -> ReadFile:
    """Without the digits of payment card numbers in its name and, if it is text, in its content."""
    path = PurePath(file.name)
    words = path.stem.replace("_", " ")
    name = clean_name(mask_card_numbers(words) + path.suffix) if has_card_number(words) else file.name
    if file.content_type not in {TEXT, OTHER_TEXT}:
        return replace(file, name=name)
    encoding = "utf-16" if _is_utf_16(file.content) else "utf-8" if _is_utf_8(file.content) else "latin-1"
    text = file.content.decode(encoding)
    masked = mask_card_numbers(text)
    content = file.content if masked == text else masked.encode(encoding)
    return replace(file, name=name, content=content)


def _type_of(content: bytes) -> str:
    endings = endings_of(content[:_BEGINNING])
    found = next((kind for ending, kind in _PICTURES_AND_PDF.items() if ending in endings), "")
    if found:
        return found
    if not _is_utf_16(content) and _CONTROLS.search(content):
        return BYTES
    return TEXT if _is_utf_8(content) else OTHER_TEXT


def _is_utf_16(content: bytes) -> bool:
    try:
        return content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) and bool(content.decode("utf-16"))
    except UnicodeDecodeError:
        return False


def _is_utf_8(content: bytes) -> bool:
    try:
        content.decode()
    except UnicodeDecodeError:
        return False
    return True
