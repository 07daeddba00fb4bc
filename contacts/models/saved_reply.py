"""Texts that staff use in many answers."""

from __future__ import annotations

from django.db import models

from privacy.encryption.fields import SealedTextField
from privacy.encryption.models import SealedModel
from privacy.registry.declarations import not_personal


@not_personal(
    "texts for answers to anybody, with placeholders instead of what concerns one person", "id title body position"
)
class SavedReply(SealedModel):
    """Sealed nevertheless: free text may name somebody by mistake."""

    title = SealedTextField(max_length=80)
    body = SealedTextField("text", max_length=10_000)
    position = models.PositiveSmallIntegerField(default=0, help_text="The lowest number comes first.")

    class Meta:
        ordering = ["position", "id"]
        verbose_name_plural = "saved replies"

    @property
    def staff_label(self) -> str:
        title: str = self.title
        return title
