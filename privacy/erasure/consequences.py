"""What a deletion means beyond the rows of the registry: what its person can go on using, and what ends with it.

The apps that know contribute in their own `deletions.py`, which start-up finds the way Django finds `admin.py`. People
read it before they press the button; a consequence that `prevents` keeps the button away until it is settled.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from privacy.admin_base.refusals import ActionRefused


@dataclass(frozen=True, kw_only=True)
class Usable:
    """Something that was bought and works without anybody's name: the key to type in, if it has one, and the path of
    the page behind its own link."""

    product: str
    order: str  # its number, which the receipt has too
    key: str
    path: str


@dataclass(frozen=True, kw_only=True)
class Consequence:
    text: str  # a sentence or two, to the person
    prevents: bool = False


class DeletionPrevented(ActionRefused):
    """Something has to be settled before this person can be deleted; the text says what, without naming anybody."""


UsableSource = Callable[[str], Iterable[Usable]]
ConsequenceSource = Callable[[str], Iterable[Consequence]]
_usable: list[UsableSource] = []
_consequences: list[ConsequenceSource] = []


def usable_source(source: UsableSource) -> UsableSource:
    """Registers a function that yields what the person with an e-mail address bought and can use."""
    _usable.append(source)
    return source


def consequence_source(source: ConsequenceSource) -> ConsequenceSource:
    """Registers a function that yields what a deletion ends for the person with an e-mail address."""
    _consequences.append(source)
    return source


def usable_by(email: str) -> list[Usable]:
    return [thing for source in _usable for thing in source(email)]


def consequences_for(email: str) -> list[Consequence]:
    """Those that prevent the deletion come first."""
    found = [consequence for source in _consequences for consequence in source(email)]
    return sorted(found, key=lambda consequence: not consequence.prevents)


def refuse_if_prevented(email: str) -> None:
    """Raises `DeletionPrevented`."""
    if text := " ".join(consequence.text for consequence in consequences_for(email) if consequence.prevents):
        raise DeletionPrevented(text)
