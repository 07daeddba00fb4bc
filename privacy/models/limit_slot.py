"""Slots of rate limits (`privacy/web/rate_limits.py`), and the sealed keys that name them."""

from __future__ import annotations

from django.db import models

from privacy.registry.declarations import not_personal
from privacy.registry.growth import Pruned


@not_personal(
    "hashes with a key that expires after a few hours or a day; that key, and the row that holds a slot, sealed",
    "cache_key value expires",
    growth=Pruned(since="expires", job="past rate limits deleted"),
)
class LimitSlot(models.Model):
    """An entry of `privacy.web.caches.limit_table.LimitTable`."""

    cache_key = models.CharField(max_length=255, primary_key=True)
    value = models.TextField()  # base64, so that the sweep of the columns looks into it
    expires = models.DateTimeField(db_index=True)

    class Meta:
        db_table = "privacy_limits"

    def __str__(self) -> str:
        return self.cache_key
