"""Erasure: the registry's rule for each row about a person, in one transaction, with a report of what was done."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import models, transaction

from .registry import Erasure, PersonalData, personal_models


@dataclass(frozen=True)
class ErasureLine:
    """What happened to one kind of row: how many, and for kept ones why."""

    label: str
    rule: Erasure
    rows: int
    reason: str = ""

    def __str__(self) -> str:
        done = {Erasure.DELETE: "deleted", Erasure.REDACT: "stripped of everything personal", Erasure.KEEP: "kept"}
        because = f", because {self.reason}" if self.reason else ""
        return f"{self.label}: {self.rows} {done[self.rule]}{because}"


@transaction.atomic
def erase_person(*, email: str) -> list[ErasureLine]:
    """Deletes, redacts or keeps every row about the person with this address, as the registry says."""
    # Found first, erased afterwards: redacting an order would hide the rows that are found through it.
    found = [(declaration, list(declaration.rows_of(email))) for declaration in personal_models()]
    return [_erase(declaration, rows) for declaration, rows in found if rows]


def _erase(declaration: PersonalData, rows: list[models.Model]) -> ErasureLine:
    apply_rule(declaration, rows)
    return ErasureLine(declaration.label, declaration.erasure, len(rows), declaration.kept_because)


def apply_rule(declaration: PersonalData, rows: Iterable[models.Model]) -> None:
    """What erasure and the end of retention have in common."""
    for row in rows:
        if declaration.erasure is Erasure.DELETE:
            row.delete()
        elif declaration.erasure is Erasure.REDACT:
            _redact(declaration, row)


def _redact(declaration: PersonalData, row: Any) -> None:
    changes = {**dict.fromkeys(declaration.columns), **declaration.redacted}
    for name, value in changes.items():
        setattr(row, name, value)
    # Only these and their indexes: an order may be paid between reading and stripping it, and must stay paid.
    row.save(update_fields=list(changes))
