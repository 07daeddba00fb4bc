"""The call list and the letter list: whom staff may call or send a letter to, and about what.

Apps that store phone numbers and postal addresses contribute rows in their `contact_lists.py`, which is discovered like
`admin.py`. People who may not be contacted are filtered out here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from privacy.registry.purposes import Channel

from .contact_permission import Contact, permissions_for


@dataclass(frozen=True, kw_only=True)
class Listed:
    """A row of a list: the proposed contact, the person's name, and the page about the subject."""

    contact: Contact
    name: str
    subject: str
    url: str

    @property
    def reached_at(self) -> str:
        """The phone number or postal address."""
        person = self.contact.person
        return (person.phone if self.contact.channel == Channel.PHONE else person.address) or ""


Source = Callable[[Channel, datetime], Iterable[Listed]]
_sources: list[Source] = []


def contact_list_source(source: Source) -> Source:
    """Registers a function that yields pending calls or letters, oldest first."""
    _sources.append(source)
    return source


def contact_list(channel: Channel, *, now: datetime) -> list[Listed]:
    """The permitted rows of all sources. Two queries plus the sources' own."""
    rows = [row for source in _sources for row in source(channel, now)]
    permissions = permissions_for([row.contact for row in rows])
    return [row for row, permission in zip(rows, permissions, strict=True) if permission]
