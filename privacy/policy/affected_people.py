"""People affected by a policy change: everyone with an unexpired contact point in any registered table.

Outgoing mail doesn't count, because it is deleted with its reason.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import Q

from privacy.encryption.fields import SealedEmailField
from privacy.encryption.normalization import email_fingerprint
from privacy.models import OutgoingMail
from privacy.registry.declarations import PersonalData, personal_models

CHUNK = 500  # rows read at a time


@dataclass(frozen=True)
class AffectedPerson:
    """An affected person. `name` is the input of the fingerprint: the address, or the row's ID if there is none."""

    name: str
    email: str
    row: models.Model


def people(*, now: datetime) -> Iterator[AffectedPerson]:
    """Affected people, once per row with a contact point, so a person may occur several times."""
    for declaration in personal_models():
        if addresses := _addresses(declaration):
            yield from _with_address(declaration, addresses, now)
            yield from _without_address(declaration, addresses, now)


def address_in(row: Any, fingerprint: str) -> str | None:
    """The row's address with this fingerprint; None if it has changed or was removed."""
    declared = next(d for d in personal_models() if d.model is type(row))
    emails = (getattr(row, name) for name in _addresses(declared))
    return next((email for email in emails if email and email_fingerprint(email) == fingerprint), None)


def is_there(row: Any, fingerprint: str) -> bool:
    """Whether the row is still about the person with this fingerprint."""
    if row is None:
        return False
    return fingerprint == email_fingerprint(_row_name(row)) or address_in(row, fingerprint) is not None


def _row_name(row: models.Model) -> str:
    return f"row:{row.pk}"


def _addresses(declaration: PersonalData) -> list[str]:
    """The email address columns."""
    if declaration.model is OutgoingMail:
        return []
    found = (declaration.model._meta.get_field(name) for name in declaration.columns)
    return [column.name for column in found if isinstance(column, SealedEmailField)]


def _live(declaration: PersonalData, now: datetime) -> models.QuerySet[Any]:
    return declaration.model._base_manager.exclude(declaration.retention.expired(now)).order_by("pk")


def _with_address(declaration: PersonalData, addresses: list[str], now: datetime) -> Iterator[AffectedPerson]:
    there = Q(*((f"{name}__isnull", False) for name in addresses), _connector=Q.OR)
    for row in _live(declaration, now).filter(there).iterator(CHUNK):
        for name in addresses:
            if email := getattr(row, name):
                yield AffectedPerson(email, email, row)


def _without_address(declaration: PersonalData, addresses: list[str], now: datetime) -> Iterator[AffectedPerson]:
    """People with only a phone number or postal address. Rows that belong to another row's person are skipped."""
    if any("__" in lookup for lookup in declaration.found_by) or not declaration.emptied:
        return
    nobody = Q(*((f"{name}__isnull", True) for name in addresses))
    for row in _live(declaration, now).filter(nobody).filter(declaration.still_personal).iterator(CHUNK):
        yield AffectedPerson(_row_name(row), "", row)
