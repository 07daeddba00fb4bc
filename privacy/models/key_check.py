"""What tells whether the root keys are those of this database."""

from __future__ import annotations

from django.db import models

from privacy.registry.declarations import not_personal


@not_personal("a text that everybody may know, sealed under each root key that this database needs", "key_id sealed")
class KeyCheck(models.Model):
    """Opens with the right root key alone; `privacy.keystore.root_keys` asks before anything starts."""

    key_id = models.CharField(max_length=8, primary_key=True, editable=False)
    sealed = models.BinaryField()

    def __str__(self) -> str:
        return f"check of the root key {self.key_id}"
