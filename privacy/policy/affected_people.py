"""Whom a change of the policy concerns: everybody with a live contact point in any table of the registry.

Mail on its way counts for nobody, because it goes with what it is about.
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
    """`name` is what the fingerprint is made of: the address, or the row's id where none is known."""

    name: str
    email: str
    row: models.Model


def people(*, now: datetime) -> Iterator[AffectedPerson]:
    """Each person once for each row with a contact point; the same person may come again."""
    for declaration in personal_models():
        if addresses := _addresses(declaration):
            yield from _with_address(declaration, addresses, now)
            yield from _without_address(declaration, addresses, now)


def address_in(row: Any, fingerprint: str) -> str | None:
    """The address in a row that has this fingerprint; None when another one stands there by now, or none."""
    declared = next(d for d in personal_models() if d.model is type(row))
    emails = (getattr(row, name) for name in _addresses(declared))
    return next((email for email in emails if email and email_fingerprint(email) == fingerprint), None)


def is_there(row: Any, fingerprint: str) -> bool:
    """The row still is about the person with this fingerprint."""
    if row is None:
        return False
    return fingerprint == email_fingerprint(_row_name(row)) or address_in(row, fingerprint) is not None


def _row_name(row: models.Model) -> str:
    return f"row:{row.pk}"


def _addresses(declaration: PersonalData) -> list[str]:
    """The columns with an e-mail address."""
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
    """Somebody of whom we have only a telephone number or a postal address. Rows that hang on another person's row are
    that person's."""
    if any("__" in lookup for lookup in declaration.found_by) or not declaration.emptied:
        return
    nobody = Q(*((f"{name}__isnull", True) for name in addresses))
    for row in _live(declaration, now).filter(nobody).filter(declaration.still_personal).iterator(CHUNK):
        yield AffectedPerson(_row_name(row), "", row)
