"""Texts that staff use in many answers."""

from __future__ import annotations

from django.db import models

from privacy.encryption.models import UUID7Field
from privacy.registry.declarations import not_personal
from privacy.registry.growth import STAFF


@not_personal(
    "texts for answers to anybody, with placeholders instead of what concerns one person",
    "id title body position",
    growth=STAFF,
)
class SavedReply(models.Model):
    id = UUID7Field(primary_key=True)
    title = models.CharField(max_length=80, unique=True)
    body = models.TextField("text", max_length=10_000)
    position = models.PositiveSmallIntegerField(default=0, help_text="The lowest number comes first.")

    class Meta:
        ordering = ["position", "title"]
        verbose_name_plural = "saved replies"

    def __str__(self) -> str:
        return self.title
