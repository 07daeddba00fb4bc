"""Which rules the stored indexes of addresses were computed by, and which rows changed hands when the rules did."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from privacy.encryption.models import UUID7Field
from privacy.registry.declarations import not_personal


@not_personal("by which rules the indexes of addresses were computed, and when", "id rules done_at repeated_at")
class AddressIndexing(models.Model):
    """One row for each set of rules that this database has seen (`privacy.mail.address_reindex.RULES`)."""

    id = UUID7Field(primary_key=True)
    rules = models.CharField(max_length=40, unique=True)
    done_at = models.DateTimeField(default=timezone.now)
    repeated_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"addresses indexed by rules {self.rules}"


@not_personal("which rows stopped or began to share an address, by their ids", "id change model row_id noticed_at")
class AddressChange(models.Model):
    """A row that staff should look at, because a new rule for addresses gave it to another person. No address is kept.

    Reviewed entries are deleted by staff.
    """

    class Change(models.TextChoices):
        SEPARATED = "separated", "was found by another address too"
        JOINED = "joined", "is found by another spelling too"
        DUPLICATE = "duplicate", "belongs to the same address as another row, and only one may"

    id = UUID7Field(primary_key=True)
    change = models.CharField(max_length=10, choices=Change)
    model = models.CharField("kind of row", max_length=60)
    row_id = models.UUIDField("row")
    noticed_at = models.DateTimeField("since", default=timezone.now)

    class Meta:
        ordering = ["-noticed_at", "model"]
        verbose_name = "change of an address"
        verbose_name_plural = "changes of addresses"
        constraints = [
            models.UniqueConstraint(fields=["model", "row_id", "change"], name="address_change_listed_once"),
        ]

    def __str__(self) -> str:
        return f"{self.model} {str(self.row_id)[-8:]}"
