"""A preview of a payout run: who would be paid, how much, and why others are left out. It claims nothing.

A run is prepared from exactly this list, so that staff see beforehand what they will get.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Count, Sum

from affiliates.models import Affiliate, LedgerEntry
from shop.money import Money

from .eligibility import Circumstances, Ineligibility, ineligibility


@dataclass(slots=True)
class Standing:
    """An affiliate's due and held amounts, in minor units."""

    affiliate: Affiliate
    currency: str
    due_minor: int = 0
    lines: int = 0  # ledger entries that a run would claim
    held_minor: int = 0
    left_out: Ineligibility | None = None

    @property
    def due(self) -> Money:
        return Money(self.due_minor, self.currency)

    @property
    def held(self) -> Money:
        return Money(self.held_minor, self.currency)


@dataclass(frozen=True)
class PayoutPreview:
    currency: str
    paid: list[Standing]
    left_out: list[Standing]

    @property
    def total(self) -> Money:
        return Money(sum(standing.due_minor for standing in self.paid), self.currency)

    @property
    def reasons(self) -> list[tuple[str, int]]:
        """Each reason in words, with the number of affiliates."""
        counts = Counter(standing.left_out for standing in self.left_out)
        return [(reason.label, counts[reason]) for reason in Ineligibility if counts[reason]]


def preview_payout(*, currency: str) -> PayoutPreview:
    """Everybody with a positive balance, in the order in which they joined. A constant number of queries."""
    standings = list(_standings(currency))
    known = Circumstances.of(standing.affiliate for standing in standings)
    for standing in standings:
        standing.left_out = ineligibility(
            standing.affiliate,
            due_minor=standing.due_minor,
            held_minor=standing.held_minor,
            circumstances=known,
        )
    return PayoutPreview(
        currency,
        paid=[standing for standing in standings if standing.left_out is None],
        left_out=[standing for standing in standings if standing.left_out],
    )


def _standings(currency: str) -> Iterable[Standing]:
    payable = LedgerEntry.objects.payable().filter(currency=currency).order_by().values("affiliate")
    open_sums = LedgerEntry.objects.unclaimed().filter(currency=currency).order_by().values("affiliate")
    in_credit = open_sums.annotate(sum=Sum("amount_minor")).filter(sum__gt=0)
    owners = Affiliate.objects.filter(pk__in=in_credit.values("affiliate")).order_by("joined_at", "pk")
    found = {owner.pk: Standing(owner, currency) for owner in owners}
    sums = payable.annotate(sum=Sum("amount_minor"), count=Count("pk"))
    for affiliate, due, lines in sums.values_list("affiliate", "sum", "count"):
        if affiliate in found:
            found[affiliate].due_minor, found[affiliate].lines = due, lines
    for affiliate, total in in_credit.values_list("affiliate", "sum"):
        if affiliate in found:
            found[affiliate].held_minor = total - found[affiliate].due_minor
    return found.values()
