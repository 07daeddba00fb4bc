"""The address to reply to: the stored one of a person, never one that someone has just typed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.contrib.auth import get_user_model
from django.db import models
from django.utils import timezone

from privacy.encryption.blind_index import BlindIndexField
from privacy.encryption.fields import SealedEmailField
from privacy.models import OutgoingMail
from privacy.models.consent import ChoicesRequest
from privacy.registry.declarations import PersonalData, personal_models

# Created because anyone typed an address, so they prove nothing about its owner.
TYPED_BY_ANYBODY = (OutgoingMail, ChoicesRequest)


def stored_address(email: str) -> str | None:
    """The stored address of the person whose mailbox `email` names; None if nothing is stored.

    Call it with the typed address in the task or view that replies, and mail the result:

        to = stored_address(typed)
        if to is not None:
            queue_mail(KIND, to=to, about=row, context={})

    If the reply discloses nothing about the person (a link that only confirms the typed address), mail
    `stored_address(typed) or typed`.

    Precedence: the user account with this address; otherwise the row that was stored first, so that later rows can't
    redirect replies. Expired rows, privacy requests and queued mails don't count. One indexed query per address column
    in the registry. Empty or invalid text gives None.
    """
    if not email.strip():
        return None
    found = (
        (row, getattr(row, index.source))
        for declaration, index in indexed_addresses()
        for row in _first(declaration, index, email)
    )
    ranked = sorted(found, key=lambda pair: (not isinstance(pair[0], get_user_model()), pair[0].pk))
    return str(ranked[0][1]) if ranked else None


def indexed_addresses() -> Iterator[tuple[PersonalData, BlindIndexField]]:
    """Every indexed address column in the registry."""
    for declaration in personal_models():
        for index in declaration.model._meta.local_concrete_fields:
            if isinstance(index, BlindIndexField) and _follows_an_address(index):
                yield declaration, index


def _follows_an_address(index: BlindIndexField) -> bool:
    fields = {field.name: field for field in index.model._meta.local_concrete_fields}
    return isinstance(fields.get(index.source), SealedEmailField)


def _first(declaration: PersonalData, index: BlindIndexField, email: str) -> list[models.Model]:
    """The oldest row (primary keys are in time order); none of models that anyone can create by typing an address."""
    if declaration.model in TYPED_BY_ANYBODY:
        return []
    rows: models.QuerySet[Any] = declaration.model._base_manager.filter(**{index.name: email})
    return list(rows.exclude(declaration.retention.expired(timezone.now())).order_by("pk")[:1])
