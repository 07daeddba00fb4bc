"""Which messages have arrived."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from privacy.encryption.blind_index import BlindIndexField
from privacy.encryption.fields import SealedTextField
from privacy.encryption.models import SealedModel
from privacy.registry.declarations import not_personal


@not_personal(
    "a sealed hash of a mail that arrived, so that a mailbox that is read again doesn't bring back what was deleted",
    "id digest digest_index seen_at",
)
class SeenMessage(SealedModel):
    """Outlives the mail: an erased person's message, still in the mailbox, is not stored again."""

    digest = SealedTextField(max_length=64)
    digest_index = BlindIndexField("digest", unique=True)
    seen_at = models.DateTimeField(default=timezone.now, db_index=True)
