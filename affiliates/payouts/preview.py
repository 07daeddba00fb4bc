"""A preview of a payout run: who would be paid, how much, and why others are left out. It claims nothing.

A run is prepared from exactly this list, so that staff see beforehand what they will get.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Count, Sum

from affiliates.models import LEDGER, Affiliate, BalanceDelta, LedgerEntry
from shop.money import Money

from .eligibility import Circumstances, Ineligibility, ineligibility, minimum_minor


@dataclass(slots=True)
class PayoutCandidate:
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
    paid: list[PayoutCandidate]
    left_out: list[PayoutCandidate]

    @property
    def total(self) -> Money:
        return Money(sum(candidate.due_minor for candidate in self.paid), self.currency)

    @property
    def reasons(self) -> list[tuple[str, int]]:
        """Each reason in words, with the number of affiliates."""
        counts = Counter(candidate.left_out for candidate in self.left_out)
        return [(reason.label, counts[reason]) for reason in Ineligibility if counts[reason]]


def preview_payout(*, currency: str) -> PayoutPreview:
    """Everybody with a positive balance, in the order in which they joined. A constant number of queries."""
    candidates = _judged(_candidates(currency))
    return PayoutPreview(
        currency,
        paid=[candidate for candidate in candidates if candidate.left_out is None],
        left_out=[candidate for candidate in candidates if candidate.left_out],
    )


def payable_now(*, currency: str) -> list[PayoutCandidate]:
    """Same as the preview's `paid`, without the number of `lines`. Amounts below the minimum go first: for a count,
    nobody's address is opened who isn't paid anyway.

    What a payout claimed adds up to zero with the payout itself, so what is unclaimed is the balance: however long the
    ledger is, only balances and what flags hold are read.
    """
    enough = (one for one in _candidates_by_balance(currency) if one.due_minor >= minimum_minor(one.affiliate))
    return [candidate for candidate in _judged(enough) if candidate.left_out is None]


def _judged(candidates: Iterable[PayoutCandidate]) -> list[PayoutCandidate]:
    judged = list(candidates)
    known = Circumstances.of(candidate.affiliate for candidate in judged)
    for candidate in judged:
        candidate.left_out = ineligibility(
            candidate.affiliate,
            due_minor=candidate.due_minor,
            held_minor=candidate.held_minor,
            circumstances=known,
        )
    return judged


def _candidates(currency: str) -> Iterable[PayoutCandidate]:
    payable = LedgerEntry.objects.payable().filter(currency=currency).order_by().values("affiliate")
    open_sums = LedgerEntry.objects.unclaimed().filter(currency=currency).order_by().values("affiliate")
    in_credit = open_sums.annotate(sum=Sum("amount_minor")).filter(sum__gt=0)
    owners = Affiliate.objects.filter(pk__in=in_credit.values("affiliate")).order_by("joined_at", "pk")
    found = {owner.pk: PayoutCandidate(owner, currency) for owner in owners}
    sums = payable.annotate(sum=Sum("amount_minor"), count=Count("pk"))
    for affiliate, due, lines in sums.values_list("affiliate", "sum", "count"):
        if affiliate in found:
            found[affiliate].due_minor, found[affiliate].lines = due, lines
    for affiliate, total in in_credit.values_list("affiliate", "sum"):
        if affiliate in found:
            found[affiliate].held_minor = total - found[affiliate].due_minor
    return found.values()


def _candidates_by_balance(currency: str) -> Iterable[PayoutCandidate]:
    sums = BalanceDelta.objects.filter(currency=currency, bucket=LEDGER).order_by().values_list("affiliate")
    balances = dict(sums.annotate(sum=Sum("amount_minor")).filter(sum__gt=0))
    withheld = LedgerEntry.objects.withheld().filter(currency=currency).order_by().values_list("affiliate")
    held = dict(withheld.annotate(sum=Sum("amount_minor")))
    for owner in Affiliate.objects.filter(pk__in=balances).order_by("joined_at", "pk"):
        held_minor = held.get(owner.pk, 0)
        yield PayoutCandidate(owner, currency, balances[owner.pk] - held_minor, held_minor=held_minor)
