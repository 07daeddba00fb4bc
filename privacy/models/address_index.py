"""Which rules the address indexes were computed with, and which rows a change of the rules affected."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from privacy.encryption.models import UUID7Field
from privacy.registry.declarations import not_personal
from privacy.registry.growth import Bounded


@not_personal(
    "which rules the address indexes were computed with, and when",
    "id rules done_at repeated_at",
    growth=Bounded("one row per set of rules for addresses"),
)
class AddressIndexing(models.Model):
    """One row per set of rules that this database was indexed with (`privacy.mail.address_reindex.RULES`)."""

    id = UUID7Field(primary_key=True)
    rules = models.CharField(max_length=40, unique=True)
    done_at = models.DateTimeField(default=timezone.now)
    repeated_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"addresses indexed by rules {self.rules}"


@not_personal(
    "rows that no longer share an address or now do, by ID",
    "id change model row_id noticed_at",
    growth=Bounded("rows that new rules for addresses affect, until staff have reviewed them"),
)
class AddressChange(models.Model):
    """A row for staff to review, because new normalization rules assigned it to another person. Holds no address.

    Staff delete reviewed entries.
    """

    class Change(models.TextChoices):
        SEPARATED = "separated", "was also found by another address"
        JOINED = "joined", "is now also found by another spelling"
        DUPLICATE = "duplicate", "has the same address as another row, but the address must be unique"

    id = UUID7Field(primary_key=True)
    change = models.CharField(max_length=10, choices=Change)
    model = models.CharField("kind of row", max_length=60)
    row_id = models.UUIDField("row")
    noticed_at = models.DateTimeField("since", default=timezone.now)

    class Meta:
        ordering = ["-noticed_at", "model"]
        verbose_name = "address change"
        verbose_name_plural = "address changes"
        constraints = [
            models.UniqueConstraint(fields=["model", "row_id", "change"], name="address_change_listed_once"),
        ]

    def __str__(self) -> str:
        return f"{self.model} {str(self.row_id)[-8:]}"
