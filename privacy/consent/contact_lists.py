"""The call list and the letter list: whom staff may call or write a letter to now, and about what.

The app that keeps telephone numbers and postal addresses contributes its rows in its own `contact_lists.py`, which
start-up finds the way Django finds `admin.py`. Who may not be contacted is left out here, whatever a source yields.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from privacy.registry.purposes import Channel

from .contact_permission import Contact, permissions_for


@dataclass(frozen=True, kw_only=True)
class Listed:
    """A row of a list: the contact that it proposes, who is reached (`name`), and the page that says about what."""

    contact: Contact
    name: str
    subject: str
    url: str

    @property
    def reached_at(self) -> str:
        """The number or the postal address."""
        person = self.contact.person
        return (person.phone if self.contact.channel == Channel.PHONE else person.address) or ""


Source = Callable[[Channel, datetime], Iterable[Listed]]
_sources: list[Source] = []


def contact_list_source(source: Source) -> Source:
    """Registers a function that yields what waits for a call or a letter, longest waiting first."""
    _sources.append(source)
    return source


def contact_list(channel: Channel, *, now: datetime) -> list[Listed]:
    """The permitted rows of all sources. Two queries beside the sources' own."""
    rows = [row for source in _sources for row in source(channel, now)]
    permissions = permissions_for([row.contact for row in rows])
    return [row for row, permission in zip(rows, permissions, strict=True) if permission]
