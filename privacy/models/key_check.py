"""The model that tells whether the root keys match this database."""

from __future__ import annotations

from django.db import models

from privacy.registry.declarations import not_personal
from privacy.registry.growth import Bounded


@not_personal(
    "a public text, sealed with each root key that this database needs",
    "key_id sealed",
    growth=Bounded("one row per root key"),
)
class KeyCheck(models.Model):
    """A known text that only the right root key opens; checked at start-up by `privacy.keystore.root_keys`."""

    key_id = models.CharField(max_length=8, primary_key=True, editable=False)
    sealed = models.BinaryField()

    def __str__(self) -> str:
        return f"check of the root key {self.key_id}"
