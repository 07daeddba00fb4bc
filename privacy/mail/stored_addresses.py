"""The address to answer to: the one that is stored about a person, never the one that somebody has just typed."""

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

# Written because somebody typed an address, so it says nothing about whose address that is.
TYPED_BY_ANYBODY = (OutgoingMail, ChoicesRequest)


def stored_address(email: str) -> str | None:
    """The address that is kept about the person whose mailbox `email` names; None where nothing is kept.

    Call it with what was typed, in the task or view that answers, and mail the result:

        to = stored_address(typed)
        if to is not None:
            queue_mail(KIND, to=to, about=row, context={})

    Where the answer says nothing about the person (a link that only confirms the typed address), mail
    `stored_address(typed) or typed`: nothing is kept under that address, so nothing can be disclosed with it.

    Precedence: the account that signs in with this address; otherwise the row that was stored first, so that nobody
    who comes later changes where an answer goes. Rows past their retention, requests and mails under way don't count.
    One indexed query for each column of addresses in the registry. Empty text, or text that is no address, gives None.
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
    """Every column of personal data that holds an address and is found by it."""
    for declaration in personal_models():
        for index in declaration.model._meta.local_concrete_fields:
            if isinstance(index, BlindIndexField) and _follows_an_address(index):
                yield declaration, index


def _follows_an_address(index: BlindIndexField) -> bool:
    fields = {field.name: field for field in index.model._meta.local_concrete_fields}
    return isinstance(fields.get(index.source), SealedEmailField)


def _first(declaration: PersonalData, index: BlindIndexField, email: str) -> list[models.Model]:
    """The oldest row, because primary keys are in the order of time; none of a kind that anybody can have written."""
    if declaration.model in TYPED_BY_ANYBODY:
        return []
    rows: models.QuerySet[Any] = declaration.model._base_manager.filter(**{index.name: email})
    return list(rows.exclude(declaration.retention.expired(timezone.now())).order_by("pk")[:1])
