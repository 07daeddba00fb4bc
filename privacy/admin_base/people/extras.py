"""What apps compute about a person from the rows that the user may see, such as contact permissions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db import models

from .sections import PersonSection

Compute = Callable[[models.Model, list[PersonSection]], Any]


@dataclass(frozen=True)
class Extra:
    """A computed section: its template gets the result as `computed`."""

    title: str
    template: str
    compute: Compute


_extras: list[Extra] = []


def person_extra(*, title: str, template: str) -> Callable[[Compute], Compute]:
    """Registers a function of a row and the sections shown. An empty result hides the section."""

    def register(compute: Compute) -> Compute:
        _extras.append(Extra(title, template, compute))
        return compute

    return register


def extras_for(row: models.Model, sections: list[PersonSection]) -> list[tuple[Extra, Any]]:
    computed = ((extra, extra.compute(row, sections)) for extra in _extras)
    return [(extra, result) for extra, result in computed if result]
