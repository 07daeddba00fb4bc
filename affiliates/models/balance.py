"""What an affiliate's money comes to, without adding up every line of it (ADR 21)."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import models
from django.db.models import Sum

from privacy.registry.declarations import not_personal

from .affiliate import Affiliate

LEDGER = "ledger"  # the other sums are named after the state of the commissions that they add up


@dataclass(frozen=True)
class Total:
    """So many lines, and what they come to in minor units (cents for USD)."""

    number: int = 0
    minor: int = 0


class RunningSumQuerySet(models.QuerySet["RunningSum"]):
    def totals(self, affiliate: Affiliate, currency: str) -> dict[str, Total]:
        """The ledger's total, and that of each state of commissions, in one statement over a handful of rows."""
        rows = self.filter(affiliate=affiliate, currency=currency).order_by().values_list("what")
        return {what: Total(number, minor) for what, number, minor in rows.annotate(Sum("number"), Sum("amount_minor"))}


@not_personal(
    "how many commissions and ledger lines an affiliate has, and what they come to",
    "id affiliate_id currency what number amount_minor",
    despite_link="sums of an affiliate's account, which the portal shows; no order and no buyer is in them",
)
class RunningSum(models.Model):
    """A part of a sum: the sum is what its rows add up to, and is exact at any moment.

    Triggers of the database alone write rows, one for each change, in the transaction of that change
    (`migrations/0002_triggers.py`). The clock folds several into one (`affiliates/statistics/balances.py`).
    """

    affiliate = models.ForeignKey(Affiliate, on_delete=models.CASCADE, related_name="+", db_index=False)
    currency = models.CharField(max_length=3)
    what = models.CharField(max_length=10)  # LEDGER, or a state of commissions
    number = models.IntegerField("how many lines", default=0)
    amount_minor = models.BigIntegerField("amount in cents", default=0)

    objects = RunningSumQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["affiliate", "currency", "what"], name="running_sums_of_affiliate")]

    def __str__(self) -> str:
        return f"running sum {self.pk}"
