"""The signed heads of payout runs, against which anyone can check a payout (`affiliates.payouts.proofs`)."""

from __future__ import annotations

from django.db import models

from privacy.registry.declarations import not_personal
from privacy.registry.growth import BOOKS

from .payout import PayoutRun


@not_personal(
    "the signed summaries of payout runs, and the salted hashes of their payouts and ledger entries",
    "number run_id published_at currency seed lines marks lines_root marks_root previous key_id signature",
    despite_link="it belongs to a run, which leads to the staff who approved it; a hash names nobody",
    growth=BOOKS,
)
class PayoutHead(models.Model):
    """Written once, when its run is approved. Hashes are SHA-256: bytes one after the other in `lines` and `marks`,
    hexadecimal in text columns."""

    number = models.PositiveIntegerField(primary_key=True)  # 1, 2, 3, … without a gap
    run = models.OneToOneField(PayoutRun, on_delete=models.PROTECT, related_name="head")
    published_at = models.DateTimeField()
    currency = models.CharField(max_length=3)
    seed = models.BinaryField()  # of the salts and the padding; opens no more than the rows that it comes with
    lines = models.BinaryField()
    marks = models.BinaryField()
    lines_root = models.CharField(max_length=64)
    marks_root = models.CharField(max_length=64)
    previous = models.CharField("hash of the head before", max_length=64)
    key_id = models.CharField(max_length=8)
    signature = models.CharField(max_length=88)

    database_triggers = ("no_replace", "no_update", "no_delete")

    class Meta:
        ordering = ["-number"]
        verbose_name = "payout head"

    def __str__(self) -> str:
        return f"payout head {self.number}"
