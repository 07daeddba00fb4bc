"""Which messages have arrived."""

from __future__ import annotations

import hmac

from django.db import models
from django.utils import timezone

from privacy.encryption.keys import RootKey, derive_key, key_ring
from privacy.registry.declarations import not_personal
from privacy.registry.growth import Pruned


class SeenMessageQuerySet(models.QuerySet["SeenMessage"]):
    def with_digest(self, digest: str) -> SeenMessageQuerySet:
        return self.filter(keyed_digest__in=[_keyed(digest, root) for root in key_ring().keys])


@not_personal(
    "keyed hashes of emails that arrived, so that a mailbox that is read again doesn't bring back what was deleted",
    "keyed_digest seen_at",
    growth=Pruned(since="seen_at", days=1096, why="in case an old mailbox is read again"),
)
class SeenMessage(models.Model):
    """Outlives the mail: what was erased is not stored again while a copy of it is still in the mailbox. When a root
    key is removed, the messages that arrived under it are forgotten."""

    keyed_digest = models.CharField(max_length=64, primary_key=True)
    seen_at = models.DateTimeField(default=timezone.now, db_index=True)

    objects = SeenMessageQuerySet.as_manager()

    def __str__(self) -> str:
        return f"message {self.keyed_digest[:8]}"

    @classmethod
    def note(cls, digest: str) -> None:
        """Raises `IntegrityError` for a message that arrived before."""
        cls.objects.create(keyed_digest=_keyed(digest, key_ring().primary))


def _keyed(digest: str, root: RootKey) -> str:
    return hmac.digest(derive_key(root, "seen-message"), digest.encode(), "sha256").hex()
