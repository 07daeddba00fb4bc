"""An affiliate's balances, maintained without summing every entry (ADR 21)."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import models
from django.db.models import Sum

from privacy.registry.declarations import not_personal
from privacy.registry.growth import Bounded

from .affiliate import Affiliate

LEDGER = "ledger"  # the other balances are named after a commission state


@dataclass(frozen=True)
class Total:
    """A number of entries, and their sum in minor units (cents for USD)."""

    entry_count: int = 0
    minor: int = 0


class BalanceDeltaQuerySet(models.QuerySet["BalanceDelta"]):
    def totals(self, affiliate: Affiliate, currency: str) -> dict[str, Total]:
        """The totals of the ledger and of each commission state, in one query over a handful of rows."""
        rows = self.filter(affiliate=affiliate, currency=currency).order_by().values_list("bucket")
        sums = rows.annotate(Sum("entry_count"), Sum("amount_minor"))
        return {bucket: Total(entry_count, minor) for bucket, entry_count, minor in sums}


@not_personal(
    "the number and the totals of an affiliate's commissions and ledger entries",
    "id affiliate_id currency bucket entry_count amount_minor",
    despite_link="totals of an affiliate's account, which the portal shows; they contain no order and no buyer",
    growth=Bounded("one row per affiliate, currency and state: “balances folded” merges the others"),
)
class BalanceDelta(models.Model):
    """A change of a balance. The balance is the sum of its rows, and always exact.

    Only database triggers write rows, one per change, in the transaction of that change
    (`migrations/0002_triggers.py`). The scheduler merges several rows into one (`affiliates/statistics/balances.py`).
    """

    affiliate = models.ForeignKey(Affiliate, on_delete=models.CASCADE, related_name="+", db_index=False)
    currency = models.CharField(max_length=3)
    bucket = models.CharField(max_length=10)  # LEDGER, or a commission state
    entry_count = models.IntegerField(default=0)
    amount_minor = models.BigIntegerField(default=0)

    objects = BalanceDeltaQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["affiliate", "currency", "bucket"], name="balance_deltas_of_affiliate")]

    def __str__(self) -> str:
        return f"running sum {self.pk}"
