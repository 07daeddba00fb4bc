"""Corrections by the person, after confirming the link.

The registry declares what can be changed (`correctable`): names, phone numbers, postal addresses, web addresses. For
anything else (an email address, an amount) the person writes a message to staff, and the request stays open.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import models, transaction

from privacy.encryption.tokens import hash_token
from privacy.registry.declarations import PersonalData, personal_models
from privacy.registry.policy_gate import is_open

from ..models import PrivacyRequest
from .base import Kind, audited, close, locked

CORRECTION_LIFE = timedelta(hours=1)


@dataclass(frozen=True)
class CorrectableValue:
    """A correctable value of one row; `key` is its form field."""

    declaration: PersonalData
    row: models.Model
    name: str
    autocomplete: str

    @property
    def key(self) -> str:
        return f"{self.row.pk}-{self.name}"

    @property
    def field(self) -> models.Field[Any, Any]:
        return next(f for f in self.row._meta.concrete_fields if f.name == self.name)

    @property
    def value(self) -> str:
        return getattr(self.row, self.name) or ""


def correctable_values(email: str) -> Iterator[CorrectableValue]:
    """All values that the person with this address may change."""
    for declaration in personal_models():
        if declaration.correctable:
            for row in declaration.rows_of(email):
                for name, autocomplete in declaration.correctable.items():
                    if getattr(row, name) is not None and is_open(declaration.model, name):  # None: never collected
                        yield CorrectableValue(declaration, row, name, autocomplete)


@transaction.atomic
def invite_to_correct(*, request: PrivacyRequest, token: str, now: datetime) -> None:
    """Makes the correction page available with this token, once, for an hour."""
    request = locked(request)
    request.correction_digest, request.correction_expires_at = hash_token(token), now + CORRECTION_LIFE
    request.save(update_fields=["correction_digest", "correction_expires_at"])
    audited("confirmed", request, None)


def correction_behind(token: str, *, now: datetime) -> PrivacyRequest | None:
    return PrivacyRequest.objects.correctable_with(hash_token(token), now).filter(kind=Kind.CORRECTION).first()


@transaction.atomic
def correct(*, request: PrivacyRequest, values: Mapping[str, str], message: str, now: datetime) -> int:
    """Stores new values by key and returns how many changed. With a message, the request is left to staff."""
    request = locked(request)
    changed = _store(str(request.email), values)
    if message:
        _leave_to_staff(request, message)
    else:
        close(request, now=now, actor=None)
    audited("left_to_staff" if message else "answered", request, None)
    return changed


def _store(email: str, values: Mapping[str, str]) -> int:
    """Stores values that still exist and belong to this person."""
    changed = [v for v in correctable_values(email) if v.key in values and values[v.key] != v.value]
    for correctable in changed:
        setattr(correctable.row, correctable.name, values[correctable.key])
        correctable.row.save(update_fields=[correctable.name])
    return len(changed)


def _leave_to_staff(request: PrivacyRequest, message: str) -> None:
    request.details = "\n\n".join(part for part in (request.details, message) if part)
    request.correction_expires_at = None
    request.save(update_fields=["details", "correction_expires_at"])
