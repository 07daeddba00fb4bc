"""Consequences of an erasure beyond the rows of the registry: what the person can keep using, and what ends.

Apps contribute in their `deletions.py`, which is discovered like `admin.py`. People read the consequences before they
confirm; one that `prevents` hides the button until it is settled.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from privacy.admin_base.refusals import ActionRefused


@dataclass(frozen=True, kw_only=True)
class UsablePurchase:
    """A purchase that keeps working without a name: its license key, if any, and the path of its order page."""

    product: str
    order: str  # order number, as on the receipt
    key: str
    path: str


@dataclass(frozen=True, kw_only=True)
class Consequence:
    text: str  # a sentence or two, to the person
    prevents: bool = False


class DeletionPrevented(ActionRefused):
    """Something has to be settled before this person can be erased. The text says what, without naming anyone."""


UsablePurchaseSource = Callable[[str], Iterable[UsablePurchase]]
ConsequenceSource = Callable[[str], Iterable[Consequence]]
_usable: list[UsablePurchaseSource] = []
_consequences: list[ConsequenceSource] = []


def usable_purchase_source(source: UsablePurchaseSource) -> UsablePurchaseSource:
    """Registers a function that yields usable purchases of the person with an email address."""
    _usable.append(source)
    return source


def consequence_source(source: ConsequenceSource) -> ConsequenceSource:
    """Registers a function that yields consequences of an erasure for the person with an email address."""
    _consequences.append(source)
    return source


def usable_purchases(email: str) -> list[UsablePurchase]:
    return [thing for source in _usable for thing in source(email)]


def consequences_for(email: str) -> list[Consequence]:
    """Consequences for this person; those that prevent the erasure come first."""
    found = [consequence for source in _consequences for consequence in source(email)]
    return sorted(found, key=lambda consequence: not consequence.prevents)


def refuse_if_prevented(email: str) -> None:
    """Raises `DeletionPrevented`."""
    if text := " ".join(consequence.text for consequence in consequences_for(email) if consequence.prevents):
        raise DeletionPrevented(text)
