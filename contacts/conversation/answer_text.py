"""What the answer box holds before anybody types: greeting, signature and quote, which can all be changed.

The quote is a stranger's text, and mailed to the address that came with it. It leaves only when a member of staff sends
it, and a message that looks suspicious can't be answered before somebody has released it.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from django.conf import settings

from contacts.models import Inquiry
from privacy.registry.deadlines import local_day

if TYPE_CHECKING:
    from accounts.models import User

LONGEST = 20_000  # characters of an answer
QUOTED = 2_000  # characters of the message


def starting_text(inquiry: Inquiry, *, wrote: str, at: datetime, author: User) -> str:
    """`wrote` is what the sender wrote last; empty if nothing was written."""
    text = f"{greeting(inquiry)}\n\n\n\n{signature(author)}"
    return f"{text}\n\n{quote(wrote, at)}" if wrote else text


def greeting(inquiry: Inquiry) -> str:
    """An email without its sender's name has the address instead, by which nobody is greeted."""
    return f"Hello {inquiry.name}," if inquiry.name and "@" not in inquiry.name else "Hello,"


def signature(author: User) -> str:
    """The colleague's name, if the account has one, above the business's."""
    return "\n".join(["Best regards,", *filter(None, [author.name]), settings.BUSINESS["name"]])


def quote(text: str, at: datetime) -> str:
    short = text if len(text) <= QUOTED else f"{text[:QUOTED].rstrip()} […]"
    lines = "\n".join(f"> {line}".rstrip() for line in short.splitlines())
    return f"On {local_day(at):%B %-d, %Y}, you wrote:\n{lines}"


def is_untouched(text: str, start: str) -> bool:
    """Whether nothing has been written between greeting, signature and quote."""
    return text.split() == start.split() or not text.strip()


def with_inserted(text: str, inserted: str, *, author: User) -> str:
    """The text with a further paragraph: above the signature, or at the end if the signature was changed."""
    before, found, after = text.rpartition(signature(author))
    if not found:
        before, after = text, ""
    parts = [before.rstrip(), inserted.strip(), f"{found}{after}".strip()]
    return "\n\n".join(part for part in parts if part)
