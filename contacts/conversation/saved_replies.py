"""Filling in the placeholders of saved replies.

One pass over the text, and only names from this list: no expression is evaluated, and a value that looks like a
placeholder stays as it is.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from django.conf import settings

from contacts.models import Inquiry, SavedReply
from privacy.admin_base.refusals import ActionRefused

from .answer_text import LONGEST

if TYPE_CHECKING:
    from accounts.models import User

PLACEHOLDER = re.compile(r"\{([A-Za-z_]+)\}")
MEANINGS = {
    "name": "the sender's name",
    "reference": "the number of the message",
    "order": "the order number that the sender gave",
    "colleague": "your name",
    "business": "the name of the business",
}


def unknown_placeholders(text: str) -> list[str]:
    return sorted({name for name in PLACEHOLDER.findall(text) if name not in MEANINGS})


def explain_unknown(names: list[str]) -> str:
    written = ", ".join(f"{{{name}}}" for name in names)
    known = ", ".join(f"{{{name}}}" for name in MEANINGS)
    return f"Unknown placeholder: {written}. You can use {known}."


def fill_in(reply: SavedReply, *, inquiry: Inquiry, author: User) -> str:
    """Raises `ActionRefused` for an unknown placeholder, or if the text becomes too long for an answer."""
    if unknown := unknown_placeholders(reply.body):
        raise ActionRefused(explain_unknown(unknown))
    values = _values(inquiry, author)
    text = PLACEHOLDER.sub(lambda found: str(values[found[1]]), reply.body)
    if len(text) > LONGEST:
        raise ActionRefused(f"With its placeholders filled in, this saved reply is longer than {LONGEST:,} characters.")
    return text


def empty_placeholders(reply: SavedReply, *, inquiry: Inquiry, author: User) -> str:
    """Those of the saved reply that were filled in with nothing, in words; empty if there are none."""
    values = _values(inquiry, author)
    names = dict.fromkeys(name for name in PLACEHOLDER.findall(reply.body) if values.get(name) == "")
    return " and ".join(f"{{{name}}} ({MEANINGS[name]})" for name in names)


def _values(inquiry: Inquiry, author: User) -> dict[str, str]:
    return {
        "name": inquiry.name or "",
        "reference": inquiry.reference,
        "order": inquiry.order_reference or "",
        "colleague": author.name or "",
        "business": settings.BUSINESS["name"],
    }
