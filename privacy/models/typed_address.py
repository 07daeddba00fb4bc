"""The base of rows that hold an address for as long as a task needs to look it up."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.db import models, transaction
from django.utils import timezone

from privacy.encryption.blind_index import BlindIndexField
from privacy.encryption.computed_fields import ComputedDateTimeField
from privacy.encryption.fields import SealedEmailField
from privacy.encryption.models import SealedModel


def in_an_hour() -> datetime:
    return timezone.now() + timedelta(hours=1)


class TypedAddress(SealedModel):
    """An address entered to get a link. The page stores every address alike and a task looks up whom it belongs to, so
    that response times don't reveal who is known."""

    email = SealedEmailField("email address")
    email_index = BlindIndexField("email", normalize="email")
    keep_until = ComputedDateTimeField(default=in_an_hour, db_index=True)

    class Meta:
        abstract = True

    @classmethod
    @transaction.atomic
    def take(cls, key: str) -> str | None:
        """Deletes the row and returns its address; None if it is gone or expired."""
        typed: models.QuerySet[TypedAddress] = cls._default_manager.select_for_update()
        request = typed.filter(pk=UUID(key), keep_until__gt=timezone.now()).first()
        if request is None:
            return None
        email: str = request.email
        request.delete()
        return email
