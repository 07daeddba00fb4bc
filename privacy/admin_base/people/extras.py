"""What apps compute about a person from the rows that the user may see, such as contact permissions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from privacy.admin_base.search.row_kinds import StaffUser

from .sections import PersonSection


@dataclass(frozen=True)
class PersonPage:
    """What the page shows. `email` is None if the person's data was erased, or if the row came without one."""

    email: str | None
    sections: list[PersonSection]
    user: StaffUser


Compute = Callable[[PersonPage], Any]


@dataclass(frozen=True)
class Extra:
    """A computed section: its template gets the result as `computed`."""

    title: str
    template: str
    compute: Compute


_extras: list[Extra] = []


def person_extra(*, title: str, template: str) -> Callable[[Compute], Compute]:
    """Registers a function of what the page shows. An empty result hides the section."""

    def register(compute: Compute) -> Compute:
        _extras.append(Extra(title, template, compute))
        return compute

    return register


def extras_for(page: PersonPage) -> list[tuple[Extra, Any]]:
    computed = ((extra, extra.compute(page)) for extra in _extras)
    return [(extra, result) for extra, result in computed if result]
