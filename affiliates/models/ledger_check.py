"""The results of the nightly comparison of ledger, commissions, payouts and PayPal."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from privacy.encryption.models import UUID7Field
from privacy.registry.declarations import not_personal


@not_personal("when the books were compared, and the first difference by its ids", "id checked_at difference paypal")
class LedgerCheck(models.Model):
    """One comparison. `difference` is empty when the books agree."""

    id = UUID7Field(primary_key=True)
    checked_at = models.DateTimeField(default=timezone.now, db_index=True)
    difference = models.CharField(max_length=400, blank=True)
    paypal = models.BooleanField("PayPal was asked too")

    class Meta:
        ordering = ["-checked_at"]
        verbose_name = "check of the books"
        verbose_name_plural = "checks of the books"

    def __str__(self) -> str:
        return f"check of {self.checked_at:%-d %B %Y}"

    @property
    def agrees(self) -> bool:
        return not self.difference
