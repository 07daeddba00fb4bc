"""Groups of affiliates with rates of their own."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Upper
from django.utils import timezone

from privacy.encryption.models import UUID7Field
from privacy.registry.declarations import not_personal
from privacy.registry.growth import STAFF


@not_personal("groups of affiliates, by whose names rates are set", "id name created_at", growth=STAFF)
class AffiliateGroup(models.Model):
    """An affiliate is in one group or in none. A group is never deleted, because past sales name it."""

    id = UUID7Field(primary_key=True)
    name = models.CharField(max_length=60, help_text="Its affiliates see it. Don't name a person.")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["name"]
        verbose_name = "group"
        constraints = [
            models.UniqueConstraint(
                Upper("name"), name="one_group_per_name", violation_error_message="There is a group with this name."
            )
        ]

    def __str__(self) -> str:
        return self.name
