"""The results of the nightly reconciliation of ledger, commissions, payouts and PayPal."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from privacy.encryption.models import UUID7Field
from privacy.registry.declarations import not_personal
from privacy.registry.growth import Pruned


@not_personal(
    "when the ledger was reconciled, and the first difference by its ids",
    "id checked_at difference paypal",
    growth=Pruned(since="checked_at", days=365, why="to see how often the books differed"),
)
class LedgerCheck(models.Model):
    """One reconciliation. `difference` is empty if everything agrees."""

    id = UUID7Field(primary_key=True)
    checked_at = models.DateTimeField(default=timezone.now, db_index=True)
    difference = models.CharField(max_length=400, blank=True)
    paypal = models.BooleanField("including PayPal")

    class Meta:
        ordering = ["-checked_at"]
        verbose_name = "reconciliation"
        verbose_name_plural = "reconciliations"

    def __str__(self) -> str:
        return f"reconciliation of {self.checked_at:%B %-d, %Y}"

    @property
    def agrees(self) -> bool:
        return not self.difference
