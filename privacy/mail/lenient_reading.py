"""Reads headers of received mail as text, whatever is in them: the parsers of Python's current email policies raise
errors on some of what spam contains."""

from __future__ import annotations

from copy import copy
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.message import Message
from email.policy import compat32
from typing import Any

DEEPEST = 20  # levels of parts; what is deeper is left out
LONGEST = 5_000  # characters of a header that are read


def lenient_view(message: Message[Any, Any], *, levels: int = DEEPEST) -> Message[Any, Any]:
    """The same message under the policy that parses no headers. It shares the texts, and changes nothing."""
    view = copy(message)
    view.policy = compat32
    if view.is_multipart():
        parts: Any = message.get_payload()
        view.set_payload([lenient_view(part, levels=levels - 1) for part in parts] if levels else "")
    return view


def header(view: Message[Any, Any], name: str) -> str:
    """All headers of this name as one text, as written; empty if there is none."""
    return " ".join(str(value) for value in view.get_all(name, []))[:LONGEST]


def decoded_header(view: Message[Any, Any], name: str) -> str:
    """The same, with its encoded words decoded (RFC 2047) if they can be."""
    text = header(view, name)
    try:
        return str(make_header(decode_header(text)))
    except (HeaderParseError, LookupError, ValueError):
        return text
