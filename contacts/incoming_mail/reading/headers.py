"""Reading headers of a received message: an `email` policy under which no header can raise, whatever is in it."""

from __future__ import annotations

import re
import unicodedata
from base64 import b64encode
from binascii import Error as NotBase64
from binascii import a2b_base64
from email.policy import EmailPolicy
from quopri import decodestring
from typing import Any

from .charsets import decode_text

# The parsers of `email` take quadratic time for some headers: 30 ms for the longest.
LONGEST = 4_000  # characters of a header that are read
MOST_EFFORT = 20 * LONGEST**2
_ENCODED = r"=\?([^?\s]{1,80})\?([bq])\?((?:[^?]|\?(?!=))*)\?="  # a question mark inside is wrong, but common
_WORD = re.compile(_ENCODED, re.IGNORECASE)
_WORDS = re.compile(rf"{_ENCODED}(?:\s*{_ENCODED})*", re.IGNORECASE)


class ReceivedPolicy(EmailPolicy):
    """The current policy of `email` for one message, but for four things that real mail needs.

    A header whose parser fails reads as empty. Letters that were sent without encoding are decoded (RFC 6532, or a
    guess). Encoded words (RFC 2047) are read even if they split a letter or name an unknown character set, and can't
    hide line breaks or other control characters. A header is parsed once, and the time for all of them is bounded:
    `is_exhausted` then says that some read as empty.
    """

    _parsed: dict[tuple[str, str], Any]
    _effort: int

    def __init__(self, **options: Any) -> None:
        object.__setattr__(self, "_parsed", {})  # a policy refuses assignments
        object.__setattr__(self, "_effort", 0)
        super().__init__(**options)

    @property
    def is_exhausted(self) -> bool:
        return self._effort > MOST_EFFORT

    def header_fetch_parse(self, name: str, value: str) -> Any:
        if hasattr(value, "name"):
            return value
        key = name.lower(), value
        if key not in self._parsed:
            self._parsed[key] = self._parse(name, " ".join(value[:LONGEST].splitlines()))
        return self._parsed[key]

    def _parse(self, name: str, line: str) -> Any:
        object.__setattr__(self, "_effort", self._effort + len(line) ** 2)
        try:
            return self.header_factory(name, "" if self.is_exhausted else _WORDS.sub(_in_utf_8, _decoded(line)))
        except Exception:  # the parsers of `email` raise nearly anything for some input
            return self.header_factory(name, "")


def raw_values(message: Any, name: str) -> list[str]:
    """The ends of all headers of this name, unparsed, the first one first."""
    return [_decoded(value[-5 * LONGEST :]) for key, value in message.raw_items() if key.lower() == name]


def _decoded(value: str) -> str:
    """The parser keeps bytes above ASCII as surrogates."""
    if value.isascii():
        return value
    return decode_text(value.encode("utf-8", "surrogateescape"))


def _in_utf_8(words: re.Match[str]) -> str:
    """The encoded words as one in UTF-8, so that they stay a unit for the parser of addresses."""
    text, before, held = "", "", b""
    for label, encoding, payload in _WORD.findall(words[0]):
        charset = label.partition("*")[0].lower()  # a language may follow, RFC 2231
        if charset != before:
            text, before, held = text + decode_text(held, before), charset, b""
        held += _payload(encoding, payload)
    shown = "".join(
        " " if unicodedata.category(c) in {"Cc", "Zl", "Zp"} else c for c in text + decode_text(held, before)
    )
    return f"=?utf-8?b?{b64encode(shown.encode('utf-8', 'replace')).decode()}?="


def _payload(encoding: str, payload: str) -> bytes:
    content = payload.encode("utf-8", "surrogateescape")
    if encoding in "qQ":
        return decodestring(content, header=True)
    try:
        return a2b_base64(content + b"==")
    except NotBase64:
        return content
